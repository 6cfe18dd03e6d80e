/** The rows of one DataFrame in the page: one store for however many views of it. */

import { KeySet } from "../../grid/key_set";
import { ColumnStore } from "../../grid/store";
import type { Changed, Connection, Delta, Frame, IdRange, TableSource } from "../../grid/types";
import type { FrameColumn } from "./format";

export interface FrameNews {
  /** Another table, or other columns. */
  head?: true;
  changed?: Changed;
  connection?: true;
  selection?: true;
}

const WAITING: Connection = { state: "loading", since: 0, why: "", attempt: 0, next: null };

export class FrameData {
  readonly store = new ColumnStore();
  /** Without the row ids, which come first. */
  columns: readonly FrameColumn[] = [];
  connection = WAITING;
  /** Rows there are, here or still to come; null: not known yet. */
  total: number | null = null;
  /** Number of the last message: what is shown is as of it. */
  seq = 0;
  selection = KeySet.none;
  private readonly listeners = new Set<(news: FrameNews) => void>();

  constructor(readonly source: TableSource) {}

  /** Be told of news; returns how to stop. */
  on(listener: (news: FrameNews) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  head(frame: Frame): void {
    const changed = this.store.load(frame);
    this.columns = frame.head.columns.slice(1).map((head) => ({ title: head.name, ...head }));
    this.seq = frame.head.seq ?? 0;
    this.total = frame.head.total;
    this.tell({ head: true, changed });
  }

  chunk(frame: Frame): void {
    this.total = frame.head.total;
    this.seq = frame.head.seq ?? this.seq;
    this.tell({ changed: this.store.append(frame) });
  }

  delta(delta: Delta): void {
    const before = this.store.live;
    const changed = this.store.apply(delta);
    this.seq = delta.seq ?? this.seq;
    this.total = (this.total ?? before) + this.store.live - before;
    this.tell({ changed });
  }

  wide(column: string, values: ReadonlyMap<number, unknown>): void {
    this.tell({ changed: this.store.wide(column, values) });
  }

  connected(connection: Connection): void {
    this.connection = connection;
    this.tell({ connection: true });
  }

  /** Select rows; the kernel is told unless it said so itself. */
  select(ranges: readonly IdRange[], byKernel = false): void {
    this.selection = KeySet.ofRanges(ranges);
    if (!byKernel) this.source.select(ranges);
    this.tell({ selection: true });
  }

  private tell(news: FrameNews): void {
    for (const listener of this.listeners) listener(news);
  }
}
