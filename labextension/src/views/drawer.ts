/** One job beside the table: its log, what the scheduler says, what was run, what happened. */

import type { JobRow } from "../model/rows";
import { isFinal, look, shown, title } from "../model/status";
import { plain } from "../model/plain";
import { clock, elapsed, ms, when } from "../model/times";
import type { Board, BoardChange } from "../sources/board";
import { el, fill } from "./dom";
import { drawUncertain, rerun } from "./drawer/actions";
import { drawDetails } from "./drawer/details";
import { nearestFailure } from "./drawer/failures";
import { drawHistory } from "./drawer/history";
import { LogPage } from "./drawer/log";
import type { Page } from "./drawer/page";
import { button, iconButton, note } from "./drawer/parts";
import { drawSnapshot } from "./drawer/snapshot";
import { drawSplitter } from "./drawer/splitter";
import { Actions } from "./jobs/actions";
import { Facts } from "./jobs/facts";
import type { DrawerTab, Mounted, Shell } from "./shell";
import { statusChip } from "./status_chip";

const TABS: readonly { id: DrawerTab; title: string; key: string; draw: (host: HTMLElement, board: Board, shell: Shell, job: number) => Page }[] = [
  { id: "log", title: "Log", key: "l", draw: (...all) => new LogPage(...all) },
  { id: "details", title: "Details", key: "i", draw: drawDetails },
  { id: "snapshot", title: "Snapshot", key: "s", draw: drawSnapshot },
  { id: "history", title: "History", key: "", draw: drawHistory },
];
/** Columns that make the job worth reading again when they change. */
const TELLING = ["status", "state", "phase", "reason", "native_id", "host", "kill_by", "ended", "peak_memory_mb"] as const;
let drawers = 0;

export interface JobDrawer extends Mounted {
  /** Show another job, or another page of the same. */
  show(job: number, tab?: DrawerTab): void;
}

/** Draw it into `el`, the row that the table is in, or an element there. The focus goes to its tabs. */
export function drawDrawer(el: HTMLElement, board: Board, shell: Shell, job: number, tab: DrawerTab): JobDrawer {
  return new Drawer(el, board, shell, job, tab);
}

class Drawer implements JobDrawer {
  private readonly id = `arp-drawer-${++drawers}`;
  private readonly head = el("div.arp-dhead");
  private readonly sub = el("div.arp-dsub");
  private readonly notes = el("div.arp-dnotes");
  private readonly tabs: readonly HTMLButtonElement[];
  private readonly panel = el("div.arp-dpage", { role: "tabpanel", id: `${this.id}-panel` });
  private readonly aside: HTMLElement;
  private readonly off: readonly (() => void)[];
  private page: Page | null = null;
  private row: JobRow | null = null;
  private told = "";
  private turn = 0;

  constructor(
    host: HTMLElement, private readonly board: Board, private readonly shell: Shell,
    private job: number, private tab: DrawerTab,
  ) {
    this.tabs = TABS.map(({ id, title, key }) =>
      el("button.arp-tab", {
        type: "button", role: "tab", id: `${this.id}-${id}`, "aria-controls": this.panel.id,
        title: key && `Key ${key}`, onclick: () => this.show(this.job, id),
      }, title));
    this.aside = el("aside.arp-drawer", { role: "complementary", onkeydown: (event: KeyboardEvent) => this.key(event) },
      this.head, this.sub, this.notes,
      el("div.arp-tabs", { role: "tablist", "aria-label": "Job", onkeydown: (event: KeyboardEvent) => this.arrow(event) }, ...this.tabs),
      this.panel);
    this.aside.prepend(drawSplitter(this.aside, board.preferences, () => this.resize()));
    host.append(this.aside);
    this.off = [
      board.on((change) => this.changed(change)),
      shell.keys(TABS.filter(({ key }) => key).map(({ id, key }) => ({
        keys: key, what: "", do: () => this.aside.contains(document.activeElement) && (this.show(this.job, id), true),
      }))),
    ];
    this.open();
    this.focusTab();
  }

  show(job: number, tab: DrawerTab = this.tab): void {
    const same = job === this.job;
    if (same && tab === this.tab) return this.focusTab();
    // the buttons of the head are made anew: one that was pressed is found again by its name
    const name = this.head.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
    this.job = job;
    this.tab = tab;
    if (same) this.openPage();
    else this.open();
    if (name) this.head.querySelector<HTMLElement>(`[aria-label="${name}"]`)?.focus();
    else this.focusTab();
  }

