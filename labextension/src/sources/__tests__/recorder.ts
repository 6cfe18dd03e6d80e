/** A table as a page has it, and a record of what a source told it. */

import { ColumnStore } from "../../grid/store";
import type { Connection, Delta, Frame, TableSink } from "../../grid/types";

export class Recorder implements TableSink {
  readonly store = new ColumnStore();
  heads = 0;
  readonly deltas: { at_ms: number; delta: Delta }[] = [];
  readonly wides = new Map<number, unknown>();
  connections: Connection[] = [];

  head(frame: Frame): void {
    this.heads++;
    this.store.load(frame);
  }

  chunk(frame: Frame): void {
    this.store.append(frame);
  }

  delta(delta: Delta): void {
    this.deltas.push({ at_ms: Date.now(), delta });
    this.store.apply(delta);
  }

  wide(_column: string, values: ReadonlyMap<number, unknown>): void {
    values.forEach((value, id) => this.wides.set(id, value));
  }

  connection(connection: Connection): void {
    this.connections.push(connection);
  }

  get state(): string {
    return this.connections.at(-1)?.state ?? "";
  }

  /** Id → hash of the rows that are there. */
  rows(): Record<number, string> {
    const found: Record<number, string> = {};
    for (let row = 0; row < this.store.rows; row++) {
      if (!this.store.alive(row)) continue;
      const id = this.store.id(row);
      if (id in found) throw new Error(`row ${id} is there twice`);
      found[id] = this.store.text("hash", row);
    }
    return found;
  }
}
