/** The rows of a DataFrame in the order shown. */

import { filtered, placesOf, sorted, type Filter } from "../../grid/order";
import type { Sorted } from "../../grid/host";
import type { ColumnStore } from "../../grid/store";
import type { GridRows } from "../../grid/types";

export class FrameRows implements GridRows {
  readonly length: number;
  readonly coming: number;
  private readonly order: Int32Array | null;
  private places: Int32Array | null = null;

  constructor(private readonly store: ColumnStore, filters: readonly Filter[], sort: Sorted | null, total: number | null) {
    const all = !filters.length && store.live === store.rows;
    const rows = all && !sort ? null : filtered(store, filters);
    this.order = rows && sort ? sorted(store, rows, [sort]) : rows;
    this.length = rows ? rows.length : store.rows;
    const coming = total === null ? NaN : Math.max(0, total - store.live);
    this.coming = coming && filters.length ? NaN : coming;
  }

  row(index: number): number {
    return this.order ? (this.order[index] ?? -1) : index;
  }

  key(row: number): number {
    return this.store.id(row);
  }

  indexOf(key: number): number {
    const row = this.store.rowOf(key);
    if (row < 0 || !this.order) return row < this.length ? row : -1;
    this.places ??= placesOf(this.order, this.store.rows);
    return this.places[row] ?? -1;
  }
}
