/**
 * Which rows are shown and in which order, computed on the columns as they are kept.
 *
 * A dictionary's words are looked at once each, not once a row; sorting counts instead of
 * comparing wherever that can be. Orders are stable, and null comes last either way.
 */

import { DictColumn, NULL_I32, NumberColumn, TextColumn, type Column } from "./columns";
import type { ColumnStore } from "./store";
import type { Words } from "./words";

/** Rows that hold. Rows of a column that is not there hold for none of those with a column. */
export type Filter =
  /** Words of a dict or text column; null is a word too. */
  | { column: string; in: ReadonlySet<string | null> }
  /** Text holds this, upper and lower case alike. */
  | { column: string; contains: string }
  /** Numbers and times (ms) from `min` to `max`, both included. */
  | { column: string; min?: number; max?: number }
  | { ids: Iterable<number> }
  | { any: readonly Filter[] }
  | { not: Filter };

export interface SortKey {
  column: string;
  descending: boolean;
}

type Mask = Uint8Array;

/** Physical rows that are not removed and hold for all filters, in physical order. */
export function filtered(store: ColumnStore, filters: readonly Filter[]): Int32Array {
  const mask = new Uint8Array(store.rows);
  for (let row = 0; row < mask.length; row++) mask[row] = store.alive(row) ? 1 : 0;
  for (const filter of filters) {
    const held = holding(store, filter);
    for (let row = 0; row < mask.length; row++) mask[row]! &= held[row]!;
  }
  return rowsOf(mask);
}

/** Does one row hold? For rows that changed, without looking at all others. */
export function holds(store: ColumnStore, filter: Filter, row: number): boolean {
  if ("any" in filter) return filter.any.some((one) => holds(store, one, row));
  if ("not" in filter) return !holds(store, filter.not, row);
  if ("ids" in filter) return new Set(filter.ids).has(store.id(row));
  const column = store.column(filter.column);
  if (!column) return false;
  if ("in" in filter) return filter.in.has(wordOf(column, row));
  if ("contains" in filter) return column.text(row).toLowerCase().includes(filter.contains.toLowerCase());
  return within(numberOf(column, row), filter);
}

/** The rows in the order of the first key, then the second, …: a new array. */
export function sorted(store: ColumnStore, rows: Int32Array, keys: readonly SortKey[]): Int32Array {
  let order: Int32Array = rows.slice();
  for (const { column, descending } of [...keys].reverse()) {
    const kept = store.column(column);
    if (kept instanceof DictColumn) order = byRank(order, ranksOf(kept), descending);
    else if (kept instanceof NumberColumn) order = byNumber(order, kept, descending);
    else if (kept instanceof TextColumn) order = byRank(order, textRanks(kept, store.rows), descending);
  }
  return order;
}

/** Where each physical row stands in an order; -1: nowhere. */
export function placesOf(order: Int32Array, rows: number): Int32Array {
  const places = new Int32Array(rows).fill(-1);
  for (let at = 0; at < order.length; at++) places[order[at]!] = at;
  return places;
}

function holding(store: ColumnStore, filter: Filter): Mask {
  const mask = new Uint8Array(store.rows);
  if ("any" in filter) {
    for (const one of filter.any) {
      const held = holding(store, one);
      for (let row = 0; row < mask.length; row++) mask[row]! |= held[row]!;
    }
  } else if ("not" in filter) {
    const held = holding(store, filter.not);
    for (let row = 0; row < mask.length; row++) mask[row] = held[row] ? 0 : 1;
  } else if ("ids" in filter) {
    for (const id of filter.ids) {
      const row = store.rowOf(id);
      if (row >= 0) mask[row] = 1;
    }
  } else {
    const column = store.column(filter.column);
    if (column) columnHolds(store, column, filter, mask);
  }
  return mask;
}

type ColumnFilter = Extract<Filter, { column: string }>;

