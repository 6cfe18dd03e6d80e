/** How each type of column is kept: typed arrays of all rows, in the order they came. */

import type { ColumnHead, ColumnType, Value } from "./types";
import { Words } from "./words";

/** One column. `row` is a physical row: it counts removed rows too, and never changes. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly head: ColumnHead;
  value(row: number): Value;
  /** As it is copied and searched; times as ISO 8601 in UTC, null as "". */
  text(row: number): string;
  /** Set a value that came as JSON; true if it is another than before. */
  put(row: number, value: Value): boolean;
  /** Make room for `rows` rows. */
  reserve(rows: number): void;
  /** Take in rows of a frame from row `at` on. */
  append(head: ColumnHead, buffers: readonly Uint8Array[], at: number, rows: number): void;
}

type Numbers = Uint8Array | Int32Array | Float64Array | BigInt64Array;
type Codes = Uint8Array | Uint16Array | Uint32Array;

export const NULL_I32 = -(2 ** 31);
const NULL_I64 = -(2n ** 63n);

const EMPTY = {
  bool: () => new Uint8Array(0),
  i32: () => new Int32Array(0),
  f64: () => new Float64Array(0),
  time: () => new Float64Array(0),
  i64: () => new BigInt64Array(0),
};
type NumberType = keyof typeof EMPTY;

/** bool, i32, f64, time (ms since 1970 UTC) and i64. */
export class NumberColumn implements Column {
  readonly name: string;
  type: NumberType;
  data: Numbers;

  constructor(readonly head: ColumnHead, type: NumberType) {
    this.name = head.name;
    this.type = type;
    this.data = EMPTY[type]();
  }

  value(row: number): Value {
    const kept = this.data[row]!;
    switch (this.type) {
      case "bool":
        return kept === 2 ? null : kept === 1;
      case "i32":
        return kept === NULL_I32 ? null : kept;
      case "i64":
        return kept === NULL_I64 ? null : kept;
      default:
        return Number.isNaN(kept) ? null : kept;
    }
  }

  /** The number to compare by; NaN for null. */
  number(row: number): number {
    const value = this.value(row);
    return value === null ? NaN : Number(value);
  }

  text(row: number): string {
    const value = this.value(row);
    if (value === null) return "";
    if (this.type !== "time") return String(value);
    return Math.abs(Number(value)) <= 8.64e15 ? new Date(Number(value)).toISOString() : "";
  }

  put(row: number, value: Value): boolean {
    const kept = this.converted(value);
    if (this.type === "i32" && typeof kept === "number" && kept !== (kept | 0)) this.widen();
    const before = this.data[row];
    this.data[row] = kept;
    return !Object.is(before, this.data[row]);
  }

  reserve(rows: number): void {
    if (rows <= this.data.length) return;
    const more = new (this.data.constructor as new (length: number) => Numbers)(rows);
    (more as Float64Array).set(this.data as Float64Array);
    this.data = more;
  }

  append(head: ColumnHead, buffers: readonly Uint8Array[], at: number, rows: number): void {
    const bytes = bytesOf(head, buffers, 0);
    if (head.type !== this.type) {
      const other = new NumberColumn(head, head.type as NumberType);
      other.reserve(rows);
      other.append(head, buffers, 0, rows);
      for (let i = 0; i < rows; i++) this.put(at + i, other.value(i));
      return;
    }
    const width = this.data.BYTES_PER_ELEMENT;
    if (bytes.length < rows * width) throw new Error(`Column ${head.name} is cut off.`);
    new Uint8Array(this.data.buffer, at * width).set(bytes.subarray(0, rows * width));
  }

  private converted(value: Value): never {
    return convert[this.type](value) as never;
  }

  /** Whole numbers turned out too large, or not whole. */
  private widen(): void {
    const wide = new Float64Array(this.data.length);
    for (let row = 0; row < wide.length; row++) wide[row] = this.number(row);
    this.data = wide;
    this.type = "f64";
  }
}

