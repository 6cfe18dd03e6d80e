/** What the mouse does in the rows, and which row must stay where it is on screen. */

import type { GridHost } from "./host";
import type { GridRows } from "./types";

/** ms for which a pointer that does not move still counts as aiming. */
const AIMING_MS = 5000;

export interface Anchor {
  key: number;
  /** px from the upper edge of the view down to the row. */
  above_px: number;
  /** Rather wait than move it. */
  rests: boolean;
}

export class Pointer {
  private y_px: number | null = null;
  private moved = 0;
  private waiting: GridRows | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Cell and button that were pressed down on: the button may be drawn again before it is let go. */
  private pressed: { target: Element; node: Element | null; act: string | null; again: boolean } | null = null;

  constructor(private readonly host: GridHost) {
    const { viewport } = host.engine;
    viewport.addEventListener("mousemove", (event) => {
      this.y_px = event.clientY;
      this.moved = Date.now();
    });
    viewport.addEventListener("mouseleave", () => this.left());
    viewport.addEventListener("mousedown", (event) => this.down(event));
    viewport.addEventListener("mouseup", (event) => this.up(event));
    viewport.addEventListener("click", (event) => this.click(event));
  }

  /** The row that must not move on screen; null: rows may come in from above. */
  anchor(): Anchor | null {
    const { engine, focusAt, rowHeight_px } = this.host;
    const { top_px } = engine;
    const over = this.y_px === null ? -1 : this.y_px - engine.viewport.getBoundingClientRect().top;
    if (over >= 0) {
      const under = this.at(Math.floor((top_px + over) / rowHeight_px), Date.now() - this.moved < AIMING_MS);
      if (under) return under;
    }
    const { index } = focusAt;
    const y_px = index * rowHeight_px - top_px;
    if (focusAt.inside && index >= 0 && y_px > -rowHeight_px && y_px < engine.height_px) return this.at(index, false);
    return top_px > 0 ? this.at(Math.ceil(top_px / rowHeight_px), false) : null;
  }

  /** Show these rows once the pointer is gone; null: nothing waits any longer. */
  wait(rows: GridRows | null): void {
    this.waiting = rows;
    clearTimeout(this.timer);
    if (rows) this.timer = setTimeout(() => this.host.show(rows), AIMING_MS);
  }

  private at(index: number, rests: boolean): Anchor | null {
    const key = this.host.cells.keyAt(index);
    return key === undefined ? null : { key, above_px: index * this.host.rowHeight_px - this.host.engine.top_px, rests };
  }

  private left(): void {
    this.y_px = null;
    if (this.waiting) this.host.show(this.waiting);
  }

  private down(event: MouseEvent): void {
    const target = event.target as Element;
    const node = target.closest(".slick-cell");
    this.pressed = { target, node, act: actOf(target), again: node === document.activeElement };
    if (event.shiftKey && this.host.options.multiSelect && !target.closest("input")) event.preventDefault();
  }

  /** Browsers make no click of a press on what is gone by now: here it counts if the cell is the same. */
  private up(event: MouseEvent): void {
    const { pressed } = this;
    const node = (event.target as Element).closest(".slick-cell");
    if (pressed?.act && !pressed.target.isConnected && node === pressed.node) this.click(event);
  }

  private click(event: MouseEvent): void {
    const { host, pressed } = this;
    const target = event.target as Element;
    const at = host.cells.placeOf(target);
    const node = target.closest<HTMLElement>(".slick-cell");
    if (!at || !node || host.editors?.holds(node)) return;
    const column = host.drawn[at.cell]!;
    const from = Math.max(0, host.focusAt.index);
    if (host.options.multiSelect && (column.id === "sel" || event.shiftKey || event.ctrlKey || event.metaKey)) {
      if (event.shiftKey) host.picks.extend(at.index, from);
      else host.picks.toggle(at.index);
      return;
    }
    host.picks.moved();
    const act = actOf(target) ?? (pressed?.node === node ? pressed.act : null);
    if (column.edit && !act) {
      if (column.edit.kind === "bool" ? target.closest("input") : pressed?.again) host.editors?.start(at);
      return;
    }
    host.events.press?.(host.rows.row(at.index), column.id, act, event);
  }
}

function actOf(target: Element): string | null {
  return target.closest<HTMLElement>("[data-act]")?.dataset["act"] ?? null;
}
