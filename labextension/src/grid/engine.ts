/**
 * SlickGrid as a drawing machine: it keeps the rows in view in the page, scrolls a million of
 * them, and lets columns be resized. Focus, keys, selection, editing and ARIA are ours, so
 * its own are switched off here.
 */

import { SlickGrid, type Column, type CustomDataView, type GridOption, type ItemMetadata } from "slickgrid";

/** What a cell shows: text, or an element. Never HTML. */
export type Drawn = HTMLElement | string | null;

/** The engine wants objects for rows; what a row is, only the stage knows. */
interface Item {
  at: number;
}

export type EngineColumn = Column<Item>;

/** Who gives the engine its rows, and finishes what it made. */
export interface Stage {
  length(): number;
  draw(index: number, cell: number): Drawn;
  metadata(index: number): ItemMetadata | null;
  /** A row's element was made, or moved to another index. */
  row(node: HTMLElement, index: number): void;
  /** A cell's element was made. */
  cell(node: HTMLElement, index: number, cell: number): void;
  /** An element that stands in the cell instead of what is drawn. */
  holds(node: HTMLElement): boolean;
}

export class Engine extends SlickGrid<Item> {
  private stage: Stage | null = null;

  constructor(el: HTMLElement, columns: EngineColumn[], rowHeight_px: number, stage: Stage) {
    const view: CustomDataView<Item> = {
      getLength: () => stage.length(),
      getItem: (index) => ({ at: index }),
      getItemMetadata: (index) => stage.metadata(index),
    };
    super(el, view, columns, options(rowHeight_px));
    this.stage = stage;
    for (const node of el.querySelectorAll("[tabindex]")) node.removeAttribute("tabindex");
    this._focusSink.remove();
    this._focusSink2.remove();
    this._headerR.removeAttribute("role");
    this._viewportTopL.setAttribute("role", "rowgroup");
    this._viewportTopL.tabIndex = -1; // browsers make scrollers tab stops unless told
    this.init();
  }

  /** Where the rows stand and scroll. */
  get viewport(): HTMLElement {
    return this._viewportTopL;
  }

  get header(): HTMLElement {
    return this._headerL;
  }

  /** px of all rows above the upper edge. */
  get top_px(): number {
    return this.scrollTop + this.offset;
  }

  /** px of width that columns can fill. */
  get free_px(): number {
    return this.getViewportInnerWidth();
  }

  /** px of height that rows can fill. */
  get height_px(): number {
    return this._viewportTopL.clientHeight;
  }

  /** Indexes of the rows that have elements. */
  rendered(): number[] {
    return Object.keys(this.rowsCache).map(Number);
  }

  rowNode(index: number): HTMLElement | null {
    return this.rowsCache[index]?.rowNode?.[0] ?? null;
  }

  scrollToPx(top: number): void {
    this.scrollTo(Math.round(top));
    this.render();
  }

  /** Keep this row's element however far it is scrolled away: it is the tab stop. */
  hold(index: number): void {
    this.activeRow = index;
  }

  /** Rows got other indexes: their elements go along; those in `to` under no index go away. */
  move(to: ReadonlyMap<number, number>): void {
    const cache = this.rowsCache;
    const moved: typeof cache = {};
    for (const index of this.rendered()) {
      const now = to.get(index);
      if (now === undefined) this.removeRowFromCache(index);
      else moved[now] = cache[index]!;
    }
    this.rowsCache = moved;
    this.updateRowPositions();
    for (const index of this.rendered()) this.stage?.row(this.rowNode(index)!, index);
  }

  /** Draw a row's cells again, all or some. */
  redrawRow(index: number, cells: readonly number[] | null): void {
    if (!cells) this.updateRow(index);
    else for (const cell of cells) this.updateCell(index, cell);
  }

  /** Another width for one column, in px, and nothing else. */
  widen(id: string, width: number): void {
    this.columns[this.getColumnIndex(id)]!.width = width;
    this.reRenderColumns();
  }

  setRowHeight(height_px: number): void {
    this.setOptions({ rowHeight: height_px }, true);
  }

  /** As many rows above the view as below: they are drawn before the browser paints, so few will do. */
  override getRenderedRange(...view: Parameters<SlickGrid["getRenderedRange"]>): ReturnType<SlickGrid["getRenderedRange"]> {
    this.vScrollDir = 0;
    return super.getRenderedRange(...view);
  }

  override applyFormatResultToCellNode(result: unknown, node: HTMLDivElement): void {
    if (!this.stage?.holds(node)) put(result as Drawn, node);
  }

  protected override appendRowHtml(...made: Parameters<SlickGrid["appendRowHtml"]>): void {
    super.appendRowHtml(...made);
    const node = made[0][made[0].length - 1];
    if (node) this.stage?.row(node, made[2]);
  }

  protected override appendCellHtml(...made: Parameters<SlickGrid["appendCellHtml"]>): void {
    super.appendCellHtml(...made);
    const [row, index, cell] = made;
    this.stage?.cell(row.lastElementChild as HTMLElement, index, cell);
  }

  protected override handleClick(): void {}
  protected override handleDblClick(): void {}
  protected override handleKeyDown(): void {}
  protected override handleContextMenu(): void {}
  protected override setFocus(): void {}
  protected override setupColumnSort(): void {}
}

function options(rowHeight_px: number): Partial<GridOption> {
  return {
    rowHeight: rowHeight_px,
    enableCellNavigation: false,
    enableColumnReorder: false,
    enableHtmlRendering: false,
    enableMouseWheelScrollHandler: false,
    enableTextSelectionOnCells: true,
    explicitInitialization: true,
    forceSyncScrolling: true, // rows are there before the browser paints: no blank while scrolling
    fullWidthRows: true,
    minRowBuffer: 8,
    showCellSelection: false,
    syncColumnCellResize: true,
  };
}

/** Put what was drawn into a cell, unless it looks like that already: a pressed button stays the same. */
function put(drawn: Drawn, node: HTMLElement): void {
  if (drawn === null || typeof drawn === "string") {
    if (node.childElementCount || node.textContent !== (drawn ?? "")) node.textContent = drawn;
    return;
  }
  const old = node.childNodes.length === 1 ? node.firstChild : null;
  const stateful = drawn.matches("input") || drawn.querySelector("input");
  if (stateful || !old?.isEqualNode(drawn)) node.replaceChildren(drawn);
}
