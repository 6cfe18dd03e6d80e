/**
 * A board without a server, for tests and for looking at views: it holds rows, notes what it
 * was asked, and tells its listeners at once. Answers can be replaced: `fake.answers.kill = …`.
 */

import { ColumnStore } from "../../grid/store";
import type { Changed, Connection } from "../../grid/types";
import type { Missed } from "../../model/autorun";
import type {
  Applied, AutorunRow, DefinitionRow, DryRun, ElementPage, ExperimentRow, HealthRow, JobRow, LogPiece, Outcome, RunRow, SchedulerJobRow, StatusRow, TransitionRow, WideRow,
} from "../../model/rows";
import { ApiError, type Api } from "../../sources/api";
import { JOB_COLUMNS, type ApplyAsked, type Board, type BoardChange, type DefinitionDraft, type LogFound, type Preferences, type RerunMore } from "../../sources/board";
import { frameOf, type PlainColumn } from "../../grid/__tests__/frames";
import { DEFINITIONS, definition, EXPERIMENT, HEALTH, job, JOBS, NOW, RUNS, STATUS } from "./sample_rows";

const TIMES = new Set(["requested", "submitted", "started", "ended", "changed", "kill_at", "reported_at"]);
const WHOLE = new Set(["id", "run", "definition_id", "version", "attempt", "revision"]);
const REAL = new Set(["exit_code", "signal", "peak_memory_mb", "cores", "asked_memory_mb", "asked_time_s", "rerun_of", "root_id"]);

const FINAL = new Set(["done", "failed", "killed", "lost", "withdrawn", "submit_failed"]);

type Cells = Record<string, string | number | null>;

/** What a job's columns hold: instants in ms, everything else as in its row. */
function cells(row: JobRow, promoted: readonly string[]): Cells {
  const made: Cells = {};
  for (const name of JOB_COLUMNS) {
    const value = row[name];
    made[name] = TIMES.has(name) ? (value === null ? null : Date.parse(String(value))) : name === "parts" ? JSON.stringify(value) : (value as string | number | null);
  }
  for (const name of promoted) {
    const counter: unknown = row.report.counters?.[name.slice("counter:".length)];
    const value: unknown = Array.isArray(counter) ? counter[0] : typeof counter === "object" && counter ? (counter as { value?: unknown }).value : counter;
    made[name] = typeof value === "number" ? value : null;
  }
  return made;
}

export class FakeBoard implements Board {
  /** Answers to what is asked by address, as "POST /autorun:stop"; noted as calls of "json". */
  readonly addresses = new Map<string, (body: unknown, query: URLSearchParams) => unknown>();
  readonly api: Api = {
    kind: "server",
    json: async <T>(method: string, path: string, body?: unknown): Promise<T> => {
      const [address = "", query] = path.split("?");
      const answer = this.addresses.get(`${method} ${address}`);
      this.#note("json", method, path, body);
      if (!answer) throw new ApiError(404, "NotFound", `${method} ${path} is not faked`);
      return (await answer(body, new URLSearchParams(query))) as T;
    },
    bytes: () => Promise.reject(new ApiError(404, "NotFound", "not faked")),
    line: () => ({ send() {}, close() {} }),
    href: (path) => `/arp/api${path}`,
  };
  readonly name = "xppi0915";
  experiment: ExperimentRow | null = EXPERIMENT;
  status: StatusRow | null = STATUS;
  health: HealthRow | null = HEALTH;
  autorunNow: AutorunRow | null = STATUS.autorun;
  connection: Connection = { state: "live", since: NOW - 3600e3, why: "", attempt: 0, next: null };
  asOf = NOW;
  definitions: Map<number, DefinitionRow>;
  runs: Map<number, RunRow>;
  readonly jobs = new ColumnStore();
  complete = true;
  promoted: readonly string[] = [];
  /** Jobs as rows, by id; change them by `change` only. */
  readonly rows: Map<number, JobRow>;
  /** Every call of a method that asks something of the other side. */
  readonly calls: { method: string; args: readonly unknown[] }[] = [];
  /** Ids that were last in view. */
  inView: readonly number[] = [];
  readonly kept = new Map<string, unknown>();
  /** Put a function here to answer otherwise than by the rows. */
  readonly answers: Partial<Pick<Board, "apply" | "dryRun" | "kill" | "killParts" | "remove" | "restore" | "rerun" | "resolve" | "searchReports"
    | "addDefinition" | "changeDefinition" | "autorun" | "removeDefinition" | "definition" | "checkDefinition" | "log" | "findInLog" | "details"
    | "history" | "attempts" | "elements" | "snapshot" | "experiments" | "createExperiment">> = {};
  readonly #listeners = new Set<(change: BoardChange) => void>();
  readonly #removed = new Map<number, JobRow>();

