/** A manager that behaves: rows, revisions, a change feed; answers when the test lets it. */

import type { Frame } from "../../grid/types";
import type { ChangeMessage, JobRow } from "../../model/rows";
import { HEALTH, STATUS, job } from "../../views/__tests__/sample_rows";
import { bodyOf, frameOf } from "../../grid/__tests__/frames";
import { type Api, ApiError, type Line, type LineEvents } from "../api";

interface Kept {
  row: JobRow;
  deleted: boolean;
}

export interface Request {
  method: string;
  path: string;
  body: unknown;
  ifMatch?: string | undefined;
}

export class FakeServer implements Api {
  readonly kind = "server";
  epoch = "e1";
  revision = 100;
  apiVersion = 1;
  /** Rows of one answer, whatever was asked for. */
  perFrame = 4;
  /** … of one answer about jobs in view. */
  perWindow = 200;
  /** Answers wait until `step` lets one go. */
  held = false;
  /** Nobody answers. */
  down = false;
  /** The store forgot revisions before this one. */
  oldest = 0;
  readonly requests: Request[] = [];
  /** Other answers, by "METHOD /path" without the query. */
  readonly answers = new Map<string, (request: Request) => unknown>();
  readonly lines: FakeLine[] = [];
  private readonly jobs = new Map<number, Kept>();
  private readonly waiting: (() => void)[] = [];

  constructor(ids: readonly number[] = []) {
    for (const id of ids) this.put(id, `h${id}`);
  }

  put(id: number, hash: string, changes: Partial<JobRow> = {}): JobRow {
    const row = job(id, id, hash, { ...changes, revision: ++this.revision });
    this.jobs.set(id, { row, deleted: false });
    this.tell();
    return row;
  }

  drop(id: number): void {
    const kept = this.jobs.get(id);
    if (!kept || kept.deleted) return;
    this.jobs.set(id, { row: { ...kept.row, revision: ++this.revision }, deleted: true });
    this.tell();
  }

  /** The store was put back, or made anew. */
  replace(ids: readonly number[]): void {
    this.epoch += "'";
    this.jobs.clear();
    this.revision = 50;
    for (const id of ids) this.put(id, `new${id}`);
    this.cut();
  }

  truth(): Record<number, string> {
    const live = [...this.jobs.values()].filter(({ deleted }) => !deleted);
    return Object.fromEntries(live.map(({ row }) => [row.id, row.hash]));
  }

  /** End all lines, as a restart does. */
  cut(): void {
    for (const line of this.lines.splice(0)) line.end("The batch manager ended; connect again.");
  }

  get open(): FakeLine[] {
    return this.lines.filter((line) => line.alive);
  }

  /** Let the oldest waiting answer go; false if none waits. */
  step(): boolean {
    const next = this.waiting.shift();
    next?.();
    return next !== undefined;
  }

  json<T>(method: string, path: string, body?: unknown, options: { ifMatch?: string } = {}): Promise<T> {
    return this.answer({ method, path, body, ifMatch: options.ifMatch }, (request) => this.found(request) as T);
  }

  bytes(path: string): Promise<ArrayBuffer> {
    return this.answer({ method: "GET", path, body: undefined }, () => bodyOf(this.frame(path)));
  }

  line(events: LineEvents): Line {
    const line = new FakeLine(this, events);
    this.lines.push(line);
    return line;
  }

  href(path: string): string {
    return `/arp/api${path}`;
  }

  asked(path: string): Request[] {
    return this.requests.filter((one) => one.path.split("?")[0] === path);
  }

  /** What changed after a revision. */
  changes(subscription: string, since: number): ChangeMessage {
    const news = [...this.jobs.values()].filter(({ row }) => row.revision > since);
    return {
      subscription, epoch: this.epoch, from: since, to: this.revision, more: false,
      upserts: subscription === "system" ? { health: HEALTH }
        : { jobs: news.filter(({ deleted }) => !deleted).map(({ row }) => row) },
      deleted: { definitions: [], jobs: news.filter(({ deleted }) => deleted).map(({ row }) => row.id) },
    };
  }

  private tell(): void {
    for (const line of this.open) line.news();
  }

