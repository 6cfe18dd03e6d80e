/**
 * Reports, notes and sparklines of the jobs in view and of those that changed: fetched for
 * what is on screen only, and kept for the 2,000 seen last.
 */

import type { JobRow, WidePage, WideRow } from "../model/rows";
import type { Api } from "./api";
import { paced } from "./pace";

const KEPT = 2_000;
/** Of one request. */
const MAX_IDS = 200;
/** Between two requests: scrolling passes many rows, and running jobs report all the time. */
const GAP_MS = 300;
/** A sparkline of a running job is drawn anew at most so often. */
const FRESH_MS = 2_000;

interface Kept {
  row: WideRow;
  /** ms since 1970 when it was fetched; 0: only what the change feed told, without a sparkline. */
  fetched: number;
  /** It changed since. */
  stale: boolean;
}

export class WideRows {
  private readonly kept = new Map<number, Kept>();
  private inView: readonly number[] = [];
  private asking = false;
  private closed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly fetch = paced(() => void this.ask(), GAP_MS);

  constructor(
    private readonly api: Api,
    /** As "/experiments/xppi0915/jobs/window". */
    private readonly path: string,
    private readonly give: (rows: ReadonlyMap<number, WideRow>) => void,
  ) {}

  get(id: number): WideRow | undefined {
    return this.kept.get(id)?.row;
  }

  /** These are on screen now. */
  view(ids: readonly number[]): void {
    this.inView = ids.slice(0, MAX_IDS);
    if (this.wanted().length) this.fetch();
  }

  /** Take what the change feed tells of a job. */
  learn({ id, report, notes }: JobRow): void {
    const held = this.kept.get(id);
    const row = { spark: [], left_s: null, ...held?.row, id, report, notes };
    this.keep(id, { row, fetched: held?.fetched ?? 0, stale: true });
  }

  /** After a learned change: fetch the sparklines in view again, not too often. */
  refresh(): void {
    if (this.timer === undefined && this.inView.some((id) => this.kept.get(id)?.stale)) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.fetch();
      }, FRESH_MS);
    }
  }

  /** The table begins anew: what is in view is fetched again; of another store all is void. */
  begin(replaced: boolean): void {
    if (replaced) this.kept.clear();
    for (const held of this.kept.values()) Object.assign(held, { stale: true, fetched: 0 });
    this.view(this.inView);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.fetch.stop();
  }

  private wanted(): number[] {
    const now = Date.now();
    return this.inView.filter((id) => {
      const held = this.kept.get(id);
      return !held || (held.stale && now - held.fetched >= FRESH_MS);
    });
  }

  private async ask(): Promise<void> {
    const ids = this.wanted();
    if (this.asking || this.closed || !ids.length) return;
    this.asking = true;
    let untold: readonly number[] = [];
    try {
      const asked = Date.now();
      const { rows, left } = await this.api.json<WidePage>("GET", `${this.path}?ids=${ids.join()}`);
      untold = left;
      if (this.closed) return;
      for (const row of rows) this.keep(row.id, { row, fetched: asked, stale: false });
      this.give(new Map(rows.map((row) => [row.id, row])));
    } catch {
      this.inView = []; // the connection says why; the next view asks again
    } finally {
      this.asking = false;
    }
    const next = (id: number): boolean => !ids.includes(id) || untold.includes(id);
    if (this.wanted().some(next)) this.fetch();
  }

  private keep(id: number, kept: Kept): void {
    this.kept.delete(id);
    this.kept.set(id, kept);
    if (this.kept.size <= KEPT) return;
    for (const old of this.kept.keys()) {
      if (this.inView.includes(old)) continue;
      this.kept.delete(old);
      return;
    }
  }
}
