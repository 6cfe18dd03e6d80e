/**
 * A DataFrame as a table that people sort, filter, search, select and edit.
 *
 * Knows neither Jupyter nor a transport: rows come from `FrameData`, whatever its source.
 */

import { Editors } from "../grid/editors";
import { GridHost, type Sorted } from "../grid/host";
import type { Filter } from "../grid/order";
import type { Changed, ColumnChoice, GridColumn, IdRange } from "../grid/types";
import { plain } from "../model/plain";
import { words } from "../model/error_words";
import { openColumnsMenu } from "./columns_menu";
import { counted } from "./counted";
import { el, fill } from "../dom";
import { gridColumns, readers } from "./frame/columns";
import type { FrameData, FrameNews } from "./frame/data";
import { condition, search } from "./frame/filter";
import type { Reader } from "./frame/format";
import { FrameRows } from "./frame/rows";
import { Tools } from "./frame/tools";
import type { Mounted } from "./shell";

export interface FrameOptions {
  label: string;
  height_px: number;
  canAdd: boolean;
  canDelete: boolean;
  /** How many edits people made. */
  edits(): number;
}

const ROW_PX = 28;
/** Toolbar, header, foot and their lines. */
const AROUND_PX = 114;
const FEWEST_ROWS = 3;
/** Rows are put in order again so long after the last time at least, and longer if it takes long. */
const PAUSE_MS = 100;
const NOBODY: ReadonlySet<number> = new Set();

export function drawFrame(box: HTMLElement, data: FrameData, options: FrameOptions): FramePage {
  return new FramePage(box, data, options);
}

export class FramePage implements Mounted {
  private readonly root: HTMLElement;
  private readonly tools: Tools;
  private readonly wrap = el("div.arp-gridwrap.is-frame");
  private readonly over = el("div.arp-over");
  private readonly count = el("span", { role: "status" });
  private readonly said = el("span.is-bad", { role: "alert" });
  private readers: readonly Reader[] = [];
  private columns: GridColumn[] = [];
  private choices: readonly ColumnChoice[] = [];
  private host: GridHost | null = null;
  private rows: FrameRows;
  private sort: Sorted | null = null;
  private text = "";
  private found = NOBODY;
  private readonly conditions = new Map<string, string>();
  private timer = 0;
  private took_ms = 0;
  private readonly stop: () => void;

  constructor(box: HTMLElement, readonly data: FrameData, private options: FrameOptions) {
    this.rows = new FrameRows(data.store, [], null, null);
    this.tools = new Tools({
      search: (text) => void this.search(text),
      filter: (column, text) => this.filter(column, text),
      columns: (button) => this.openColumns(button),
      add: () => void this.add(),
      remove: () => void this.remove(),
    }, () => this.readers, this.conditions, { add: options.canAdd, remove: options.canDelete });
    const foot = el("footer.arp-foot", {}, this.count, el("span.arp-grow"), this.said);
    this.root = el("section.arp.is-frame", { "aria-label": options.label, onkeydown: (event: KeyboardEvent) => this.key(event) },
      this.tools.el, el("div.arp-body", {}, this.wrap), foot);
    this.wrap.append(this.over);
    box.append(this.root);
    this.stop = data.on((news) => this.news(news));
    this.begin();
  }

  /** Another count of edits. */
  counted(): void {
    const { data } = this;
    const total = data.total === null ? "Loading …" : counted(data.total, "row");
    const filtered = this.isFiltered ? `${this.rows.length.toLocaleString("en")} of ` : "";
    const more = [
      data.selection.size && `${data.selection.size.toLocaleString("en")} selected`,
      this.options.edits() && counted(this.options.edits(), "edit"),
      data.total !== null && data.store.live < data.total && `${Math.floor(100 * data.store.live / data.total)} % loaded`,
    ].filter(Boolean);
    const text = [filtered + total, ...more].join(", ");
    if (this.count.textContent !== text) this.count.textContent = text;
  }

  /** Programs may change how it looks and what may be done, while it is shown. */
  set(options: FrameOptions): void {
    this.options = options;
    this.root.setAttribute("aria-label", options.label);
    if (this.host) this.host.label = options.label;
    this.tools.allow({ add: options.canAdd, remove: options.canDelete });
    this.tools.show(this.text, this.data.selection.size);
    this.fit();
  }

  resize(): void {
    this.host?.resize();
  }

  destroy(): void {
    this.stop();
    this.tools.destroy();
    window.clearTimeout(this.timer);
    this.host?.destroy();
    this.root.remove();
  }

