/**
 * Jobs of late: the viewer's own, or everyone's of one experiment. Those that are not over, and
 * those that changed in the last 24 hours; kept up to date by the change feed.
 *
 * A few hundred rows, where a board may hold a million: for what stands beside other work.
 */

import type { ChangeMessage, JobRow } from "../model/rows";
import { isFinal } from "../model/status";
import { ms } from "../model/times";
import type { Api, ApiError } from "./api";
import { feedOf, type Feed, type Follower } from "./feed";

const LATE_MS = 24 * 3600_000;
/** Of one experiment: the newest, and of those that are not over. */
const NEWEST = 500;
/** Clocks of a browser and of a server may differ by so much. */
const SKEW_MS = 60_000;
const UNFINISHED = "requested,leased,starting,uncertain,pending,running,suspended";

interface Listed {
  epoch: string;
  revision: number;
  jobs: JobRow[];
}

export interface RecentEvents {
  /** Rows, or what is known of the connection, changed. */
  changed(): void;
  /** Jobs that the feed says are in another state now, or new: not what was there before. */
  told?(rows: readonly JobRow[]): void;
}

export class RecentJobs implements Follower {
  readonly rows = new Map<number, JobRow>();
  /** Nothing was loaded yet. */
  loading = true;
  readonly #feed: Feed;
  #leave: () => void = () => undefined;
  #known: { since: number; epoch: string } | null = null;
  #covered: ReadonlySet<string> = new Set();
  #asking = false;
  #closed = false;
  readonly #opened_ms = Date.now();

  /**
   * `subject`: "mine", or an experiment's name. `experiments`: whose jobs are loaded at the
   * start; those of others are known when they change.
   */
  constructor(
    private readonly api: Api,
    readonly subject: string,
    private readonly experiments: () => readonly string[],
    private readonly events: RecentEvents,
  ) {
    this.#feed = feedOf(api);
  }

  start(): this {
    this.#leave = this.#feed.follow(this);
    this.load();
    return this;
  }

  close(): void {
    this.#closed = true;
    this.#leave();
  }

  /** Load from the beginning, if the other side can be reached; else as soon as it can. */
  load(): void {
    if (!this.#asking && this.#feed.status && this.experiments().length) void this.#load();
  }

  /** Were jobs of that experiment loaded, or is that under way? */
  covers(experiment: string): boolean {
    return this.#covered.has(experiment);
  }

  since(): { since: number; epoch: string } | null {
    return this.#known;
  }

  linked(): void {
    if (!this.#known) this.load();
    this.events.changed();
  }

  refused(error: ApiError): void {
    this.#known = null;
    if (error.kind === "Gone") this.load();
  }

  message(message: ChangeMessage): void {
    if (!this.#known || message.epoch !== this.#known.epoch) return;
    this.#known.since = Math.max(this.#known.since, message.to);
    const news = (message.upserts.jobs ?? []).filter((row) => row.revision > (this.rows.get(row.id)?.revision ?? -1));
    const turned = news.filter((row) => this.#turned(row));
    this.#take(news, message.deleted.jobs);
    if (turned.length) this.events.told?.(turned);
    if (news.length || message.deleted.jobs.length) this.events.changed();
  }

  /** Is it in another state than it was? One that was not known may have been taken back, long after its end. */
  #turned(row: JobRow): boolean {
    const before = this.rows.get(row.id);
    if (before) return before.state !== row.state || before.attempt !== row.attempt;
    return !isFinal(row.state) || ms(row.ended ?? row.changed) > this.#opened_ms - SKEW_MS;
  }

  async #load(): Promise<void> {
    this.#asking = true;
    const names = this.experiments();
    this.#covered = new Set(names);
    try {
      const lists = (await Promise.all(names.map((name) => this.#list(name)))).flat();
      if (this.#closed) return;
      this.rows.clear();
      for (const list of lists) this.#take(list.jobs, []);
      // what changed between the first answer and the last is told again by the feed
      this.#known = { since: Math.min(...lists.map((one) => one.revision)), epoch: lists[0]!.epoch };
      this.loading = false;
      this.#feed.renew(this);
      this.events.changed();
    } catch {
      this.#known = null; // the feed finds the same, says so, and calls `linked` when it is over
    } finally {
      this.#asking = false;
    }
    // others may have been wanted meanwhile
    if (this.#known && !this.experiments().every((name) => this.covers(name))) this.load();
  }

  #list(experiment: string): Promise<Listed[]> {
    const path = `/experiments/${encodeURIComponent(experiment)}/jobs?limit=${NEWEST}`;
    const user = this.#feed.status?.user ?? "";
    const whose = this.subject === "mine" ? `&user=${encodeURIComponent(user)}` : "";
    return Promise.all([
      this.api.json<Listed>("GET", path + whose),
      this.api.json<Listed>("GET", `${path}${whose}&state=${UNFINISHED}`),
    ]);
  }

  #take(rows: readonly JobRow[], deleted: readonly number[]): void {
    for (const row of rows) this.rows.set(row.id, row);
    for (const id of deleted) this.rows.delete(id);
    const oldest = Date.now() - LATE_MS;
    for (const row of this.rows.values()) {
      if (isFinal(row.state) && ms(row.ended ?? row.changed) < oldest) this.rows.delete(row.id);
    }
  }
}