  constructor(
    jobs: readonly JobRow[] = JOBS,
    runs: readonly RunRow[] = RUNS,
    definitions: readonly DefinitionRow[] = DEFINITIONS,
  ) {
    this.rows = new Map(jobs.map((one) => [one.id, one]));
    this.runs = new Map(runs.map((one) => [one.run, one]));
    this.definitions = new Map(definitions.map((one) => [one.id, one]));
    this.reload();
  }

  /** Load all rows again, newest first. */
  reload(): void {
    const rows = [...this.rows.values()].sort((one, other) => other.id - one.id).map((row) => cells(row, this.promoted));
    const columns = [...JOB_COLUMNS, ...this.promoted].map((name): PlainColumn => ({
      name,
      type: TIMES.has(name) ? "time" : WHOLE.has(name) ? "i32" : REAL.has(name) || name.startsWith("counter:") ? "f64" : "dict",
      values: rows.map((row) => row[name] ?? null),
    }));
    this.jobs.load(frameOf(columns));
  }

  get total(): number {
    return this.rows.size;
  }

  wide(id: number): WideRow | undefined {
    const row = this.rows.get(id);
    if (!row) return undefined;
    const spark = row.reported_at ? Array.from({ length: 10 }, (_, index) => (id * 7 + index * index * 3) % 11) : [];
    return { id, report: row.report, notes: row.notes, spark, left_s: row.state === "running" ? 240 : null };
  }
  view(jobs: readonly number[]): void {
    this.inView = jobs;
  }
  promote(counters: readonly string[]): void {
    this.promoted = counters;
    this.#note("promote", counters);
    this.reload();
    this.tell({ jobs: { rows: "all", columns: new Set(counters), order: true } });
  }

