/** A `Frame` of values, as the manager packs it: for tests that need a filled `ColumnStore`. */

import type { ColumnHead, ColumnType, Frame, Value } from "../../grid/types";

export interface ColumnOf {
  name: string;
  type: Extract<ColumnType, "i32" | "f64" | "time" | "dict">;
  values: readonly Value[];
}

export function frameOf(columns: readonly ColumnOf[], more: { total?: number; revision?: number } = {}): Frame {
  const buffers: Uint8Array[] = [];
  const heads: ColumnHead[] = columns.map(({ name, type, values }) => {
    const made = type === "dict" ? dictionary(values) : [numbers(type, values)];
    const first = buffers.length;
    buffers.push(...made);
    return { name, type, buffers: made.map((_, index) => first + index), ...(type === "dict" ? { code_bytes: 2 as const } : {}) };
  });
  const rows = columns[0]?.values.length ?? 0;
  return {
    head: { rows, total: rows, columns: heads, sizes: buffers.map((one) => one.byteLength), epoch: "e1", next_before: null, ...more },
    buffers,
  };
}

function numbers(type: "i32" | "f64" | "time", values: readonly Value[]): Uint8Array {
  const made = type === "i32" ? new Int32Array(values.length) : new Float64Array(values.length);
  values.forEach((value, row) => {
    made[row] = value === null ? (type === "i32" ? -(2 ** 31) : NaN) : Number(value);
  });
  return new Uint8Array(made.buffer);
}

function dictionary(values: readonly Value[]): Uint8Array[] {
  const words = [...new Set(values.filter((value) => value !== null).map(String))];
  const code = new Map(words.map((word, index) => [word, index]));
  const bytes = words.map((word) => new TextEncoder().encode(word));
  const offsets = new Uint32Array(words.length + 1);
  bytes.forEach((one, index) => (offsets[index + 1] = offsets[index]! + one.length));
  const codes = Uint16Array.from(values, (value) => (value === null ? 0xffff : code.get(String(value))!));
  const text = new Uint8Array(offsets[words.length]!);
  bytes.forEach((one, index) => text.set(one, offsets[index]));
  return [codes, offsets, text].map((one) => new Uint8Array(one.buffer, 0, one.byteLength));
}
