/**
 * The change feed: one line for all that a page follows, opened again whenever it breaks.
 *
 * A follower says from which revision on it wants to hear, so nothing is lost between what it
 * read and the line, nor while the line was down.
 */

import type { Connection, ConnectionState } from "../grid/types";
import type { AutorunRow, ChangeMessage, HealthRow, StatusRow } from "../model/rows";
import { type Api, ApiError, type Line } from "./api";
import { backOff_ms } from "./pace";
import { skew } from "./skew";

/** Silence after which the other end is asked whether it is still there. */
const SILENT_MS = 60_000;
/** How often that is looked at: a timer only, which asks nobody. */
const LOOK_MS = 15_000;
const PROBE_MS = 10_000;
const SYSTEM = '{"subscribe":"system"}';
const UNOPENED = "The Jupyter server answers, but the line for live updates cannot be opened.";
/** Subscriptions of one line are never taken back, and 64 are allowed: then a new line. */
const MAX_TOLD = 48;

export interface Follower {
  /** An experiment's name, or "mine"; null: only `linked`. */
  readonly subject: string | null;
  /** What is known; null: not ready, nothing is asked for yet. */
  since?(): { since: number; epoch: string } | null;
  message?(message: ChangeMessage): void;
  /** The subscription was refused; `kind` "Gone": load anew. */
  refused?(error: ApiError): void;
  /** Connection, status, health or autorun changed. */
  linked?(): void;
}

type Told = ChangeMessage | { subscription: string | null; error: string; message: string };

const feeds = new WeakMap<Api, Feed>();

/** The one feed of an API. */
export function feedOf(api: Api): Feed {
  let feed = feeds.get(api);
  if (!feed) feeds.set(api, (feed = new Feed(api)));
  return feed;
}

export class Feed {
  connection: Connection = { state: "loading", since: Date.now(), why: "", attempt: 0, next: null };
  /** As of the last connection. */
  status: StatusRow | null = null;
  health: HealthRow | null = null;
  autorun: AutorunRow | null = null;
  /** ms since 1970 of the last message. */
  asOf = NaN;

  private readonly followers = new Set<Follower>();
  private told = new Set<string>();
  private line: Line | null = null;
  private open = false;
  /** Grows with each connection: what belongs to an earlier one is void. */
  private turn = 0;
  private revision = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private probing: ReturnType<typeof setTimeout> | undefined;
  private looking: ReturnType<typeof setInterval> | undefined;
  private looked = 0;

  constructor(private readonly api: Api) {}

  /** Be told until the returned function is called; the last one that leaves closes the line. */
  follow(follower: Follower): () => void {
    this.followers.add(follower);
    if (this.followers.size === 1) this.wake();
    else this.renew(follower);
    return () => {
      if (this.followers.delete(follower) && !this.followers.size) this.sleep();
    };
  }

  /** Ask for a follower's messages from what it knows now on. */
  renew(follower: Follower): void {
    const { subject } = follower;
    if (subject === null || !this.open || !follower.since?.()) return;
    if (this.told.size >= MAX_TOLD && !this.told.has(subject)) this.reconnect();
    else this.ask(subject);
  }

  /** Connect again now, if it is not connected; else find out whether it still is. */
  readonly retry = (): void => {
    if (!this.followers.size) return;
    const { state, why, attempt } = this.connection;
    if (!this.line) {
      void this.connect();
      this.set(state, why, attempt);
    } else if (this.open) {
      this.probe();
    }
  };

  private wake(): void {
    this.set("loading", "", 0);
    this.looked = Date.now();
    this.looking = setInterval(() => this.look(), LOOK_MS);
    addEventListener("online", this.retry);
    document.addEventListener("visibilitychange", this.seen);
    void this.connect();
  }

  private sleep(): void {
    clearInterval(this.looking);
    removeEventListener("online", this.retry);
    document.removeEventListener("visibilitychange", this.seen);
    this.drop();
    this.set("closed", "", 0);
  }

  private drop(): void {
    this.turn++;
    clearTimeout(this.timer);
    clearTimeout(this.probing);
    this.timer = this.probing = undefined;
    this.line?.close();
    this.line = null;
    this.open = false;
    this.told.clear();
  }

  private reconnect(): void {
    this.drop();
    void this.connect();
  }

