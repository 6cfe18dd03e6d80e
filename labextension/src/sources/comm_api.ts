/** The manager's API through the kernel, where the page's origin has none: as the kernel's user. */

import { type Api, ApiError, type CallOptions, type Line, type LineEvents } from "./api";

/** What of an anywidget model is used: custom messages both ways. */
export interface CommModel {
  send(content: unknown): void;
  on(event: "msg:custom", hear: Hear): void;
  off(event: "msg:custom", hear: Hear): void;
}
export type Hear = (content: unknown, buffers?: readonly DataView[]) => void;

const TIMEOUT_MS = 30_000;
const LATE =
  "The kernel did not answer within 30 s: it may be busy with a cell. What was asked may still be done.";

interface Answer {
  type: "answer";
  call: number;
  status: number;
  body: unknown;
}
interface LineMessage {
  type: "line" | "line-opened" | "line-closed";
  line: number;
  text?: string;
  why?: string;
}
interface Waiting {
  done(answer: Answer, buffers: readonly DataView[]): void;
}

export class CommApi implements Api {
  readonly kind = "kernel";
  private readonly calls = new Map<number, Waiting>();
  private readonly lines = new Map<number, LineEvents>();
  private count = 0;

  constructor(private readonly model: CommModel) {
    model.on("msg:custom", this.hear);
  }

  json<T>(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
    return this.call({ method, path, body, ifMatch: options.ifMatch }, options, (answer) => answer.body as T);
  }

  bytes(path: string, options: CallOptions = {}): Promise<ArrayBuffer> {
    return this.call({ method: "GET", path, binary: true }, options, (_, [view]) =>
      // copied: it may stand in the middle of the whole message
      view ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice().buffer : new ArrayBuffer(0));
  }

  line(events: LineEvents): Line {
    const line = ++this.count;
    this.lines.set(line, events);
    this.model.send({ type: "line-open", line });
    return {
      send: (text) => this.model.send({ type: "line-send", line, text }),
      close: () => {
        if (this.lines.delete(line)) this.model.send({ type: "line-close", line });
      },
    };
  }

  href(): null {
    return null;
  }

  /** Stop hearing the model; what was asked is answered by nobody any more. */
  close(): void {
    this.model.off("msg:custom", this.hear);
    const closed: Answer = { type: "answer", call: 0, status: 0, body: { message: "The widget was closed." } };
    for (const waiting of [...this.calls.values()]) waiting.done(closed, []);
    for (const events of this.lines.values()) events.close("The widget was closed.");
    this.lines.clear();
  }

  private call<T>(
    asked: Record<string, unknown>,
    options: CallOptions,
    read: (answer: Answer, buffers: readonly DataView[]) => T,
  ): Promise<T> {
    const call = ++this.count;
    return new Promise((resolve, reject) => {
      const end = (error?: ApiError): void => {
        this.calls.delete(call);
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", aborted);
        if (error) reject(error);
      };
      const aborted = (): void => end(new ApiError(0, "Aborted", "Not asked any further."));
      const timer = setTimeout(() => end(new ApiError(0, "Unreachable", LATE)), TIMEOUT_MS);
      this.calls.set(call, {
        done: (answer, buffers) => {
          const good = answer.status >= 200 && answer.status < 300;
          if (good) resolve(read(answer, buffers));
          end(good ? undefined : refused(answer));
        },
      });
      options.signal?.addEventListener("abort", aborted);
      this.model.send({ type: "api", call, ...asked });
      if (options.signal?.aborted) aborted();
    });
  }

  private readonly hear: Hear = (content, buffers = []) => {
    const message = content as Answer | LineMessage;
    if (message.type === "answer") {
      this.calls.get(message.call)?.done(message, buffers);
      return;
    }
    const events = this.lines.get(message.line);
    if (!events) return;
    if (message.type === "line") events.message(message.text ?? "");
    if (message.type === "line-opened") events.open();
    if (message.type === "line-closed") {
      this.lines.delete(message.line);
      events.close(message.why || "The kernel's connection to the batch manager ended.");
    }
  };
}

function refused(answer: Answer): ApiError {
  const { error, message, ...more } = (answer.body ?? {}) as Record<string, unknown>;
  const kind = typeof error === "string" ? error : answer.status ? "ArpError" : "Unreachable";
  const words = typeof message === "string" ? message : `The batch manager answered ${answer.status}.`;
  return new ApiError(answer.status, kind, words, more);
}