  resize(): void {
    this.page?.resize?.();
  }

  destroy(): void {
    this.turn++;
    this.off.forEach((off) => off());
    this.page?.destroy();
    this.aside.remove();
  }

  private focusTab(): void {
    this.tabs[TABS.findIndex(({ id }) => id === this.tab)]?.focus();
  }

  private open(): void {
    this.row = null;
    this.told = "";
    this.drawHead();
    this.openPage();
    void this.read();
  }

  private openPage(): void {
    this.page?.destroy();
    fill(this.panel);
    const at = TABS.findIndex(({ id }) => id === this.tab);
    this.tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === at));
      tab.tabIndex = index === at ? 0 : -1;
    });
    this.panel.setAttribute("aria-labelledby", `${this.id}-${this.tab}`);
    this.page = TABS[at]?.draw(this.panel, this.board, this.shell, this.job) ?? null;
    if (this.row) this.page?.job(this.row);
  }

  private async read(): Promise<void> {
    const turn = ++this.turn;
    try {
      const row = await this.board.job(this.job);
      if (turn !== this.turn) return;
      this.row = row;
      this.drawHead();
      this.page?.job(row);
    } catch (error) {
      if (turn === this.turn) fill(this.notes, note(true, el("span", {}, error instanceof Error ? error.message : String(error))));
    }
  }

  private changed({ jobs, health }: BoardChange): void {
    const store = this.board.jobs;
    const row = store.rowOf(this.job);
    const told = row < 0 ? "gone" : TELLING.map((name) => store.value(name, row)).join("\n");
    const first = !this.told;
    if (jobs && told !== this.told) {
      this.told = told;
      if (!first || jobs.rows === "all" || jobs.rows.includes(row)) void this.read();
    }
    if (health && this.row) this.drawHead();
  }

  private drawHead(): void {
    const { board, shell, row } = this;
    const near = (way: 1 | -1): void => {
      const found = nearestFailure(board.jobs, this.job, way);
      if (found === null) shell.announce("No other failed job there.");
      else this.show(found);
    };
    const word = row && shown(row, board.health);
    this.aside.setAttribute("aria-label", row ? `Job ${row.id}, run ${row.run}, ${plain(row.hash, 60)}` : `Job ${this.job}`);
    fill(
      this.head,
      el("h2", {}, row ? `Run ${row.run} · ${plain(row.hash, 60)}` : `Job ${this.job}`),
      word && statusChip(plain(word, 60), look(word)), el("span.arp-grow"),
      ...(row ? this.drawActions(row) : []),
      iconButton("up", "Previous failed job", () => near(-1)),
      iconButton("down", "Next failed job", () => near(1)),
      iconButton("x", "Close", () => shell.closeJob()),
    );
    fill(this.sub, ...(row ? facts(row) : [el("span", {}, "Loading…")]));
    fill(
      this.notes,
      row?.state === "uncertain" && drawUncertain(board, shell, row),
      row?.deleted_at && note(false, el("span.arp-grow", {}, `Taken off the page by ${plain(row.deleted_by ?? "", 60)}, ${when(ms(row.deleted_at))}.`),
        button("Bring back", () => void board.restore([row.id]).then(() => this.read()))),
    );
  }

  private drawActions(row: JobRow): HTMLElement[] {
    const { board, shell } = this;
    const actions = (): Actions => {
      const facts = new Facts(board);
      facts.refresh();
      return new Actions(shell, facts);
    };
    const over = isFinal(row.state);
    return [
      button("Rerun…", () => rerun(board, shell, row), "rerun"),
      iconButton("kill", over ? `Nothing to kill: ${plain(row.status, 60)}` : row.native_id ? "Kill" : "Withdraw",
        () => void (over || actions().killAsked([row.id])), { "aria-disabled": over && "true" }),
      ...(row.deleted_at ? [] : [iconButton("trash", "Take off the page", () => void actions().remove([row.id]))]),
    ];
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    this.shell.closeJob();
  }

  private arrow(event: KeyboardEvent): void {
    const at = TABS.findIndex(({ id }) => id === this.tab);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 }[event.key];
    const tab = to === undefined ? undefined : TABS.at(to % TABS.length);
    if (!tab) return;
    event.preventDefault();
    this.show(this.job, tab.id);
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
