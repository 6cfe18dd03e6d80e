/**
 * The grid: draws the rows of a `GridRows` with SlickGrid, and adds what makes it a table that
 * people can use: focus, keys, selection, editing, columns of one's own, and ARIA.
 *
 * Rows are read when they come into view. A row under the pointer or with the focus stays
 * where it is on screen, whatever else comes and goes.
 */

import { el } from "../dom";
import { Cells } from "./cells";
import { measureCh, shown, widths } from "./column_widths";
import type { Editors } from "./editors";
import { Engine, type EngineColumn } from "./engine";
import { Focus } from "./focus";
import { Headers } from "./headers";
import { KeySet } from "./key_set";
import { Keys } from "./keys";
import { Pointer } from "./pointer";
import { boxes, Selection } from "./selection";
import type { ColumnChoice, GridColumn, GridEvents, GridRows } from "./types";

export interface GridOptions {
  /** What the table is called, for screen readers. */
  label: string;
  /** px; 28 if absent. */
  rowHeight?: number;
  /** Rows can be selected; adds a column of boxes, "sel". */
  multiSelect?: boolean;
  choices?: readonly ColumnChoice[];
  sort?: Sorted | null;
  /** Who edits cells; a table without it does not load that code. */
  editors?(host: GridHost): Editors;
  /** What a row is called, as "job 581240", for the name of its box. */
  rowName?(row: number): string;
}

export interface Sorted {
  column: string;
  descending: boolean;
}

const NO_ROWS: GridRows = { length: 0, row: () => -1, key: () => -1, indexOf: () => -1 };
const ROW_PX = 28;

export class GridHost {
  readonly el: HTMLElement;
  readonly cells = new Cells(this);
  readonly engine: Engine;
  readonly focusAt: Focus;
  /** Null: no cell can be edited. */
  readonly editors: Editors | null;
  readonly pointer: Pointer;
  readonly picks: Selection;
  readonly headers: Headers;
  private readonly watcher: ResizeObserver | null;
  rows = NO_ROWS;
  /** Columns that are drawn, in order: the boxes' first if there are any. */
  drawn: readonly GridColumn[];
  choices: readonly ColumnChoice[];
  sort: Sorted | null;
  private height_px: number;
  private ch_px = 0;
  private frame = 0;
  private readonly stale = { all: false, rows: new Set<number>(), columns: new Set<string>(), allColumns: false };
  private seen = "";
  private size = "";
  private resorted = false;
  /** What had the focus before elements were made anew. */
  private had: Element | null = null;

