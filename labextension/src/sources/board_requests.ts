/** What a board can ask the manager for: each request and its address, in one place. */

import type { Missed } from "../model/autorun";
import type {
  Applied, DefinitionRow, DryRun, ElementPage, ExperimentRow, JobRow, LogPiece, Outcome, SchedulerJobRow, TransitionRow,
} from "../model/rows";
import { type Api, ApiError } from "./api";
import type { ApplyAsked, DefinitionDraft, LogFound, RerunMore } from "./board";
import { experiments } from "./experiments";
import { doWith } from "./outcomes";

/** Answered when somebody in between gave up: it may have been done, or not. */
const IN_BETWEEN = new Set([0, 502, 504]);

/** What one request of a search says: each looks through so much of a log. */
interface LogSearch {
  found: LogFound | null;
  reached: number;
  size_bytes: number;
}

export abstract class BoardRequests {
  protected readonly root: string;

  constructor(readonly api: Api, readonly name: string) {
    this.root = `/experiments/${encodeURIComponent(name)}`;
  }

  /** Take rows that were answered, so that whoever asked sees them at once. */
  protected abstract learn(rows: { jobs?: readonly JobRow[]; definition?: DefinitionRow }): void;

  // -- jobs ---------------------------------------------------------------------------

  async apply(asked: ApplyAsked): Promise<Applied> {
    const answer = await this.once<Applied>(`${this.root}/jobs:apply`, { ...asked });
    this.learn({ jobs: answer.jobs });
    return answer;
  }

  dryRun(asked: ApplyAsked): Promise<DryRun> {
    return this.api.json("POST", `${this.root}/jobs:apply`, { ...asked, dry_run: true });
  }

  kill(jobs: readonly number[], subjobs = true): Promise<Outcome[]> {
    return doWith(this.api, "kill", jobs, { subjobs });
  }

  async killParts(job: number, native_ids: readonly string[]): Promise<JobRow> {
    return this.known(await this.api.json("POST", `/jobs/${job}:kill`, { native_ids }));
  }

  remove(jobs: readonly number[]): Promise<Outcome[]> {
    return doWith(this.api, "delete", jobs);
  }

  restore(jobs: readonly number[]): Promise<Outcome[]> {
    return doWith(this.api, "restore", jobs);
  }

  async deleted(limit: number): Promise<JobRow[]> {
    return (await this.api.json<{ jobs: JobRow[] }>("GET", `${this.root}/jobs?only_deleted=true&limit=${limit}`)).jobs;
  }

  async rerun(job: number, extraParameters = "", more: RerunMore = {}): Promise<JobRow> {
    return this.known(await this.once(`/jobs/${job}:rerun`, { extra_parameters: extraParameters, ...more }));
  }

  async resolve(job: number, answer: { native_id: string } | { submit_again: true }): Promise<JobRow> {
    return this.known(await this.api.json("POST", `/jobs/${job}:resolve`, answer));
  }

  job(id: number): Promise<JobRow> {
    return this.api.json("GET", `/jobs/${id}`);
  }

  async searchReports(text: string): Promise<ReadonlySet<number>> {
    const path = `${this.root}/jobs/search?text=${encodeURIComponent(text)}`;
    return new Set((await this.api.json<{ ids: number[] }>("GET", path)).ids);
  }

  // -- one job, closely ---------------------------------------------------------------

  async attempts(job: number): Promise<JobRow[]> {
    return (await this.api.json<{ jobs: JobRow[] }>("GET", `/jobs/${job}/attempts`)).jobs;
  }

  elements(job: number, offset: number, limit: number, word = ""): Promise<ElementPage> {
    return this.api.json("GET", `/jobs/${job}/elements?offset=${offset}&limit=${limit}${word && `&state=${encodeURIComponent(word)}`}`);
  }

  log(job: number, offset: number, limit: number, native = ""): Promise<LogPiece> {
    return this.api.json("GET", `/jobs/${job}/log?offset=${offset}&limit=${limit}${of(native)}`);
  }

