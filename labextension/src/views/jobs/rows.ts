/**
 * The rows of the page, in their order: jobs grouped by run, newest run first, and runs that
 * have no jobs. A job's row is its physical row; a run's own row is the negative `-1 - run`.
 */

import { NumberColumn } from "../../grid/columns";
import type { GridRows } from "../../grid/types";
import type { Facts } from "./facts";

/** The row of a run that shows no job: it has none, or they are folded away. */
export const runRow = (run: number): number => -1 - run;
export const runOf = (row: number): number => -1 - row;

export interface Arrangement {
  /** Is the job of this physical row shown? null: all are. */
  keep: ((row: number) => boolean) | null;
  /** Order of a flat list, of rows by rising id; null: grouped by run. */
  flat: ((rows: Int32Array) => Int32Array) | null;
  /** Lowest run first. */
  rising: boolean;
  /** Runs shown although they have no jobs. */
  empty: readonly number[];
  /** Runs whose jobs are folded away. */
  folded: ReadonlySet<number>;
}

const FIRST = 1;
const LAST = 2;

/** One order of the rows: it never changes, so that the grid can compare it with the next one. */
export class JobRows implements GridRows {
  /** Jobs that are shown or folded away. */
  readonly jobs: number;
  readonly coming: number;
  /** Is the list grouped by run? */
  readonly grouped: boolean;
  /** Physical rows of jobs, and rows of runs. */
  readonly #order: Int32Array;
  readonly #edges: Uint8Array;
  readonly #sizes = new Map<number, number>();
  readonly #away = new Map<number, Int32Array>();
  /** Indexes of the rows of runs. */
  readonly #own: number[] = [];
  #places: Int32Array | null = null;

  /** `note()`: the column in which a run's own row says what there is to say; `open()`: id of the job in the drawer. */
  constructor(
    readonly facts: Facts,
    arrangement: Arrangement,
    readonly note: () => string,
    readonly open: () => number,
  ) {
    const { keep, flat } = arrangement;
    const { jobs: store, complete, total } = facts.board;
    const all = byId(facts);
    let kept = 0;
    for (const row of all) if (store.alive(row) && (!keep || keep(row))) all[kept++] = row;
    const rows = all.subarray(0, kept);
    this.jobs = kept;
    this.coming = complete ? 0 : keep || !total ? NaN : Math.max(0, total - store.live);
    this.grouped = !flat;
    this.#edges = new Uint8Array(flat ? 0 : store.rows);
    this.#order = flat ? flat(rows) : this.#group(byRun(facts, rows, arrangement.rising), arrangement);
    this.#order.forEach((row, index) => row < 0 && this.#own.push(index));
  }

