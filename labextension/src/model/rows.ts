/** The JSON that the manager sends: `arp_nb/rows.py` in TypeScript, held equal by a test. */

/** ISO 8601 in UTC, as `2026-11-22T14:02:11.123456+00:00`. */
export type Instant = string;

export interface ExperimentRow {
  id: number;
  name: string;
  instrument: string;
  active: boolean;
  created_at: Instant;
  revision: number;
}

export interface RunRow {
  id: number;
  experiment_id: number;
  run: number;
  started_at: Instant | null;
  ended_at: Instant | null;
  parameters: Record<string, unknown>;
  type: string;
  /** Who told of it last: "api", or a run source. */
  source: string;
  first_file_at: Instant | null;
  all_files_at: Instant | null;
  nonrec_files_at: Instant | null;
  /** How often somebody told a later end than before; two sources may differ. */
  reopened: number;
  /** Taken out of autorun. */
  excluded_at: Instant | null;
  excluded_by: string | null;
  excluded_why: string;
  revision: number;
}

export interface CheckRow {
  problem: string;
  warnings: string[];
  sha256: string | null;
  host: string | null;
  checked_at: Instant | null;
}

export interface DefinitionRow {
  id: number;
  experiment_id: number;
  name: string;
  version: number;
  executable: string;
  parameters: string;
  quoted_parameters: boolean;
  arguments: string;
  trigger: string;
  autorun: boolean;
  autorun_by: string | null;
  autorun_at: Instant | null;
  /** The version that was consented to. */
  consent_version: number | null;
  /** Why autorun waits: "", "user", "edit", "script". */
  paused_why: string;
  paused_by: string | null;
  paused_at: Instant | null;
  paused_said: string;
  location: string;
  predicate: string;
  run_types: string;
  after: string;
  run_param: string;
  run_value: string;
  most_at_once: number;
  most_per_hour: number;
  check: CheckRow;
  changed_by: string;
  changed_at: Instant;
  deleted_at: Instant | null;
  deleted_by: string | null;
  revision: number;
}

/** A script as it was when a job started it. */
export interface ScriptRow {
  /** Its first 64 kB. */
  text: string;
  /** Why there is no text; empty where there is one. */
  missing: string;
  /** The script is longer than the text. */
  cut: boolean;
  sha256: string | null;
  size_bytes: number | null;
  /** As `chmod` takes it: "0755". */
  mode: string | null;
  read_at: Instant | null;
  /** Of the script when somebody last saved or checked the definition. */
  checked_sha256: string | null;
  /** null: not known. */
  changed_since_check: boolean | null;
}

/** What a script found in its environment, as far as it is kept. */
export interface EnvironmentRow {
  ours: Record<string, string>;
  /** Of the login environment: paths, locale and the like. */
  login: Record<string, string>;
  /** Variables of the login environment whose values are not kept. */
  names: string[];
  /** How many more there were. */
  others: number;
}

/** What a counter can be: see `docs/reports.md`. */
export type CounterValue = string | number | boolean | null;
export type Counter =
  | CounterValue
  | readonly [CounterValue, string]
  | {
      value: CounterValue;
      color?: string;
      unit?: string;
      max?: number;
      url?: string;
      image?: string;
    };

export interface Report {
  counters?: Record<string, Counter>;
  [key: string]: unknown;
}

/** What a job consists of: scheduler's words and how many; what there is none of is not there. */
export interface JobParts {
  elements?: Record<string, number>;
  subjobs?: Record<string, number>;
  extra?: number;
}

export interface JobRow {
  id: number;
  experiment_id: number;
  run: number;
  definition_id: number;
  hash: string;
  version: number;
  state: string;
  status: string;
  phase: string;
  native_state: string;
  native_id: string | null;
  user: string;
  parameters: string;
  location: string;
  trigger: string;
  queue: string;
  host: string;
  reason: string;
  notes: string[];
  exit_code: number | null;
  signal: number | null;
  peak_memory_mb: number | null;
  /** Slots or CPUs that it was given. */
  cores: number | null;
  asked_memory_mb: number | null;
  asked_time_s: number | null;
  override_memory_mb: number | null;
  override_time_s: number | null;
  /** of one that failed: "script", "memory", "time" …; see arp_nb/causes.py */
  cause: string;
  error_line: string;
  log_path: string;
  parts: JobParts;
  requested: Instant;
  submitted: Instant | null;
  started: Instant | null;
  ended: Instant | null;
  changed: Instant;
  attempt: number;
  rerun_of: number | null;
  root_id: number | null;
  kill_by: string | null;
  kill_at: Instant | null;
  deleted_at: Instant | null;
  deleted_by: string | null;
  report: Report;
  reported_at: Instant | null;
  revision: number;
}

