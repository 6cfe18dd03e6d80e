import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ApiError } from "../api";
import { chooseApi } from "../choose";
import { CommApi, type Hear } from "../comm_api";
import { FakeServer } from "./fake_server";

class FakeModel {
  readonly sent: Record<string, unknown>[] = [];
  readonly hears = new Set<Hear>();
  gone = false;
  send(content: unknown): void {
    if (this.gone) throw new Error("Cannot send");
    this.sent.push(content as Record<string, unknown>);
  }
  on(_: string, hear: Hear): void {
    this.hears.add(hear);
  }
  off(_: string, hear: Hear): void {
    this.hears.delete(hear);
  }
  say(content: object, buffers: DataView[] = []): void {
    for (const hear of this.hears) hear(content, buffers);
  }
}

let model: FakeModel;
let api: CommApi;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  model = new FakeModel();
  api = new CommApi(model);
});
afterEach(() => void vi.useRealTimers());

test("a request travels with its number, and the answer with that number is its own", async () => {
  const first = api.json("POST", "/jobs:kill", { ids: [1] }, { ifMatch: '"v1"' });
  const second = api.json("GET", "/status");
  expect(model.sent[0]).toEqual({ type: "api", call: 1, method: "POST", path: "/jobs:kill", body: { ids: [1] }, ifMatch: '"v1"' });
  model.say({ type: "answer", call: 2, status: 200, body: "second" });
  model.say({ type: "answer", call: 1, status: 201, body: "first" });
  expect(await Promise.all([first, second])).toEqual(["first", "second"]);
});

test("a kernel that was restarted is said to be gone, whatever is asked of it", async () => {
  const closed = vi.fn();
  const line = api.line({ open: () => {}, message: () => {}, close: closed });
  model.gone = true;
  await expect(api.json("GET", "/status")).rejects.toThrow("Its kernel is gone: run the cell again.");
  line.send("hello");
  await Promise.resolve();
  expect(closed.mock.calls).toEqual([["Its kernel is gone: run the cell again."]]);
  line.close();
  api.line({ open: () => {}, message: () => {}, close: closed });
  await Promise.resolve();
  expect(closed).toHaveBeenCalledTimes(2);
});

test("a refusal has the manager's words", async () => {
  const asking = api.json("GET", "/jobs/9");
  model.say({ type: "answer", call: 1, status: 404, body: { error: "NotFound", message: "There is no job 9.", near: [8] } });
  await expect(asking).rejects.toMatchObject({ status: 404, kind: "NotFound", message: "There is no job 9.", more: { near: [8] } });
});

test("bytes are a copy that is aligned, wherever they stood", async () => {
  const asking = api.bytes("/x");
  expect(model.sent[0]).toMatchObject({ binary: true });
  const whole = new Uint8Array([9, 9, 9, 1, 2, 3]);
  model.say({ type: "answer", call: 1, status: 200, body: null }, [new DataView(whole.buffer, 3, 3)]);
  const got = await asking;
  expect([...new Uint8Array(got)]).toEqual([1, 2, 3]);
});

test("two pages that show one widget do not take each other's answers", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  const other = new CommApi(model);
  const mine = api.json("GET", "/mine");
  const theirs = other.json("GET", "/theirs");
  for (const { call, path } of model.sent) model.say({ type: "answer", call, status: 200, body: path });
  expect(await Promise.all([mine, theirs])).toEqual(["/mine", "/theirs"]);
});

test("a busy kernel is named after 30 s", async () => {
  const asking = api.json("GET", "/status").catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await asking).toBeInstanceOf(ApiError);
  expect(await asking).toMatchObject({ status: 0, kind: "Unreachable", message: expect.stringMatching(/busy with a cell/) as string });
});

test("a line opens, carries texts both ways, and ends once", () => {
  const heard: string[] = [];
  const line = api.line({ open: () => heard.push("open"), message: (text) => heard.push(text), close: (why) => heard.push(why) });
  model.say({ type: "line-opened", line: 1 });
  line.send("hello");
  model.say({ type: "line", line: 1, text: "news" });
  model.say({ type: "line", line: 2, text: "another's" });
  model.say({ type: "line-closed", line: 1, why: "The manager ended." });
  model.say({ type: "line-closed", line: 1, why: "again" });
  line.close();
  expect(model.sent).toEqual([{ type: "line-open", line: 1 }, { type: "line-send", line: 1, text: "hello" }]);
  expect(heard).toEqual(["open", "news", "The manager ended."]);
});

test("a widget that is closed leaves nobody waiting", async () => {
  const heard: string[] = [];
  api.line({ open: () => undefined, message: () => undefined, close: (why) => heard.push(why) });
  const asking = api.json("GET", "/status").catch((error: unknown) => (error as Error).message);
  api.close();
  expect([await asking, ...heard, model.hears.size, vi.getTimerCount()]).toEqual(["It was closed.", "It was closed.", 0, 0]);
});

test("the page's own server is used if it serves the kernel's store, else the kernel", async () => {
  const server = new FakeServer();
  expect((await chooseApi("e1", model, server)).kind).toBe("server");
  expect((await chooseApi("another", model, server)).kind).toBe("kernel");
  server.down = true;
  expect((await chooseApi("e1", model, server)).kind).toBe("kernel");
});
