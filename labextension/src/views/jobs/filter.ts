/** What of all jobs is shown: statuses, a search, my own, and a text for single columns. */

import { DictColumn, TextColumn } from "../../grid/columns";
import type { Facts } from "./facts";

export interface Filter {
  /** Indexes of `GROUPS`; empty: all. */
  groups: ReadonlySet<number>;
  text: string;
  mine: boolean;
  /** Column of the store → text it must hold. */
  columns: ReadonlyMap<string, string>;
}

export const NOTHING: Filter = { groups: new Set(), text: "", mine: false, columns: new Map() };

export type Range = readonly [first: number, last: number];

/** Runs as people write them, `12, 20-32` or `20-`; null: it is no list of runs. */
export function parseRuns(text: string): Range[] | null {
  const ranges: Range[] = [];
  for (const piece of text.split(/[,;]/)) {
    if (!piece.trim()) continue;
    const match = /^\s*(\d{1,9})(?:\s*(-|\u2010|\u2011|\u2012|\u2013|\.\.)\s*(\d{1,9})?)?\s*$/.exec(piece);
    if (!match) return null;
    const first = Number(match[1]);
    const last = !match[2] ? first : match[3] ? Number(match[3]) : Infinity;
    if (last < first) return null;
    ranges.push([first, last]);
  }
  return ranges.length ? ranges : null;
}

/**
 * The runs that a search means; null: it is a search for text.
 *
 * One number alone is a run only if there is such a run: else it is (part of) a job id.
 */
export function runsMeant(text: string, exists: (run: number) => boolean): Range[] | null {
  const ranges = parseRuns(text);
  const one = ranges?.length === 1 && /^\s*\d+\s*$/.test(text);
  return one && !exists(ranges[0]![0]) ? null : ranges;
}

/** Columns that the search looks into. */
export const SEARCHED = ["hash", "user", "native_id", "reason", "error_line"] as const;

/** Does any filter hold something back? */
export function isFiltered(filter: Filter): boolean {
  return filter.groups.size > 0 || filter.text !== "" || filter.mine || filter.columns.size > 0;
}

/** The filter as a test of physical rows; null: every job passes. `reported`: ids whose report holds the text. */
export function compile(filter: Filter, facts: Facts, reported: ReadonlySet<number> | null): ((row: number) => boolean) | null {
  const tests: ((row: number) => boolean)[] = [];
  const { groups, text, columns } = filter;
  if (groups.size) tests.push((row) => groups.has(facts.group(row)));
  if (filter.mine) tests.push(equals("user", facts.board.status?.user ?? "", facts));
  for (const [name, part] of columns) tests.push(name === "run" ? ofRuns(parseRuns(part) ?? [], facts) : holds(name, part, facts));
  if (text.trim()) tests.push(search(text.trim(), facts, reported));
  if (tests.length < 2) return tests[0] ?? null;
  return (row) => tests.every((test) => test(row));
}

function search(text: string, facts: Facts, reported: ReadonlySet<number> | null): (row: number) => boolean {
  const runs = runsMeant(text, (run) => facts.board.runs.has(run));
  if (runs) return ofRuns(runs, facts);
  const tests = SEARCHED.map((name) => holds(name, text, facts));
  const needle = text.toLowerCase();
  // a word shown is no column: each combination is asked once
  const known: (boolean | undefined)[] = [];
  tests.push((row) => (known[facts.combination(row)] ??= facts.word(row).toLowerCase().includes(needle)));
  if (reported?.size) tests.push((row) => reported.has(facts.board.jobs.id(row)));
  return (row) => tests.some((test) => test(row));
}

function ofRuns(runs: readonly Range[], facts: Facts): (row: number) => boolean {
  return (row) => {
    const run = facts.run(row);
    return runs.some(([first, last]) => run >= first && run <= last);
  };
}

function equals(name: string, word: string, facts: Facts): (row: number) => boolean {
  return ofColumn(name, facts, (text) => text === word);
}

function holds(name: string, part: string, facts: Facts): (row: number) => boolean {
  const needle = part.toLowerCase();
  return ofColumn(name, facts, (text) => text.toLowerCase().includes(needle));
}

/** Each word of a dictionary is looked at once, not each row. */
function ofColumn(name: string, { board: { jobs } }: Facts, passes: (text: string) => boolean): (row: number) => boolean {
  const column = jobs.column(name);
  if (column instanceof DictColumn) {
    const good = new Uint8Array(column.words.length);
    column.words.each((word, code) => (good[code] = Number(passes(word))));
    return (row) => good[column.codes[row]!] === 1;
  }
  if (column instanceof TextColumn) {
    const good = new Uint8Array(jobs.rows);
    column.each(jobs.rows, (text, row) => (good[row] = Number(text !== null && passes(text))));
    return (row) => good[row] === 1;
  }
  return (row) => passes(jobs.text(name, row));
}