const convert: Record<NumberType, (value: Value) => number | bigint> = {
  bool: (value) => (value === null ? 2 : value ? 1 : 0),
  i32: (value) => (value === null ? NULL_I32 : Number(value)),
  f64: (value) => (value === null ? NaN : Number(value)),
  time: (value) => (typeof value === "string" ? Date.parse(value) : value === null ? NaN : Number(value)),
  i64: (value) => (value === null ? NULL_I64 : BigInt(typeof value === "number" ? Math.trunc(value) : value)),
};

/** Few different strings: a code per row and a dictionary. */
export class DictColumn implements Column {
  readonly type = "dict";
  readonly name: string;
  readonly words = new Words();
  codes: Codes = new Uint8Array(0);
  /** Code of null: the highest of the codes' width. */
  none = 0xff;

  constructor(readonly head: ColumnHead) {
    this.name = head.name;
  }

  value(row: number): string | null {
    const code = this.codes[row]!;
    return code === this.none ? null : this.words.at(code);
  }

  text(row: number): string {
    return this.value(row) ?? "";
  }

  put(row: number, value: Value): boolean {
    const code = value === null ? -1 : this.words.codeOf(String(value));
    this.widen();
    const kept = code < 0 ? this.none : code;
    const changed = this.codes[row] !== kept;
    this.codes[row] = kept;
    return changed;
  }

  reserve(rows: number): void {
    if (rows <= this.codes.length) return;
    const more = codesOf(this.codes.BYTES_PER_ELEMENT, rows);
    more.set(this.codes);
    this.codes = more;
  }

  append(head: ColumnHead, buffers: readonly Uint8Array[], at: number, rows: number): void {
    const width = head.code_bytes ?? 1;
    const came = typed(bytesOf(head, buffers, 0), width);
    if (came.length < rows) throw new Error(`Column ${head.name} is cut off.`);
    const to = this.words.merge(offsetsOf(head, buffers, 1), bytesOf(head, buffers, 2));
    this.widen();
    const [codes, none, theirs] = [this.codes, this.none, 2 ** (8 * width) - 1];
    for (let i = 0; i < rows; i++) {
      const code = came[i]!;
      codes[at + i] = code === theirs ? none : to[code]!;
    }
  }

  /** Wider codes once there are more words than codes. */
  private widen(): void {
    const bytes = this.words.length < 0xff ? 1 : this.words.length < 0xffff ? 2 : 4;
    if (bytes <= this.codes.BYTES_PER_ELEMENT) return;
    const [old, none] = [this.codes, this.none];
    this.codes = codesOf(bytes, old.length);
    this.none = 2 ** (8 * bytes) - 1;
    for (let row = 0; row < old.length; row++) {
      this.codes[row] = old[row] === none ? this.none : old[row]!;
    }
  }
}

/** Many different strings: as they came, and beside them those which changed since. */
export class TextColumn implements Column {
  readonly type = "text";
  readonly name: string;
  readonly words = new Words();
  /** 1 where the text as it came is not null. */
  valid = new Uint8Array(0);
  readonly changed = new Map<number, string | null>();
  /** Rows whose text is in `words`: number of the text, by the first row of each frame. */
  private readonly starts: { row: number; text: number; rows: number }[] = [];

  constructor(readonly head: ColumnHead) {
    this.name = head.name;
  }

  value(row: number): string | null {
    const changed = this.changed.get(row);
    if (changed !== undefined) return changed;
    return this.valid[row] ? this.words.at(this.textOf(row)) : null;
  }

  text(row: number): string {
    return this.value(row) ?? "";
  }

  put(row: number, value: Value): boolean {
    const text = value === null ? null : String(value);
    const changed = this.value(row) !== text;
    if (changed) this.changed.set(row, text);
    return changed;
  }

  reserve(rows: number): void {
    if (rows <= this.valid.length) return;
    const more = new Uint8Array(rows);
    more.set(this.valid);
    this.valid = more;
  }

