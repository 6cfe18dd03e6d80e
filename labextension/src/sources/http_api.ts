/** The manager's API through the page's own Jupyter server, as its viewer. */

import { type Api, ApiError, type CallOptions, type Line, type LineEvents } from "./api";
import { baseUrl, xsrf } from "./origin";

/** After so long without an answer the viewer hears of it. */
const TIMEOUT_MS = 30_000;

export interface Browser {
  fetch: typeof fetch;
  WebSocket: new (url: string) => WebSocket;
}

export class HttpApi implements Api {
  readonly kind = "server";
  private readonly root: string;

  /** `base`: path of the Jupyter server, as "/user/dana/". */
  constructor(
    base: string = baseUrl(),
    private readonly browser: Browser = {
      fetch: (what, how) => fetch(what, how),
      WebSocket,
    },
  ) {
    this.root = `${base}arp/api`;
  }

  async json<T>(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
    const answer = await this.call(method, path, body, options, (got) => got.text());
    return parsed(answer) as T;
  }

  bytes(path: string, options: CallOptions = {}): Promise<ArrayBuffer> {
    return this.call("GET", path, undefined, options, (got) => got.arrayBuffer());
  }

  line(events: LineEvents): Line {
    const url = new URL(`${this.root}/changes`, document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new this.browser.WebSocket(url.href);
    let over = false;
    const end = (why: string): void => {
      if (!over) events.close(why);
      over = true;
    };
    socket.onopen = () => over || events.open();
    socket.onmessage = (message: MessageEvent) => over || events.message(String(message.data));
    // a browser tells scripts nothing of a failure before it closes
    socket.onclose = (event: CloseEvent) => end(event.reason || "The connection to the Jupyter server ended.");
    return {
      send: (text) => {
        if (socket.readyState === 1) socket.send(text);
      },
      close: () => {
        over = true;
        socket.close();
      },
    };
  }

  href(path: string): string {
    return this.root + path;
  }

  /** Ask, and read the whole answer within the time limit. */
  private async call<T>(
    method: string, path: string, body: unknown, { ifMatch, signal }: CallOptions, read: (answer: Response) => Promise<T>,
  ): Promise<T> {
    const headers: Record<string, string> = { "X-XSRFToken": xsrf() };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (ifMatch) headers["If-Match"] = ifMatch;
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const answer = await this.browser.fetch(this.root + path, {
        method, headers, credentials: "same-origin", redirect: "manual", cache: "no-store",
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw refusal(answer.status, await answer.text());
      return await read(answer);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (signal?.aborted) throw new ApiError(0, "Aborted", "Not asked any further.");
      const what = limit.aborted ? "did not answer within 30 s" : "cannot be reached";
      const maybe = method === "GET" ? "" : " What was asked may have been done: look before you ask again.";
      throw new ApiError(0, "Unreachable", `The Jupyter server ${what}.${maybe}`);
    }
  }
}

/** What an answer that is not 2xx means; `text` is its body. */
export function refusal(status: number, text: string): ApiError {
  // redirects are not followed: they lead to a page to log in
  if (status < 400) {
    return new ApiError(401, "Unauthenticated", "The Jupyter server asks for a login: load this page again.");
  }
  try {
    const { error, message, ...more } = JSON.parse(text) as Record<string, unknown>;
    if (typeof message === "string") return new ApiError(status, String(error ?? "ArpError"), message, more);
  } catch {
    // a gateway's own page
  }
  const words = status === 404
    ? "The Jupyter server does not know /arp: arp-nb is not enabled there. `jupyter server extension list` shows it."
    : `The Jupyter server answered ${status}.`;
  return new ApiError(status, "ArpError", words);
}

function parsed(text: string): unknown {
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    throw new ApiError(502, "ManagerError", "The Jupyter server answered with something that is not JSON.");
  }
}
