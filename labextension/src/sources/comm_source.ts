/**
 * A table that a kernel holds, over the custom messages of a widget: `Grid(df)`.
 *
 * Messages are counted: the head carries a number, each delta the next one. A gap means that
 * one was lost, and the table begins anew. All pages of a widget hear everything: rows that one
 * of them asked for name it, and the others only count them.
 */

import type {
  Connection, ConnectionState, Delta, Edit, EditAnswer, FrameHead, IdRange, TableSink, TableSource, Value,
} from "../grid/types";
import { decodeComm } from "../grid/wire";
import { Calls, fromAnywhere, GONE } from "./calls";
import type { CommModel, Hear } from "./comm_api";
import { Gather } from "./gather";
import { idle, paced } from "./pace";

/** After so long without the first rows it is said why they may be late. */
const PATIENCE_MS = 3_000;
/** A chunk that was asked for is asked for again: it may be lost, and a busy kernel sends two. */
const AGAIN_MS = 10_000;
/** After the way to the kernel changed. */
const SETTLED_MS = 1_000;
/** Scrolling passes many rows: long texts are asked for so often at most. */
const VIEW_MS = 100;
/** One message to a kernel may have 10 MB: so many ranges stay below, and so many characters. */
const MOST_RANGES = 300_000;
const MOST_CHARS = 3_000_000;
const TOO_LONG = "This text is longer than a page can send. grid.update(…) sets it in Python.";
const EARLY = "The kernel has not told yet how these rows are now. Try again once it has.";
const BUSY = "The kernel has not answered yet: it may be busy with a cell. In a notebook that was opened again, run the cell again.";

type Told =
  | { type: "head" | "chunk"; head: FrameHead; /** who asked for it; null, absent: it is for all */ page?: number | null }
  | { type: "delta"; delta: Delta; /** rows of long texts that changed */ stale?: Readonly<Record<string, readonly number[]>> }
  | { type: "wide"; column: string; ids: readonly number[]; values: readonly unknown[] }
  | { type: "answer"; call: number; answer: Answer };

/** What travels with the widget itself: the rows that fill a page, as they were then. */
export interface FirstRows {
  head: FrameHead;
  buffers: readonly DataView[];
}

type Answer = EditAnswer & { id?: number; ids?: number[] };

export class CommSource implements TableSource {
  /** What the kernel knows this page by: it tells all pages of a widget the same. */
  readonly page = fromAnywhere();
  private sink!: TableSink;
  private gather!: Gather;
  /** Number of the last message; NaN: a head is awaited, all else is void. */
  private seq = NaN;
  /** Rows that came in frames, without those removed since; and how many there are in all. */
  private rows = 0;
  private total = 0;
  /** Up to before which row frames came; undefined: the kernel does not say. */
  private upTo: number | undefined;
  /** The last frame said whether there are more; null: it did not, so they are counted. */
  private more: boolean | null = null;
  /** A chunk was asked for, or the last one was empty. */
  private asked = false;
  private round = 0;
  /** What is shown came with the widget: it has no number, so nothing can be changed in it. */
  private early = false;
  private inView: ReadonlySet<number> = new Set();
  private readonly calls = new Calls<Answer>((message) => ({ ok: false, message }));
  private patience: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private readonly tellView = paced(() => this.say({ type: "view", page: this.page, ids: [...this.inView] }), VIEW_MS);

  constructor(private readonly model: CommModel) {}

  start(sink: TableSink): void {
    this.sink = sink;
    this.gather = new Gather((delta) => sink.delta({ ...delta, seq: this.seq }));
    this.model.on("msg:custom", this.hear);
    this.model.on("comm_live_update", this.moved);
    this.begin("start");
  }

  /** Show rows until the kernel tells how they are: a round trip, or a cell that runs, later. */
  preview({ head, buffers }: FirstRows): void {
    this.early = true;
    this.sink.head(decodeComm(head, buffers));
  }

  resync(): void {
    this.begin("resync");
  }

  view(ids: readonly number[]): void {
    this.inView = new Set(ids);
    this.tellView();
  }

  edit(edit: Edit): Promise<EditAnswer> {
    if (String(edit.value ?? "").length > MOST_CHARS) return Promise.resolve({ ok: false, message: TOO_LONG });
    return this.call({ type: "edit", edit });
  }

  add(values: Readonly<Record<string, Value>>): Promise<EditAnswer & { id?: number }> {
    return this.call({ type: "add", values });
  }

  remove(ranges: readonly IdRange[]): Promise<EditAnswer> {
    return this.call({ type: "remove", page: this.page, ranges: this.lastOf("remove", ranges) });
  }

  select(ranges: readonly IdRange[]): void {
    this.say({ type: "select", page: this.page, ranges: this.lastOf("select", ranges) });
  }

  /** Rejects with `Error` if the kernel does not answer, or refuses. */
  async search(text: string): Promise<ReadonlySet<number>> {
    const answer = await this.call({ type: "search", text });
    if (answer.ids) return new Set(answer.ids);
    throw new Error(answer.ok ? "The kernel's answer to the search is not one." : answer.message);
  }

  close(): void {
    this.round++;
    this.seq = NaN;
    this.model.off("msg:custom", this.hear);
    this.model.off("comm_live_update", this.moved);
    clearTimeout(this.patience);
    clearTimeout(this.again);
    this.tellView.stop();
    this.gather?.clear();
    this.calls.close();
  }

