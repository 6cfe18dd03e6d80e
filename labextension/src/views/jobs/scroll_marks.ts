/** The bar beside the rows: where jobs failed or need a look over the whole list, and where one is. */

import type { GridHost } from "../../grid/host";
import { el, fill } from "../../dom";
import { GROUPS } from "./facts";
import { JobRows } from "./rows";

const BINS = 240;
const LEAST_THUMB_PX = 24;

export class ScrollMarks {
  readonly el = el("div.arp-scroll", { "aria-hidden": "true" });
  readonly #thumb = el("b");
  readonly #tip = el("span.arp-scrolltip", { hidden: true });
  readonly #marks = el("span");
  #dragged_px: number | null = null;

  constructor(readonly host: () => GridHost) {
    fill(this.el, this.#marks, this.#thumb, this.#tip);
    this.el.addEventListener("pointerdown", (event) => this.#down(event));
    this.el.addEventListener("pointermove", (event) => this.#dragged_px !== null && this.#drag(event));
    for (const end of ["pointerup", "pointercancel"]) {
      this.el.addEventListener(end, () => {
        this.#dragged_px = null;
        this.#tip.hidden = true;
      });
    }
  }

  /** Marks of these rows: a failure hides what needs a look. */
  show(rows: JobRows): void {
    const bins = new Uint8Array(BINS);
    for (let index = 0; index < rows.length; index++) {
      const row = rows.row(index);
      const hue = row < 0 ? "" : GROUPS[rows.facts.group(row)]!.hue;
      const weight = hue === "fail" ? 2 : hue === "look" ? 1 : 0;
      const bin = Math.floor((index / rows.length) * BINS);
      if (weight > bins[bin]!) bins[bin] = weight;
    }
    fill(this.#marks, ...[...bins].map((weight, bin) => weight > 0 && el(`i.${weight === 1 ? "look" : "fail"}`, { style: `top:${((bin / BINS) * 100).toFixed(1)}%` })));
    this.move();
  }

  /** The thumb, after the rows were scrolled or became more or fewer. */
  move(): void {
    const { all, seen, size, room, from } = this.#measure();
    this.#thumb.hidden = this.#marks.hidden = all <= seen; // nothing to find that is not in view
    this.#thumb.style.cssText = `height:${size}px;top:${all > seen ? (from / (all - seen)) * room : 0}px`;
  }

  #measure(): { all: number; seen: number; size: number; room: number; from: number } {
    const { engine, rows, rowHeight_px } = this.host();
    const [all, seen, high] = [rows.length * rowHeight_px, engine.height_px, this.el.clientHeight];
    const size = Math.max(LEAST_THUMB_PX, Math.min(high, (seen / all) * high || 0));
    return { all, seen, size, room: high - size, from: engine.top_px };
  }

  #down(event: PointerEvent): void {
    event.preventDefault();
    this.el.setPointerCapture(event.pointerId);
    const thumb = this.#thumb.getBoundingClientRect();
    const on = event.clientY >= thumb.top && event.clientY <= thumb.bottom;
    this.#dragged_px = on ? event.clientY - thumb.top : thumb.height / 2;
    this.#drag(event);
  }

  #drag(event: PointerEvent): void {
    const { all, seen, room } = this.#measure();
    const top = event.clientY - this.el.getBoundingClientRect().top - this.#dragged_px!;
    const share = Math.max(0, Math.min(1, top / room || 0));
    const { engine, rows, rowHeight_px } = this.host();
    engine.scrollToPx(share * Math.max(0, all - seen));
    this.move();
    this.#tip.hidden = all <= seen;
    this.#tip.style.top = `${share * room}px`;
    fill(this.#tip, rows instanceof JobRows ? `Run ${rows.runAt(Math.floor(engine.top_px / rowHeight_px))}` : "");
  }
}
