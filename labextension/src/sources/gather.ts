/** Changes on their way to a table: the latest of each row, given on at most 30 times a second. */

import type { Delta, Value } from "../grid/types";
import { paced } from "./pace";

export type Values = Readonly<Record<string, Value>>;

interface Waiting {
  order: number;
  /** null: the row is to be removed. */
  values: Values | null;
}

const GAP_MS = 1000 / 30;

export class Gather {
  private rows = new Map<number, Waiting>();
  private readonly flush = paced(() => this.give(), GAP_MS);

  constructor(private readonly sink: (delta: Delta) => void) {}

  /** Take a row's new values, or its removal; what has a lower `order` than what waits is void. */
  put(id: number, order: number, values: Values | null): void {
    const held = this.rows.get(id);
    if (held && held.order > order) return;
    this.rows.set(id, { order, values: values && held?.values ? { ...held.values, ...values } : values });
  }

  /** Nothing waits. */
  get empty(): boolean {
    return !this.rows.size;
  }

  /** Give on what waits: at once, or as soon as it may be. */
  go(): void {
    if (this.rows.size) this.flush();
  }

  /** Forget what waits. */
  clear(): void {
    this.rows.clear();
    this.flush.stop();
  }

  /** One delta: the removed, and the rows with the same columns as the first; then the next. */
  private give(): void {
    const removed: number[] = [];
    const ids: number[] = [];
    const rows: Values[] = [];
    let names: string[] | null = null;
    for (const [id, { values }] of this.rows) {
      if (values) {
        const keys = Object.keys(values);
        names ??= keys;
        if (keys.length !== names.length || !names.every((name) => name in values)) continue;
        ids.push(id);
        rows.push(values);
      } else {
        removed.push(id);
      }
      this.rows.delete(id);
    }
    const columns: Record<string, Value[]> = {};
    for (const name of names ?? []) columns[name] = rows.map((row) => row[name] ?? null);
    this.go();
    this.sink({ ids, columns, removed });
  }
}
