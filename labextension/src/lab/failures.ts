/**
 * Notify when a job of mine fails: one by one, or in one notification when many do.
 *
 * Only what the change feed tells counts, so a job that had failed before the page was opened
 * is no news.
 */

import { Notification, type NotificationOptions } from "@jupyterlab/apputils";

import { plain } from "../model/plain";
import type { JobRow } from "../model/rows";
import type { Trans } from "./words";

/** States that nobody asked for. A job that somebody killed is no failure. */
const FAILED = new Set(["failed", "submit_failed", "lost", "uncertain"]);
/** Failures that come together are told together. */
const GATHER_MS = 2000;
/** More than so many at once go into one notification. */
const MOST_SINGLE = 2;
/** A notification of several grows for so long, then a new one is made. */
const GROW_MS = 600_000;

export interface FailureHost {
  trans: Trans;
  on(): boolean;
  openLog(job: JobRow): void;
  openAll(job: JobRow): void;
}

export class Failures {
  /** Attempts that were told, as "job/attempt/state". */
  readonly #told = new Set<string>();
  #gathered: JobRow[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #group: { id: string; jobs: readonly JobRow[]; until: number } | null = null;

  constructor(private readonly host: FailureHost) {}

  /** Rows that changed, in any state. */
  hear(rows: readonly JobRow[]): void {
    for (const row of rows) {
      const name = `${row.id}/${row.attempt}/${row.state}`;
      if (!FAILED.has(row.state) || this.#told.has(name)) continue;
      this.#told.add(name);
      if (this.host.on()) this.#gathered.push(row);
    }
    if (this.#gathered.length) this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    const jobs = this.#gathered;
    this.#gathered = [];
    if (this.#grow(jobs)) return;
    if (jobs.length <= MOST_SINGLE) for (const job of jobs) this.#tellOne(job);
    else {
      const { message, options } = this.#many(jobs);
      this.#group = { id: Notification.error(message, options), jobs, until: Date.now() + GROW_MS };
    }
  }

  /** Add them to the notification of many; false if there is none, or it was dismissed: what it said is known. */
  #grow(jobs: readonly JobRow[]): boolean {
    const group = this.#group;
    if (!group || Date.now() > group.until) return false;
    const all = [...group.jobs, ...jobs];
    const { message, options } = this.#many(all);
    const shown = Notification.update({ id: group.id, message, ...options });
    this.#group = shown ? { ...group, jobs: all } : null;
    return shown;
  }

  #tellOne(job: JobRow): void {
    const { trans } = this.host;
    const hash = plain(job.hash, 60);
    const why = plain(job.reason, 200);
    const told = job.state === "uncertain"
      ? trans.__("Nobody knows whether run %1, %2 was submitted", job.run, hash)
      : trans.__("Run %1, %2 failed", job.run, hash);
    const [label, act] = job.native_id === null
      ? [trans.__("Show"), () => this.host.openAll(job)] as const
      : [trans.__("Log"), () => this.host.openLog(job)] as const;
    Notification.error(why ? `${told}: ${why}` : told, {
      autoClose: false,
      actions: [{ label, callback: act, caption: trans.__("Job %1", job.native_id ?? job.id) }],
    });
  }

  #many(jobs: readonly JobRow[]): { message: string; options: NotificationOptions } {
    const { trans } = this.host;
    const newest = jobs[jobs.length - 1]!;
    const runs = [...new Set(jobs.map((one) => one.run))].sort((one, other) => one - other);
    const some = runs.slice(0, 8).join(", ") + (runs.length > 8 ? ", …" : "");
    return {
      message: trans._n("%2 jobs of yours failed, run %3", "%2 jobs of yours failed, runs %3", runs.length, jobs.length, some),
      options: { autoClose: false, actions: [{ label: trans.__("Show"), callback: () => this.host.openAll(newest) }] },
    };
  }
}
