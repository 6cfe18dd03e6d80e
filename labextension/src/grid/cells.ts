/** What stands in the grid's rows and cells: what columns draw, and what screen readers need. */

import type { Drawn, Stage } from "./engine";
import type { GridHost } from "./host";
import type { At } from "./keyboard";
import type { GridRows } from "./types";

export class Cells implements Stage {
  private readonly keyOf = new WeakMap<Element, number>();

  constructor(private readonly host: GridHost) {}

  /** Element of a cell or, at index -1, of a header; null: it is not in the page. */
  node({ index, cell }: At): HTMLElement | null {
    const { engine } = this.host;
    if (index < 0) return (engine.header.children[cell] as HTMLElement | undefined) ?? null;
    return engine.getCellNode(index, this.covering({ index, cell })) ?? null;
  }

  /** Which cell or header an element belongs to. */
  placeOf(target: Element): At | null {
    const node = target.closest<HTMLElement>(".slick-cell, .slick-header-column");
    if (!node) return null;
    const cell = Number(node.getAttribute("aria-colindex")) - 1;
    return { index: Number(node.parentElement?.getAttribute("aria-rowindex")) - 2, cell };
  }

  /** The key of a row that was drawn, even if the rows were changed meanwhile. */
  keyAt(index: number): number | undefined {
    const node = this.host.engine.rowNode(index);
    return node ? this.keyOf.get(node) : undefined;
  }

  /** The cell that covers this one: itself, but in rows where one spans the rest. */
  covering({ index, cell }: At): number {
    const span = index >= 0 ? this.spanOf(this.host.rows, index) : -1;
    return span >= 0 ? Math.min(cell, span) : cell;
  }

  /** Can a row's element stay what it is as the row of another index? */
  sameSpan(node: HTMLElement, rows: GridRows, index: number): boolean {
    const spanning = node.querySelector("[aria-colspan]");
    const was = spanning ? Number(spanning.getAttribute("aria-colindex")) - 1 : -1;
    return was === this.spanOf(rows, index);
  }

  length(): number {
    return this.host.rows.length;
  }

  draw(index: number, cell: number): Drawn {
    const { drawn, rows } = this.host;
    return drawn[cell]?.draw(rows.row(index)) ?? null;
  }

  metadata(index: number): { columns: Record<string, { colspan: "*" }> } | null {
    const { rows } = this.host;
    const span = rows.span?.(rows.row(index));
    return span ? { columns: { [span]: { colspan: "*" } } } : null;
  }

  row(node: HTMLElement, index: number): void {
    const { rows, picks } = this.host;
    const row = rows.row(index);
    const name = `slick-row arp-row ${rows.rowClass?.(row) ?? ""}`.trim();
    if (node.className !== name) node.className = name;
    this.keyOf.set(node, rows.key(row));
    node.setAttribute("aria-rowindex", String(index + 2));
    picks.paintRow(node, index);
  }

  cell(node: HTMLElement, index: number, cell: number): void {
    const { rows, drawn, focusAt, editors } = this.host;
    node.setAttribute("aria-colindex", String(cell + 1));
    node.removeAttribute("aria-describedby"); // the header, which is read anyway
    const covered = cell + 1 < drawn.length && this.covering({ index, cell: cell + 1 }) === cell;
    if (covered) node.setAttribute("aria-colspan", String(drawn.length - cell));
    const row = rows.row(index);
    const key = rows.key(row);
    const { id, edit } = drawn[cell]!;
    if (key === focusAt.key && id === focusAt.column) node.tabIndex = 0;
    if (edit) node.setAttribute("aria-readonly", String(edit.can?.(row) === false));
    if (editors?.unsaved) editors.attach(node, key, id);
  }

  holds(node: HTMLElement): boolean {
    return this.host.editors?.holds(node) === true;
  }

  private spanOf(rows: GridRows, index: number): number {
    const span = rows.span?.(rows.row(index));
    return span ? this.host.drawn.findIndex(({ id }) => id === span) : -1;
  }
}
