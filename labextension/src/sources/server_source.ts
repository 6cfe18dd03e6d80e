/**
 * The jobs of an experiment from the manager: the newest, then the rest while the page is
 * idle, then each change.
 *
 * Each change after the head's revision is told, so a table that lets changes stand before the
 * chunk with their rows ends right, in whatever order chunks and changes come. Of two versions
 * of a row the one with the higher revision is kept.
 */

import type { Connection, EditAnswer, Frame, IdRange, TableSink, TableSource } from "../grid/types";
import { decodeHttp } from "../grid/wire";
import type { ChangeMessage, JobRow } from "../model/rows";
import { type Api, ApiError } from "./api";
import { type Feed, type Follower, feedOf } from "./feed";
import { Gather } from "./gather";
import { jobValues } from "./job_values";
import { doWith } from "./outcomes";
import { backOff_ms, idle, paced } from "./pace";
import { WideRows } from "./wide_rows";

/** Rows of the first answer, and of those that follow. */
const HEAD = 512;
const CHUNK = 20_000;
const MOST = 50_000;
const FIXED = "Jobs cannot be written by hand: apply a hash to a run, or rerun a job.";

export interface JobsTable {
  /** Revision of a row in the table; undefined: there is no such row. */
  revision(id: number): number | undefined;
  /** Counters that are wanted as columns. */
  counters?(): readonly string[];
  /** Rows that are there: after a resync as many are asked for at once. */
  rows?(): number;
  /** Read what is not a job: after the head's revision, so that no change is missed. */
  rest?(): Promise<void>;
  /** Messages of the experiment that follow on what is known, for what is not a job. */
  message?(message: ChangeMessage): void;
}

export class ServerSource implements TableSource {
  readonly wide: WideRows;
  private readonly feed: Feed;
  private readonly root: string;
  private sink!: TableSink;
  private gather!: Gather;
  private leave: () => void = () => undefined;
  /** Grows with each load: answers to an earlier one are void. */
  private round = 0;
  private loaded = false;
  private failure: Connection | null = null;
  private wakeUp: () => void = () => undefined;
  private epoch = "";
  /** All changes up to here were told. */
  private reached = 0;
  /** Messages of an earlier subscription may still come; they are void until one follows on. */
  private joining = false;
  private readonly catchUp = paced(() => this.joining && this.feed.renew(this.follower), 1000);

  constructor(
    private readonly api: Api,
    experiment: string,
    private readonly table: JobsTable,
  ) {
    this.root = `/experiments/${encodeURIComponent(experiment)}/jobs`;
    this.feed = feedOf(api);
    this.wide = new WideRows(api, `${this.root}/window`, (rows) => this.sink.wide("report", rows));
    this.follower = {
      subject: experiment,
      since: () => (this.loaded ? { since: this.reached, epoch: this.epoch } : null),
      message: (message) => this.hear(message),
      refused: (error) => (error.kind === "Gone" ? this.resync() : this.refused(error)),
      linked: () => this.linked(),
    };
  }
  private readonly follower: Follower;

  start(sink: TableSink): void {
    this.sink = sink;
    this.gather = new Gather((delta) => sink.delta(delta));
    this.leave = this.feed.follow(this.follower);
    this.resync();
  }

  resync(): void {
    const round = ++this.round;
    this.loaded = false;
    this.failure = null;
    this.gather.clear();
    this.load(round).catch((error: unknown) => {
      if (round === this.round) this.refused(error);
    });
    this.tell();
  }

  /** Ask now for what waits to be asked again, or was refused. */
  retry(): void {
    this.wakeUp();
    if (this.failure?.state === "down") this.resync();
  }

  view(ids: readonly number[]): void {
    this.wide.view(ids);
  }

  edit(): Promise<EditAnswer> {
    return Promise.resolve({ ok: false, message: FIXED });
  }

  add(): Promise<EditAnswer> {
    return this.edit();
  }

  async remove(ranges: readonly IdRange[]): Promise<EditAnswer> {
    const ids: number[] = [];
    // ids between may be another experiment's: only what is in the table
    for (const [first, last] of ranges) {
      for (let id = first; id <= last; id++) if (this.table.revision(id) !== undefined) ids.push(id);
    }
    try {
      const refused = (await doWith(this.api, "delete", ids)).find((one) => !one.ok);
      return refused ? { ok: false, message: refused.message } : { ok: true, version: this.reached };
    } catch (error) {
      return { ok: false, message: words(error) };
    }
  }

  select(): void {
    // the page acts on its selection itself; a kernel is told by the widget
  }

  async search(text: string): Promise<ReadonlySet<number>> {
    const path = `${this.root}/search?text=${encodeURIComponent(text)}`;
    return new Set((await this.api.json<{ ids: number[] }>("GET", path)).ids);
  }

