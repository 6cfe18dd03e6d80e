/** Frames made of plain values, as the other side makes them. */

import type { ColumnHead, ColumnType, Frame, FrameHead, Value } from "../types";

export interface PlainColumn {
  name: string;
  type: ColumnType;
  values: readonly Value[];
}

export function frameOf(columns: readonly PlainColumn[], more: Partial<FrameHead> = {}): Frame {
  const buffers: Uint8Array[] = [];
  const rows = columns[0]?.values.length ?? 0;
  const heads = columns.map((column): ColumnHead => {
    const parts = encode(column);
    const head = { name: column.name, type: column.type, buffers: parts.map((_, i) => buffers.length + i) };
    buffers.push(...parts.map((part) => new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, part.byteLength)));
    return column.type === "dict" ? { ...head, code_bytes: widthOf(parts[0]!) } : head;
  });
  const sizes = buffers.map(({ length }) => length);
  return { head: { rows, total: rows, columns: heads, sizes, ...more }, buffers };
}

/** Buffers as they arrive with a message of a kernel. */
export function viewsOf({ buffers }: Frame): DataView[] {
  return buffers.map((one) => new DataView(one.buffer, one.byteOffset, one.byteLength));
}

/** The same as an HTTP body. */
export function bodyOf({ head, buffers }: Frame): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const up = (bytes: number): number => Math.ceil(bytes / 8) * 8;
  const size = buffers.reduce((sum, { length }) => sum + up(length), up(4 + text.length));
  const body = new Uint8Array(size);
  new DataView(body.buffer).setUint32(0, text.length, true);
  body.set(text, 4);
  let at = up(4 + text.length);
  for (const buffer of buffers) {
    body.set(buffer, at);
    at += up(buffer.length);
  }
  return body.buffer;
}

type Part = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array | BigInt64Array;

function encode({ type, values }: PlainColumn): Part[] {
  switch (type) {
    case "bool":
      return [Uint8Array.from(values, (value) => (value === null ? 2 : Number(value)))];
    case "i32":
      return [Int32Array.from(values, (value) => (value === null ? -(2 ** 31) : Number(value)))];
    case "i64":
      return [BigInt64Array.from(values, (value) => (value === null ? -(2n ** 63n) : BigInt(value)))];
    case "f64":
    case "time":
      return [Float64Array.from(values, (value) => (value === null ? NaN : Number(value)))];
    case "dict":
      return dictOf(values as (string | null)[]);
    case "text":
      return [...textsOf(values.map((value) => String(value ?? ""))), Uint8Array.from(values, (value) => Number(value !== null))];
    default:
      return [];
  }
}

function dictOf(values: readonly (string | null)[]): Part[] {
  const words = [...new Set(values.filter((value) => value !== null))];
  const codes = new Map(words.map((word, code) => [word, code]));
  const Codes = words.length < 0xff ? Uint8Array : words.length < 0xffff ? Uint16Array : Uint32Array;
  const none = 2 ** (8 * Codes.BYTES_PER_ELEMENT) - 1;
  return [new Codes(values.map((value) => (value === null ? none : codes.get(value)!))), ...textsOf(words)];
}

function textsOf(texts: readonly string[]): [Uint32Array, Uint8Array] {
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  const offsets = new Uint32Array(texts.length + 1);
  encoded.forEach(({ length }, i) => (offsets[i + 1] = offsets[i]! + length));
  const bytes = new Uint8Array(offsets[texts.length]!);
  encoded.forEach((part, i) => bytes.set(part, offsets[i]));
  return [offsets, bytes];
}

function widthOf(codes: Part): 1 | 2 | 4 {
  return codes.BYTES_PER_ELEMENT as 1 | 2 | 4;
}
