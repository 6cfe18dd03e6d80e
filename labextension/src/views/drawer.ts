/** One job beside the table: its log, what the scheduler says, what was run, what happened. */

import type { JobRow } from "../model/rows";
import { isFinal, shown, title } from "../model/status";
import { plain } from "../model/plain";
import { clock, elapsed, ms, when } from "../model/times";
import type { Board, BoardChange } from "../sources/board";
import { el, fill, unique } from "../dom";
import { drawUncertain, rerun } from "./drawer/actions";
import { drawDetails } from "./drawer/details";
import { nearestFailure } from "./drawer/failures";
import { drawHistory } from "./drawer/history";
import { LogPage } from "./drawer/log";
import type { Page } from "./drawer/page";
import { button, failure, iconButton, note } from "./drawer/parts";
import { drawSnapshot } from "./drawer/snapshot";
import { drawSplitter } from "./drawer/splitter";
import { Facts } from "./jobs/facts";
import { Presses } from "./jobs/presses";
import { killNote, killVerb } from "./jobs/why";
import type { DrawerTab, Mounted, Shell } from "./shell";
import { statusChip } from "./status_chip";

export { askUncertain } from "./drawer/actions";
export { askForMore } from "./drawer/more_dialog";

const TABS: readonly { id: DrawerTab; title: string; key: string; draw: (host: HTMLElement, board: Board, shell: Shell, job: number, native: string, log: (native: string) => void) => Page }[] = [
  { id: "log", title: "Log", key: "l", draw: (host, board, shell, job, native) => new LogPage(host, board, shell, job, native) },
  { id: "details", title: "Details", key: "i", draw: drawDetails },
  { id: "snapshot", title: "Snapshot", key: "s", draw: drawSnapshot },
  { id: "history", title: "History", key: "", draw: drawHistory },
];
/** Columns that make the job worth reading again when they change. */
const TELLING = ["status", "state", "phase", "reason", "error_line", "parts", "native_id", "host", "kill_by", "cause", "ended", "peak_memory_mb"] as const;

export interface JobDrawer extends Mounted {
  /** Show another job, or another page of the same. */
  show(job: number, tab?: DrawerTab): void;
}

/**
 * Draw it into `el`, the row that the table is in. The focus goes to its tabs. An event `arp-job`
 * that bubbles tells each time which job it shows (its `detail`).
 */
export function drawDrawer(el: HTMLElement, board: Board, shell: Shell, job: number, tab: DrawerTab): JobDrawer {
  return new Drawer(el, board, shell, job, tab);
}

class Drawer implements JobDrawer {
  readonly #id = unique("arp-drawer");
  readonly #head = el("div.arp-dhead");
  readonly #title = el("h2");
  readonly #chip = el("span.arp-dacts");
  readonly #acts = el("span.arp-dacts");
  readonly #sub = el("div.arp-dsub");
  readonly #notes = el("div.arp-dnotes");
  readonly #tabs: readonly HTMLButtonElement[];
  readonly #panel = el("div.arp-dpage", { role: "tabpanel", id: `${this.#id}-panel` });
  readonly #aside: HTMLElement;
  readonly #off: readonly (() => void)[];
  #page: Page | null = null;
  #row: JobRow | null = null;
  #told = "";
  #asks = "";
  #turn = 0;
  /** The scheduler job, or element, whose log is shown; "": the job's own. */
  #native = "";
  readonly #board: Board;
  readonly #shell: Shell;
  #job: number;
  #tab: DrawerTab;

