/**
 * The control page: top bar, banner, the two pages, the drawer, and what lies over them.
 *
 * It owns which experiment and which page are shown; pages are drawn when they are first
 * looked at, and anew for another experiment. What is seen only after a press comes later.
 */

import { ApiError } from "../sources/api";
import type { Board, BoardChange } from "../sources/board";
import { el, fill, unique } from "../dom";
import type { JobDrawer } from "./drawer";
import { openDrawer } from "./drawer_later";
import { drawJobs } from "./jobs_page";
import { PERSISTED } from "./jobs/facts";
import { fetchAtRest, Place } from "./later";
import type { LedgerPage } from "./ledger_page";
import { ASKED, AUTORUN, DEFINITIONS, DRAWER } from "./parts";
import type { DrawerTab, LedgerOf, Mounted, PageName } from "./shell";
import { Banner, type Waits } from "./shell/banner";
import { choices, remember } from "./shell/experiments";
import { Overlays } from "./shell/overlays";
import { Pill } from "./shell/pill";
import { PAGES, TopBar } from "./shell/top";

export { drawJobs };

type LedgerPlace = Place<NonNullable<typeof AUTORUN.now>, LedgerPage>;

export interface ControlOptions {
  /** Its name; empty: the page asks which. */
  experiment: string;
  page?: PageName;
  onExperiment?(name: string): void;
  onPage?(page: PageName): void;
  /** It has the window to itself. */
  standalone?: boolean;
  /** Begin with the wall view. */
  wall?: boolean;
}

/** Draw the control page. `open` gives the board of an experiment, which the page closes. */
export function drawControlPage(box: HTMLElement, open: (experiment: string) => Board, options: ControlOptions): ControlPage {
  return new ControlPage(box, open, options);
}

export class ControlPage implements Mounted {
  readonly root = el("section.arp");
  readonly shell: Overlays;
  board!: Board;
  readonly #id = unique("arp");
  readonly #pill: Pill;
  readonly #banner: Banner;
  readonly #top: TopBar;
  readonly #panels: Readonly<Record<PageName, HTMLElement>>;
  readonly #nowhere = el("div.arp-page", { hidden: true });
  readonly #mounted: { defs?: Mounted; control?: ReturnType<typeof drawJobs>; autorun?: LedgerPlace } = {};
  #ledgerOf: LedgerOf = {};
  /** Null: not known, or not stopped. */
  #waits: Waits | null = null;
  #unfollow: (() => void) | null = null;
  #page: PageName;
  #drawer: JobDrawer | null = null;
  /** The page that it is on. */
  #beside: PageName = "control";
  #cell: HTMLElement | null = null;
  #unlisten: () => void = () => {};
  #clock = 0;
  readonly #sizes: ResizeObserver | null;
  readonly #stopFetching = fetchAtRest([DRAWER, ASKED, DEFINITIONS, AUTORUN]);

  constructor(
    readonly box: HTMLElement,
    readonly open: (experiment: string) => Board,
    readonly options: ControlOptions,
  ) {
    this.#page = options.page ?? "control";
    this.#pill = new Pill(this.root, () => this.board);
    this.#banner = new Banner(() => this.board, {
      copy: (text) => this.shell.copy(text), kept: () => this.#showKept(), retry: () => this.board.retry(), left: () => this.#focus(this.#page),
      resume: (missed) => AUTORUN.use(this.shell, ({ pressSwitch, resume }) => void (missed ? resume(this.shell, missed) : pressSwitch(this.shell, null))),
    }, () => this.#waits);
    this.#top = new TopBar(this.#pill, this.#id, {
      pick: () => void this.#pick(), go: (page) => this.go(page), help: () => this.shell.help(),
      autorun: () => AUTORUN.use(this.shell, ({ pressSwitch }) => void pressSwitch(this.shell, this.#waits)),
    });
    const panel = (page: PageName): HTMLElement =>
      el("div.arp-page", { role: "tabpanel", id: `${this.#id}-p-${page}`, "aria-labelledby": `${this.#id}-t-${page}`, hidden: true });
    this.#panels = { defs: panel("defs"), control: panel("control"), autorun: panel("autorun") };
    this.root.append(this.#top.el, this.#banner.el, ...PAGES.map((page) => this.#panels[page]), this.#nowhere);
    this.root.classList.add(options.standalone ? "is-alone" : "is-board");
    if (options.wall) this.root.dataset["density"] = "wall";
    box.append(this.root);
    this.shell = new Overlays(this.root, {
      board: () => this.board, openJob: (job, tab) => this.openJob(job, tab), closeJob: () => this.closeJob(), go: (page) => this.go(page),
      openLedger: (of) => this.#openLedger(of),
    });
    const pages: Readonly<Record<string, PageName>> = { "g-d": "defs", "g-c": "control", "g-a": "autorun" };
    this.shell.keys([
      { keys: Object.keys(pages).join(" "), what: "Batch defs, Batch control, Autorun", do: (key) => this.go(pages[key]!, true) },
    ]);
    // before the page drops its selection
    this.shell.keys([{ keys: "Escape", what: "", do: () => this.closeJob() }], true);
    this.#sizes = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => this.resize());
    this.#sizes?.observe(this.root);
    this.show(options.experiment);
  }

