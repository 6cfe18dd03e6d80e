/** Which jobs are shown, and in which order: what the user chose, and what was found for it. */

import type { Sorted } from "../../grid/host";
import type { Facts } from "./facts";
import { compile, isFiltered, NOTHING, runsMeant, type Filter, type Range } from "./filter";
import { JobRows } from "./rows";
import { emptyRuns } from "./runs";
import { sorter } from "./sorting";

export const BY_RUN: Sorted = { column: "run", descending: true };
export const BY_TIME: Sorted = { column: "submitted", descending: true };
/** A change of these columns can change the status that is shown. */
export const OF_STATUS = ["status", "state", "location"];

export class Chosen {
  filter: Filter = NOTHING;
  sort = BY_RUN;
  /** Ids of jobs whose report holds the text searched for. */
  reported: ReadonlySet<number> | null = null;
  readonly #folded = new Set<number>();

  /** `found`: called when the other side found reports that hold the text. */
  constructor(
    readonly facts: Facts,
    readonly found: () => void,
  ) {}

  /** The text that is searched for; "" where runs are meant. */
  get needle(): string {
    return this.#runs() ? "" : this.filter.text.trim();
  }

  take(filter: Filter): void {
    const other = filter.text !== this.filter.text;
    this.filter = filter;
    if (other) this.#searchReports();
  }

  fold(run: number): void {
    if (!this.#folded.delete(run)) this.#folded.add(run);
  }

  /** `note` and `open` as `JobRows` takes them. */
  rows(note: () => string, open: () => number): JobRows {
    const { facts, filter, sort: { column, descending } } = this;
    const flat = column === "run" ? null : sorter(facts, column, descending, Date.now());
    const runs = this.#runs();
    const onlyRuns = runs && !isFiltered({ ...filter, text: "" });
    return new JobRows(facts, {
      keep: compile(filter, facts, this.reported), flat, rising: !descending, folded: this.#folded,
      empty: flat || (isFiltered(filter) && !onlyRuns) ? [] : emptyRuns(facts, runs),
    }, note, open);
  }

  /** Can a change of these columns change which rows are shown, or their order? */
  arrangedBy(columns: ReadonlySet<string>): boolean {
    if (columns.has("run") || this.sort.column !== "run") return true;
    const { groups, text, mine, columns: single } = this.filter;
    return (groups.size > 0 && OF_STATUS.some((name) => columns.has(name))) || (text !== "" && columns.size > 0)
      || (mine && columns.has("user")) || [...single.keys()].some((name) => columns.has(name));
  }

  #runs(): Range[] | null {
    const { text } = this.filter;
    return text ? runsMeant(text, (run) => this.facts.board.runs.has(run)) : null;
  }

  /** What jobs report is known to the other side only. */
  #searchReports(): void {
    this.reported = null;
    const { needle, facts: { board } } = this;
    if (!needle || !board.complete) return;
    board.searchReports(needle).then((found) => {
      if (this.needle !== needle || !found.size) return;
      this.reported = found;
      this.found();
    }, () => undefined);
  }
}
