/** The next job that failed: for the arrows of the drawer, and the keys `n` and `p`. */

import type { ColumnStore } from "../../grid/store";

const FAILED = new Set<unknown>(["failed", "killed", "submit_failed", "lost"]);

/** The nearest failed job older than `job` (1) or newer (-1), by id; null if there is none. */
export function nearestFailure(jobs: ColumnStore, job: number, way: 1 | -1): number | null {
  const state = jobs.column("state");
  let best: number | null = null;
  for (let row = 0; row < jobs.rows; row++) {
    const id = jobs.id(row);
    const nearer = way > 0 ? id < job && (best === null || id > best) : id > job && (best === null || id < best);
    if (nearer && FAILED.has(state?.value(row)) && jobs.alive(row)) best = id;
  }
  return best;
}
