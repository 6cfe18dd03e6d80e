/** One experiment, live: what the manager tells, kept for the views and told to them. */

import { ColumnStore, joined } from "../grid/store";
import type { Connection, Frame, TableSink } from "../grid/types";
import type {
  AutorunRow, ChangeMessage, DefinitionRow, ExperimentRow, HealthRow, JobRow, RunRow, StatusRow, WideRow,
} from "../model/rows";
import type { Api } from "./api";
import type { Board, BoardChange } from "./board";
import { BoardRequests } from "./board_requests";
import { type Feed, feedOf } from "./feed";
import { COUNTER } from "./job_values";
import { beforeDrawing } from "./pace";
import { PagePreferences } from "./preferences";
import { ServerSource } from "./server_source";

const NOTHING: BoardChange = {
  experiment: false, definitions: false, runs: false, jobs: null, health: false, connection: false,
};

/** Open an experiment; its rows come by themselves. `name` as in the address. */
export function openBoard(api: Api, name: string): Board {
  return new LiveBoard(api, name);
}

export class LiveBoard extends BoardRequests implements Board {
  experiment: ExperimentRow | null = null;
  readonly definitions = new Map<number, DefinitionRow>();
  readonly runs = new Map<number, RunRow>();
  readonly jobs = new ColumnStore();
  complete = false;
  total = 0;
  promoted: readonly string[] = [];
  connection: Connection;
  readonly preferences: PagePreferences;

  private readonly feed: Feed;
  private readonly source: ServerSource;
  private readonly listeners = new Set<(change: BoardChange) => void>();
  private readonly leave: () => void;
  private change: BoardChange | null = null;
  /** Messages that came before definitions and runs were there; null once they are. */
  private early: ChangeMessage[] | null = [];
  private newest = 0;
  private closed = false;

  constructor(api: Api, name: string) {
    super(api, name);
    this.feed = feedOf(api);
    this.connection = this.feed.connection;
    this.preferences = new PagePreferences(api, () => this.tell({ preferences: true }));
    const { jobs } = this;
    this.source = new ServerSource(api, name, {
      revision: (id) => {
        const row = jobs.rowOf(id);
        return jobs.alive(row) ? Number(jobs.value("revision", row)) : undefined;
      },
      counters: () => this.promoted.map((column) => column.slice(COUNTER.length)),
      rows: () => jobs.live,
      rest: () => this.readRest(),
      message: (message) => this.hear(message),
    });
    this.leave = this.feed.follow({
      subject: null,
      linked: () => this.tell({ health: true, connection: true }),
    });
    this.source.start(this.sink());
  }

  get status(): StatusRow | null {
    return this.feed.status;
  }

  get health(): HealthRow | null {
    return this.feed.health;
  }

  get autorunNow(): AutorunRow | null {
    return this.feed.autorun;
  }

  get asOf(): number {
    return this.feed.asOf;
  }

  wide(job: number): WideRow | undefined {
    return this.source.wide.get(job);
  }

  view(jobs: readonly number[]): void {
    this.source.view(jobs);
  }

  promote(counters: readonly string[]): void {
    const wanted = counters.map((name) => (name.startsWith(COUNTER) ? name : COUNTER + name));
    if (wanted.join("\n") === this.promoted.join("\n")) return;
    this.promoted = wanted;
    this.source.resync();
  }

