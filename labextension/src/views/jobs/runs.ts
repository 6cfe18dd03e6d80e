/** Runs without jobs, and runs that came while one was reading further down. */

import { counted } from "../counted";
import { el, fill } from "../../dom";
import type { Facts } from "./facts";
import type { Range } from "./filter";

/**
 * Runs that have no job at all, of those meant (null: all).
 *
 * Until all jobs are here, an older run's jobs may still come: only runs that began after the
 * oldest job that is here was asked for are sure to have none.
 */
export function emptyRuns(facts: Facts, meant: readonly Range[] | null): number[] {
  const { runs, jobs, complete } = facts.board;
  const taken = new Set<number>();
  let oldest = Infinity;
  for (let row = 0; row < jobs.rows; row++) {
    if (!jobs.alive(row)) continue;
    taken.add(facts.run(row));
    if (!complete) oldest = Math.min(oldest, facts.number("requested", row));
  }
  return [...runs.values()].filter(({ run, started_at }) => !taken.has(run)
    && (complete || (started_at !== null && Date.parse(started_at) > oldest))
    && (!meant || meant.some(([first, last]) => run >= first && run <= last))).map(({ run }) => run);
}

/** The button "3 new runs": the view stays still, and goes to its top when one asks for it. */
export class NewRuns {
  readonly el: HTMLButtonElement;
  #newest = -1;

  constructor(go: () => void) {
    this.el = el("button.arp-btn.arp-newruns", { type: "button", hidden: true, onclick: go });
  }

  /** `runs`: all there are; `atTop`: their newest are in view. */
  show(runs: Iterable<number>, atTop: boolean): void {
    const all = [...runs];
    const newest = all.reduce((one, other) => Math.max(one, other), -1);
    if (atTop || this.#newest < 0) this.#newest = newest;
    const more = all.filter((run) => run > this.#newest).length;
    this.el.hidden = !more;
    if (more) fill(this.el, counted(more, "new run"));
  }
}
