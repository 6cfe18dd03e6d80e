/** What of a DataFrame is shown: a search over all columns, and a condition on single ones. */

import type { Filter } from "../../grid/order";
import type { Reader } from "./format";

/** What a condition can look like, for the field in which it is typed. */
export function hint(one: Reader): string {
  if (one.head.type === "time") return "2026-11, >2026-11-22 14:00";
  if (one.head.type === "bool") return "true, false";
  return one.isNumber ? "7, >5, 3..8" : "holds this text";
}

/** The filter that a condition means; null: it cannot be read. */
export function condition(one: Reader, typed: string): Filter | null {
  const { name: column, type } = one.head;
  const text = typed.trim();
  if (type === "time") return between(column, text, (word, end) => momentOf(one, word, end));
  if (!one.isNumber) return { column, contains: type === "bool" ? text.toLowerCase() : text };
  return between(column, text, (word) => (word.trim() ? Number(word) : NaN));
}

/** Rows that hold a text anywhere; a number is found by its value. `remote`: ids found elsewhere. */
export function search(all: readonly Reader[], typed: string, remote: ReadonlySet<number>): Filter {
  const text = typed.trim();
  const value = Number(text);
  const any: Filter[] = [{ ids: remote }];
  for (const one of all) {
    const { name: column, type } = one.head;
    if (type === "dict" || type === "text") any.push({ column, contains: text });
    else if (one.isNumber && text && !isNaN(value)) any.push({ column, min: value, max: value });
    else if (type === "time" && /^\d{4}-\d\d/.test(text)) any.push(...(condition(one, text) ? [condition(one, text)!] : []));
  }
  return { any };
}

/** `7`, `3..8`, `3..`, `>5`, `<=5`, `empty`. `read(word, end)`: where a word begins, or ends. */
function between(column: string, text: string, read: (word: string, end: boolean) => number): Filter | null {
  if (/^(not )?empty$/i.test(text)) {
    const full: Filter = { column, min: -Infinity };
    return /^not/i.test(text) ? full : { not: full };
  }
  const [, sign, word] = /^([<>]=?|=)?\s*(.*)$/s.exec(text)!;
  const [low, high] = word!.includes("..") ? word!.split("..") : [word!, word!];
  const min = low!.trim() ? read(low!, false) : -Infinity;
  const max = high!.trim() ? read(high!, true) : Infinity;
  if (isNaN(min) || isNaN(max) || !word!.trim()) return null;
  if (sign === ">") return { not: { any: [{ column, max }, { not: { column, min: -Infinity } }] } };
  if (sign === "<") return { not: { any: [{ column, min }, { not: { column, min: -Infinity } }] } };
  if (sign === ">=") return { column, min };
  return sign === "<=" ? { column, max } : { column, min, max };
}

/** First, or last, ms of a time that may name a year, a month, a day, a minute or a second. */
function momentOf(one: Reader, word: string, end: boolean): number {
  const match = /^\s*(\d{4})(?:-(\d\d?))?(?:-(\d\d?))?(?:[ T](\d\d?):(\d\d)(?::(\d\d(?:\.\d+)?))?)?\s*$/.exec(word);
  if (!match) return NaN;
  const parts = match.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const known = parts.filter((part) => part !== undefined).length;
  const at = [parts[0]!, parts[1] ?? 1, parts[2] ?? 1, parts[3] ?? 0, parts[4] ?? 0, Math.floor(parts[5] ?? 0)];
  if (end && known < 6) at[known === 4 ? 4 : known - 1]! += 1;
  const utc = Date.UTC(at[0]!, at[1]! - 1, at[2], at[3], at[4], at[5]);
  if (isNaN(utc)) return NaN;
  const local = one.instantOf(new Date(utc).toISOString().slice(0, 19));
  const fraction = known === 6 ? (parts[5]! % 1) * 1000 : 0;
  return end && known < 6 ? local - 0.001 : local + fraction;
}
