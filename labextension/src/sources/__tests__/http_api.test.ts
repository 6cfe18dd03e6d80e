import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ApiError } from "../api";
import { type Browser, HttpApi } from "../http_api";

interface Sent {
  url: string;
  how: RequestInit & { headers: Record<string, string> };
}

let sent: Sent[] = [];
let answer: () => Response | Promise<Response>;
let sockets: FakeSocket[] = [];

class FakeSocket {
  readyState = 0;
  readonly sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { reason: string }) => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    sockets.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
}

const browser = {
  fetch: (url: string, how: RequestInit) => {
    sent.push({ url, how: how as Sent["how"] });
    return Promise.resolve().then(answer);
  },
  WebSocket: FakeSocket,
} as unknown as Browser;

const api = new HttpApi("/user/dana/", browser);
const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });

async function refused(asking: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await asking.then(() => null, (why: unknown) => why);
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

beforeEach(() => {
  sent = [];
  sockets = [];
  answer = () => json({ ok: 1 });
  document.cookie = "_xsrf=tok";
});
afterEach(() => {
  document.cookie = "_xsrf=; max-age=0";
});

test("a request goes to the page's own server, with its cookie and the token of the cookie", async () => {
  expect(await api.json("POST", "/jobs:kill", { ids: [1] }, { ifMatch: '"v3"' })).toEqual({ ok: 1 });
  const [{ url, how }] = sent as [Sent];
  expect(url).toBe("/user/dana/arp/api/jobs:kill");
  expect(how).toMatchObject({ method: "POST", credentials: "same-origin", body: '{"ids":[1]}' });
  expect(how.headers).toEqual({ "X-XSRFToken": "tok", "Content-Type": "application/json", "If-Match": '"v3"' });
});

test("bytes come as they are", async () => {
  answer = () => new Response(new Uint8Array([1, 2, 3]));
  expect([...new Uint8Array(await api.bytes("/x"))]).toEqual([1, 2, 3]);
});

test("an empty answer is an empty object", async () => {
  answer = () => new Response(null, { status: 204 });
  expect(await api.json("DELETE", "/x")).toEqual({});
});

test("a refusal has the server's words, its class and all else it said", async () => {
  answer = () => json({ error: "EditConflict", message: "bob was faster.", theirs: { id: 7 } }, 409);
  const error = await refused(api.json("PATCH", "/x", {}));
  expect([error.status, error.kind, error.message, error.more]).toEqual([409, "EditConflict", "bob was faster.", { theirs: { id: 7 } }]);
});

test.each([
  [() => new Response("<h1>Bad gateway</h1>", { status: 502 }), 502, "The Jupyter server answered 502."],
  [() => new Response("nothing here", { status: 404 }), 404, /arp-nb is not enabled there/],
  [() => new Response("<html>log in", { status: 200 }), 502, /not JSON/],
  [() => Object.defineProperty(new Response(null), "status", { value: 0 }), 401, /load this page again/],
  [() => json({ error: "Boom" }, 500), 500, "The Jupyter server answered 500."],
])("an answer that is not ours (%#) is put into words", async (given, status, words) => {
  answer = () => {
    const made = given();
    return made.status === 0 ? Object.defineProperty(made, "ok", { value: false }) : made;
  };
  const error = await refused(api.json("GET", "/x"));
  expect(error.status).toBe(status);
  expect(error.message).toMatch(words);
});

test("nobody there is said in words, and for a change that it may have been done", async () => {
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  const reading = await refused(api.json("GET", "/x"));
  expect([reading.status, reading.message]).toEqual([0, "The Jupyter server cannot be reached."]);
  expect((await refused(api.json("POST", "/x", {}))).message).toMatch(/may have been done/);
});

test("no answer within 30 s is said in words", async () => {
  const stop = new AbortController();
  const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(stop.signal);
  answer = () => {
    stop.abort();
    return Promise.reject(new DOMException("late", "TimeoutError"));
  };
  const error = await refused(api.json("GET", "/x"));
  expect(timeout).toHaveBeenCalledWith(30_000);
  expect([error.status, error.message]).toEqual([0, "The Jupyter server did not answer within 30 s."]);
});

test("what is not wanted any more is no failure of the server", async () => {
  const stop = new AbortController();
  answer = () => {
    stop.abort();
    return Promise.reject(new DOMException("stop", "AbortError"));
  };
  expect((await refused(api.json("GET", "/x", undefined, { signal: stop.signal }))).kind).toBe("Aborted");
});

test("the change feed is a WebSocket of the same origin", () => {
  const heard: string[] = [];
  const line = api.line({ open: () => heard.push("open"), message: (text) => heard.push(text), close: (why) => heard.push(why) });
  const [socket] = sockets as [FakeSocket];
  expect(socket.url).toBe(`${location.origin.replace("http", "ws")}/user/dana/arp/api/changes`);
  line.send("too early");
  socket.readyState = 1;
  socket.onopen?.();
  line.send("now");
  socket.onmessage?.({ data: "news" });
  socket.onclose?.({ reason: "" });
  socket.onclose?.({ reason: "again" });
  expect(socket.sent).toEqual(["now"]);
  expect(heard).toEqual(["open", "news", "The connection to the Jupyter server ended."]);
});

test("a line that was closed tells nothing any more", () => {
  const heard: string[] = [];
  const line = api.line({ open: () => heard.push("open"), message: (text) => heard.push(text), close: (why) => heard.push(why) });
  line.close();
  sockets[0]?.onmessage?.({ data: "late" });
  sockets[0]?.onclose?.({ reason: "bye" });
  expect([heard, sockets[0]?.closed]).toEqual([[], true]);
});

test("links lead to the same server", () => {
  expect(api.href("/jobs/7/log/download")).toBe("/user/dana/arp/api/jobs/7/log/download");
});
