/** A kernel's frame made of plain columns, and a source that remembers what it was asked. */

import type { Edit, EditAnswer, Frame, IdRange, TableSource, Value } from "../../../grid/types";
import type { FrameColumn } from "../format";

type Given = Partial<FrameColumn> & { values: readonly Value[] };

const ARRAYS = { bool: Uint8Array, i32: Int32Array, f64: Float64Array, time: Float64Array } as const;
const NULLS = { bool: 2, i32: -(2 ** 31), f64: NaN, time: NaN } as const;

export function frameOf(columns: Readonly<Record<string, Given>>, more: { seq?: number; total?: number; first?: number } = {}): Frame {
  const buffers: Uint8Array[] = [];
  const keep = (...some: Uint8Array[]): number[] => some.map((one) => buffers.push(one) - 1);
  const rows = Object.values(columns)[0]?.values.length ?? 0;
  const ids = Int32Array.from({ length: rows }, (_, row) => row + (more.first ?? 0));
  const heads: FrameColumn[] = [{ name: "id", title: "", type: "i32", buffers: keep(bytes(ids)) }];
  Object.entries(columns).forEach(([title, { values, ...head }], at) => {
    const type = head.type ?? "f64";
    const own = type === "text" ? keep(...texts(values)) : type === "remote" ? [] : keep(bytes(numbers(type as keyof typeof ARRAYS, values)));
    heads.push({ title, ...head, name: `c${at}`, type, buffers: own });
  });
  const sizes = buffers.map((one) => one.length);
  return { head: { rows, total: more.total ?? rows, columns: heads, sizes, seq: more.seq ?? 1 }, buffers };
}

function numbers(type: keyof typeof ARRAYS, values: readonly Value[]): Uint8Array | Int32Array | Float64Array {
  return ARRAYS[type].from(values.map((value) => (value === null ? NULLS[type] : Number(value))));
}

function texts(values: readonly Value[]): Uint8Array[] {
  const encoded = values.map((value) => new TextEncoder().encode(value === null ? "" : String(value)));
  const offsets = new Uint32Array(values.length + 1);
  encoded.forEach((one, at) => (offsets[at + 1] = offsets[at]! + one.length));
  const valid = Uint8Array.from(values, (value) => (value === null ? 0 : 1));
  return [bytes(offsets), Uint8Array.from(encoded.flatMap((one) => [...one])), valid];
}

const bytes = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

export class FakeSource implements TableSource {
  readonly edits: Edit[] = [];
  readonly selected: (readonly IdRange[])[] = [];
  readonly removed: (readonly IdRange[])[] = [];
  added = 0;
  viewed: readonly number[] = [];
  found: ReadonlySet<number> = new Set();
  answer: EditAnswer = { ok: true, version: 2 };
  start(): void {}
  resync(): void {}
  view(ids: readonly number[]): void {
    this.viewed = ids;
  }
  edit(edit: Edit): Promise<EditAnswer> {
    this.edits.push(edit);
    return Promise.resolve(this.answer);
  }
  add(): Promise<EditAnswer & { id?: number }> {
    this.added++;
    return Promise.resolve(this.answer);
  }
  remove(ids: readonly IdRange[]): Promise<EditAnswer> {
    this.removed.push(ids);
    return Promise.resolve(this.answer);
  }
  select(ranges: readonly IdRange[]): void {
    this.selected.push(ranges);
  }
  search(): Promise<ReadonlySet<number>> {
    return Promise.resolve(this.found);
  }
  close(): void {}
}
