/** What JupyterLab knows of batch jobs: one for all its parts, over one connection. */

import type { Connection } from "../grid/types";
import type { AutorunRow, ChangeMessage, ExperimentRow, HealthRow, JobRow, Outcome, WidePage, WideRow } from "../model/rows";
import { isFinal, look, shown } from "../model/status";
import type { Api } from "../sources/api";
import { experiments, newestFirst } from "../sources/experiments";
import { feedOf, type Feed } from "../sources/feed";
import { doWith } from "../sources/outcomes";
import { paced } from "../sources/pace";
import { RecentJobs } from "../sources/recent_jobs";
import type { PanelSource } from "../views/panel/data";

/** Active experiments whose jobs of mine are counted from the start. */
const MOST_EXPERIMENTS = 8;
const ESTIMATE_EVERY_MS = 10_000;
/** Of one request for estimates. */
const MOST_ESTIMATES = 200;

export class MyJobs implements PanelSource {
  experiments: readonly ExperimentRow[] = [];
  experiment = "";
  readonly #feed: Feed;
  readonly #mine: RecentJobs;
  readonly #leave: () => void;
  readonly #listeners = new Set<() => void>();
  readonly #left = new Map<number, number | null>();
  readonly #estimate = paced(() => void this.#fetchEstimates(), ESTIMATE_EVERY_MS);
  #all: RecentJobs | null = null;
  #listed = false;

  constructor(
    private readonly api: Api,
    /** The one to show if it exists, as it was chosen earlier; "" for any. */
    private readonly wanted: Promise<string>,
    /** Jobs of mine that changed while we looked. */
    private readonly told: (rows: readonly JobRow[]) => void = () => undefined,
  ) {
    this.#feed = feedOf(api);
    this.#mine = new RecentJobs(api, "mine", () => this.#first(), {
      changed: () => this.#changed(),
      told: (rows) => this.told(rows),
    });
    this.#mine.start();
    this.#leave = this.#feed.follow({
      subject: "system",
      message: (message) => this.#hear(message),
      linked: () => void this.#list(),
    });
    void this.#list(); // the line may be there already
  }

  close(): void {
    this.#leave();
    this.#mine.close();
    this.#all?.close();
    this.#estimate.stop();
    this.#listeners.clear();
  }

  get everyone(): boolean {
    return this.#all !== null;
  }
  get jobs(): JobRow[] {
    const id = this.#id();
    return [...(this.#all ?? this.#mine).rows.values()].filter((row) => row.experiment_id === id);
  }
  get loading(): boolean {
    return this.experiments.length > 0 || !this.#listed ? (this.#all ?? this.#mine).loading : false;
  }
  get health(): HealthRow | null {
    return this.#feed.health;
  }
  get autorun(): AutorunRow | null {
    return this.#feed.autorun;
  }
  get connection(): Connection {
    return this.#feed.connection;
  }

  /** How many of mine run, and how many failed in the last 24 hours; and how many active experiments are left out. */
  get counts(): { running: number; failed: number; left: number } {
    let running = 0;
    let failed = 0;
    for (const row of this.#mine.rows.values()) {
      const { shape } = look(shown(row, this.health));
      if (shape === "run") running++;
      if (shape === "cross" && !row.kill_by) failed++;
    }
    const left = this.#mine.loading ? 0 : this.experiments.filter((one) => one.active && !this.#mine.covers(one.name)).length;
    return { running, failed, left };
  }

  /** Name of an experiment by its number; "" if it is not known yet. */
  nameOf(experiment_id: number): string {
    return this.experiments.find((one) => one.id === experiment_id)?.name ?? "";
  }

  left_s(job: number): number | null {
    return this.#left.get(job) ?? null;
  }

  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  choose(experiment: string): void {
    if (!experiment || experiment === this.experiment) return;
    this.experiment = experiment;
    if (this.everyone) {
      this.showEveryone(false);
      this.showEveryone(true);
    }
    if (!this.#mine.covers(experiment)) this.#mine.load();
    this.#changed();
  }

  showEveryone(on: boolean): void {
    if (on === this.everyone) return;
    this.#all?.close();
    const name = this.experiment;
    this.#all = on ? new RecentJobs(this.api, name, () => [name], { changed: () => this.#changed() }) : null;
    this.#all?.start();
    this.#changed();
  }

  async kill(job: number): Promise<Outcome | undefined> {
    return (await doWith(this.api, "kill", [job]))[0];
  }

  /** Names of those whose jobs are loaded: the chosen one first. */
  #first(): string[] {
    const active = this.experiments.filter((one) => one.active && one.name !== this.experiment);
    const names = active.slice(0, MOST_EXPERIMENTS - 1).map((one) => one.name);
    return this.experiment ? [this.experiment, ...names] : names;
  }

  async #list(): Promise<void> {
    this.#changed();
    if (this.#listed || this.#feed.connection.state !== "live") return;
    this.#listed = true;
    try {
      const all = await experiments(this.api);
      this.experiment ||= await this.wanted;
      this.#know(all);
    } catch {
      this.#listed = false; // asked again when the connection changes
    }
  }

  #hear(message: ChangeMessage): void {
    const changed = message.upserts.experiments ?? [];
    if (changed.length && this.#listed) {
      const ids = new Set(changed.map((one) => one.id));
      this.#know([...changed, ...this.experiments.filter((one) => !ids.has(one.id))]);
    }
  }

  #know(all: readonly ExperimentRow[]): void {
    this.experiments = newestFirst(all);
    if (!this.experiments.some((one) => one.name === this.experiment)) this.experiment = this.experiments[0]?.name ?? "";
    if (this.#mine.loading) this.#mine.load();
    this.#changed();
  }

  #id(): number {
    return this.experiments.find((one) => one.name === this.experiment)?.id ?? -1;
  }

  #changed(): void {
    if (this.#runningHere().length) this.#estimate();
    for (const listener of [...this.#listeners]) listener();
  }

  #runningHere(): JobRow[] {
    return this.jobs.filter((row) => row.started && !isFinal(row.state) && row.reported_at).slice(0, MOST_ESTIMATES);
  }

  async #fetchEstimates(): Promise<void> {
    let ids = this.#runningHere().map((row) => row.id);
    if (!ids.length) return;
    try {
      const path = `/experiments/${encodeURIComponent(this.experiment)}/jobs/window`;
      const found: WideRow[] = [];
      while (ids.length) {
        const { rows, left } = await this.api.json<WidePage>("GET", `${path}?ids=${ids.join()}`);
        found.push(...rows);
        ids = left;
      }
      this.#left.clear();
      for (const row of found) this.#left.set(row.id, row.left_s);
      for (const listener of [...this.#listeners]) listener();
    } catch {
      this.#left.clear(); // no estimate is better than an old one
    }
  }
}
