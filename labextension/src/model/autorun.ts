/** What the manager answers about autorun, beside the rows of rows.ts. */

import type { AutorunRow, EntryRow, Instant, StopRow } from "./rows";

/** How much waits until autorun may go on. */
export interface Waiting {
  /** Lines of the ledger. */
  waiting: number;
  /** Jobs that were made, and are not submitted. */
  held: number;
}

export const sumOf = (all: Waiting | undefined): number => (all ? all.waiting + all.held : 0);

/** The one switch, and what waits in all experiments. */
export interface Switch extends Waiting {
  stopped: StopRow | null;
}

/** How the autorun of one definition stands. */
export interface DefinitionStanding extends Waiting {
  id: number;
  name: string;
  autorun: boolean;
  autorun_by: string | null;
  autorun_at: Instant | null;
  paused_why: string;
  paused_said: string;
  trigger: string;
  /** Why it can never start anything as it is; "": it can. */
  problem: string;
  /** Its jobs that are not over. */
  active: number;
  fired: number;
  last_fired_at: Instant | null;
}

/** `GET …/autorun` */
export interface Standing extends AutorunRow, Waiting {
  acts: boolean;
  cannot: string[];
  caveats: string[];
  definitions: DefinitionStanding[];
}

/** `GET …/autorun/ledger` */
export interface LedgerPage {
  /** Newest first. */
  entries: EntryRow[];
  more: boolean;
}

/** What becomes of what waited, once a person lets autorun go on. */
export type Missed = "run" | "skip";

export interface TriedRun {
  run: number;
  fires: boolean;
  why: string;
  said: string;
  seen: Record<string, unknown>;
  event_at: Instant | null;
}

/** `POST …/autorun:backtest` */
export interface Backtest {
  /** Newest first. */
  runs: TriedRun[];
  fires: number;
  jobs: number;
  core_hours: number | null;
  core_hours_per_job: number | null;
  /** Past jobs that the cost is reckoned from. */
  based_on: number;
  said: string;
}

/** `POST …/autorun:check` */
export interface Tested {
  ok: boolean;
  problem: string;
  /** Characters before the place of the problem. */
  at: number | null;
  /** What may be named, as it is written. */
  names: string[];
  reads: string[];
  /** For the run that it was tried on; null: there is none. */
  holds: boolean | null;
  seen: Record<string, unknown>;
  run?: number | null;
}

/** `GET …/definitions/{id}/consent`: between what was consented to and what there is. */
export interface ConsentDiff {
  autorun: boolean;
  by: string | null;
  at: Instant | null;
  version: number | null;
  /** What is shown: this version, and the script of this digest. */
  now_version: number;
  script_sha256: string | null;
  paused_why: string;
  paused_said: string;
  changes: { field: string; was: unknown; now: unknown }[];
  /** Unified; "": the same text, or not known. */
  script_diff: string;
  /** Why the texts cannot be compared. */
  script_missing: string;
}

/** What somebody was shown before they consent: a version, and a script's digest where it could be read. */
export interface Seen {
  version: number;
  script: string | null;
}
