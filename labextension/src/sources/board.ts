/**
 * What a page knows of one experiment, and what it can ask for: the contract between the
 * views and the sources. `LiveBoard` (live_board.ts) implements it over an `Api`.
 */

import type { Changed, Connection } from "../grid/types";
import type { ColumnStore } from "../grid/store";
import type { Missed } from "../model/autorun";
import type {
  Applied, AutorunRow, DefinitionRow, DryRun, ElementPage, EntryRow, ExperimentRow, HealthRow, JobRow, LogPiece, Outcome,
  RunRow, SchedulerJobRow, StatusRow, TransitionRow, WideRow,
} from "../model/rows";
import type { Api } from "./api";

/** What changed since the last call, gathered to at most one call per frame. */
export interface BoardChange {
  experiment: boolean;
  definitions: boolean;
  runs: boolean;
  /** Column "report": what `wide` tells of these rows. */
  jobs: Changed | null;
  /** Lines of autorun's ledger that are new, or say something else now. */
  ledger?: readonly EntryRow[];
  /** Or who stopped autorun, or how a run source is. */
  health: boolean;
  connection: boolean;
  /** What the user chose was read from the manager, and may differ from what the browser kept. */
  preferences?: boolean;
}

export interface ApplyAsked {
  definition: string;
  runs: string | number[];
  parameters?: string | null;
  existing?: "skip" | "again";
}

/** What a rerun asks for in place of its script. */
export interface RerunMore {
  memory_mb?: number;
  time_s?: number;
}

export interface DefinitionDraft {
  name: string;
  executable: string;
  parameters?: string;
  trigger?: string;
  location?: string;
  quoted_parameters?: boolean;
  arguments?: string;
  predicate?: string;
  run_types?: string;
  after?: string;
  run_param?: string;
  run_value?: string;
  most_at_once?: number;
  most_per_hour?: number;
}

export interface Board {
  readonly api: Api;
  /** Its name; rows of it once they are there. */
  readonly name: string;
  readonly experiment: ExperimentRow | null;
  readonly status: StatusRow | null;
  readonly health: HealthRow | null;
  /** Who stopped it, and how run sources are; what can be asked of it: `AutorunRequests`. */
  readonly autorunNow: AutorunRow | null;
  readonly connection: Connection;
  /** ms since 1970 of the last message: what is shown is not older while live. */
  readonly asOf: number;
  /** By id, deleted ones left out. */
  readonly definitions: ReadonlyMap<number, DefinitionRow>;
  /** By run number. */
  readonly runs: ReadonlyMap<number, RunRow>;
  /** Jobs by column: see `JOB_COLUMNS`; column "id" is the row id. */
  readonly jobs: ColumnStore;
  /** All jobs are here, not only the newest. */
  readonly complete: boolean;
  /** Total number of jobs, known from the first answer on. */
  readonly total: number;
  /** Report, notes and sparkline of a job, if it was in view or has changed since. */
  wide(job: number): WideRow | undefined;
  /** Jobs now in view: what `wide` lacks of them is fetched. */
  view(jobs: readonly number[]): void;
  /** Counters that became sortable columns, as "counter:Events". */
  readonly promoted: readonly string[];
  promote(counters: readonly string[]): void;

  /** Be told of changes; returns how to stop. */
  on(listener: (change: BoardChange) => void): () => void;
  /** Connect and ask again now, and not only when it is time to. */
  retry(): void;
  close(): void;

  apply(asked: ApplyAsked): Promise<Applied>;
  dryRun(asked: ApplyAsked): Promise<DryRun>;
  /** With what was submitted inside them, unless `subjobs` is false. */
  kill(jobs: readonly number[], subjobs?: boolean): Promise<Outcome[]>;
  /** Subjobs or extra jobs of a job, by their ids in the scheduler, and nothing else of it. */
  killParts(job: number, natives: readonly string[]): Promise<JobRow>;
  remove(jobs: readonly number[]): Promise<Outcome[]>;
  restore(jobs: readonly number[]): Promise<Outcome[]>;
  /** The newest jobs that were taken off the page, as long as they are kept. */
  deleted(limit: number): Promise<JobRow[]>;
  rerun(job: number, extraParameters?: string, more?: RerunMore): Promise<JobRow>;
  resolve(job: number, answer: { native_id: string } | { submit_again: true }): Promise<JobRow>;
  /** Ids of jobs whose report holds `text`. */
  searchReports(text: string): Promise<ReadonlySet<number>>;

  addDefinition(draft: DefinitionDraft): Promise<DefinitionRow>;
  /** Rejects with `ApiError` 409 and `more.theirs` (a `DefinitionRow`) if `version` is old. */
  changeDefinition(id: number, version: number, changes: Partial<DefinitionDraft>): Promise<DefinitionRow>;
  /** Checked again, it consents to what there is now, or to the script of this digest alone; `missed`: what becomes of what waited for that. */
  autorun(id: number, version: number, on: boolean, missed?: Missed, script?: string): Promise<DefinitionRow>;
  removeDefinition(id: number): Promise<DefinitionRow>;
  /** As it is now, also if it was deleted: then by whom and when. */
  definition(id: number): Promise<DefinitionRow>;
  restoreDefinition(id: number): Promise<DefinitionRow>;
  /** Look at the script again, now. */
  checkDefinition(id: number): Promise<DefinitionRow>;

  job(id: number): Promise<JobRow>;
  /** The job and its reruns, oldest first. */
  attempts(job: number): Promise<JobRow[]>;
  /** Some elements of its arrays, those of one word or all. */
  elements(job: number, offset: number, limit: number, word?: string): Promise<ElementPage>;
  /** Bytes from `offset`; negative: from the end. `limit` in bytes. `native`: of this scheduler job or element. */
  log(job: number, offset: number, limit: number, native?: string): Promise<LogPiece>;
  /**
   * First place at or after `offset` that matches; null: none. `what` "error" finds error lines.
   * A long log takes several requests: `goOn` hears how far they got, in bytes, and may end it.
   */
  findInLog(
    job: number, what: { text: string } | "error", offset: number, goOn?: (reached: number) => boolean,
    native?: string,
  ): Promise<LogFound | null>;
  details(job: number): Promise<string>;
  history(job: number): Promise<{ transitions: TransitionRow[]; scheduler_jobs: SchedulerJobRow[] }>;
  snapshot(job: number): Promise<Record<string, unknown>>;

  /** Those that take data first, and of these the newest. */
  experiments(): Promise<ExperimentRow[]>;
  createExperiment(name: string, instrument: string): Promise<ExperimentRow>;

  /** Remembered for this user wherever they log in, bounded to 16 kB a name. */
  readonly preferences: Preferences;
}

export interface LogFound {
  offset: number;
  line: string;
}

export interface Preferences {
  get<T>(name: string): T | undefined;
  set(name: string, value: unknown): void;
}

/** Columns of `GET …/jobs/columns`, in this order. Wide ones (report, notes) are not among them. */
export const JOB_COLUMNS = [
  "id", "run", "definition_id", "hash", "version", "state", "status", "phase", "native_state",
  "native_id", "user", "parameters", "location", "trigger", "queue", "host", "reason",
  "exit_code", "signal", "peak_memory_mb", "cores", "asked_memory_mb", "asked_time_s", "cause", "error_line",
  "parts", "requested", "submitted", "started", "ended", "changed", "attempt", "rerun_of", "root_id", "kill_by", "kill_at",
  "reported_at", "revision",
] as const;