  close(): void {
    this.round++;
    this.loaded = false;
    this.wakeUp();
    this.leave();
    this.catchUp.stop();
    this.gather?.clear();
    this.wide.close();
  }

  /** Take rows that a request answered, so that whoever asked sees them at once. */
  learn(rows: readonly JobRow[]): void {
    if (!this.loaded) return;
    // what is not newer than all that was told is known, or was deleted since
    for (const row of rows) if (row.revision > this.reached) this.take(row);
    this.gather.go();
  }

  // -- loading ------------------------------------------------------------------------

  private async load(round: number): Promise<void> {
    const still = (): boolean => round === this.round;
    const first = Math.min(MOST, Math.max(HEAD, this.table.rows?.() ?? 0));
    let frame = await this.patiently(still, () => this.ask(null, first));
    if (!frame) return;
    const { epoch = "", revision = 0 } = frame.head;
    this.wide.begin(epoch !== this.epoch);
    this.epoch = epoch;
    this.reached = revision;
    this.sink.head(frame);
    this.loaded = this.joining = true;
    this.tell();
    this.catchUp();
    await this.patiently(still, async () => this.table.rest?.());
    let before = frame.head.next_before ?? null;
    while (before !== null && still()) {
      const from: number = before;
      await idle();
      frame = await this.patiently(still, () => this.ask(from, CHUNK));
      if (!frame) return;
      if (frame.head.epoch !== epoch) {
        this.resync();
        return;
      }
      this.sink.chunk(frame);
      before = frame.head.next_before ?? null;
    }
  }

  private async ask(before: number | null, limit: number): Promise<Frame> {
    const counters = (this.table.counters?.() ?? []).map((name) => `&counters=${encodeURIComponent(name)}`);
    const from = before === null ? "" : `&before=${before}`;
    return decodeHttp(await this.api.bytes(`${this.root}/columns?limit=${limit}${from}${counters.join("")}`));
  }

  /** Ask until it is answered; null once nobody wants to know. A refusal in words is thrown. */
  private async patiently<T>(still: () => boolean, ask: () => Promise<T>): Promise<T | null> {
    for (let attempt = 1; still(); attempt++) {
      try {
        const answer = await ask();
        if (this.failure && still()) {
          this.failure = null;
          this.tell();
        }
        return still() ? answer : null;
      } catch (error) {
        if (error instanceof ApiError && error.status >= 400 && error.status < 500) throw error;
        if (!still()) return null;
        const wait_ms = backOff_ms(attempt - 1);
        const since = this.failure?.since ?? Date.now();
        this.failure = { state: "reconnecting", since, why: words(error), attempt, next: Date.now() + wait_ms };
        this.tell();
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, wait_ms);
          this.wakeUp = () => (clearTimeout(timer), resolve());
        });
      }
    }
    return null;
  }

  // -- changes ------------------------------------------------------------------------

  private hear(message: ChangeMessage): void {
    if (!this.loaded) return; // all of it is in the head, or comes again after it
    if (message.epoch !== this.epoch) {
      if (!this.joining) this.resync();
      return;
    }
    if (message.from > this.reached) {
      this.joining = true;
      this.catchUp(); // what is missing is told again from `reached` on
      return;
    }
    this.joining = false;
    if (this.failure) {
      this.failure = null;
      this.tell();
    }
    for (const row of message.upserts.jobs ?? []) this.take(row);
    for (const id of message.deleted.jobs) this.drop(id, message.to);
    this.reached = Math.max(this.reached, message.to);
    this.gather.go();
    this.wide.refresh();
    this.table.message?.(message);
  }

  private take(row: JobRow): void {
    const known = this.table.revision(row.id);
    if (known !== undefined && known >= row.revision) return;
    this.gather.put(row.id, row.revision, jobValues(row, this.table.counters?.() ?? []));
    this.wide.learn(row);
  }

  private drop(id: number, order: number): void {
    const known = this.table.revision(id);
    if (known === undefined || known <= order) this.gather.put(id, order, null);
  }

  // -- the connection -------------------------------------------------------------------

  private linked(): void {
    if (this.feed.connection.state === "live") {
      this.wakeUp();
      // a refusal may be over as well: somebody logged in, or made the experiment
      if (!this.loaded && this.failure?.state === "down") this.resync();
    }
    this.tell();
  }

  private refused(error: unknown): void {
    this.failure = { state: "down", since: Date.now(), why: words(error), attempt: 0, next: null };
    this.tell();
  }

  private tell(): void {
    const { connection } = this.feed;
    const loading: Connection = { ...connection, state: "loading" };
    this.sink.connection(this.failure ?? (this.loaded || connection.state !== "live" ? connection : loading));
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
