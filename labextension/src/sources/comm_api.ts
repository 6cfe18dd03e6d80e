/** The manager's API through the kernel, where the page's origin has none: as the kernel's user. */

import { type Api, ApiError, type CallOptions, type Line, type LineEvents } from "./api";
import { Calls, CLOSED, fromAnywhere, GONE } from "./calls";

/** What of an anywidget model is used: custom messages both ways. */
export interface CommModel {
  send(content: unknown): void;
  on(event: "msg:custom" | "comm_live_update", hear: Hear): void;
  off(event: "msg:custom" | "comm_live_update", hear: Hear): void;
}
export type Hear = (content: unknown, buffers?: readonly DataView[]) => void;

interface Answer {
  status: number;
  body: unknown;
  buffers?: readonly DataView[];
}
type Told =
  | (Answer & { type: "answer"; call: number })
  | { type: "line" | "line-opened" | "line-closed"; line: number; text?: string; why?: string };

export class CommApi implements Api {
  readonly kind = "kernel";
  private readonly calls = new Calls<Answer>((message) => ({ status: 0, body: { error: "Unreachable", message } }));
  private readonly lines = new Map<number, LineEvents>();
  private count = fromAnywhere();

  constructor(private readonly model: CommModel) {
    model.on("msg:custom", this.hear);
  }

  async json<T>(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
    return (await this.call({ method, path, body, ifMatch: options.ifMatch }, options)).body as T;
  }

  async bytes(path: string, options: CallOptions = {}): Promise<ArrayBuffer> {
    const { buffers } = await this.call({ method: "GET", path, binary: true }, options);
    const view = buffers?.[0];
    // copied: it may stand in the middle of the whole message
    return view ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice().buffer : new ArrayBuffer(0);
  }

  line(events: LineEvents): Line {
    const line = ++this.count;
    this.lines.set(line, events);
    this.say({ type: "line-open", line });
    return {
      send: (text) => this.say({ type: "line-send", line, text }),
      close: () => {
        if (this.lines.delete(line)) this.say({ type: "line-close", line });
      },
    };
  }

  /** Say something about a line: it is closed if nobody is there. */
  private say(content: { type: string; line: number; text?: string }): void {
    try {
      this.model.send(content);
    } catch {
      const events = this.lines.get(content.line);
      this.lines.delete(content.line);
      queueMicrotask(() => events?.close(GONE)); // who opens it does not have it yet
    }
  }

  href(): null {
    return null;
  }

  /** Stop hearing the model; what was asked is answered by nobody any more. */
  close(): void {
    this.model.off("msg:custom", this.hear);
    this.calls.close();
    for (const [line, events] of this.lines) {
      this.lines.delete(line);
      events.close(CLOSED);
    }
  }

  private async call(asked: Record<string, unknown>, { signal }: CallOptions): Promise<Answer> {
    const answer = await this.calls.ask((call) => this.model.send({ type: "api", call, ...asked }));
    if (signal?.aborted) throw new ApiError(0, "Aborted", "Not asked any further.");
    if (answer.status >= 200 && answer.status < 300) return answer;
    const { error, message, ...more } = (answer.body ?? {}) as Record<string, unknown>;
    const words = message ?? `The batch manager answered ${answer.status}.`;
    throw new ApiError(answer.status, String(error ?? (answer.status ? "ArpError" : "Unreachable")), String(words), more);
  }

  private readonly hear: Hear = (content, buffers = []) => {
    const told = content as Told;
    if (told.type === "answer") {
      this.calls.answer(told.call, { ...told, buffers });
      return;
    }
    const events = this.lines.get(told.line);
    if (told.type === "line") events?.message(told.text ?? "");
    if (told.type === "line-opened") events?.open();
    if (told.type === "line-closed") {
      this.lines.delete(told.line);
      events?.close(told.why || "The kernel's connection to the batch manager ended.");
    }
  };
}
