import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { EXPERIMENT } from "../../views/__tests__/sample_rows";
import type { ApiError, Line } from "../api";
import { CommApi, type CommModel, type Hear } from "../comm_api";
import { LiveBoard } from "../live_board";
import { FakeServer } from "./fake_server";

interface Asked {
  type: string;
  call: number;
  line: number;
  method: string;
  path: string;
  body?: unknown;
  binary?: boolean;
  text: string;
}

/** A kernel that passes on what a page asks, as `arp_nb.widgets.relay` does. */
class Relay implements CommModel {
  private hear: Hear | null = null;
  private readonly lines = new Map<number, Line>();
  constructor(private readonly server: FakeServer) {}

  on(_: string, hear: Hear): void {
    this.hear = hear;
  }
  off(): void {
    this.hear = null;
  }
  send(content: unknown): void {
    void this.act(content as Asked);
  }

  private async act({ type, call, line, method, path, body, binary, text }: Asked): Promise<void> {
    if (type === "line-open") {
      this.lines.set(line, this.server.line({
        open: () => this.say({ type: "line-opened", line }),
        message: (news) => this.say({ type: "line", line, text: news }),
        close: (why) => this.say({ type: "line-closed", line, why }),
      }));
    }
    if (type === "line-send") this.lines.get(line)?.send(text);
    if (type === "line-close") this.lines.get(line)?.close();
    if (type !== "api") return;
    try {
      if (binary) this.say({ type: "answer", call, status: 200, body: null }, [unaligned(await this.server.bytes(path))]);
      else this.say({ type: "answer", call, status: 200, body: await this.server.json(method, path, body) });
    } catch (error) {
      const { status, kind, message } = error as ApiError;
      this.say({ type: "answer", call, status, body: { error: kind, message } });
    }
  }

  private say(content: object, buffers: DataView[] = []): void {
    this.hear?.(content, buffers);
  }
}

function unaligned(body: ArrayBuffer): DataView {
  const whole = new Uint8Array(body.byteLength + 3);
  whole.set(new Uint8Array(body), 3);
  return new DataView(whole.buffer, 3);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a board is the same through the kernel: rows, changes, refusals, a new beginning of the line", async () => {
  const server = new FakeServer([1, 2, 3, 4, 5, 6]);
  server.answers.set("GET /experiments/xppi0915", () => EXPERIMENT);
  server.answers.set("GET /experiments/xppi0915/definitions", () => ({ definitions: [] }));
  server.answers.set("GET /experiments/xppi0915/runs", () => ({ runs: [] }));
  const api = new CommApi(new Relay(server));
  const board = new LiveBoard(api, "xppi0915");
  await vi.advanceTimersByTimeAsync(500);
  expect([board.connection.state, board.jobs.live, board.complete]).toEqual(["live", 6, true]);
  server.put(3, "changed");
  await vi.advanceTimersByTimeAsync(100);
  expect(board.jobs.text("hash", board.jobs.rowOf(3))).toBe("changed");
  await expect(board.details(9)).rejects.toMatchObject({ status: 404, message: "There is no /jobs/9/details." });
  server.cut();
  server.put(4, "meanwhile");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(board.jobs.text("hash", board.jobs.rowOf(4))).toBe("meanwhile");
  board.close();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([server.open.length, vi.getTimerCount()]).toEqual([0, 0]);
});