  append(head: ColumnHead, buffers: readonly Uint8Array[], at: number, rows: number): void {
    const offsets = offsetsOf(head, buffers, 0);
    if (offsets.length < rows + 1) throw new Error(`Column ${head.name} is cut off.`);
    const text = this.words.append(offsets.subarray(0, rows + 1), bytesOf(head, buffers, 1));
    if (rows) this.starts.push({ row: at, text, rows });
    if (head.buffers.length > 2) this.valid.set(bytesOf(head, buffers, 2).subarray(0, rows), at);
    else this.valid.fill(1, at, at + rows);
  }

  /** Call `see` with the text of every row up to `rows`, in no particular order. */
  each(rows: number, see: (text: string | null, row: number) => void): void {
    let start = 0;
    this.words.each((text, index) => {
      while (this.starts[start + 1] && this.starts[start + 1]!.text <= index) start++;
      const row = this.starts[start]!.row + index - this.starts[start]!.text;
      if (!this.changed.has(row)) see(this.valid[row] ? text : null, row);
    });
    this.changed.forEach((text, row) => row < rows && see(text, row));
  }

  private textOf(row: number): number {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]!.row <= row) low = middle;
      else high = middle - 1;
    }
    const start = this.starts[low]!;
    return start.text + row - start.row;
  }
}

/** Asked for the rows in view only: the latest values, by row. */
export class RemoteColumn implements Column {
  readonly type = "remote";
  readonly name: string;
  private readonly kept = new Map<number, unknown>();

  constructor(readonly head: ColumnHead) {
    this.name = head.name;
  }

  /** Is the row's value here? */
  has(row: number): boolean {
    return this.kept.has(row);
  }

  value(row: number): Value {
    const value = this.kept.get(row) ?? null;
    return typeof value === "object" && value !== null ? JSON.stringify(value) : (value as Value);
  }

  text(row: number): string {
    return String(this.value(row) ?? "");
  }

  /** `undefined`: what was known is not true any more. */
  put(row: number, value: unknown): boolean {
    const had = this.kept.delete(row);
    if (value === undefined) return had;
    this.kept.set(row, value);
    if (this.kept.size > MOST_REMOTE) this.kept.delete(this.kept.keys().next().value!);
    return true;
  }

  reserve(): void {}
  append(): void {}
}

/** Rows whose remote value is kept: some screens full. */
const MOST_REMOTE = 4096;

/** An empty column of a type. Throws `Error` for a type that this page does not know. */
export function makeColumn(head: ColumnHead): Column {
  switch (head.type) {
    case "dict":
      return new DictColumn(head);
    case "text":
      return new TextColumn(head);
    case "remote":
      return new RemoteColumn(head);
    default:
      if (head.type in EMPTY) return new NumberColumn(head, head.type);
      throw new Error(`Column ${head.name} is of type ${String(head.type)}, which is unknown here: reload the page.`);
  }
}

function bytesOf(head: ColumnHead, buffers: readonly Uint8Array[], index: number): Uint8Array {
  const bytes = buffers[head.buffers[index] ?? -1];
  if (!bytes) throw new Error(`Column ${head.name} lacks a buffer.`);
  return bytes;
}

function offsetsOf(head: ColumnHead, buffers: readonly Uint8Array[], index: number): Uint32Array {
  return typed(bytesOf(head, buffers, index), 4) as Uint32Array;
}

function codesOf(bytes: number, rows: number): Codes {
  return bytes === 1 ? new Uint8Array(rows) : bytes === 2 ? new Uint16Array(rows) : new Uint32Array(rows);
}

function typed(bytes: Uint8Array, width: number): Codes {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % width ? bytes.slice() : bytes;
  const Kind = width === 1 ? Uint8Array : width === 2 ? Uint16Array : Uint32Array;
  return new Kind(buffer as ArrayBuffer, byteOffset, Math.floor(byteLength / width));
}
