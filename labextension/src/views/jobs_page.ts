/**
 * The page Batch control: jobs by run, live, with what can be done with them.
 *
 * It holds what a user chose (filter, order, selection) and puts the parts together; each part
 * draws itself. Rows are arranged again only when their order can have changed, else only the
 * cells that say something else are drawn.
 */

import { measureCh } from "../grid/column_widths";
import { GridHost, type Sorted } from "../grid/host";
import { KeySet } from "../grid/key_set";
import type { GridColumn } from "../grid/types";
import { title } from "../model/status";
import type { Board, BoardChange } from "../sources/board";
import { el, fill } from "../dom";
import { BY_RUN, BY_TIME, Chosen, OF_STATUS } from "./jobs/chosen";
import { jobColumns, touched, type Scene } from "./jobs/columns";
import { isPromoted } from "./jobs/layout";
import { ColumnChooser } from "./jobs/columns_chosen";
import { count, CountStrip, ended, type Counts } from "./jobs/counts";
import { DONE, EXIT, Facts } from "./jobs/facts";
import { isFiltered, NOTHING, type Filter } from "./jobs/filter";
import { Foot, isStale, shownAt } from "./jobs/foot";
import { pageKeys } from "./jobs/keys";
import { Presses } from "./jobs/presses";
import { NewRuns } from "./jobs/runs";
import { JobRows, runOf } from "./jobs/rows";
import { RowActs } from "./jobs/row_acts";
import { ScrollMarks } from "./jobs/scroll_marks";
import { SelectionBar } from "./jobs/selection_bar";
import { bones, empty } from "./jobs/states";
import { Toolbar } from "./jobs/toolbar";
import { viewLine } from "./jobs/view_line";
import { ASKED } from "./parts";
import { refit } from "./report";
import type { Mounted, Shell } from "./shell";

/** Rows from which on arranging and counting is done a few times a second only. */
const MANY = 50_000;
const PAUSE_MS = 300;
const ANNOUNCE_MS = 5000;
const TICK_MS = 1000;
const ROW_PX = 28;
const WALL_ROW_PX = 44;

/** Draw the page. Selected jobs are told by an event `arp-selected` with id ranges as its detail. */
export function drawJobs(el: HTMLElement, board: Board, shell: Shell): JobsPage {
  return new JobsPage(el, board, shell);
}

export class JobsPage implements Mounted {
  readonly facts: Facts;
  readonly actions: Presses;
  readonly #chosen: Chosen;
  #wall: boolean;
  #open = -1;
  /** As they were last arranged; the grid may still show those before. */
  #rows: JobRows;
  #counts: Counts | null = null;
  #announced: Counts | null = null;
  #view: readonly [first: number, last: number] = [0, -1];
  #dirty = { rows: true, counts: true };
  #pause = 0;
  #width_ch = 200;
  readonly #host: GridHost;
  readonly #columns: GridColumn[];
  readonly #chooser: ColumnChooser;
  readonly #strip: CountStrip;
  readonly #tools: Toolbar;
  readonly #selection: SelectionBar;
  readonly #marks: ScrollMarks;
  readonly #foot: Foot;
  readonly #newRuns: NewRuns;
  readonly #acts: RowActs;
  readonly #wrap = el("div.arp-gridwrap");
  readonly #over = el("div.arp-over");
  readonly #body = el("div.arp-body", { "onarp-job": (event: CustomEvent<number>) => this.#setOpen(event.detail) }, this.#wrap);
  readonly #page: HTMLElement;
  readonly #stops: (() => void)[] = [];

