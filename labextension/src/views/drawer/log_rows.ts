/**
 * Draws only the rows in view, and keeps the place where one reads.
 *
 * Without wrapping all rows are equally high, so their number is the height. With wrapping
 * heights are unknown: then a bounded stretch of rows is there, and moves with the view.
 */

import { arrange, el } from "../../dom";
import type { Row } from "./folding";
import type { LogLine } from "./log_text";

/** Height of a row in px: `line-height` of `.arp-log`. */
export const ROW_PX = 20;
/** Rows drawn beyond those in view. */
const OVER = 20;
/** Rows of the stretch, when lines wrap. */
const STRETCH = 400;
/** Px from an end of the stretch at which it moves. */
const NEAR_PX = 400;

interface Place {
  at: number;
  by_px: number;
}
/** A row's element is kept while its key is the same. */
export type DrawRow = (row: Row) => { key: string; draw: () => HTMLElement };

export class LogRows {
  readonly #inner = el("div.arp-lines");
  #rows: readonly Row[] = [];
  #lines: readonly LogLine[] = [];
  #nodes = new Map<string, HTMLElement>();
  #top = 0;
  #lastScroll_px = 0;
  #wraps = false;
  readonly #body: HTMLElement;
  readonly #drawRow: DrawRow;

  /** `up` is called when the reader scrolls up. */
  constructor(body: HTMLElement, drawRow: DrawRow, up: () => void) {
    this.#body = body;
    this.#drawRow = drawRow;
    body.append(this.#inner);
    body.addEventListener("scroll", () => {
      const { scrollTop } = body;
      const up_px = this.#lastScroll_px - scrollTop;
      this.#lastScroll_px = scrollTop;
      if (up_px > 1) up();
      this.#scrolled();
    });
  }

  set wrap(on: boolean) {
    this.#body.classList.toggle("is-wrap", on);
    const place = this.#place();
    this.#wraps = on;
    this.#go(place);
  }

  /** Show other rows: at their end, or where the reader is. */
  set(rows: readonly Row[], lines: readonly LogLine[], end: boolean): void {
    const place = this.#place();
    this.#rows = rows;
    this.#lines = lines;
    if (end) this.end();
    else this.#go(place);
  }

  end(): void {
    this.#put(this.#rows.length, 0);
    this.#body.scrollTop = this.#body.scrollHeight;
    this.draw();
    this.#lastScroll_px = this.#body.scrollTop;
  }

  /** Bring a row to the middle, unless it is in view. */
  reveal(index: number): void {
    const body = this.#body;
    if (!this.#wraps) {
      const top_px = index * ROW_PX - body.scrollTop;
      if (top_px >= 0 && top_px + ROW_PX <= body.clientHeight) this.draw();
      else this.#put(index, (ROW_PX - body.clientHeight) / 2);
    } else this.#put(index, -body.clientHeight / 3);
  }

  /** Index of the first line in view. */
  get firstLine(): number {
    const row = this.#rows[this.#firstRow().index];
    return row === undefined ? 0 : typeof row === "number" ? row : row.first;
  }

  /** Draw again what is in view. */
  draw(): void {
    const [body, inner, rows] = [this.#body, this.#inner, this.#rows];
    const from = this.#wraps ? this.#top : Math.max(0, Math.floor(body.scrollTop / ROW_PX) - OVER);
    const count = this.#wraps ? STRETCH : Math.ceil(body.clientHeight / ROW_PX) + 2 * OVER;
    inner.style.height = this.#wraps ? "" : `${rows.length * ROW_PX}px`;
    inner.style.paddingTop = this.#wraps ? "" : `${from * ROW_PX}px`;
    const kept = new Map<string, HTMLElement>();
    for (const row of rows.slice(from, from + count)) {
      const { key, draw } = this.#drawRow(row);
      kept.set(key, this.#nodes.get(key) ?? draw());
    }
    this.#nodes = kept;
    arrange(inner, [...kept.values()]);
  }

  #at(index: number): number {
    const row = this.#rows[index];
    return this.#lines[typeof row === "object" ? row.first : (row ?? 0)]?.at ?? 0;
  }

  #firstRow(): { index: number; by_px: number } {
    const { scrollTop } = this.#body;
    if (!this.#wraps) {
      const index = Math.floor(scrollTop / ROW_PX);
      return { index, by_px: scrollTop - index * ROW_PX };
    }
    const children = [...this.#inner.children] as HTMLElement[];
    const nth = Math.max(0, children.findIndex((one) => one.offsetTop + one.offsetHeight > scrollTop));
    return { index: this.#top + nth, by_px: scrollTop - (children[nth]?.offsetTop ?? 0) };
  }

  #place(): Place {
    const { index, by_px } = this.#firstRow();
    return { at: this.#at(index), by_px };
  }

  #go({ at, by_px }: Place): void {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at(middle) <= at) low = middle + 1;
      else high = middle;
    }
    this.#put(Math.max(0, low - 1), by_px);
  }

  /** Have a row at the top of the view, `by_px` of it above. */
  #put(index: number, by_px: number): void {
    const [body, inner, rows] = [this.#body, this.#inner, this.#rows];
    if (this.#wraps) {
      this.#top = Math.max(0, Math.min(index - STRETCH / 2, rows.length - STRETCH));
      this.draw();
      const node = inner.children[index - this.#top] as HTMLElement | undefined;
      if (node) body.scrollTop = node.offsetTop + by_px;
    } else {
      inner.style.height = `${rows.length * ROW_PX}px`;
      body.scrollTop = index * ROW_PX + by_px;
      this.draw();
    }
    this.#lastScroll_px = body.scrollTop;
  }

  #scrolled(): void {
    const body = this.#body;
    if (!this.#wraps) {
      this.draw();
      return;
    }
    const below_px = body.scrollHeight - body.scrollTop - body.clientHeight;
    const move = body.scrollTop < NEAR_PX ? this.#top > 0 : below_px < NEAR_PX && this.#top + STRETCH < this.#rows.length;
    if (!move) return;
    const { index, by_px } = this.#firstRow();
    this.#put(index, by_px);
  }
}