function columnHolds(store: ColumnStore, column: Column, filter: ColumnFilter, mask: Mask): void {
  if (!("in" in filter) && !("contains" in filter)) {
    for (let row = 0; row < mask.length; row++) mask[row] = within(numberOf(column, row), filter) ? 1 : 0;
    return;
  }
  const test = tester(filter);
  if (column instanceof DictColumn) {
    const { codes, none } = column;
    const good = new Uint8Array(column.words.length + 1);
    column.words.each((word, code) => (good[code] = test(word) ? 1 : 0));
    const empty = test(null) ? 1 : 0;
    for (let row = 0; row < mask.length; row++) mask[row] = codes[row] === none ? empty : good[codes[row]!]!;
  } else if (column instanceof TextColumn) {
    column.each(store.rows, (text, row) => (mask[row] = test(text) ? 1 : 0));
  } else {
    for (let row = 0; row < mask.length; row++) mask[row] = test(wordOf(column, row)) ? 1 : 0;
  }
}

function tester(filter: { in: ReadonlySet<string | null> } | { contains: string }): (text: string | null) => boolean {
  if ("in" in filter) return (text) => filter.in.has(text);
  const wanted = filter.contains.toLowerCase();
  return (text) => (text ?? "").toLowerCase().includes(wanted);
}

function within(value: number, { min = -Infinity, max = Infinity }: { min?: number; max?: number }): boolean {
  return value >= min && value <= max; // false for NaN, which is null
}

function numberOf(column: Column, row: number): number {
  return column instanceof NumberColumn ? column.number(row) : NaN;
}

function wordOf(column: Column, row: number): string | null {
  return column.value(row) === null ? null : column.text(row);
}

function rowsOf(mask: Mask): Int32Array {
  let count = 0;
  for (let row = 0; row < mask.length; row++) count += mask[row]!;
  const rows = new Int32Array(count);
  for (let row = 0, at = 0; row < mask.length; row++) if (mask[row]) rows[at++] = row;
  return rows;
}

/** Rank of each row's value, from 0; null is the highest. */
interface Ranks {
  rank(row: number): number;
  count: number;
}

function ranksOf(column: DictColumn): Ranks {
  const { ranks, count } = rankWords(column.words);
  const { codes, none } = column;
  return { rank: (row) => (codes[row] === none ? count : ranks[codes[row]!]!), count };
}

function textRanks(column: TextColumn, rows: number): Ranks {
  const texts: (string | null)[] = new Array<string | null>(rows).fill(null);
  column.each(rows, (text, row) => (texts[row] = text));
  const { ranks, count } = rankTexts(texts);
  return { rank: (row) => (texts[row] === null ? count : ranks[row]!), count };
}

function rankWords(words: Words): { ranks: Uint32Array; count: number } {
  const texts: string[] = [];
  words.each((word, code) => (texts[code] = word));
  return rankTexts(texts);
}

/** Most texts that are compared as people order them: beyond, by number or by character. */
const MOST_COLLATED = 20_000;

function rankTexts(texts: readonly (string | null)[]): { ranks: Uint32Array; count: number } {
  const order = new Uint32Array(texts.length);
  let known = 0;
  texts.forEach((text, i) => text !== null && (order[known++] = i));
  const compare = comparer(texts);
  const sortable = order.subarray(0, known).sort(compare);
  const ranks = new Uint32Array(texts.length);
  let count = 0;
  for (let i = 0; i < known; i++) {
    if (i && compare(sortable[i - 1]!, sortable[i]!)) count++;
    ranks[sortable[i]!] = count;
  }
  return { ranks, count: known ? count + 1 : 0 };
}

/** Compares two of the texts by their indexes. */
function comparer(texts: readonly (string | null)[]): (a: number, b: number) => number {
  if (texts.length <= MOST_COLLATED) {
    const { compare } = new Intl.Collator("en", { numeric: true });
    return (a, b) => compare(texts[a]!, texts[b]!);
  }
  if (texts.every((text) => text === null || /^\d{1,15}$/.test(text))) {
    const numbers = Float64Array.from(texts, Number);
    return (a, b) => numbers[a]! - numbers[b]!;
  }
  return (a, b) => (texts[a]! < texts[b]! ? -1 : texts[a]! > texts[b]! ? 1 : 0);
}

