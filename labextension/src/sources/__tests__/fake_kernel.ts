/** A kernel that holds a table and speaks over a widget's custom messages, as `Grid(df)` does. */

import { frameOf, viewsOf } from "../../grid/__tests__/frames";
import type { CommModel, Hear } from "../comm_api";

interface Asked {
  type: string;
  call?: number;
  edit?: { id: number; value: string; version: number };
  ids?: number[];
  ranges?: [number, number][];
  more?: boolean;
  page?: number;
  text?: string;
  values?: Record<string, string>;
}

export class FakeKernel implements CommModel {
  perFrame = 4;
  held = false;
  /** Frames say whether there is more; else the page counts. */
  saysMore = true;
  /** A cell runs: nothing is answered. */
  busy = false;
  readonly asked: Asked[] = [];
  readonly waiting: { content: object; buffers: DataView[] }[] = [];
  readonly listeners = new Set<Hear>();
  /** Of whether there is a way to it. */
  readonly watchers = new Set<Hear>();
  gone = false;
  private readonly rows: (string | null)[] = [];
  private seq = 0;
  /** Rows before this one were sent, by page; and those who have all. */
  private readonly sent = new Map<number, number>();
  private readonly complete = new Set<number>();
  private changed = new Set<number>();
  private removed = new Set<number>();
  private inView: number[] = [];
  /** Told with the next change: rows whose long texts changed. */
  stale: Record<string, number[]> = {};

  constructor(count: number) {
    for (let id = 0; id < count; id++) this.rows.push(`h${id}`);
  }

  put(id: number, text: string): void {
    if (id >= this.rows.length) this.rows.push(text);
    else if (this.rows[id] !== null) this.rows[id] = text;
    this.changed.add(id);
  }

  drop(id: number): void {
    if (id >= this.rows.length || this.rows[id] === null) return;
    this.rows[id] = null;
    this.removed.add(id);
  }

  truth(): Record<number, string> {
    return Object.fromEntries(this.rows.flatMap((text, id) => (text === null ? [] : [[id, text]])));
  }

  /** Tell what changed: the kernel does it 30 times a second at most. */
  flush(): void {
    const known = Math.max(0, ...this.sent.values());
    const [first] = this.complete;
    if (first !== undefined && this.sent.get(first)! < this.rows.length) this.frame("chunk", [...this.complete], null);
    const ids = [...this.changed].filter((id) => id < known && this.rows[id] !== null);
    const removed = [...this.removed].filter((id) => id < known);
    this.changed.clear();
    this.removed.clear();
    if (!ids.length && !removed.length) return;
    this.seq++;
    const columns = { hash: ids.map((id) => this.rows[id]!) };
    this.tell({ type: "delta", delta: { ids, columns, removed, seq: this.seq }, stale: this.stale });
    const wide = ids.filter((id) => this.inView.includes(id));
    if (wide.length) this.wide(wide);
  }

  /** Another table: all pages are told of it. */
  anew(): void {
    this.changed.clear();
    this.removed.clear();
    for (const page of this.sent.keys()) this.sent.set(page, 0);
    this.seq++;
    this.frame("head", [...this.sent.keys()], null);
  }

  send(content: unknown): void {
    if (this.gone) throw new Error("Cannot send");
    const asked = content as Asked;
    this.asked.push(asked);
    if (!this.busy) this.hear(asked);
  }

  on(event: string, hear: Hear): void {
    (event === "msg:custom" ? this.listeners : this.watchers).add(hear);
  }

  off(event: string, hear: Hear): void {
    (event === "msg:custom" ? this.listeners : this.watchers).delete(hear);
  }

  /** It is restarted: what is sent fails, as in JupyterLab. */
  restart(): void {
    this.gone = true;
    for (const hear of [...this.watchers]) hear({});
  }

  /** Let the oldest waiting message arrive; false if none waits. */
  step(): boolean {
    const next = this.waiting.shift();
    if (next) for (const hear of [...this.listeners]) hear(next.content, next.buffers);
    return next !== undefined;
  }

  private hear(asked: Asked): void {
    this.act(asked);
    this.flush();
  }

  private act(asked: Asked): void {
    switch (asked.type) {
      case "start":
      case "resync":
        this.flush();
        this.sent.set(asked.page!, 0);
        this.seq++;
        this.frame("head", [asked.page!], asked.page!);
        break;
      case "more":
        this.flush();
        this.frame("chunk", [asked.page!], asked.page!);
        break;
      case "view":
        this.inView = asked.ids ?? [];
        this.wide([...this.inView, 99]); // more than was asked for
        break;
      case "edit": {
        const { id, value } = asked.edit!;
        if (value === "bad") this.answer(asked, { ok: false, message: "Not a word." });
        else {
          this.put(id, value);
          this.answer(asked, { ok: true, version: this.seq });
        }
        break;
      }
      case "add":
        this.put(this.rows.length, asked.values!["hash"]!);
        this.answer(asked, { ok: true, version: this.seq, id: this.rows.length - 1 });
        break;
      case "remove":
        for (const [first, last] of asked.ranges!) for (let id = first; id <= last; id++) this.drop(id);
        this.answer(asked, { ok: true, version: this.seq });
        break;
      case "search":
        this.answer(asked, { ids: Object.keys(this.truth()).map(Number).filter((id) => this.rows[id]!.includes(asked.text!)) });
    }
  }

  private answer(asked: Asked, answer: object): void {
    this.tell({ type: "answer", call: asked.call, answer });
  }

  private wide(ids: number[]): void {
    this.tell({ type: "wide", column: "report", ids, values: ids.map((id) => `long ${id}`) });
  }

  /** Pages that are at the same row get the next ones; `page`: the only one that is meant. */
  private frame(type: "head" | "chunk", pages: readonly number[], page: number | null): void {
    const ids: number[] = [];
    const first = this.sent.get(pages[0]!)!;
    const sent = Math.min(first + this.perFrame, this.rows.length);
    const complete = sent === this.rows.length;
    for (const one of pages) {
      this.sent.set(one, sent);
      this.complete[complete ? "add" : "delete"](one);
    }
    for (let id = first; id < sent; id++) if (this.rows[id] !== null) ids.push(id);
    const frame = frameOf([
      { name: "id", type: "i32", values: ids },
      { name: "hash", type: "dict", values: ids.map((id) => this.rows[id]!) },
    ]);
    const { next_before: _, epoch: __, ...rest } = frame.head;
    const total = Object.keys(this.truth()).length;
    const more = this.saysMore ? { next_before: complete ? null : sent } : {};
    const place = { from: first, to: sent };
    this.tell({ type, page, head: { ...rest, ...more, ...place, total, ...(type === "head" ? { seq: this.seq } : {}) } }, viewsOf(frame));
  }

  private tell(content: object, buffers: DataView[] = []): void {
    this.waiting.push({ content: JSON.parse(JSON.stringify(content)) as object, buffers });
    if (!this.held) queueMicrotask(() => this.held || this.step());
  }
}
