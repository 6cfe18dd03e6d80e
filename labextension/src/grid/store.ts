/**
 * A table by column: head, chunks and deltas go in; values, text and typed arrays come out.
 *
 * Rows are physical: numbered as they came, removed ones included, so that a row's number
 * stays good for its whole life.
 */

import { makeColumn, NumberColumn, RemoteColumn, type Column } from "./columns";
import { Ids } from "./ids";
import type { Changed, ColumnHead, Delta, Frame, Value } from "./types";

/** More changed rows than this are told as "all". */
const MOST_CHANGED = 20_000;
/** Room for new rows beyond those announced, as a share and at least, so that few copies are made. */
const ROOM = 1 / 32;
const LEAST_ROOM = 256;

export class ColumnStore {
  heads: readonly ColumnHead[] = [];
  names: readonly string[] = [];
  /** Physical rows, removed ones included. */
  rows = 0;
  /** Rows that are not removed. */
  live = 0;
  /** Rises with every change. */
  version = 0;
  private columns = new Map<string, Column>();
  private ids = new Ids((row) => this.id(row));
  private idColumn: NumberColumn | null = null;
  private removed = new Uint8Array(0);
  private capacity = 0;
  /** Ids that were removed before their row came. */
  private readonly gone = new Set<number>();
  /** Rows that changed before they came, by id: where they stand, and which columns are known. */
  private readonly early = new Map<number, { row: number; given: ReadonlySet<string> }>();

  /** The first rows: everything known before is void. */
  load(frame: Frame): Changed {
    const { head } = frame;
    this.heads = head.columns;
    this.names = head.columns.map(({ name }) => name);
    this.columns = new Map(head.columns.map((column) => [column.name, makeColumn(column)]));
    const id = head.id === null ? undefined : this.columns.get(head.id ?? "id");
    this.idColumn = id instanceof NumberColumn ? id : null;
    this.ids = new Ids((row) => this.id(row));
    this.rows = this.live = this.capacity = 0;
    this.removed = new Uint8Array(0);
    this.gone.clear();
    this.early.clear();
    this.take(frame, head.rows);
    return { rows: "all", columns: new Set(this.names), order: true };
  }

  /** More rows of the same table. What changed before its row came stays as it changed. */
  append(frame: Frame): Changed {
    this.take(frame, Math.max(frame.head.total, this.rows + frame.head.rows));
    return { rows: "all", columns: new Set(this.names), order: true };
  }

  /** Changed, new and removed rows. Columns that the table does not have are left out. */
  apply(delta: Delta): Changed {
    const rows = new Set<number>();
    const columns = new Set<string>();
    const given = new Set(Object.keys(delta.columns));
    let order = false;
    delta.ids.forEach((id, i) => {
      const { row, added } = this.place(id, given);
      order ||= added;
      for (const name of given) {
        const column = this.columns.get(name);
        if (column && column !== this.idColumn && column.put(row, delta.columns[name]?.[i] ?? null)) {
          columns.add(name);
          rows.add(row);
        }
      }
      if (added) rows.add(row);
    });
    for (const id of delta.removed) {
      const row = this.rowOf(id);
      if (row < 0) this.gone.add(id);
      else if (this.remove(row)) rows.add(row);
    }
    order ||= delta.removed.some((id) => rows.has(this.rowOf(id)));
    if (rows.size) this.version++;
    return { rows: rows.size > MOST_CHANGED ? "all" : [...rows], columns, order };
  }

  /** Values of a remote column, by row id. */
  wide(column: string, values: ReadonlyMap<number, unknown>): Changed {
    const kept = this.columns.get(column);
    const rows: number[] = [];
    if (kept instanceof RemoteColumn) {
      values.forEach((value, id) => {
        const row = this.rowOf(id);
        if (row >= 0 && kept.put(row, value)) rows.push(row);
      });
    }
    if (rows.length) this.version++;
    return { rows, columns: new Set([column]), order: false };
  }

  /** Physical row of an id, removed or not; -1: there is none. */
  rowOf(id: number): number {
    if (this.idColumn) return this.ids.rowOf(id);
    return Number.isInteger(id) && id >= 0 && id < this.rows ? id : -1;
  }

  id(row: number): number {
    return this.idColumn ? Number(this.idColumn.data[row]) : row;
  }

  alive(row: number): boolean {
    return row >= 0 && row < this.rows && !this.removed[row];
  }

  has(column: string): boolean {
    return this.columns.has(column);
  }

  value(column: string, row: number): Value {
    return this.columns.get(column)?.value(row) ?? null;
  }

  text(column: string, row: number): string {
    return this.columns.get(column)?.text(row) ?? "";
  }

  /** The column itself, for fast sorting and filtering; undefined: there is none. */
  column(name: string): Column | undefined {
    return this.columns.get(name);
  }

  /** Room for all rows is made with the second frame: the first is to be seen at once. */
  private take({ head, buffers }: Frame, room: number): void {
    const at = this.rows;
    this.reserve(room);
    for (const column of head.columns) this.columns.get(column.name)?.append(column, buffers, at, head.rows);
    this.rows = at + head.rows;
    this.live += head.rows;
    this.version++;
    if (!this.idColumn) return;
    if (this.early.size || this.gone.size) this.settle(at);
    else this.ids.add(at, this.rows);
  }

  private place(id: number, given: ReadonlySet<string>): { row: number; added: boolean } {
    const known = this.rowOf(id);
    if (known >= 0) {
      const added = this.removed[known] === 1;
      if (added) {
        this.removed[known] = 0;
        this.live++;
      }
      return { row: known, added };
    }
    const row = this.rows;
    this.reserve(row + 1);
    for (const column of this.columns.values()) column.put(row, null);
    this.idColumn?.put(row, id);
    this.rows++;
    this.live++;
    if (this.idColumn) this.ids.add(row, row + 1);
    this.gone.delete(id);
    this.early.set(id, { row, given });
    return { row, added: true };
  }

  private remove(row: number): boolean {
    if (this.removed[row]) return false;
    this.removed[row] = 1;
    this.live--;
    return true;
  }

  /** Of rows that changed before they came, the news stays and the rest is filled in. */
  private settle(first: number): void {
    for (let row = first; row < this.rows; row++) {
      const id = this.id(row);
      const known = this.early.get(id);
      if (!known && !this.gone.has(id)) {
        this.ids.add(row, row + 1);
        continue;
      }
      this.remove(row);
      for (const [name, column] of known ? this.columns : []) {
        if (!known!.given.has(name)) column.put(known!.row, column.value(row));
      }
      this.early.delete(id);
    }
  }

  private reserve(rows: number): void {
    if (rows <= this.capacity) return;
    this.capacity = rows + Math.max(LEAST_ROOM, Math.ceil(rows * ROOM));
    for (const column of this.columns.values()) column.reserve(this.capacity);
    const removed = new Uint8Array(this.capacity);
    removed.set(this.removed);
    this.removed = removed;
  }
}

/** Two changes as one. */
export function joined(a: Changed | null, b: Changed): Changed {
  if (!a) return b;
  const rows = a.rows === "all" || b.rows === "all" ? "all" : [...new Set([...a.rows, ...b.rows])];
  return { rows, columns: new Set([...a.columns, ...b.columns]), order: a.order || b.order };
}