  constructor(
    readonly parent: HTMLElement,
    readonly columns: readonly GridColumn[],
    readonly events: Partial<GridEvents>,
    readonly options: GridOptions,
  ) {
    this.choices = options.choices ?? [];
    this.sort = options.sort ?? null;
    this.height_px = options.rowHeight ?? ROW_PX;
    this.drawn = this.toDraw();
    this.el = el("div.arp-slick", { "aria-label": options.label });
    parent.append(this.el);
    this.engine = new Engine(this.el, this.engineColumns(), this.height_px, this.cells);
    this.el.setAttribute("aria-multiselectable", String(!!options.multiSelect));
    this.picks = new Selection(this);
    this.focusAt = new Focus(this);
    this.editors = options.editors?.(this) ?? null;
    this.headers = new Headers(this);
    this.pointer = new Pointer(this);
    new Keys(this);
    this.engine.onScroll.subscribe(() => this.later());
    this.dress();
    this.size = `${this.el.clientWidth} ${this.el.clientHeight}`;
    this.watcher = typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => this.sized());
    this.watcher?.observe(this.el);
  }

  /**
   * Show these rows. `from` "keep": what is under the pointer, has the focus or is first in
   * view stays where it is; "top": from the first row on, as after the user's own sorting.
   *
   * Where that cannot be because the table's end is reached, rows wait until the pointer leaves.
   */
  show(rows: GridRows, from: "keep" | "top" = this.resorted ? "top" : "keep"): void {
    this.resorted = false;
    const anchor = from === "top" ? null : this.pointer.anchor();
    const top_px = anchor ? this.topFor(rows, anchor) : from === "top" ? 0 : this.engine.top_px;
    const furthest_px = Math.max(0, rows.length * this.height_px - this.engine.height_px);
    if (anchor?.rests && (top_px < 0 || top_px > furthest_px)) {
      this.pointer.wait(rows);
      return;
    }
    this.pointer.wait(null);
    this.swap(rows);
    this.engine.scrollToPx(Math.max(0, Math.min(furthest_px, top_px)));
    this.settle();
  }

  /** Draw cells again in the next frame: of these rows (as `GridRows.row` gives them) and columns. */
  redraw(rows: "all" | Iterable<number>, columns?: Iterable<string>): void {
    const { stale } = this;
    if (rows === "all") stale.all = true;
    else for (const row of rows) stale.rows.add(row);
    if (columns) for (const column of columns) stale.columns.add(column);
    else stale.allColumns = true;
    this.later();
  }

  /** Draw what is due without waiting for the frame. */
  redrawNow(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.flush();
  }

  /** Put the focus on a cell of a row; the column is as before if none is given. */
  focus(key?: number, column?: string): void {
    const index = key === undefined ? Math.min(this.focusAt.index, this.rows.length - 1) : this.rows.indexOf(key);
    if (index < 0 && key !== undefined) return;
    const cell = this.drawn.findIndex(({ id }) => id === column);
    this.focusAt.go({ index, cell: cell < 0 ? this.focusAt.at.cell : cell });
  }

  /** Scroll until a row is in view. */
  scrollTo(key: number): void {
    const index = this.rows.indexOf(key);
    if (index >= 0) this.engine.scrollRowIntoView(index, false);
  }

  /** Keys of the selected rows; a large one is kept as ranges: see `KeySet.ranges`. */
  get selection(): KeySet {
    return this.picks.keys;
  }

  set selection(keys: Iterable<number>) {
    this.picks.set(keys instanceof KeySet ? keys : KeySet.of(keys));
  }

  /** Order, width and hiding of the columns, as the user or the room has it. */
  setChoices(choices: readonly ColumnChoice[]): void {
    this.choices = choices;
    this.drawn = this.toDraw();
    this.remember();
    this.engine.setColumns(this.engineColumns());
    this.dress();
  }

  /** What the table is called, for screen readers. */
  set label(label: string) {
    this.el.setAttribute("aria-label", label);
  }

  /** The column that rows are sorted by: shown in its header. Tells nobody. */
  setSort(sort: Sorted | null): void {
    this.sort = sort;
    this.headers.draw();
    this.focusAt.mark();
  }

  /** px of a row's height. */
  setRowHeight(height_px: number): void {
    if (height_px === this.height_px) return;
    const first = this.engine.top_px / this.height_px;
    this.height_px = height_px;
    this.remember();
    this.engine.setRowHeight(height_px);
    this.dress();
    this.engine.scrollToPx(first * height_px);
  }

  /** Fit columns and rows to the room there is. */
  resize(): void {
    if (!this.el.clientWidth) return;
    this.ch_px = 0;
    this.size = `${this.el.clientWidth} ${this.el.clientHeight}`;
    this.engine.resizeCanvas();
    this.fit();
    this.later();
  }

  destroy(): void {
    this.watcher?.disconnect();
    cancelAnimationFrame(this.frame);
    this.pointer.wait(null);
    this.engine.destroy();
    this.el.remove();
  }

  /** px of a row's height. */
  get rowHeight_px(): number {
    return this.height_px;
  }

  /** The user wants another order. */
  sortBy(column: string, descending: boolean): void {
    this.setSort({ column, descending });
    this.resorted = true;
    this.events.sort?.(column, descending);
  }

  private toDraw(): readonly GridColumn[] {
    const columns = shown(this.columns, this.choices);
    return this.options.multiSelect ? [boxes(this), ...columns] : columns;
  }

  private engineColumns(): EngineColumn[] {
    return this.drawn.map((column, cell) => {
      const name = ["arp-cell", `c-${column.id}`, column.cssClass, column.align && "arp-num"].filter(Boolean).join(" ");
      return {
        id: column.id,
        field: "at" as const,
        name: column.title,
        cssClass: name,
        headerCssClass: name,
        resizable: false, // by us
        width: typeof column.width === "number" ? column.width : 80,
        formatter: (index: number) => this.cells.draw(index, cell) ?? "",
      };
    });
  }

  /** Headers, widths and counts after columns or rows changed. */
  private dress(): void {
    this.headers.draw();
    this.el.setAttribute("aria-colcount", String(this.drawn.length));
    this.fit();
    this.settle();
  }

  private fit(): void {
    this.ch_px ||= measureCh(this.el);
    const now = this.engine.getColumns();
    widths(this.drawn, this.choices, this.engine.free_px, this.ch_px).forEach((width, i) => {
      now[i]!.width = width;
    });
    this.engine.reRenderColumns();
    this.engine.render();
  }

  private topFor(rows: GridRows, anchor: { key: number; above_px: number }): number {
    const index = rows.indexOf(anchor.key);
    return index < 0 ? this.engine.top_px : index * this.height_px - anchor.above_px;
  }

  /** Take the new rows in; elements of rows that live on move along. */
  private swap(rows: GridRows): void {
    const { engine } = this;
    this.remember();
    const to = new Map<number, number>();
    for (const index of engine.rendered()) {
      const key = this.cells.keyAt(index);
      const now = key === undefined ? -1 : rows.indexOf(key);
      if (now >= 0 && this.cells.sameSpan(engine.rowNode(index)!, rows, now)) to.set(index, now);
    }
    this.rows = rows;
    this.picks.forget();
    this.focusAt.found();
    engine.move(to);
    engine.updateRowCount();
    for (const index of to.values()) engine.redrawRow(index, null);
  }

  private remember(): void {
    this.had = this.focusAt.inside ? document.activeElement : null;
  }

  private restore(): void {
    const had = this.had?.isConnected ? (this.had as HTMLElement) : this.focusAt.node();
    if (this.had && !this.focusAt.inside) had?.focus({ preventScroll: true });
    this.had = null;
  }

  private settle(): void {
    const { length, coming = 0 } = this.rows;
    this.el.setAttribute("aria-rowcount", String(isNaN(coming) ? -1 : length + coming + 1));
    this.focusAt.mark();
    this.picks.paint();
    this.restore();
    this.later();
  }

  private sized(): void {
    if (this.size !== `${this.el.clientWidth} ${this.el.clientHeight}`) this.resize();
  }

  private later(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.flush();
    });
  }

  private flush(): void {
    const { stale, engine } = this;
    const cells = stale.allColumns ? null : this.drawn.flatMap(({ id }, cell) => (stale.columns.has(id) ? cell : []));
    if (stale.all || stale.rows.size) {
      this.remember();
      for (const index of engine.rendered()) {
        if (!stale.all && !stale.rows.has(this.rows.row(index))) continue;
        this.cells.row(engine.rowNode(index)!, index);
        engine.redrawRow(index, cells);
      }
      this.restore();
    }
    stale.all = stale.allColumns = false;
    stale.rows.clear();
    stale.columns.clear();
    this.tellView();
  }

  private tellView(): void {
    const { top, bottom } = this.engine.getVisibleRange();
    const last = Math.min(bottom, this.rows.length) - 1;
    const seen = `${top} ${last} ${this.rows.length}`;
    if (last < top || seen === this.seen) return;
    this.seen = seen;
    this.events.view?.(top, last);
  }
}