  constructor(
    host: HTMLElement, board: Board, shell: Shell,
    job: number, tab: DrawerTab,
  ) {
    this.#board = board;
    this.#shell = shell;
    this.#job = job;
    this.#tab = tab;
    this.#tabs = TABS.map(({ id, title, key }) =>
      el("button.arp-tab", {
        type: "button", role: "tab", id: `${this.#id}-${id}`, "aria-controls": this.#panel.id,
        title: key && `Key ${key}`, onclick: () => this.show(this.#job, id),
      }, title));
    this.#aside = el("aside.arp-drawer", { role: "complementary", onkeydown: (event: KeyboardEvent) => this.#key(event) },
      this.#head, this.#sub, this.#notes,
      el("div.arp-tabs", { role: "tablist", "aria-label": "Job", onkeydown: (event: KeyboardEvent) => this.#arrow(event) }, ...this.#tabs),
      this.#panel);
    this.#aside.prepend(drawSplitter(this.#aside, board.preferences, () => this.resize()));
    host.append(this.#aside);
    this.#off = [
      board.on((change) => this.#changed(change)),
      shell.keys([{ keys: "l i s n p", what: "", do: (key) => this.#aside.contains(document.activeElement) && this.#letter(key) }]),
    ];
    this.#drawFrame();
    this.#open();
    this.#focusTab();
  }

  show(job: number, tab: DrawerTab = this.#tab): void {
    const same = job === this.#job;
    if (same && tab === this.#tab && !this.#native) return this.#focusTab();
    this.#native = "";
    const stay = this.#head.contains(document.activeElement);
    this.#job = job;
    this.#tab = tab;
    if (same) this.#openPage();
    else this.#open();
    if (!stay || !this.#head.contains(document.activeElement)) this.#focusTab();
  }

  #showLog(native: string): void {
    this.#native = native;
    this.#tab = "log";
    this.#openPage();
    this.#focusTab();
  }

  resize(): void {
    this.#page?.resize?.();
  }

  destroy(): void {
    this.#turn++;
    this.#off.forEach((off) => off());
    this.#page?.destroy();
    this.#aside.remove();
  }

  #focusTab(): void {
    this.#tabs[TABS.findIndex(({ id }) => id === this.#tab)]?.focus();
  }

  #open(): void {
    this.#row = null;
    this.#told = "";
    this.#drawHead();
    this.#openPage();
    // the table marks the row of the job that is open
    this.#aside.dispatchEvent(new CustomEvent("arp-job", { bubbles: true, detail: this.#job }));
    void this.#read();
  }

  #openPage(): void {
    this.#page?.destroy();
    fill(this.#panel);
    const at = TABS.findIndex(({ id }) => id === this.#tab);
    this.#tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === at));
      tab.tabIndex = index === at ? 0 : -1;
    });
    this.#panel.setAttribute("aria-labelledby", `${this.#id}-${this.#tab}`);
    this.#page = TABS[at]?.draw(this.#panel, this.#board, this.#shell, this.#job, this.#native, (native) => this.#showLog(native)) ?? null;
    if (this.#row) this.#page?.job(this.#row);
  }

  async #read(): Promise<void> {
    const turn = ++this.#turn;
    try {
      const row = await this.#board.job(this.#job);
      if (turn !== this.#turn) return;
      this.#row = row;
      this.#drawHead();
      this.#page?.job(row);
    } catch (error) {
      if (turn !== this.#turn) return;
      if (!this.#row) fill(this.#sub);
      fill(this.#notes, failure(error));
    }
  }

  #changed({ jobs, health }: BoardChange): void {
    const store = this.#board.jobs;
    const row = store.rowOf(this.#job);
    const told = row < 0 ? "gone" : TELLING.map((name) => store.value(name, row)).join("\n");
    const first = !this.#told;
    if (jobs && told !== this.#told) {
      this.#told = told;
      if (!first || jobs.rows === "all" || jobs.rows.includes(row)) void this.#read();
    }
    if (health && this.#row) this.#drawHead();
  }

  /** The arrows and the cross stay; what depends on the job is drawn when it changes. */
  #drawFrame(): void {
    this.#head.append(
      this.#title, this.#chip, el("span.arp-grow"), this.#acts,
      iconButton("up", "Previous failed job", () => this.#near(-1)),
      iconButton("down", "Next failed job", () => this.#near(1)),
      iconButton("x", "Close", () => this.#shell.closeJob()),
    );
  }

  #drawHead(): void {
    const row = this.#row;
    const word = row && shown(row, this.#board.health);
    const name = row ? `Run ${row.run} · ${plain(row.hash, 60)}` : `Job ${this.#job}`;
    this.#aside.setAttribute("aria-label", row ? `Job ${row.id}, run ${row.run}, ${plain(row.hash, 60)}` : name);
    fill(this.#title, name);
    fill(this.#chip, word && statusChip(word));
    fill(this.#sub, ...(row ? facts(row) : [el("span", {}, "Loading …")]));
    // not drawn anew while they are the same: one of them may have the focus, or what one types
    const asks = row ? `${row.id} ${row.state} ${row.native_id} ${row.deleted_at} ${killNote(row.notes)}` : "";
    if (asks && asks === this.#asks) return;
    this.#asks = asks;
    fill(this.#acts, ...(row ? this.#drawActions(row) : []));
    this.#drawNotes(row);
  }

  #drawNotes(row: JobRow | null): void {
    const [board, shell] = [this.#board, this.#shell];
    fill(
      this.#notes,
      row?.state === "uncertain" && drawUncertain(board, shell, row),
      row?.deleted_at && note(false, el("span.arp-grow", {}, `Taken off the page by ${plain(row.deleted_by ?? "", 60)}, ${when(ms(row.deleted_at))}.`),
        button("Bring back", () => void board.restore([row.id]).then(() => this.#read()))),
    );
  }

  #drawActions(row: JobRow): HTMLElement[] {
    const [board, shell] = [this.#board, this.#shell];
    const actions = (): Presses => {
      const facts = new Facts(board);
      facts.refresh();
      return new Presses(shell, facts);
    };
    const over = isFinal(row.state);
    return [
      button("Rerun…", () => rerun(board, shell, row), "rerun"),
      iconButton("kill", over ? `Nothing to kill: ${plain(row.status, 60)}` : killVerb(row.native_id, row.notes),
        () => void (over || actions().killAsked([row.id])), { "aria-disabled": over && "true" }),
      ...(row.deleted_at ? [] : [iconButton("trash", "Take off the page", () => actions().remove([row.id]))]),
    ];
  }

  /** Keys of the table that mean this job while the focus is here. */
  #letter(key: string): boolean {
    const tab = TABS.find((one) => one.key === key);
    if (tab) this.show(this.#job, tab.id);
    else this.#near(key === "n" ? 1 : -1);
    return true;
  }

  /** Go to the next failed job in the order of the table, or to the one before. */
  #near(way: 1 | -1): void {
    const found = nearestFailure(this.#board.jobs, this.#job, way);
    if (found === null) this.#shell.announce("No other failed job there.");
    else this.show(found);
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    this.#shell.closeJob();
  }

  #arrow(event: KeyboardEvent): void {
    const at = TABS.findIndex(({ id }) => id === this.#tab);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 }[event.key];
    const tab = to === undefined ? undefined : TABS.at(to % TABS.length);
    if (!tab) return;
    event.preventDefault();
    this.show(this.#job, tab.id);
  }
}

/** The line under the title. */
function facts(job: JobRow): HTMLElement[] {
  const ran = elapsed(ms(job.ended) - ms(job.started));
  const time =
    job.ended ? `ended ${when(ms(job.ended))}${ran && ` after ${ran}`}`
    : job.started ? `runs since ${when(ms(job.started))}`
    : `requested ${when(ms(job.requested))}`;
  return [
    `Job ${job.id}${job.native_id ? `, ${title(job.location)} ${job.native_id}` : ""}`,
    job.user + (job.trigger === "MANUAL" ? "" : ", autorun"),
    [job.queue, job.host].filter(Boolean).join(", "),
    time,
    job.kill_by && !isFinal(job.state) ? `kill asked for by ${job.kill_by}, ${clock(ms(job.kill_at))}` : "",
  ].filter(Boolean).map((text) => el("span", {}, plain(text)));
}