  private get isFiltered(): boolean {
    return this.text !== "" || this.conditions.size > 0;
  }

  // -- what came ------------------------------------------------------------------------

  private news({ head, changed, selection, connection }: FrameNews): void {
    const { state, why } = this.data.connection;
    const late = state === "loading" && why && this.data.store.live; // nothing covers rows that are here
    if (connection && (late || state !== "loading")) this.say(late || state === "closed" ? why : "");
    if (head) this.begin();
    else if (changed) this.changed(changed);
    if (selection && this.host) this.host.selection = this.data.selection;
    this.tools.show(this.text, this.data.selection.size);
    this.cover();
    this.counted();
  }

  /** Another table: columns that are known by their title keep what was chosen of them. */
  private begin(): void {
    const { data } = this;
    const before = this.columns.map(named).join();
    this.readers = readers(data);
    this.columns = gridColumns(data, this.readers);
    if (!this.host || before !== this.columns.map(named).join()) this.redrawAll();
    else this.columns.forEach((column, at) => Object.assign(this.host!.columns[at]!, column));
    this.arrange();
    this.cover();
    this.counted();
  }

  private redrawAll(): void {
    const { data } = this;
    this.host?.destroy();
    this.host = null;
    this.sort = null;
    this.conditions.clear();
    this.choices = this.readers.flatMap(({ head }) => (head.hidden ? { id: head.name, hidden: true } : []));
    if (!this.columns.length) return;
    this.host = new GridHost(this.wrap, this.columns, {
      selection: () => data.select(this.host!.selection.ranges()),
      sort: (column, descending) => {
        this.sort = { column, descending };
        this.arrange();
      },
      columns: (chosen) => (this.choices = chosen),
      view: (first, last) => this.view(first, last),
      key: (_row, column, event) => this.deletes(event) || (isTyping(event) && this.refuses(column)),
      press: (_row, column, _act, event) => event.detail === 2 && this.refuses(column),
    }, { label: this.options.label, rowHeight: ROW_PX, multiSelect: true, choices: this.choices, rowName: (row) => this.nameOf(row), editors: (host) => new Editors(host) });
    this.host.selection = data.selection;
  }

  private changed(changed: Changed): void {
    const now = this.host?.rows instanceof FrameRows ? this.host.rows : this.rows;
    const ordering = this.sort && changed.columns.has(this.sort.column);
    const filters = this.text !== "" || [...this.conditions.keys()].some((column) => changed.columns.has(column));
    if (changed.order && now.length < FEWEST_ROWS * 10) this.arrange();
    else if (changed.order || ordering || filters) this.later();
    this.host?.redraw(changed.rows, changed.columns);
  }

  private later(): void {
    this.timer ||= window.setTimeout(() => this.arrange(), Math.max(PAUSE_MS, 4 * this.took_ms));
  }

  private arrange(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
    const began = performance.now();
    this.rows = new FrameRows(this.data.store, this.filters(), this.sort, this.data.total);
    this.host?.show(this.rows);
    this.took_ms = performance.now() - began;
    this.fit();
    this.cover();
    this.counted();
  }

  private fit(): void {
    const rows = Math.max(FEWEST_ROWS, this.data.total ?? 0);
    this.root.style.height = `${Math.min(this.options.height_px, AROUND_PX + rows * ROW_PX)}px`;
    this.root.style.setProperty("--arp-frame-height", this.root.style.height);
  }

  private filters(): Filter[] {
    const held = this.readers.flatMap((one) => {
      const typed = this.conditions.get(one.head.name);
      return (typed && condition(one, typed)) || [];
    });
    return this.text ? [...held, search(this.readers, this.text, this.found)] : held;
  }

  private view(first: number, last: number): void {
    if (!this.readers.some(({ head }) => head.type === "remote")) return;
    const ids: number[] = [];
    for (let index = first; index <= last; index++) ids.push(this.rows.key(this.rows.row(index)));
    this.data.source.view(ids);
  }

  /** What is said where there are no rows. */
  private cover(): void {
    const { connection, total, columns } = this.data;
    const none = (title: string, ...more: (Node | string)[]): Node => el("div.arp-none", {}, el("h2", {}, title), ...more);
    if (total === null) fill(this.over, none("Loading …", connection.why));
    else if (!columns.length) fill(this.over, none("This table has no columns"));
    else if (!total) fill(this.over, none("No rows"));
    else if (!this.rows.length && this.isFiltered) {
      fill(this.over, none("No row matches", el("button.arp-btn.is-main", { type: "button", onclick: () => this.clear() }, "Clear search and filters")));
    } else fill(this.over);
  }