  /** The status first: it has words for what is wrong, and another version may serve by now. */
  private async connect(): Promise<void> {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    const still = (): boolean => turn === this.turn;
    try {
      const status = await this.api.json<StatusRow>("GET", "/status");
      if (!still()) return;
      this.revision = Math.max(this.revision, status.revision);
      this.status = status;
      this.health = status.health;
      this.autorun = status.autorun;
      const why = skew(status.api_version);
      if (why) this.lost(why, "down");
      else this.dial(still);
    } catch (error) {
      if (!still()) return;
      const refused = error instanceof ApiError && error.status >= 400 && error.status < 500;
      this.lost(error instanceof Error ? error.message : "", refused ? "down" : "reconnecting");
    }
  }

  private dial(still: () => boolean): void {
    this.changed();
    this.line = this.api.line({
      open: () => {
        if (!still()) return;
        this.open = true;
        this.asOf = Date.now();
        this.line?.send(SYSTEM);
        for (const follower of this.followers) this.renew(follower);
      },
      message: (text) => still() && this.hear(JSON.parse(text) as Told),
      close: (why) => still() && this.lost(this.open ? why : UNOPENED),
    });
  }

  private lost(why: string, state: ConnectionState = "reconnecting"): void {
    const { attempt } = this.connection;
    this.drop();
    const wait_ms = backOff_ms(attempt);
    this.timer = setTimeout(() => void this.connect(), wait_ms);
    this.set(state, why, attempt + 1, Date.now() + wait_ms);
  }

  private hear(told: Told): void {
    this.asOf = Date.now();
    clearTimeout(this.probing);
    this.probing = undefined;
    if (this.connection.state !== "live") this.set("live", "", 0);
    if ("error" in told) {
      const error = new ApiError(told.error === "Gone" ? 410 : 400, told.error, told.message);
      this.each(told.subscription, (one) => one.refused?.(error));
      return;
    }
    this.revision = Math.max(this.revision, told.to);
    const { health, autorun } = told.upserts;
    if (health) this.health = health;
    if (autorun) this.autorun = autorun;
    if (health || autorun) this.changed();
    this.each(told.subscription, (one) => one.message?.(told));
  }

  private each(subject: string | null, act: (one: Follower) => void): void {
    for (const one of [...this.followers]) if (one.subject === subject) act(one);
  }

  /** Several may follow one subject: who knows least decides where it begins. */
  private ask(subject: string): void {
    const known: { since: number; epoch: string }[] = [];
    this.each(subject, (one) => {
      const since = one.since?.();
      if (since) known.push(since);
    });
    known.sort((a, b) => a.since - b.since);
    this.told.add(subject);
    this.line?.send(JSON.stringify({ subscribe: subject, ...known[0] }));
  }

  // -- is it still there? ---------------------------------------------------------------

  private readonly seen = (): void => {
    if (document.hidden) return;
    if (!this.open || Date.now() - this.asOf > SILENT_MS) this.retry();
  };

  private look(): void {
    const slept = Date.now() - this.looked > LOOK_MS + SILENT_MS;
    this.looked = Date.now();
    if (!this.open || Date.now() - this.asOf < SILENT_MS) return;
    if (slept) this.probe();
    else if (!document.hidden && this.api.kind === "server") void this.ping();
  }

  /** Ask over the line itself; an end that does not answer is given up. */
  private probe(): void {
    if (this.probing !== undefined) return;
    this.line?.send(SYSTEM);
    this.probing = setTimeout(() => this.lost("The Jupyter server was silent."), PROBE_MS);
  }

  /** Ask beside the line, so that a page left open does not keep its server from being culled. */
  private async ping(): Promise<void> {
    const { line } = this;
    try {
      const { revision } = await this.api.json<StatusRow>("GET", "/status?no_track_activity=1");
      if (line !== this.line || !line) return;
      if (revision > this.revision) this.probe(); // something changed, and the line said nothing
      this.revision = Math.max(this.revision, revision);
      this.asOf = Date.now();
    } catch (error) {
      if (line === this.line && line) this.lost(error instanceof Error ? error.message : "");
    }
  }

  private set(state: ConnectionState, why: string, attempt: number, next: number | null = null): void {
    const { state: was, since } = this.connection;
    this.connection = { state, why, attempt, next, since: state === was ? since : Date.now() };
    this.changed();
  }

  private changed(): void {
    for (const one of [...this.followers]) one.linked?.();
  }
}