  on(listener: (change: BoardChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  retry(): void {
    this.feed.retry();
    this.source.retry();
  }

  close(): void {
    this.closed = true;
    this.listeners.clear();
    this.preferences.close();
    this.source.close();
    this.leave();
    this.connection = { state: "closed", since: Date.now(), why: "", attempt: 0, next: null };
  }

  protected override learn({ jobs, definition }: { jobs?: readonly JobRow[]; definition?: DefinitionRow }): void {
    if (this.closed) return;
    if (jobs) this.source.learn(jobs);
    if (definition && this.took(definition)) this.tell({ definitions: true });
  }

  // -- what comes ---------------------------------------------------------------------

  private sink(): TableSink {
    return {
      head: (frame) => {
        const changed = this.jobs.load(frame);
        this.newest = this.jobs.rows ? this.jobs.id(0) : 0;
        this.counted(frame);
        this.early = [];
        this.tell({ jobs: changed });
      },
      chunk: (frame) => {
        const changed = this.jobs.append(frame);
        this.counted(frame);
        this.tell({ jobs: changed });
      },
      delta: (delta) => {
        const changed = this.jobs.apply(delta);
        if (this.complete) {
          this.total = this.jobs.live;
        } else {
          const { newest } = this; // those up to it are counted by the manager
          for (const id of delta.ids) {
            if (id > newest) this.total++;
            this.newest = Math.max(this.newest, id);
          }
          this.total -= delta.removed.length;
        }
        this.tell({ jobs: { ...changed, columns: new Set([...changed.columns, "report"]) } });
      },
      wide: (column, values) => {
        const rows = [...values.keys()].map((id) => this.jobs.rowOf(id)).filter((row) => row >= 0);
        this.tell({ jobs: { rows, columns: new Set([column]), order: false } });
      },
      connection: (connection) => {
        this.connection = connection;
        this.tell({ connection: true });
      },
    };
  }

  private counted({ head }: Frame): void {
    this.complete = head.next_before === null || head.next_before === undefined;
    this.total = this.complete ? this.jobs.live : head.total;
  }

  private async readRest(): Promise<void> {
    const [{ definitions }, { runs }, experiment] = await Promise.all([
      this.api.json<{ definitions: DefinitionRow[] }>("GET", `${this.root}/definitions`),
      this.api.json<{ runs: RunRow[] }>("GET", `${this.root}/runs`),
      this.api.json<ExperimentRow>("GET", this.root),
    ]);
    const early = this.early ?? [];
    this.early = null;
    this.definitions.clear();
    this.runs.clear();
    for (const row of definitions) this.definitions.set(row.id, row);
    for (const row of runs) this.runs.set(row.run, row);
    this.experiment = experiment;
    this.tell({ experiment: true, definitions: true, runs: true });
    for (const message of early) this.hear(message);
  }

  private hear(message: ChangeMessage): void {
    if (this.early) {
      this.early.push(message);
      return;
    }
    const { upserts, deleted, to } = message;
    let definitions = false;
    for (const row of upserts.definitions ?? []) definitions = this.took(row) || definitions;
    for (const id of deleted.definitions) {
      const known = this.definitions.get(id);
      if (known && known.revision <= to) definitions = this.definitions.delete(id);
    }
    const runs = (upserts.runs ?? []).filter((row) => !((this.runs.get(row.run)?.revision ?? -1) >= row.revision));
    for (const row of runs) this.runs.set(row.run, row);
    const experiment = upserts.experiments?.find((row) => row.name === this.name);
    if (experiment) this.experiment = experiment;
    this.tell({ definitions, runs: runs.length > 0, experiment: Boolean(experiment), ledger: upserts.ledger ?? [] });
  }

  private took(row: DefinitionRow): boolean {
    const known = this.definitions.get(row.id);
    if (known && known.revision >= row.revision) return false;
    if (row.deleted_at) return this.definitions.delete(row.id);
    this.definitions.set(row.id, row);
    return true;
  }

  // -- who is told --------------------------------------------------------------------

  /** Gather changes until the next picture is drawn. */
  private tell(news: Partial<BoardChange>): void {
    if (this.closed) return;
    if (!this.change) beforeDrawing(() => this.give());
    const change = (this.change ??= { ...NOTHING });
    for (const [what, is] of Object.entries(news)) {
      if (what !== "jobs" && what !== "ledger" && is) Object.assign(change, { [what]: true });
    }
    if (news.ledger?.length) change.ledger = [...(change.ledger ?? []), ...news.ledger];
    if (news.jobs) change.jobs = joined(change.jobs, news.jobs);
  }

  private give(): void {
    const { change } = this;
    this.change = null;
    if (change) for (const listener of [...this.listeners]) listener(change);
  }
}
