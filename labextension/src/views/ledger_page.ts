/** The page Autorun: what was decided for each run and batch def, and why; live, newest first. */

import { measureCh } from "../grid/column_widths";
import { GridHost } from "../grid/host";
import type { Missed, Standing } from "../model/autorun";
import type { EntryRow } from "../model/rows";
import { AutorunRequests } from "../sources/autorun_requests";
import type { Board, BoardChange } from "../sources/board";
import { askExclude, include } from "./autorun/exclude";
import { ledgerColumns, roomFor } from "./autorun/columns";
import { FullLine } from "./autorun/full";
import { ALL, Lines, LineRows, type LedgerFilter } from "./autorun/lines";
import { tried } from "./autorun/stop";
import { Strip } from "./autorun/strip";
import { LedgerTools } from "./autorun/tools";
import { codeLine } from "./code_line";
import { counted } from "./counted";
import { el, fill } from "../dom";
import { ledgerExpression } from "./autorun/expression";
import { whenGone } from "./jobs/when_gone";
import type { LedgerOf, Mounted, Shell } from "./shell";

export { askExclude, include } from "./autorun/exclude";
export { followWaiting, pressSwitch, resume } from "./autorun/stop";

/** Rows before the last one from which on the next older are asked for. */
const AHEAD = 100;
const STANDING_MS = 500;
const ROW_PX = 28;
const WALL_ROW_PX = 44;
const KEYS = [
  { keys: "Enter", what: "open the job, or press what is in the cell", place: "table" },
  { keys: "r", what: "run the line now, where it has no job", place: "table" },
  { keys: "s", what: "skip a line that waits", place: "table" },
  { keys: "Space", what: "select lines that wait", place: "table" },
] as const;

/** Show the ledger `of` a run or a batch def, or all of it. */
export function drawLedger(box: HTMLElement, board: Board, shell: Shell, of: LedgerOf = {}): LedgerPage {
  return new LedgerPage(box, board, shell, of);
}

/** The same over a page that has no tabs. */
export function openLedger(shell: Shell, of: LedgerOf): void {
  shell.dialog("What autorun decided", (box, close) => {
    const page = el("div.arp-page.is-over");
    box.append(page);
    // a job opens beside the table below
    const drawn = new LedgerPage(page, shell.board, shell, of, (job) => (close(), shell.openJob(job, "details")));
    drawn.resize();
    whenGone(box, () => drawn.destroy());
  });
}

export class LedgerPage implements Mounted {
  readonly #lines: Lines;
  readonly #host: GridHost;
  readonly #tools: LedgerTools;
  readonly #strip = new Strip();
  readonly #wrap = el("div.arp-gridwrap.is-ledger", { onfocusin: () => this.#focused() });
  readonly #full = new FullLine();
  readonly #none = el("div.arp-over", { hidden: true });
  readonly #count = el("span", { role: "status" });
  readonly #code;
  readonly #page: HTMLElement;
  readonly #stops: (() => void)[];
  #rows = new LineRows([], 0, null);
  #standing: Standing | null = null;
  #timer = 0;
  #open: number | null = null;
  /** Key of the line that last had the focus. */
  #last: number | null = null;
  #width_ch = 0;