  get length(): number {
    return this.#order.length;
  }
  row(index: number): number {
    return this.#order[index]!;
  }
  key(row: number): number {
    return row < 0 ? row : this.facts.board.jobs.id(row);
  }
  indexOf(key: number): number {
    if (key < 0) return this.#own.find((index) => this.#order[index] === key) ?? -1;
    const row = this.facts.board.jobs.rowOf(key);
    return row < 0 ? -1 : this.#place()[row] ?? -1;
  }
  rowClass(row: number): string {
    const edge = row < 0 || !this.grouped ? FIRST : this.#edges[row]!;
    return [edge & FIRST && "is-first", edge & LAST && "is-last", this.key(row) === this.open() && "is-open"].filter(Boolean).join(" ");
  }
  selectable(row: number): boolean {
    return row >= 0;
  }
  span(row: number): string | null {
    return row < 0 ? this.note() : null;
  }
  /** First job of its run, or a row of its own. */
  isFirst(row: number): boolean {
    return row < 0 || !this.grouped || (this.#edges[row]! & FIRST) > 0;
  }
  /** Number of the run that stands at an index. */
  runAt(index: number): number {
    const row = this.row(Math.min(index, this.length - 1));
    return row < 0 ? runOf(row) : this.facts.run(row);
  }
  /** Jobs of a run that are shown or folded away. */
  jobsOf(run: number): number {
    return this.#sizes.get(run) ?? 0;
  }
  /** Physical rows of the jobs that are folded away. */
  awayOf(run: number): Int32Array {
    return this.#away.get(run) ?? new Int32Array(0);
  }
  /** How many jobs are shown above an index. */
  jobsBefore(index: number): number {
    let own = 0;
    while (own < this.#own.length && this.#own[own]! < index) own++;
    return index - own;
  }

  /** Put runs without jobs between the others, and one row in place of what is folded. */
  #group(rows: Int32Array, { empty, folded, rising }: Arrangement): Int32Array {
    const order = new Int32Array(rows.length + empty.length);
    const runs = numbers(this.facts, "run");
    const waiting = [...empty].sort((one, other) => (rising ? one - other : other - one));
    let [at, next] = [0, 0];
    for (let first = 0, end = 0; first < rows.length; first = end) {
      const run = runs[rows[first]!]!;
      while (end < rows.length && runs[rows[end]!] === run) end++;
      while (next < waiting.length && (rising ? waiting[next]! < run : waiting[next]! > run)) order[at++] = runRow(waiting[next++]!);
      this.#sizes.set(run, end - first);
      if (folded.has(run) && end - first > 1) {
        this.#away.set(run, rows.subarray(first, end));
        order[at++] = runRow(run);
        continue;
      }
      this.#edges[rows[first]!]! |= FIRST;
      this.#edges[rows[end - 1]!]! |= LAST;
      order.set(rows.subarray(first, end), at);
      at += end - first;
    }
    while (next < waiting.length) order[at++] = runRow(waiting[next++]!);
    return order.subarray(0, at);
  }

  #place(): Int32Array {
    if (this.#places) return this.#places;
    const places = (this.#places = new Int32Array(this.facts.board.jobs.rows).fill(-1));
    this.#order.forEach((row, index) => row >= 0 && (places[row] = index));
    return places;
  }
}

function numbers({ board: { jobs } }: Facts, name: "id" | "run"): ArrayLike<number> {
  const column = jobs.column(name);
  return column instanceof NumberColumn ? (column.data as Int32Array | Float64Array) : [];
}

/**
 * All physical rows by rising id, without sorting where they came as they usually do: newest
 * first from the server, and behind them those that were added since, oldest first.
 */
function byId(facts: Facts): Int32Array {
  const ids = numbers(facts, "id");
  const rows = new Int32Array(facts.board.jobs.rows);
  let falling = 1;
  while (falling < rows.length && ids[falling]! < ids[falling - 1]!) falling++;
  for (let at = 0; at < rows.length; at++) rows[at] = at < falling ? falling - 1 - at : at;
  for (let at = 1; at < rows.length; at++) {
    if (ids[rows[at]!]! <= ids[rows[at - 1]!]!) return rows.sort((a, b) => ids[a]! - ids[b]!);
  }
  return rows;
}

/** By run number; within a run as given. Counts where numbers lie close enough together. */
function byRun(facts: Facts, rows: Int32Array, rising: boolean): Int32Array {
  const runs = numbers(facts, "run");
  if (!rows.length) return rows;
  let [low, high] = [Infinity, -Infinity];
  for (const row of rows) {
    const run = runs[row]!;
    if (run < low) low = run;
    if (run > high) high = run;
  }
  if (!(high - low < 4 * rows.length + 65_536)) return rows.slice().sort((a, b) => (rising ? runs[a]! - runs[b]! : runs[b]! - runs[a]!));
  const place = (row: number): number => (rising ? runs[row]! - low : high - runs[row]!);
  const starts = new Int32Array(high - low + 2);
  for (const row of rows) starts[place(row) + 1]!++;
  for (let at = 1; at < starts.length; at++) starts[at]! += starts[at - 1]!;
  const sorted = new Int32Array(rows.length);
  for (const row of rows) sorted[starts[place(row)]!++] = row;
  return sorted;
}