  async findInLog(
    job: number, what: { text: string } | "error", offset: number, goOn?: (reached: number) => boolean,
    native = "",
  ): Promise<LogFound | null> {
    const sought = what === "error" ? "errors=true" : `text=${encodeURIComponent(what.text)}`;
    const path = `/jobs/${job}/log/find?${sought}${of(native)}&offset=`;
    for (let at = offset; ; ) {
      const { found, reached, size_bytes } = await this.api.json<LogSearch>("GET", path + at);
      if (found || reached >= size_bytes || reached <= at || goOn?.(reached) === false) return found;
      at = reached;
    }
  }

  async details(job: number): Promise<string> {
    return (await this.api.json<{ text: string }>("GET", `/jobs/${job}/details`)).text;
  }

  history(job: number): Promise<{ transitions: TransitionRow[]; scheduler_jobs: SchedulerJobRow[] }> {
    return this.api.json("GET", `/jobs/${job}/history`);
  }

  snapshot(job: number): Promise<Record<string, unknown>> {
    return this.api.json("GET", `/jobs/${job}/snapshot`);
  }

  // -- definitions --------------------------------------------------------------------

  addDefinition(draft: DefinitionDraft): Promise<DefinitionRow> {
    return this.defined("POST", "", draft);
  }

  changeDefinition(id: number, version: number, changes: Partial<DefinitionDraft>): Promise<DefinitionRow> {
    return this.defined("PATCH", `/${id}`, changes, version);
  }

  autorun(id: number, version: number, on: boolean, missed?: Missed, script?: string): Promise<DefinitionRow> {
    return this.defined("POST", `/${id}:autorun`, { on, missed, script_sha256: script }, version);
  }

  removeDefinition(id: number): Promise<DefinitionRow> {
    return this.defined("DELETE", `/${id}`);
  }

  definition(id: number): Promise<DefinitionRow> {
    return this.api.json("GET", `${this.root}/definitions/${id}`);
  }

  restoreDefinition(id: number): Promise<DefinitionRow> {
    return this.defined("POST", `/${id}:restore`);
  }

  checkDefinition(id: number): Promise<DefinitionRow> {
    return this.defined("POST", `/${id}:check`);
  }

  private async defined(method: string, path: string, body?: unknown, version?: number): Promise<DefinitionRow> {
    const options = version === undefined ? {} : { ifMatch: `"v${version}"` };
    try {
      const row = await this.api.json<DefinitionRow>(method, `${this.root}/definitions${path}`, body, options);
      this.learn({ definition: row });
      return row;
    } catch (error) {
      // another one's edit: it is on the page before the two are compared
      if (error instanceof ApiError && error.more["theirs"]) {
        this.learn({ definition: error.more["theirs"] as DefinitionRow });
      }
      throw error;
    }
  }

  // -- experiments --------------------------------------------------------------------

  experiments(): Promise<ExperimentRow[]> {
    return experiments(this.api);
  }

  createExperiment(name: string, instrument: string): Promise<ExperimentRow> {
    return this.api.json("POST", "/experiments", { name, instrument });
  }

  private known(row: JobRow): JobRow {
    this.learn({ jobs: [row] });
    return row;
  }

  /** Ask for new jobs; asked twice where the answer was lost, they are made once. */
  private async once<T>(path: string, body: Record<string, unknown>): Promise<T> {
    const asked = { ...body, idempotency_key: freshKey() };
    try {
      return await this.api.json("POST", path, asked);
    } catch (error) {
      if (!(error instanceof ApiError) || !IN_BETWEEN.has(error.status)) throw error;
      return this.api.json("POST", path, asked);
    }
  }
}

const of = (native: string): string => native && `&native_id=${encodeURIComponent(native)}`;

/** 128 random bits. `crypto.randomUUID` is not there on pages without TLS. */
function freshKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
