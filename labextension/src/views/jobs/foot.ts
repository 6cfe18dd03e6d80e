/** The last line: which rows are in view, how fresh they are, and the same in pandas. */

import { clock, ms } from "../../model/times";
import type { Board } from "../../sources/board";
import { codeLine, type CodeLine } from "../code_line";
import { counted } from "../counted";
import { el, fill } from "../../dom";
import type { Shell } from "../shell";

export interface Shown {
  /** Numbers of the first and last job in view, from 1; null: none. */
  view: readonly [number, number] | null;
  /** Jobs that pass the filter, and all jobs; null: not known yet. */
  jobs: number | null;
  total: number | null;
  filtered: boolean;
}

export class Foot {
  readonly el: HTMLElement;
  readonly #rows = el("span");
  readonly #fresh = el("span.arp-hide-s", { role: "status" });
  readonly line: CodeLine;

  constructor(shell: Shell) {
    this.line = codeLine(shell, "Copy pandas expression");
    this.el = el("footer.arp-foot", {}, this.#rows, this.#fresh, el("span.arp-grow"), el("span.arp-hide-s", {}, "This view:"), this.line.el);
  }

  /** `runs`: how many there are; null: not known yet. */
  rows({ view, jobs, total, filtered }: Shown, runs: number | null): void {
    const number = (n: number | null): string => (n === null ? "…" : n.toLocaleString("en"));
    const range = jobs === null ? "…" : view && jobs ? `${number(view[0])}–${number(view[1])}` : "0";
    const ofRuns = runs === null ? "… runs" : counted(runs, "run");
    const unit = filtered ? ` jobs, filtered from ${number(total)}` : ` jobs in ${ofRuns}`;
    if (jobs === 0 && !filtered) return fill(this.#rows, `No jobs yet, ${ofRuns}`);
    fill(this.#rows, el("b", {}, range), " of ", el("b", {}, number(jobs)), unit);
  }

  /** Says it again only if it is another time: it is read aloud. */
  fresh(board: Board): void {
    const { connection, health } = board;
    const down = health && !health.client.ok ? ms(health.client.since) : NaN;
    const text = !board.complete && !board.jobs.rows ? "Loading the newest runs first."
      : connection.state !== "live" ? `As of ${clock(board.asOf)}. Not live.`
      : !isNaN(down) ? `As of ${clock(down)}. Not live.` : `Live. Last change ${clock(board.asOf)}.`;
    if (this.#fresh.textContent !== text) this.#fresh.textContent = text;
    // a clock that ticks is no news; that it stands still is
    this.#fresh.setAttribute("aria-live", text.startsWith("Live.") ? "off" : "polite");
  }
}

/** The moment that what is shown of submitted jobs is from, in ms. */
export function shownAt(board: Board): number {
  const { connection, health, asOf } = board;
  if (connection.state !== "live" && connection.state !== "loading") return asOf || connection.since;
  return health && !health.client.ok ? ms(health.client.since) : Date.now();
}

/** Is what is shown old? */
export function isStale({ connection, health }: Board): boolean {
  return (connection.state !== "live" && connection.state !== "loading") || health?.client.ok === false;
}
