/** How the jobs of each definition stand, counted from the columns in one pass. */

import { DictColumn, NumberColumn } from "../grid/columns";
import type { ColumnStore } from "../grid/store";
import { isFinal } from "../model/status";

export interface Share {
  jobs: number;
  done: number;
  /** Ended any other way. */
  failed: number;
  /** Not over. */
  live: number;
  /** Stored, and not yet taken by a batch client; they are live too. */
  kept: number;
}

/** States of jobs that no batch client has started. */
export const KEPT = new Set(["requested", "leased"]);
const counted = new WeakMap<ColumnStore, { version: number; shares: ReadonlyMap<number, Share> }>();

/** By definition id. Counted again only after a change. */
export function shares(jobs: ColumnStore): ReadonlyMap<number, Share> {
  const before = counted.get(jobs);
  if (before?.version === jobs.version) return before.shares;
  const made = count(jobs);
  counted.set(jobs, { version: jobs.version, shares: made });
  return made;
}

/** Requests of all definitions that wait for the batch client. */
export function kept(jobs: ColumnStore): number {
  return [...shares(jobs).values()].reduce((sum, share) => sum + share.kept, 0);
}

function count(jobs: ColumnStore): Map<number, Share> {
  const made = new Map<number, Share>();
  const definitions = jobs.column("definition_id");
  const states = jobs.column("state");
  if (!(definitions instanceof NumberColumn && states instanceof DictColumn)) return made;
  const kinds: (readonly (keyof Share)[])[] = [];
  for (let row = 0; row < jobs.rows; row++) {
    if (!jobs.alive(row)) continue;
    const definition = Number(definitions.data[row]);
    let share = made.get(definition);
    if (!share) made.set(definition, (share = { jobs: 0, done: 0, failed: 0, live: 0, kept: 0 }));
    const code = states.codes[row]!;
    for (const kind of (kinds[code] ??= kindsOf(states.text(row)))) share[kind]++;
  }
  return made;
}

function kindsOf(state: string): (keyof Share)[] {
  if (KEPT.has(state)) return ["jobs", "live", "kept"];
  if (!isFinal(state)) return ["jobs", "live"];
  return ["jobs", state === "done" ? "done" : "failed"];
}