  /** Show another experiment. */
  show(name: string): void {
    this.#leave();
    this.shell.forget();
    this.board = this.open(name);
    this.#unlisten = this.board.on((change) => this.#changed(change));
    this.root.setAttribute("aria-label", `ARP board${name && `, experiment ${name}`}`);
    this.#nowhere.hidden = true;
    this.options.onExperiment?.(name);
    this.#draw();
    this.#changed({ experiment: true });
    this.#clock = window.setInterval(() => this.#tick(), 1000);
  }

  go(page: PageName, focus = false): void {
    if (page !== this.#page) this.options.onPage?.(page);
    this.#page = page;
    this.#draw();
    this.#mounted[page]?.resize?.();
    this.shell.resize();
    if (focus) this.#focus(page);
  }

  openJob(job: number, tab?: DrawerTab): void {
    if (this.#page === "defs") this.go("control");
    const page = this.#page;
    if (this.#drawer && this.#beside !== page) this.closeJob();
    if (this.#drawer) return this.#drawer.show(job, tab);
    this.#cell = document.activeElement as HTMLElement | null;
    this.#beside = page;
    const body = this.#panels[page].querySelector<HTMLElement>(".arp-body") ?? this.#panels[page];
    const keyed = (draw: () => JobDrawer): JobDrawer => this.shell.during(() => this.#page === page, draw);
    this.#drawer = openDrawer(body, this.board, this.shell, job, tab ?? "log", keyed);
    this.#mounted[page]?.resize?.();
  }

  /** False if none was open. */
  closeJob(): boolean {
    if (!this.#drawer) return false;
    this.#drawer.destroy();
    this.#drawer = null;
    this.#mounted[this.#beside]?.resize?.();
    const cell = this.#cell?.isConnected ? this.#cell : this.#panels[this.#beside].querySelector<HTMLElement>("[role=grid] [tabindex='0']");
    cell?.focus();
    return true;
  }

  #openLedger(of: LedgerOf): void {
    this.#ledgerOf = of;
    this.#mounted.autorun?.view?.show(of);
    this.go("autorun", true);
  }

  resize(): void {
    this.#mounted[this.#page]?.resize?.();
    this.#drawer?.resize?.();
    this.shell.resize();
  }

  destroy(): void {
    this.#sizes?.disconnect();
    this.#stopFetching();
    this.#leave();
    this.#pill.close(false);
    this.shell.destroy();
    this.root.remove();
  }

  #leave(): void {
    window.clearInterval(this.#clock);
    this.#cell = null;
    this.closeJob();
    this.#unlisten();
    this.#unfollow?.();
    this.#unfollow = this.#waits = null;
    this.#ledgerOf = {};
    for (const page of PAGES) {
      this.#mounted[page]?.destroy();
      delete this.#mounted[page];
      fill(this.#panels[page]);
    }
    // the first time there is none
    (this.board as Board | undefined)?.close();
  }

  #draw(): void {
    const nowhere = !this.#nowhere.hidden;
    for (const page of PAGES) this.#panels[page].hidden = nowhere || page !== this.#page;
    this.#top.select(this.#page);
    if (nowhere) return;
    if (this.#page === "control") this.#mounted.control ??= this.#keyed("control", (panel) => drawJobs(panel, this.board, this.shell));
    else if (this.#page === "autorun") this.#mounted.autorun ??= this.#drawLedger();
    else this.#mounted.defs ??= this.#drawDefinitions();
  }

  /** What is drawn on a page has its keys while the page is shown. */
  #keyed<View>(page: PageName, draw: (panel: HTMLElement) => View): View {
    const panel = this.#panels[page];
    return this.shell.during(() => !panel.hidden, () => draw(panel));
  }

  #drawDefinitions(): Mounted {
    const { board, shell } = this;
    return new Place(this.#panels.defs, DEFINITIONS, ({ drawDefinitions }) => this.#keyed("defs", (panel) => drawDefinitions(panel, board, shell)),
      (focused) => focused && this.#focus("defs"));
  }

  #drawLedger(): LedgerPlace {
    const { board, shell } = this;
    return new Place(this.#panels.autorun, AUTORUN, ({ drawLedger }) => this.#keyed("autorun", (panel) => drawLedger(panel, board, shell, this.#ledgerOf)),
      (focused) => focused && this.#focus("autorun"));
  }

  /** What waits until autorun may go on is counted while it may not. */
  #follow(): void {
    const { board } = this;
    if (this.#unfollow || !board.autorunNow?.stopped) return;
    this.#unfollow = () => undefined;
    AUTORUN.fetch().then(({ followWaiting }) => {
      if (board !== this.board) return;
      this.#unfollow = followWaiting(board, (waits) => {
        this.#waits = waits;
        this.#banner.draw();
      });
    }, () => (this.#unfollow = null));
  }

  #showKept(): void {
    this.go("control");
    this.#mounted.control?.showOnly(PERSISTED);
    this.#focus("control");
  }

  #focus(page: PageName): void {
    const mounted = this.#mounted[page];
    if (mounted instanceof Place && mounted.focus()) return;
    (this.#panels[page].querySelector<HTMLElement>("[role=grid] [tabindex='0']") ?? this.#top.picker).focus();
  }

  #changed(change: Partial<BoardChange>): void {
    if (change.experiment || change.definitions || change.health || change.connection) {
      this.#top.draw(this.board);
      this.#tick();
    }
    this.#follow();
    if (change.experiment && this.board.experiment) remember(this.board);
    const { state } = this.board.connection;
    if (!this.board.experiment && (state === "closed" || state === "down") && this.#nowhere.hidden) void this.#lost();
  }

  #tick(): void {
    this.#pill.draw();
    this.#banner.draw();
    // that a name is no experiment's is no fault of the connection
    const nowhere = !this.#nowhere.hidden;
    this.#pill.el.hidden = nowhere;
    if (nowhere) this.#banner.el.hidden = true;
  }

  /** There may be no such experiment: say so, with those that there are. */
  async #lost(): Promise<void> {
    const { board } = this;
    const all = await board.experiments().catch(() => null);
    if (!all || board !== this.board || all.some((one) => one.name === board.name)) return;
    ASKED.use(this.shell, ({ drawUnknown }) => {
      this.#nowhere.hidden = false;
      fill(this.#nowhere);
      drawUnknown(this.#nowhere, board, all.map((one) => one.name), (name) => this.show(name), (name) => this.#create(name));
      this.#draw();
      this.#tick();
    });
  }

  /** The list opens at once: what is typed before the names have come is no shortcut. */
  async #pick(): Promise<void> {
    const { board } = this;
    const items = board.experiments().then((all) =>
      choices(board, all, (name) => name !== board.name && this.show(name), (typed) => this.#create(typed)));
    this.shell.menu(this.#top.picker, items, "Find an experiment");
    await items.catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      this.shell.toast({ kind: "bad", title: "The experiments could not be read", said: error.message });
    });
  }

  #create(typed: string): void {
    ASKED.use(this.shell, ({ askNew }) => askNew(this.shell, typed, (name) => this.show(name)));
  }
}
