/** The order of a flat list, by any column; what has no value comes last either way. */

import { DictColumn } from "../../grid/columns";
import { GROUPS, type Facts } from "./facts";

const collator = new Intl.Collator("en", { numeric: true });
const TEXTS: Readonly<Record<string, string>> = { hash: "hash", job: "native_id", user: "user", why: "reason", cause: "cause" };

/** A stable sort of physical rows. `now`: ms since 1970. */
export function sorter(facts: Facts, column: string, descending: boolean, now: number): (rows: Int32Array) => Int32Array {
  const key = keyOf(facts, column, now);
  const way = descending ? -1 : 1;
  return (rows) => {
    const keys = new Float64Array(facts.board.jobs.rows);
    for (const row of rows) keys[row] = key(row);
    return rows.slice().sort((a, b) => {
      const [one, other] = [keys[a]!, keys[b]!];
      if (one === other) return 0;
      return isNaN(one) ? (isNaN(other) ? 0 : 1) : isNaN(other) ? -1 : way * (one - other);
    });
  };
}

function keyOf(facts: Facts, column: string, now: number): (row: number) => number {
  if (column === "status") {
    return (row) => facts.group(row) + (GROUPS[facts.group(row)]!.name === facts.word(row) ? 0 : 0.5);
  }
  if (column === "elapsed") return (row) => facts.elapsed(row, now);
  if (column === "submitted") {
    return (row) => {
      const at = facts.number("submitted", row);
      return isNaN(at) ? facts.number("requested", row) : at;
    };
  }
  const name = TEXTS[column];
  return name ? rank(facts, name) : (row) => facts.number(column, row);
}

/** Places of words in the alphabet; numbers in them count as numbers. */
function rank(facts: Facts, name: string): (row: number) => number {
  const { jobs } = facts.board;
  const column = jobs.column(name);
  const places = new Map<string, number>();
  const words = new Set<string>();
  if (column instanceof DictColumn) column.words.each((word) => words.add(word));
  else for (let row = 0; row < jobs.rows; row++) words.add(jobs.text(name, row));
  [...words].sort(collator.compare).forEach((word, place) => places.set(word, word ? place : NaN));
  if (!(column instanceof DictColumn)) return (row) => places.get(jobs.text(name, row)) ?? NaN;
  const byCode = new Float64Array(column.words.length);
  column.words.each((word, code) => (byCode[code] = places.get(word)!));
  return (row) => byCode[column.codes[row]!] ?? NaN;
}
