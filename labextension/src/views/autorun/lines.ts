/** Lines of the ledger that are here: of what was asked for, newest first, kept up by the feed. */

import type { LedgerPage } from "../../model/autorun";
import { words } from "../../model/error_words";
import { plain } from "../../model/plain";
import type { EntryRow } from "../../model/rows";
import type { GridRows } from "../../grid/types";
import { AutorunRequests, type LedgerQuery } from "../../sources/autorun_requests";
import type { Board } from "../../sources/board";

const PAGE = 500;
/** Derived lines have no id: theirs is made of definition and run, and is negative. */
const RUNS = 2 ** 26;

export interface LedgerFilter {
  run: number | null;
  hash: string;
  outcome: string;
  why: string;
}
export const ALL: LedgerFilter = { run: null, hash: "", outcome: "", why: "" };

export function keyOf({ id, definition_id, run }: EntryRow): number {
  return id ?? -1 - (definition_id * RUNS + run);
}

/** One order of the lines: a row is its index. */
export class LineRows implements GridRows {
  readonly #places: Map<number, number>;

  constructor(readonly entries: readonly EntryRow[], readonly coming: number, readonly open: number | null) {
    this.#places = new Map(entries.map((one, at) => [keyOf(one), at]));
  }

  get length(): number {
    return this.entries.length;
  }
  row(index: number): number {
    return index;
  }
  key(row: number): number {
    return keyOf(this.entries[row]!);
  }
  indexOf(key: number): number {
    return this.#places.get(key) ?? -1;
  }
  rowClass(row: number): string {
    const { outcome, why, job_id } = this.entries[row]!;
    return `${outcome === "none" || why === "unchecked" ? "is-none" : ""} ${job_id !== null && job_id === this.open ? "is-open" : ""}`.trim();
  }
  selectable(row: number): boolean {
    return this.entries[row]?.outcome === "waiting";
  }
}

export class Lines {
  filter = ALL;
  /** Why they could not be read; "". */
  failed = "";
  loading = true;
  more = false;
  readonly #kept = new Map<number, EntryRow>();
  /** Revisions of lines that no longer fitted while others were read. */
  readonly #left = new Map<number, number>();
  #turn = 0;
  #reading = false;

  constructor(
    readonly board: Board,
    readonly changed: () => void,
  ) {}

  get entries(): EntryRow[] {
    const all = [...this.#kept.values()];
    return all.sort((one, other) => (other.id ?? -1) - (one.id ?? -1) || other.run - one.run || one.definition_id - other.definition_id);
  }

  /** Ask for these, from the newest on. */
  async ask(filter: LedgerFilter): Promise<void> {
    const turn = ++this.#turn;
    this.filter = filter;
    this.loading = true;
    this.failed = "";
    this.#kept.clear();
    this.more = false;
    this.changed();
    await this.#read(turn, {});
  }

  /** The next older ones. */
  async older(): Promise<void> {
    if (!this.more || this.#reading || this.loading) return;
    await this.#read(this.#turn, { before_id: this.#oldest });
  }

  /** Answers that are on their way change nothing any more. */
  close(): void {
    this.#turn++;
  }

  /** The line was lost for a while: all that is here is read again, and what is not told again goes. */
  async again(): Promise<void> {
    const turn = ++this.#turn;
    const before = new Map(this.#kept);
    // what has no line comes with the last page
    const until = [...before.keys()].some((key) => key < 0) ? 0 : this.#oldest;
    await this.#reads(turn, async () => {
      const told = new Set<number>();
      let oldest = Infinity;
      let page: LedgerPage;
      do {
        page = await this.#page(oldest < Infinity ? { before_id: oldest } : {});
        if (turn !== this.#turn) return;
        this.#put(page.entries);
        page.entries.forEach((one) => told.add(keyOf(one)));
        oldest = Math.min(oldest, ...page.entries.map(({ id }) => id ?? Infinity));
      } while (page.more && page.entries.length && oldest > until);
      for (const [key, one] of before) if (!told.has(key) && this.#kept.get(key) === one) this.#kept.delete(key);
      this.more = page.more;
    });
  }

  /** Take lines that came; true if any of them belongs here. */
  take(some: readonly EntryRow[]): boolean {
    const oldest = this.more ? this.#oldest : 0;
    let any = false;
    for (const one of some) {
      const key = keyOf(one);
      const known = this.#kept.get(key);
      if ((known?.revision ?? -1) > one.revision || key < oldest) continue;
      const fits = this.#fits(one);
      if (!fits && this.#reading) this.#left.set(key, one.revision);
      if (fits) this.#kept.set(key, one);
      any = fits || this.#kept.delete(key) || any;
      // what was only told is now decided
      if (fits && one.id !== null) this.#kept.delete(keyOf({ ...one, id: null }));
    }
    if (any) this.changed();
    return any;
  }

  get #oldest(): number {
    let oldest = Infinity;
    for (const key of this.#kept.keys()) if (key > 0 && key < oldest) oldest = key;
    return oldest;
  }

  #page(from: LedgerQuery): Promise<LedgerPage> {
    const { run, hash, outcome, why } = this.filter;
    const complete = (run !== null || hash !== "") && !outcome && !why;
    return new AutorunRequests(this.board).ledger({
      ...(run === null ? {} : { run }), ...(hash ? { hash } : {}), ...(outcome ? { outcome } : {}), ...(why ? { why } : {}),
      ...(complete ? { complete } : {}), ...from, limit: PAGE,
    });
  }

  #read(turn: number, from: LedgerQuery): Promise<void> {
    return this.#reads(turn, async () => {
      const { entries, more } = await this.#page(from);
      if (turn !== this.#turn) return;
      this.more = more;
      this.#put(entries);
    });
  }

  async #reads(turn: number, read: () => Promise<void>): Promise<void> {
    this.#reading = true;
    this.#left.clear();
    try {
      await read();
    } catch (error) {
      if (turn === this.#turn) this.failed = plain(words(error), 500);
    } finally {
      if (turn === this.#turn) {
        this.loading = this.#reading = false;
        this.changed();
      }
    }
  }

  #put(entries: readonly EntryRow[]): void {
    this.failed = "";
    const decided = new Set([...this.#kept.values(), ...entries].filter(({ id }) => id !== null).map((one) => keyOf({ ...one, id: null })));
    for (const one of entries) {
      const key = keyOf(one);
      const newest = this.#kept.get(key)?.revision ?? this.#left.get(key) ?? -1;
      if (!(one.id === null && decided.has(key)) && newest <= one.revision) this.#kept.set(key, one);
    }
  }

  #fits(one: EntryRow): boolean {
    const { run, hash, outcome, why } = this.filter;
    return (run === null || one.run === run) && (!hash || one.hash === hash) && (!outcome || one.outcome === outcome) && (!why || one.why === why);
  }
}