  // -- what is asked --------------------------------------------------------------------

  private async search(text: string): Promise<void> {
    this.text = text.trim();
    this.found = NOBODY;
    if (this.text && this.readers.some(({ head }) => head.type === "remote")) {
      const found = await this.data.source.search(this.text).catch((error: unknown) => {
        this.say(words(error));
        return NOBODY;
      });
      if (this.text !== text.trim()) return; // another text was typed meanwhile
      this.found = found;
    }
    this.arrange();
    this.tools.show(this.text, this.data.selection.size);
  }

  private filter(column: string, text: string): boolean {
    const one = this.readers.find(({ head }) => head.name === column);
    if (text && one && !condition(one, text)) return false;
    if (text) this.conditions.set(column, text);
    else this.conditions.delete(column);
    this.arrange();
    this.tools.show(this.text, this.data.selection.size);
    return true;
  }

  private clear(): void {
    this.conditions.clear();
    void this.search("");
  }

  private openColumns(button: HTMLElement): void {
    const choose = (choices: readonly ColumnChoice[]): void => {
      this.choices = choices;
      this.host?.setChoices(choices);
    };
    const all = (): ColumnChoice[] => {
      const known = new Set(this.choices.map(({ id }) => id));
      return [...this.choices, ...this.columns.flatMap(({ id }) => (known.has(id) ? [] : { id }))];
    };
    openColumnsMenu(button, {
      columns: () => all().flatMap(({ id }) => this.columns.find((column) => column.id === id) ?? []),
      isHidden: (id) => this.choices.some((choice) => choice.id === id && choice.hidden === true),
      isOut: () => false,
      hide: (id, hidden) => choose(all().map((choice) => (choice.id === id ? { ...choice, hidden } : choice))),
      move: (id, before) => {
        const order = all().filter((choice) => choice.id !== id);
        const at = before === null ? order.length : order.findIndex((choice) => choice.id === before);
        order.splice(at, 0, all().find((choice) => choice.id === id)!);
        choose(order);
      },
      counters: () => [],
      promote: () => {},
      reset: () => choose(this.readers.flatMap(({ head }) => (head.hidden ? { id: head.name, hidden: true } : []))),
    });
  }

  private async add(): Promise<void> {
    const answer = await this.data.source.add({});
    if (!answer.ok) return this.say(answer.message);
    if (this.isFiltered) this.clear();
    this.arrange();
    if (answer.id === undefined || !this.host) return;
    this.host.scrollTo(answer.id);
    this.host.focus(answer.id, this.columns.find(({ edit }) => edit)?.id);
  }

  private async remove(): Promise<void> {
    const ranges: readonly IdRange[] = this.data.selection.ranges();
    const answer = await this.data.source.remove(ranges);
    if (!answer.ok) return this.say(answer.message);
    this.data.select([]);
  }

  private deletes(event: KeyboardEvent): boolean {
    if (event.key !== "Delete" || !this.options.canDelete || !this.data.selection.size) return false;
    this.tools.confirm();
    return true;
  }

  /** Nothing can be typed in this column: say why, before anything is. */
  private refuses(column: string): boolean {
    const head = this.readers.find((one) => one.head.name === column)?.head;
    if (head?.fixed) this.say(`${head.title}: ${head.fixed}`);
    return Boolean(head?.fixed);
  }

  /** Keys are ours while the focus is here: Lab's command mode must not see them. */
  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.defaultPrevented || (event.target as Element).matches("input, select, textarea")) return;
    if (event.key === "/") {
      event.preventDefault();
      this.tools.search.focus();
    } else if (event.key === "Escape" && this.data.selection.size) this.data.select([]);
  }

  private nameOf(row: number): string {
    const index = this.readers.filter(({ head }) => head.index);
    return index.length ? `row ${index.map((one) => plain(one.shown(row), 60)).join(", ")}` : `row ${row}`;
  }

  private say(text: string): void {
    this.said.textContent = plain(text);
  }
}

/** What makes a column another one. */
const named = ({ id, title, edit }: GridColumn): string => `${id} ${title} ${edit !== undefined}`;

/** Would this key begin to edit a cell? */
const isTyping = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean =>
  key === "Enter" || key === "F2" || (key.length === 1 && !" /".includes(key) && !ctrlKey && !metaKey && !altKey);