  constructor(
    el: HTMLElement,
    readonly board: Board,
    readonly shell: Shell,
  ) {
    this.#wall = el.closest<HTMLElement>(".arp")?.dataset["density"] === "wall"; // it outlives a change of the experiment
    this.facts = new Facts(board);
    this.facts.refresh();
    this.actions = new Presses(shell, this.facts);
    this.#chosen = new Chosen(this.facts, () => this.#arrange("keep"));
    const scene: Scene = {
      facts: this.facts, now: () => Date.now(), needle: () => this.#chosen.needle, note: () => this.#chooser.note(),
      knownAt: (row) => (this.facts.text("native_id", row) ? shownAt(this.board) : Date.now()),
      whyInReport: () => !this.#chooser.isShown("why"),
      promoted: () => this.#chooser.habits.counters ?? [],
      rows: () => (this.#host?.rows instanceof JobRows ? this.#host.rows : this.#rows),
    };
    this.#columns = jobColumns(scene, []);
    this.#chooser = new ColumnChooser(board, this.#columns, () => this.#idsInView(), () => this.#columnsChanged(), (counters) =>
      jobColumns(scene, counters).filter(({ id }) => isPromoted(id)), () => ASKED.use(shell, ({ openDeleted }) => openDeleted(shell)));
    this.#chosen.filter = { ...NOTHING, mine: this.#chooser.habits.mine === true };
    this.#rows = this.#arranged();
    this.#strip = new CountStrip((group) => this.#toggle(group));
    this.#tools = this.#makeTools();
    this.#selection = new SelectionBar(shell, this.facts, {
      kill: (ids) => this.actions.killAsked(ids), rerun: (ids) => this.actions.rerun(ids),
      remove: (ids) => this.actions.remove(ids), clear: () => this.#select([]),
    });
    this.#foot = new Foot(shell);
    this.#page = this.#build(el);
    this.#host = this.#makeHost();
    this.#marks = new ScrollMarks(() => this.#host);
    this.#acts = new RowActs(this.#host, this.actions, this.#wrap, (id) => this.#setOpen(id), (run) => this.#fold(run));
    this.#newRuns = new NewRuns(() => this.#host.show(this.#host.rows, "top"));
    this.#wrap.append(this.#marks.el, this.#newRuns.el, this.#over);
    this.#listen();
    this.#update();
  }

  resize(): void {
    if (this.#wrap.clientWidth) this.#width_ch = this.#wrap.clientWidth / measureCh(this.#wrap);
    if (this.#open >= 0 && !this.#body.querySelector(".arp-drawer:not([hidden])")) this.#setOpen(-1);
    if (this.#chooser.fit(this.#width_ch, this.#wall)) this.#columnsChanged();
    this.#host.resize();
    if (this.#over.querySelector(".arp-bones")) this.#placeholder();
    refit(this.#wrap);
    this.#marks.move();
  }

  destroy(): void {
    for (const stop of this.#stops) stop();
    window.clearTimeout(this.#pause);
    this.#acts.destroy();
    this.#tools.destroy();
    this.#host.destroy();
    this.#page.remove();
  }

  #makeTools(): Toolbar {
    return new Toolbar({
      filter: (part) => this.#setFilter({ ...this.#chosen.filter, ...part }),
      grouped: (on) => this.#sortBy(on ? BY_RUN : BY_TIME),
      filters: (button) => ASKED.use(this.shell, ({ openFilters }) => openFilters(button, this.#tools)),
      columns: (button) => ASKED.use(this.shell, ({ openColumnsMenu }) => openColumnsMenu(button, this.#chooser)),
      found: () => this.#rows.length && this.#host.focus(this.#rows.key(this.#rows.row(0)), "status"),
      wall: () => this.#toggleWall(), apply: () => this.actions.applyAsked({}),
    }, () => this.#chosen.filter);
  }

  #build(into: HTMLElement): HTMLElement {
    const page = el("div.arp-jobs", {}, this.#strip.el, this.#tools.el, this.#selection.el, this.#body, this.#foot.el);
    into.append(page);
    return page;
  }

  #makeHost(): GridHost {
    this.#chooser.fit(this.#width_ch, this.#wall);
    return new GridHost(this.#wrap, this.#columns, {
      key: (row, column, event) => this.#acts.key(row, column, event),
      press: (row, column, act, event) => this.#acts.press(row, column, act, event),
      selection: (keys) => this.#selected(keys),
      sort: (column, descending) => this.#sortBy({ column, descending }),
      columns: (given) => this.#chooser.taken(given),
      view: (first, last) => this.#inView(first, last),
    }, {
      label: "Jobs by run", rowHeight: this.#wall ? WALL_ROW_PX : ROW_PX, multiSelect: true, choices: this.#chooser.choices(), sort: this.#chosen.sort,
      rowName: (row) => (row < 0 ? `run ${runOf(row)}` : this.facts.place(row)),
    });
  }

  #listen(): void {
    this.#stops.push(this.board.on((change) => this.#changed(change)), this.shell.keys(pageKeys({
      only: (group) => this.#setFilter({ ...this.#chosen.filter, groups: new Set(group === null ? [] : [group]) }),
      applyDialog: () => this.actions.applyAsked({}), failure: (step) => this.#acts.failure(step), wall: () => this.#toggleWall(), escape: () => this.#escape(),
    })));
    const scrolled = (): void => this.#marks.move();
    this.#wrap.addEventListener("scroll", scrolled, true);
    const ticking = window.setInterval(() => this.#tick(), TICK_MS);
    const saying = window.setInterval(() => this.#announce(), ANNOUNCE_MS);
    this.#stops.push(() => window.clearInterval(ticking), () => window.clearInterval(saying));
    if (typeof ResizeObserver === "undefined") return;
    const watcher = new ResizeObserver(() => this.resize());
    watcher.observe(this.#wrap);
    this.#stops.push(() => watcher.disconnect());
  }

  #changed({ jobs, runs, health, connection, experiment, preferences }: BoardChange): void {
    this.facts.refresh();
    if (preferences) this.#remembered();
    const statuses = health || (jobs !== null && (jobs.order || OF_STATUS.some((name) => jobs.columns.has(name))));
    this.#dirty.counts ||= statuses;
    this.#dirty.rows ||= runs || experiment || (health && this.#chosen.filter.groups.size > 0)
      || (jobs !== null && (jobs.order || this.#chosen.arrangedBy(jobs.columns)));
    if (health || experiment || runs) this.#host.redraw("all");
    else if (jobs) this.#host.redraw(jobs.rows, touched(jobs.columns));
    if (connection || health || jobs) this.#fresh();
    if (!this.#dirty.rows && !this.#dirty.counts) return;
    if (this.board.jobs.rows < MANY) this.#update();
    else this.#pause ||= window.setTimeout(() => this.#update(), PAUSE_MS);
  }

  /** Count, and arrange, what has changed since. */
  #update(): void {
    const { rows, counts } = this.#dirty;
    window.clearTimeout(this.#pause);
    this.#pause = 0;
    this.#dirty = { rows: false, counts: false };
    if (counts) this.#counts = this.board.complete ? count(this.facts) : null;
    this.#announced ??= this.#counts;
    if (rows) this.#arrange("keep");
    else if (this.board.jobs.rows < MANY) this.#marks.show(this.#rows);
    this.#about();
  }

  #arrange(from: "keep" | "top"): void {
    this.#rows = this.#arranged();
    if (from === "top") this.#host.show(this.#rows, "top");
    else this.#host.show(this.#rows); // the grid knows when the user has just sorted
    this.#marks.show(this.#rows);
    this.#placeholder();
    this.board.view(this.#idsInView());
    this.#about();
  }

  /** What is said around the rows. */
  #about(): void {
    this.#strip.show(this.#total(), this.#counts, this.#chosen.filter.groups, title(this.board.status?.default_location ?? "lsf"));
    this.#tools.show(this.#chosen.filter, this.#rows.grouped);
    this.#bar(this.#host.selection);
    this.#fresh();
    this.#footRows();
  }

  #arranged(): JobRows {
    return this.#chosen.rows(() => this.#chooser.note(), () => this.#open);
  }

  #total(): number | null {
    return this.board.complete ? this.board.jobs.live : this.board.total || null;
  }

  #fresh(): void {
    this.#foot.fresh(this.board);
    this.#wrap.classList.toggle("is-stale", isStale(this.board));
  }

  #footRows(): void {
    const [first, last] = [this.#view[0], Math.min(this.#view[1], this.#rows.length - 1)];
    const view = last < first ? null : [this.#rows.jobsBefore(first) + 1, this.#rows.jobsBefore(last + 1)] as const;
    const { filter, sort } = this.#chosen;
    const filtered = isFiltered(filter);
    const loading = !this.board.complete && !this.board.jobs.rows;
    const jobs = loading ? null : filtered ? this.#rows.jobs : this.#total();
    this.#foot.rows({ view, filtered, jobs, total: this.#total() }, this.board.experiment && this.board.runs.size);
    this.#foot.line.set(viewLine(filter, this.facts, this.#counts, sort));
    this.#newRuns.show(this.board.runs.keys(), first <= 0);
  }

  #placeholder(): void {
    const none = this.#rows.length === 0;
    this.#over.hidden = !none;
    fill(this.#over, none && this.#insteadOfRows());
  }
  #insteadOfRows(): HTMLElement {
    const { filter, reported } = this.#chosen;
    // runs come after the jobs
    if (!this.board.complete || !this.board.experiment) return bones(this.#wrap.querySelectorAll<HTMLElement>(".slick-header-column"));
    if (!isFiltered(filter)) return empty(this.shell);
    if (ASKED.now) return ASKED.now.noMatch(filter, this.facts, reported, (other) => this.#setFilter(other));
    ASKED.fetch().then(() => this.#placeholder(), () => undefined);
    return el("div");
  }

  #tick(): void {
    if (document.hidden) return;
    const rows = this.#physicalInView().filter((row) => this.facts.live(row));
    if (!rows.length) return;
    this.#host.redraw(rows, ["elapsed"]);
    const moving = rows.filter((row) => !this.facts.text("native_id", row) || this.facts.timeLeft(row, Date.now() - TICK_MS) !== null);
    if (moving.length) this.#host.redraw(moving, ["why", "report"]);
  }

  #announce(): void {
    const [before, now] = [this.#announced, this.#counts];
    this.#announced = now;
    const said = before && now && ended(before, now, DONE, EXIT);
    if (said) this.shell.announce(said);
  }

  #inView(first: number, last: number): void {
    this.#view = [first, last];
    this.board.view(this.#idsInView());
    this.#footRows();
    this.#marks.move();
  }
  #physicalInView(): number[] {
    const [{ rows }, [first, last]] = [this.#host, this.#view];
    return Array.from({ length: Math.max(0, Math.min(last + 1, rows.length) - first) }, (_, at) => rows.row(first + at)).filter((row) => row >= 0);
  }
  #idsInView(): number[] {
    return this.#physicalInView().map((row) => this.board.jobs.id(row));
  }

  #setFilter(filter: Filter): void {
    const { mine } = this.#chosen.filter;
    this.#chosen.take(filter);
    if (filter.mine !== mine) this.#chooser.keep({ mine: filter.mine });
    this.#host.redraw("all", ["hash", "job", "user", "why", "report"]);
    this.#arrange("top");
  }
  /** Jobs of one status, whatever else was filtered before. */
  showOnly(group: number): void {
    this.#setFilter({ ...NOTHING, groups: new Set([group]) });
  }
  #toggle(group: number | null): void {
    const groups = new Set(this.#chosen.filter.groups);
    if (group === null) groups.clear();
    else if (!groups.delete(group)) groups.add(group);
    this.#setFilter({ ...this.#chosen.filter, groups });
  }
  #sortBy(sort: Sorted): void {
    this.#chosen.sort = sort;
    this.#host.setSort(sort);
    this.#host.redraw("all", ["run", "action"]);
    this.#arrange("top");
  }
  /** What is remembered came late, or from another page of this user. */
  #remembered(): void {
    this.#chooser.read();
    this.#chosen.filter = { ...this.#chosen.filter, mine: this.#chooser.habits.mine === true };
    this.#columnsChanged();
    this.#arrange("keep");
  }
  #columnsChanged(): void {
    this.#chooser.fit(this.#width_ch, this.#wall);
    this.#host.setChoices(this.#chooser.choices());
    this.#host.redraw("all");
  }
  #toggleWall(): void {
    this.#wall = !this.#wall;
    const board = this.#page.closest<HTMLElement>(".arp");
    if (board) board.dataset["density"] = this.#wall ? "wall" : "";
    this.#host.setRowHeight(this.#wall ? WALL_ROW_PX : ROW_PX);
    this.#columnsChanged();
    this.resize();
  }

  #select(keys: Iterable<number>): void {
    this.#host.selection = keys;
    this.#selected(this.#host.selection);
  }
  #selected(keys: ReadonlySet<number>): void {
    this.#bar(keys);
    const ranges = (keys instanceof KeySet ? keys : KeySet.of(keys)).ranges();
    this.#page.dispatchEvent(new CustomEvent("arp-selected", { bubbles: true, detail: ranges }));
  }
  #bar(keys: Iterable<number>): void {
    this.#tools.el.hidden = this.#selection.show(keys, (id) => this.#rows.indexOf(id) >= 0);
  }

  #escape(): boolean {
    if (this.#host.selection.size) this.#select([]);
    else if (this.#wall) this.#toggleWall();
    else if (isFiltered(this.#chosen.filter)) this.#setFilter(NOTHING);
    else return false;
    return true;
  }

  #setOpen(id: number): void {
    this.#open = id;
    this.#host.redraw("all", []);
  }
  #fold(run: number): void {
    this.#chosen.fold(run);
    this.#arrange("keep");
  }
}