  on(listener: (change: BoardChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  retry(): void {
    this.#note("retry");
  }
  close(): void {
    this.#listeners.clear();
  }
  /** How many listen: 0 after everything was taken down. */
  get listening(): number {
    return this.#listeners.size;
  }

  // ---- what tests do to it
  tell(change: Partial<BoardChange>): void {
    const whole = { experiment: false, definitions: false, runs: false, jobs: null, health: false, connection: false, ...change };
    for (const listener of [...this.#listeners]) listener(whole);
  }
  /** Jobs as they are now, told as one delta. */
  change(...rows: readonly JobRow[]): void {
    for (const row of rows) this.rows.set(row.id, row);
    this.tell({ jobs: this.#apply(rows, []) });
  }
  addRun(run: RunRow): void {
    this.runs.set(run.run, run);
    this.tell({ runs: true });
  }
  setStopped(stopped: AutorunRow["stopped"]): void {
    this.autorunNow = { sources: [], ...this.autorunNow, stopped };
    this.tell({ health: true });
  }
  setHealth(health: HealthRow | null): void {
    this.health = health;
    this.tell({ health: true });
  }
  setConnection(changes: Partial<Connection>): void {
    this.connection = { ...this.connection, ...changes };
    this.tell({ connection: true });
  }

  #apply(rows: readonly JobRow[], removed: readonly number[]): Changed {
    const ready = rows.map((row) => cells(row, this.promoted));
    const columns = Object.fromEntries([...JOB_COLUMNS, ...this.promoted].map((name) => [name, ready.map((row) => row[name] ?? null)]));
    return this.jobs.apply({ ids: rows.map((row) => row.id), columns, removed });
  }
  #note(method: string, ...args: readonly unknown[]): void {
    this.calls.push({ method, args });
  }
  /** The arguments of each call of a method. */
  asked(method: string): readonly (readonly unknown[])[] {
    return this.calls.filter((call) => call.method === method).map((call) => call.args);
  }
  #define(row: DefinitionRow): DefinitionRow {
    if (row.deleted_at) this.definitions.delete(row.id);
    else this.definitions.set(row.id, row);
    this.tell({ definitions: true });
    return row;
  }
  #definition(id: number): DefinitionRow {
    const row = this.definitions.get(id);
    if (!row) throw new ApiError(404, "NotFound", `There is no definition ${id}.`);
    return row;
  }

  // ---- what views ask of it
  async apply(asked: ApplyAsked): Promise<Applied> {
    this.#note("apply", asked);
    if (this.answers.apply) return this.answers.apply(asked);
    const runs = Array.isArray(asked.runs) ? asked.runs : [Number(asked.runs)];
    const next = Math.max(0, ...this.rows.keys()) + 1;
    const made = runs.map((run, index) => job(next + index, run, asked.definition, {
      state: "requested", status: "Request Sent", native_state: "", native_id: null, submitted: null, started: null, ended: null,
    }));
    this.change(...made);
    return { jobs: made, skipped: [], understood: runs.join(", "), repeated: false, warnings: [] };
  }
  async dryRun(asked: ApplyAsked): Promise<DryRun> {
    this.#note("dryRun", asked);
    if (this.answers.dryRun) return this.answers.dryRun(asked);
    const runs = Array.isArray(asked.runs) ? asked.runs : asked.runs.split(",").map(Number);
    const script = [...this.definitions.values()].find((one) => one.name === asked.definition);
    const argv = (run: number): string[] =>
      [script?.executable ?? "", this.name, String(run), ...(asked.parameters ?? script?.parameters ?? "").split(" ").filter(Boolean)];
    return { understood: runs.join(", "), skipped: [], warnings: [], dry_run: runs.map((run) => ({ run, argv: argv(run), environment: {} })) };
  }
  async killParts(id: number, natives: readonly string[]): Promise<JobRow> {
    this.#note("killParts", id, natives);
    return this.answers.killParts?.(id, natives) ?? this.rows.get(id)!;
  }
  async kill(jobs: readonly number[], subjobs = true): Promise<Outcome[]> {
    this.#note("kill", ...(subjobs ? [jobs] : [jobs, subjobs]));
    return this.answers.kill?.(jobs) ?? jobs.map((id) => ({ id, ok: true, message: `Job <${581000 + id}> is being terminated` }));
  }
  async remove(jobs: readonly number[]): Promise<Outcome[]> {
    this.#note("remove", jobs);
    if (this.answers.remove) return this.answers.remove(jobs);
    for (const id of jobs) {
      this.#removed.set(id, this.rows.get(id)!);
      this.rows.delete(id);
    }
    this.tell({ jobs: this.#apply([], jobs) });
    return jobs.map((id) => ({ id, ok: true, message: "" }));
  }
  deleted(limit: number): Promise<JobRow[]> {
    this.#note("deleted", limit);
    const gone = [...this.#removed.values()].slice(0, limit);
    return Promise.resolve(gone.map((row) => ({ ...row, deleted_at: new Date(NOW).toISOString(), deleted_by: "dana" })));
  }
  async restore(jobs: readonly number[]): Promise<Outcome[]> {
    this.#note("restore", jobs);
    if (this.answers.restore) return this.answers.restore(jobs);
    this.change(...jobs.map((id) => this.#removed.get(id)!));
    return jobs.map((id) => ({ id, ok: true, message: "" }));
  }
  async rerun(id: number, extraParameters?: string, more?: RerunMore): Promise<JobRow> {
    this.#note("rerun", ...(more ? [id, extraParameters, more] : [id, extraParameters]));
    if (this.answers.rerun) return this.answers.rerun(id, extraParameters);
    const old = this.rows.get(id)!;
    const row = job(Math.max(...this.rows.keys()) + 1, old.run, old.hash, {
      rerun_of: id, state: "requested", status: "Request Sent", native_state: "", native_id: null, submitted: null, started: null, ended: null,
    });
    this.change(row);
    return row;
  }
  async resolve(id: number, answer: { native_id: string } | { submit_again: true }): Promise<JobRow> {
    this.#note("resolve", id, answer);
    return this.answers.resolve?.(id, answer) ?? this.rows.get(id)!;
  }
  async searchReports(text: string): Promise<ReadonlySet<number>> {
    this.#note("searchReports", text);
    if (this.answers.searchReports) return this.answers.searchReports(text);
    const needle = text.toLowerCase();
    return new Set([...this.rows.values()].filter((row) => JSON.stringify(row.report).toLowerCase().includes(needle)).map((row) => row.id));
  }

  async addDefinition(draft: DefinitionDraft): Promise<DefinitionRow> {
    this.#note("addDefinition", draft);
    if (this.answers.addDefinition) return this.answers.addDefinition(draft);
    return this.#define(definition(Math.max(0, ...this.definitions.keys()) + 1, draft.name, draft));
  }
  async changeDefinition(id: number, version: number, changes: Partial<DefinitionDraft>): Promise<DefinitionRow> {
    this.#note("changeDefinition", id, version, changes);
    if (this.answers.changeDefinition) return this.answers.changeDefinition(id, version, changes);
    const row = this.#definition(id);
    if (row.version !== version) throw new ApiError(409, "Conflict", "Somebody changed it meanwhile.", { theirs: row });
    return this.#define({ ...row, ...changes, version: version + 1 });
  }
  async autorun(id: number, version: number, on: boolean, missed?: Missed, script?: string): Promise<DefinitionRow> {
    this.#note("autorun", ...[id, version, on, missed, script].filter((one) => one !== undefined));
    if (this.answers.autorun) return this.answers.autorun(id, version, on, missed, script);
    const row = this.#definition(id);
    return this.#define({
      ...row, version: version + 1, autorun: on, autorun_by: on ? "alice" : null, autorun_at: on ? new Date(NOW).toISOString() : null,
      trigger: on && row.trigger === "MANUAL" ? "END_OF_RUN" : row.trigger, paused_why: "", paused_said: "",
    });
  }
  async removeDefinition(id: number): Promise<DefinitionRow> {
    this.#note("removeDefinition", id);
    if (this.answers.removeDefinition) return this.answers.removeDefinition(id);
    return this.#define({ ...this.#definition(id), deleted_at: new Date(NOW).toISOString(), deleted_by: "alice" });
  }
  async definition(id: number): Promise<DefinitionRow> {
    this.#note("definition", id);
    return this.answers.definition?.(id) ?? this.#definition(id);
  }
  async restoreDefinition(id: number): Promise<DefinitionRow> {
    this.#note("restoreDefinition", id);
    return this.#define(DEFINITIONS.find((one) => one.id === id) ?? definition(id, `restored${id}`));
  }
  async checkDefinition(id: number): Promise<DefinitionRow> {
    this.#note("checkDefinition", id);
    return this.answers.checkDefinition?.(id) ?? this.#define({ ...this.#definition(id) });
  }

  async job(id: number): Promise<JobRow> {
    const row = this.rows.get(id);
    if (!row) throw new ApiError(404, "NotFound", `There is no job ${id}.`);
    return row;
  }
  async attempts(id: number): Promise<JobRow[]> {
    this.#note("attempts", id);
    const root = this.rows.get(id)?.root_id ?? id;
    return this.answers.attempts?.(id) ?? [...this.rows.values()].filter((one) => one.id === root || one.root_id === root);
  }
  async elements(id: number, offset: number, limit: number, word?: string): Promise<ElementPage> {
    this.#note("elements", id, offset, limit, word);
    return this.answers.elements?.(id, offset, limit, word) ?? { elements: [], total: 0 };
  }
  async log(id: number, offset: number, limit: number, native?: string): Promise<LogPiece> {
    this.#note("log", ...(native ? [id, offset, limit, native] : [id, offset, limit]));
    if (this.answers.log) return this.answers.log(id, offset, limit, native);
    const text = FINAL.has(this.rows.get(id)?.state ?? "") ? "started\nended\n" : "started\n";
    const from = Math.max(0, offset < 0 ? text.length + offset : offset);
    const piece = text.slice(from, from + limit);
    return { text: piece, offset: from, next_offset: from + piece.length, size_bytes: text.length, missing: "", source: `/logs/${id}.log` };
  }
  async findInLog(
    id: number, what: { text: string } | "error", offset: number, goOn?: (reached: number) => boolean,
  ): Promise<LogFound | null> {
    this.#note("findInLog", id, what, offset);
    return this.answers.findInLog?.(id, what, offset, goOn) ?? null;
  }
  async details(id: number): Promise<string> {
    this.#note("details", id);
    return this.answers.details?.(id) ?? `Job <${581000 + id}>, Status <RUN>, Queue <psanaq>`;
  }
  async history(id: number): Promise<{ transitions: TransitionRow[]; scheduler_jobs: SchedulerJobRow[] }> {
    this.#note("history", id);
    return this.answers.history?.(id) ?? { transitions: [], scheduler_jobs: [] };
  }
  async snapshot(id: number): Promise<Record<string, unknown>> {
    this.#note("snapshot", id);
    return this.answers.snapshot?.(id) ?? { argv: ["/reg/arp/smd.sh", this.name, "2911"] };
  }

  async experiments(): Promise<ExperimentRow[]> {
    this.#note("experiments");
    return this.answers.experiments?.() ?? [EXPERIMENT, { ...EXPERIMENT, id: 4921, name: "xppx4921", active: false }];
  }
  async createExperiment(name: string, instrument: string): Promise<ExperimentRow> {
    this.#note("createExperiment", name, instrument);
    return this.answers.createExperiment?.(name, instrument) ?? { ...EXPERIMENT, id: 1000, name, instrument };
  }

  readonly preferences: Preferences = {
    get: <T>(name: string): T | undefined => this.kept.get(name) as T | undefined,
    set: (name, value) => void this.kept.set(name, structuredClone(value)),
  };
}
