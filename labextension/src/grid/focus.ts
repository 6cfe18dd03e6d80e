/** One tab stop for the whole grid: the cell, or header, that has or last had the focus. */

import type { GridHost } from "./host";
import type { At } from "./keyboard";

export class Focus {
  /** Index of its row, -1: the header; and its key, by which it is found again. */
  index = 0;
  key: number | null = null;
  column = "";

  constructor(private readonly host: GridHost) {
    host.el.addEventListener("focusin", (event) => this.came(event.target as HTMLElement));
  }

  get at(): At {
    const { drawn } = this.host;
    return { index: this.index, cell: Math.max(0, drawn.findIndex(({ id }) => id === this.column)) };
  }

  /** Does the document's focus lie in the grid? */
  get inside(): boolean {
    return this.host.el.contains(document.activeElement);
  }

  /** Move the focus, and scroll so that it is seen. */
  go({ index, cell }: At): void {
    const { engine } = this.host;
    this.set(index, cell);
    if (index >= 0) engine.scrollRowIntoView(index, false);
    engine.scrollColumnIntoView(cell);
    this.mark();
    this.node()?.focus({ preventScroll: true });
  }

  /** Rows are others now: find the row again, or stay where it was. */
  found(): void {
    const { rows } = this.host;
    if (this.index < 0 && this.inside) return;
    const index = this.key === null ? -1 : rows.indexOf(this.key);
    this.set(index >= 0 ? index : Math.min(Math.max(0, this.index), rows.length - 1), this.at.cell);
  }

  /** Make its element the tab stop, whichever was before. */
  mark(): void {
    for (const old of this.host.el.querySelectorAll('.slick-cell[tabindex="0"], .slick-header-column[tabindex="0"]')) {
      old.setAttribute("tabindex", "-1");
    }
    this.node()?.setAttribute("tabindex", "0");
  }

  node(): HTMLElement | null {
    return this.host.cells.node(this.at);
  }

  private set(index: number, cell: number): void {
    const { rows, drawn, engine } = this.host;
    this.index = index;
    this.key = index >= 0 ? rows.key(rows.row(index)) : null;
    this.column = drawn[cell]?.id ?? "";
    engine.hold(index);
  }

  private came(target: HTMLElement): void {
    const at = this.host.cells.placeOf(target);
    if (!at) return;
    this.set(at.index, at.cell);
    this.mark();
  }
}