  // -- asking ---------------------------------------------------------------------------

  private begin(type: "start" | "resync"): void {
    this.round++;
    this.seq = NaN;
    this.gather.clear();
    this.tell("loading", "");
    clearTimeout(this.again);
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.tell("loading", BUSY), PATIENCE_MS);
    this.say({ type, page: this.page });
  }

  /** Send what is too much for one message in several; return what is left for the last. */
  private lastOf(type: string, ranges: readonly IdRange[]): readonly IdRange[] {
    let at = 0;
    for (; ranges.length - at > MOST_RANGES; at += MOST_RANGES) {
      this.say({ type, page: this.page, ranges: ranges.slice(at, at + MOST_RANGES), more: true });
    }
    return at ? ranges.slice(at) : ranges;
  }

  private say(content: Record<string, unknown>): void {
    try {
      this.model.send(content);
    } catch {
      clearTimeout(this.patience);
      this.tell("closed", GONE);
    }
  }

  /** The way to the kernel was lost or found: see whether somebody is there, once that is settled. */
  private readonly moved = (): void => {
    clearTimeout(this.again);
    this.again = setTimeout(() => this.resync(), SETTLED_MS);
  };

  private call(what: Record<string, unknown>): Promise<Answer> {
    if (this.early) return Promise.resolve({ ok: false, message: EARLY });
    return this.calls.ask((call) => this.model.send({ ...what, call }));
  }

  /** Ask for the next chunk once nothing else is to be done, if there is one. */
  private async pull(): Promise<void> {
    const { round } = this;
    if (this.asked || !(this.more ?? this.rows < this.total)) return;
    this.asked = true;
    await idle();
    if (round !== this.round) return;
    this.say({ type: "more", page: this.page });
    this.again = setTimeout(() => {
      this.asked = false;
      void this.pull();
    }, AGAIN_MS);
  }

  private came(head: FrameHead): void {
    clearTimeout(this.again);
    this.upTo = head.to;
    this.rows += head.rows;
    this.total = head.total;
    this.more = head.next_before === undefined ? null : head.next_before !== null;
    this.asked = head.rows === 0 && !this.more; // nothing came: there is no more, whatever the count says
    void this.pull();
  }

  // -- hearing --------------------------------------------------------------------------

  private readonly hear: Hear = (content, buffers = []) => {
    const told = content as Told;
    switch (told.type) {
      case "head":
        if (isOfOther(told, this.page)) {
          this.counted(told.head.seq);
          break;
        }
        clearTimeout(this.patience);
        this.early = false;
        this.seq = told.head.seq ?? 0;
        this.rows = 0;
        this.round++;
        this.gather.clear();
        this.sink.head(decodeComm(told.head, buffers));
        this.tell("live", "");
        this.came(told.head);
        break;
      case "chunk":
        // new rows for all who have the others
        if (isNaN(this.seq) || isOfOther(told, this.page) || (told.page === null && this.more)) break;
        if (told.head.from !== this.upTo) {
          this.resync(); // one before it was lost
          break;
        }
        // it is as of now, if nothing waits to be shown
        this.sink.chunk(decodeComm(this.gather.empty ? { ...told.head, seq: this.seq } : told.head, buffers));
        this.came(told.head);
        break;
      case "delta":
        this.changed(told.delta);
        for (const [column, ids] of Object.entries(told.stale ?? {})) this.outdated(column, ids);
        break;
      case "wide": {
        const values = told.ids.map((id, i) => [id, told.values[i]] as const);
        this.sink.wide(told.column, new Map(values.filter(([id]) => this.inView.has(id))));
        break;
      }
      case "answer":
        this.calls.answer(told.call, told.answer);
    }
  };

  private changed({ seq = this.seq + 1, ids, columns, removed }: Delta): void {
    if (!this.counted(seq)) return;
    const { upTo = Infinity } = this; // rows that are still to come will come as they are then
    const names = Object.keys(columns);
    ids.forEach((id, i) =>
      id < upTo && this.gather.put(id, seq, Object.fromEntries(names.map((name) => [name, columns[name]?.[i] ?? null]))));
    const gone = removed.filter((id) => id < upTo);
    for (const id of gone) this.gather.put(id, seq, null);
    this.gather.go();
    this.rows -= gone.length; // the count of the last frame may be that after the removal
    void this.pull();
  }

  /** Take note of a message's number; false: the head that is known, or awaited, has it, or one was lost. */
  private counted(seq = this.seq + 1): boolean {
    if (isNaN(this.seq) || seq <= this.seq) return false;
    const next = seq === this.seq + 1;
    if (next) this.seq = seq;
    else this.resync();
    return next;
  }

  /** Long texts changed: those in view come by themselves, others are not known any more. */
  private outdated(column: string, ids: readonly number[]): void {
    const others = ids.filter((id) => !this.inView.has(id));
    if (others.length) this.sink.wide(column, new Map(others.map((id) => [id, undefined])));
  }

  private tell(state: ConnectionState, why: string): void {
    const connection: Connection = { state, since: Date.now(), why, attempt: 0, next: null };
    this.sink.connection(connection);
  }
}

const isOfOther = ({ page }: { page?: number | null }, own: number): boolean => typeof page === "number" && page !== own;