/** Counting sort. */
function byRank(rows: Int32Array, { rank, count }: Ranks, descending: boolean): Int32Array {
  const place = new Uint32Array(count + 2);
  const ranks = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const up = rank(rows[i]!);
    ranks[i] = descending && up < count ? count - 1 - up : up;
    place[ranks[i]! + 1]!++;
  }
  for (let i = 1; i < place.length; i++) place[i]! += place[i - 1]!;
  const order = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) order[place[ranks[i]!]!++] = rows[i]!;
  return order;
}

/** Whole numbers that lie closer than this are counted, others sorted by digits. */
const MOST_COUNTED = 2 ** 22;
const DIGIT = 0x10000;

function byNumber(rows: Int32Array, column: NumberColumn, descending: boolean): Int32Array {
  const { data } = column;
  if (data instanceof BigInt64Array) return byDigits(rows, wideKeys(rows, data, descending));
  const none = column.type === "i32" ? NULL_I32 : column.type === "bool" ? 2 : NaN;
  let [least, most, whole] = [Infinity, -Infinity, true];
  for (let i = 0; i < rows.length; i++) {
    const value = data[rows[i]!]!;
    if (value === none || value !== value) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    if (value !== Math.floor(value)) whole = false;
  }
  if (!(whole && most - least < MOST_COUNTED)) return byDigits(rows, floatKeys(rows, data, none, descending));
  const count = least > most ? 0 : most - least + 1;
  const rank = (row: number): number => {
    const value = data[row]!;
    return value === none || value !== value ? count : value - least;
  };
  return byRank(rows, { rank, count }, descending);
}

/** Radix sort, 16 bits at a time, by pairs of low and high halves. */
function byDigits(rows: Int32Array, keys: Uint32Array): Int32Array {
  const digits = new Uint16Array(keys.buffer);
  let order = new Uint32Array(rows.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  let spare = new Uint32Array(rows.length);
  for (let digit = 0; digit < 4; digit++) {
    const place = new Uint32Array(DIGIT + 1);
    for (let i = digit; i < digits.length; i += 4) place[digits[i]! + 1]!++;
    if (place.includes(rows.length)) continue; // all alike
    for (let i = 1; i < place.length; i++) place[i]! += place[i - 1]!;
    for (let i = 0; i < order.length; i++) {
      const at = order[i]!;
      spare[place[digits[4 * at + digit]!]!++] = at;
    }
    [order, spare] = [spare, order];
  }
  const sorted = new Int32Array(rows.length);
  for (let i = 0; i < sorted.length; i++) sorted[i] = rows[order[i]!]!;
  return sorted;
}

/** Keys whose order as unsigned numbers is that of the values; null is the highest. */
function floatKeys(rows: Int32Array, data: ArrayLike<number>, none: number, descending: boolean): Uint32Array {
  const floats = new Float64Array(rows.length);
  const keys = new Uint32Array(floats.buffer);
  const flip = descending ? -1 : 0;
  for (let i = 0; i < rows.length; i++) {
    const value = data[rows[i]!]!;
    floats[i] = value + 0; // -0 is 0
    if (value === none || value !== value) {
      keys[2 * i] = keys[2 * i + 1] = 0xffffffff;
      continue;
    }
    const sign = keys[2 * i + 1]! >> 31; // all ones if negative
    keys[2 * i] = keys[2 * i]! ^ sign ^ flip;
    keys[2 * i + 1] = keys[2 * i + 1]! ^ (sign | 0x80000000) ^ flip;
  }
  return keys;
}

function wideKeys(rows: Int32Array, data: BigInt64Array, descending: boolean): Uint32Array {
  const halves = new Uint32Array(data.buffer, data.byteOffset, 2 * data.length);
  const keys = new Uint32Array(2 * rows.length);
  const flip = descending ? -1 : 0;
  for (let i = 0; i < rows.length; i++) {
    const low = halves[2 * rows[i]!]!;
    const high = halves[2 * rows[i]! + 1]!;
    const none = low === 0 && high === 0x80000000;
    keys[2 * i] = none ? -1 : low ^ flip;
    keys[2 * i + 1] = none ? -1 : high ^ 0x80000000 ^ flip;
  }
  return keys;
}