  private answer<T>(request: Request, make: (request: Request) => T): Promise<T> {
    this.requests.push(request);
    return new Promise((resolve, reject) => {
      let made: T;
      try {
        if (this.down) throw new ApiError(0, "Unreachable", "The Jupyter server cannot be reached.");
        made = make(request); // read now, answered later
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      if (this.held) this.waiting.push(() => resolve(made));
      else resolve(made);
    });
  }

  private found(request: Request): unknown {
    const path = request.path.split("?")[0]!;
    const set = this.answers.get(`${request.method} ${path}`);
    if (set) return set(request);
    if (path === "/status") {
      return { ...STATUS, api_version: this.apiVersion, epoch: this.epoch, revision: this.revision, health: HEALTH };
    }
    if (path.endsWith("/window")) {
      const ids = new URLSearchParams(request.path.split("?")[1]).get("ids")!.split(",").map(Number);
      const rows = ids.flatMap((id) => this.jobs.get(id)?.row ?? []);
      const told = rows.slice(0, this.perWindow);
      return {
        rows: told.map(({ id, report, notes }) => ({ id, report, notes, spark: [1, 2], left_s: 5 })),
        left: rows.slice(this.perWindow).map(({ id }) => id),
      };
    }
    if (path.endsWith("/search")) {
      const text = new URLSearchParams(request.path.split("?")[1]).get("text")!;
      return { ids: [...this.jobs.keys()].filter((id) => this.jobs.get(id)?.row.hash.includes(text)) };
    }
    if (path === "/jobs:delete") {
      const { ids } = request.body as { ids: number[] };
      for (const id of ids) this.drop(id);
      return { results: ids.map((id) => ({ id, ok: true, message: "" })) };
    }
    throw new ApiError(404, "NotFound", `There is no ${path}.`);
  }

  private frame(path: string): Frame {
    const asked = new URLSearchParams(path.split("?")[1]);
    const before = Number(asked.get("before") ?? Infinity);
    const live = [...this.jobs.values()].filter(({ deleted }) => !deleted).map(({ row }) => row);
    const older = live.filter(({ id }) => id < before).sort((a, b) => b.id - a.id);
    const rows = older.slice(0, this.perFrame);
    const { head, buffers } = frameOf([
      { name: "id", type: "i32", values: rows.map(({ id }) => id) },
      { name: "hash", type: "dict", values: rows.map(({ hash }) => hash) },
      { name: "revision", type: "f64", values: rows.map(({ revision }) => revision) },
      ...asked.getAll("counters").map((name) =>
        ({ name: `counter:${name}`, type: "f64" as const, values: rows.map(() => null) })),
    ]);
    const next_before = older.length > rows.length ? rows.at(-1)!.id : null;
    return { head: { ...head, total: live.length, epoch: this.epoch, revision: this.revision, next_before }, buffers };
  }
}

export class FakeLine implements Line {
  alive = true;
  readonly sent: { subscribe: string; since?: number; epoch?: string }[] = [];
  /** Messages on their way; `lost` ones never come. */
  readonly waiting: object[] = [];
  private readonly told = new Map<string, number>();
  private opened = false;

  constructor(private readonly server: FakeServer, private readonly events: LineEvents) {
    queueMicrotask(() => {
      if (!this.alive) return;
      if (server.down) this.end("The connection to the Jupyter server ended.");
      else if (!server.held) this.open();
    });
  }

  open(): void {
    if (this.opened || !this.alive) return;
    this.opened = true;
    this.events.open();
  }

  send(text: string): void {
    const asked = JSON.parse(text) as { subscribe: string; since?: number; epoch?: string };
    this.sent.push(asked);
    const { subscribe, since = this.server.revision, epoch } = asked;
    if ((epoch !== undefined && epoch !== this.server.epoch) || since < this.server.oldest) {
      this.put({ subscription: subscribe, error: "Gone", message: "Load anew." });
      return;
    }
    this.told.set(subscribe, since);
    this.tell(subscribe);
  }

  close(): void {
    this.alive = false;
  }

  end(why: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.events.close(why);
  }

  news(): void {
    for (const subject of this.told.keys()) if (subject !== "system") this.tell(subject);
  }

  /** Let the oldest waiting message arrive; false if none waits. */
  step(): boolean {
    this.open();
    const next = this.waiting.shift();
    if (next && this.alive) this.events.message(JSON.stringify(next));
    return next !== undefined;
  }

  private tell(subject: string): void {
    const message = this.server.changes(subject, this.told.get(subject)!);
    this.told.set(subject, message.to);
    this.put(message);
  }

  private put(message: object): void {
    this.waiting.push(message);
    if (!this.server.held) queueMicrotask(() => this.server.held || this.step());
  }
}