/** One line of the ledger: what autorun decided, and why. `arp_nb/autorun_rows.py` */
export interface EntryRow {
  /** null: told, and not kept. */
  id: number | null;
  experiment_id: number;
  run: number;
  definition_id: number;
  hash: string;
  version: number;
  trigger: string;
  /** What beside the run: "beam=on", "job 17". */
  cause: string;
  /** "fired", "waiting", "skipped"; "none": nothing has happened yet. */
  outcome: string;
  /** In one word: see `arp_nb/ledger.py`. */
  why: string;
  /** The whole of it, in words. */
  said: string;
  /** What the predicate saw. */
  seen: Record<string, unknown>;
  job_id: number | null;
  /** As whom its job runs. */
  user: string;
  event_at: Instant | null;
  decided_at: Instant | null;
  revision: number;
}

/** Who stopped all autorun. */
export interface StopRow {
  by: string;
  at: Instant;
  said: string;
}

/** Whether a run source answers. */
export interface SourceRow {
  name: string;
  kind: string;
  ok: boolean;
  since: Instant;
  said: string;
  /** Triggers that it can tell of. */
  gives: string[];
  /** Empty: all that are active. */
  experiments: string[];
}

/** What the change feed tells of autorun. */
export interface AutorunRow {
  stopped: StopRow | null;
  sources: SourceRow[];
}

export interface HealthRow {
  client: { ok: boolean; since: Instant };
  schedulers: Record<string, { ok: boolean; since: Instant; said: string; answer_s: number | null }>;
}

/** `GET /arp/api/status`. */
export interface StatusRow {
  api_version: number;
  version: string;
  epoch: string;
  revision: number;
  user: string;
  host: string;
  mode: string;
  health: HealthRow;
  /** Where jobs can be sent: why it is offered, by its name. */
  locations: Record<string, string>;
  /** Where they cannot, and why. */
  not_offered: Record<string, string>;
  default_location: string;
  update_base: string;
  first_posts: Record<string, Instant | null>;
  autorun_acts: boolean;
  /** `cannot`: why it starts nothing now; `caveats`: what one should know. As of the connection. */
  autorun: AutorunRow & { cannot: string[]; caveats: string[] };
  notices: string[];
}

/** One message of the change feed: `arp_nb/events.py`. */
export interface ChangeMessage {
  subscription: string;
  epoch: string;
  from: number;
  to: number;
  upserts: {
    experiments?: ExperimentRow[];
    definitions?: DefinitionRow[];
    runs?: RunRow[];
    jobs?: JobRow[];
    ledger?: EntryRow[];
    health?: HealthRow;
    autorun?: AutorunRow;
  };
  deleted: { definitions: number[]; jobs: number[] };
  more: boolean;
}

/** One of several jobs that something was done with: `POST jobs:kill` and its like. */
export interface Outcome {
  id: number;
  ok: boolean;
  message: string;
}

export interface Applied {
  jobs: JobRow[];
  skipped: { run: number; why: string }[];
  understood: string;
  repeated: boolean;
  warnings: string[];
}

export interface DryRun {
  understood: string;
  skipped: { run: number; why: string }[];
  dry_run: { run: number; argv: string[]; environment: Record<string, string> }[];
  warnings: string[];
}

/** What a job's wide cells need, fetched for the rows in view: `GET …/jobs/window`. */
export interface WideRow {
  id: number;
  report: Report;
  notes: string[];
  /** The first number counter over time, thinned to at most 24 points; empty: no sparkline. */
  spark: number[];
  /** Seconds until `max` at the rate of the points; null: no estimate. */
  left_s: number | null;
}

export interface WidePage {
  rows: WideRow[];
  /** Jobs that are told when they are asked for again: the reports of the others are long. */
  left: number[];
}

export interface LogPiece {
  text: string;
  offset: number;
  next_offset: number;
  size_bytes: number;
  /** Why there is no log; empty if there is one. */
  missing: string;
  source: string;
}

/** One scheduler job of a job: in its history. */
export interface SchedulerJobRow {
  native_id: string;
  /** Where it is known from: "wrapper", "output", "tag", "user". */
  source: string;
  native_state: string;
  state: string;
  /** "sibling": it decides how the job stands; "subjob": made inside it; "extra": made twice by one command. */
  role: string;
  /** Of an array: word and number, what says most first. */
  elements: [word: string, number: number][];
  reason: string;
  exit_code: number | null;
  /** Who asked for the end of this one alone. */
  kill_by: string;
}

/** One element of an array: `GET …/elements`. */
export interface ElementRow {
  index: number;
  native_id: string;
  native_state: string;
  state: string;
  exit_code: number | null;
  reason: string;
  host: string;
  started: Instant | null;
  ended: Instant | null;
}

export interface ElementPage {
  elements: ElementRow[];
  /** Of all pages together. */
  total: number;
}

export interface TransitionRow {
  at: Instant;
  old: string | null;
  new: string;
  native_state: string;
  reason: string;
  by: string;
}