  constructor(
    box: HTMLElement,
    readonly board: Board,
    readonly shell: Shell,
    of: LedgerOf,
    readonly openJob = (job: number): void => shell.openJob(job, "details"),
  ) {
    this.#lines = new Lines(board, () => this.#show());
    this.#code = codeLine(shell, "Copy pandas expression");
    this.#tools = new LedgerTools({
      filter: (part) => this.#ask({ ...this.#lines.filter, ...part }), found: () => this.#host.focus(this.#rows.length ? this.#rows.key(0) : undefined, "outcome"),
      exclude: () => this.#exclude(), selected: (what) => void this.#settle([...this.#host.selection], what),
    });
    const body = el("div.arp-body", { "onarp-job": (event: CustomEvent<number>) => this.#opened(event.detail) }, this.#wrap);
    this.#page = el("div.arp-jobs.arp-ledger", {}, this.#strip.el, this.#tools.el, body, this.#full.el, el("footer.arp-foot", {}, this.#count, el("span.arp-grow"),
      el("span.arp-hide-s", {}, "This view:"), this.#code.el));
    box.append(this.#page);
    this.#host = new GridHost(this.#wrap, ledgerColumns((row) => this.#rows.entries[row]!), {
      key: (row, column, event) => this.#key(row, column, event),
      press: (row, _column, act, event) => this.#press(row, act, event),
      selection: (keys) => this.#tools.chosen(keys.size),
      view: (_first, last) => void (last > this.#rows.length - AHEAD && this.#lines.older()),
    }, { label: "What autorun decided", multiSelect: true, rowName: (row) => this.#name(row) });
    this.#wrap.append(this.#none);
    this.#stops = [
      board.on((change) => this.#changed(change)),
      shell.keys([...KEYS, { keys: "Escape", what: "", do: () => this.#escape() }]),
    ];
    this.#strip.draw(board, null);
    this.show(of);
    this.#askStanding();
  }

  show({ run, hash }: LedgerOf): void {
    this.#ask({ ...ALL, run: run ?? null, hash: hash ?? "" });
  }

  resize(): void {
    if (this.#open !== null && !this.#page.querySelector(".arp-drawer:not([hidden])")) this.#opened(null);
    const width_ch = this.#wrap.clientWidth ? this.#wrap.clientWidth / measureCh(this.#wrap) : 0;
    if (width_ch && width_ch !== this.#width_ch) this.#host.setChoices(roomFor((this.#width_ch = width_ch), this.#host.columns));
    const wall = this.#page.closest<HTMLElement>(".arp")?.dataset["density"] === "wall";
    this.#host.setRowHeight(wall ? WALL_ROW_PX : ROW_PX);
    this.#host.resize();
  }

  destroy(): void {
    window.clearTimeout(this.#timer);
    this.#lines.close();
    this.#stops.forEach((stop) => stop());
    this.#tools.destroy();
    this.#host.destroy();
    this.#page.remove();
  }

  #ask(filter: LedgerFilter): void {
    this.#host.selection = [];
    this.#tools.chosen(0);
    void this.#lines.ask(filter);
  }

  #changed({ ledger, runs, definitions, health, connection, experiment }: BoardChange): void {
    if (ledger) this.#lines.take(ledger);
    if (connection && this.board.connection.state === "live") void this.#lines.again();
    if (runs || definitions) this.#aroundRows();
    if (health || experiment || (connection && this.board.connection.state === "live")) this.#askStanding();
    if (health) this.#strip.draw(this.board, this.#standing);
  }

  /** Whether it acts is asked for again after what can change it; never by the clock. */
  #askStanding(): void {
    this.#timer ||= window.setTimeout(() => {
      this.#timer = 0;
      new AutorunRequests(this.board).standing().then((standing) => {
        this.#standing = standing;
        this.#strip.draw(this.board, standing);
      }, () => undefined);
    }, this.#standing ? STANDING_MS : 0);
  }

  #show(): void {
    const { entries, more } = this.#lines;
    this.#rows = new LineRows(entries, more ? NaN : 0, this.#open);
    const here = new Set(entries.filter(({ outcome }) => outcome === "waiting").map(({ id }) => id));
    const left = [...this.#host.selection].filter((id) => here.has(id));
    if (left.length !== this.#host.selection.size) {
      this.#host.selection = left;
      this.#tools.chosen(left.length);
    }
    this.#host.show(this.#rows);
    this.#host.redraw("all");
    this.#focused();
    this.#aroundRows();
  }

  /** The header and what stands beside the table leave the line as it is. */
  #focused(): void {
    const { inside, key } = this.#host.focusAt;
    if (inside && key !== null) this.#last = key;
    this.#full.draw(this.#rows.entries[this.#last === null ? -1 : this.#rows.indexOf(this.#last)] ?? null);
  }

  #aroundRows(): void {
    const { filter, loading, more, entries, failed } = this.#lines;
    const run = filter.run === null ? undefined : this.board.runs.get(filter.run);
    this.#tools.show(filter, [...this.board.definitions.values()].map(({ name }) => name).sort(), run ? { number: run.run, excluded: run.excluded_at !== null } : null);
    const waits = entries.filter(({ outcome }) => outcome === "waiting").length;
    fill(this.#count, loading ? "Loading …" : `${entries.length.toLocaleString("en")}${more ? "+" : ""} ${entries.length === 1 ? "line" : "lines"}`,
      waits > 0 && el("b", {}, `, ${waits.toLocaleString("en")} ${waits === 1 ? "waits" : "wait"}`));
    this.#code.set(ledgerExpression(filter));
    this.#none.hidden = entries.length > 0 || loading;
    fill(this.#none, !this.#none.hidden && el("div.arp-none", {}, el("h2", {}, failed ? "The ledger could not be read" : isAll(filter) ? "Autorun has decided nothing yet" : "No line matches"),
      el("p", {}, failed || (isAll(filter) ? "Check Autorun of a batch def: what is decided for each run that comes is told here, and why." : "Drop a filter to see more.")),
      failed ? el("button.arp-btn.is-main", { type: "button", onclick: () => this.#ask(filter) }, "Try again")
        : isAll(filter) ? el("button.arp-btn.is-main", { type: "button", onclick: () => this.shell.go("defs") }, "Go to the batch defs")
          : el("button.arp-btn", { type: "button", onclick: () => this.#ask(ALL) }, "Clear all ", el("kbd", {}, "Esc"))));
  }

  #name(row: number): string {
    const one = this.#rows.entries[row];
    return one ? `${one.hash} on run ${one.run}` : "";
  }

  #opened(job: number | null): void {
    this.#open = job;
    this.#show();
  }

  #escape(): boolean {
    if (this.#host.selection.size) {
      this.#host.selection = [];
      this.#tools.chosen(0);
    } else if (!isAll(this.#lines.filter)) this.#ask(ALL);
    else return false;
    return true;
  }

  #key(row: number, column: string, event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return false;
    const letter = this.shell.letters ? { r: "run", s: "skip" }[event.key] : undefined;
    const act = letter ?? (event.key === "Enter" && column !== "act" && this.#rows.entries[row]?.job_id != null ? "job" : null);
    return act ? this.#act(row, act) : false;
  }

  #press(row: number, act: string | null, event: MouseEvent): void {
    if (act) this.#act(row, act);
    else if (event.detail === 2 && this.#rows.entries[row]?.job_id != null) this.#act(row, "job");
  }

  #act(row: number, act: string): boolean {
    const one = this.#rows.entries[row];
    if (!one) return false;
    if (act === "job" && one.job_id !== null) this.openJob(one.job_id);
    else if (one.outcome === "waiting" && one.id !== null) void this.#settle(this.#host.selection.has(one.id) ? [...this.#host.selection] : [one.id], act === "skip" ? "skip" : "run");
    else if (act === "run" && one.outcome !== "fired") void this.#apply(one);
    else return false;
    return true;
  }

  /** Lines that wait are run, or skipped, as somebody says. */
  async #settle(ids: readonly number[], what: Missed): Promise<void> {
    const done = await tried(this.shell, what === "run" ? "Not run" : "Not skipped", () => new AutorunRequests(this.board).missed(ids, what));
    if (!done) return;
    this.#lines.take(done);
    const fired = done.filter(({ outcome }) => outcome === "fired").length;
    const others = done.filter(({ outcome }) => outcome !== "fired");
    if (what === "skip") this.shell.announce(`Skipped ${counted(done.length, "line")}`);
    else this.shell.toast({ kind: fired ? "good" : "plain", title: `Sent ${counted(fired, "job")}`, ...(others.length ? { text: `${others[0]!.hash} on run ${others[0]!.run}: ${others[0]!.said}` } : {}) });
  }

  /** What was skipped is run by hand: as oneself, not as whoever checked the box. */
  async #apply({ hash, run }: EntryRow): Promise<void> {
    const made = await tried(this.shell, `${hash} was not applied to run ${run}`, () => this.board.apply({ definition: hash, runs: [run], existing: "again" }));
    if (made) this.shell.toast({ kind: made.jobs.length ? "good" : "plain", title: made.jobs.length ? `Sent ${hash} for run ${run}, by hand` : `No job of ${hash} was sent`, ...(made.skipped[0] ? { text: made.skipped[0].why } : {}) });
  }

  #exclude(): void {
    const { run } = this.#lines.filter;
    if (run === null) return;
    void (this.board.runs.get(run)?.excluded_at ? include(this.shell, run) : askExclude(this.shell, run));
  }
}

const isAll = ({ run, hash, outcome, why }: LedgerFilter): boolean => run === null && !hash && !outcome && !why;
