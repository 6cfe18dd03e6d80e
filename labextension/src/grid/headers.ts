/** Column headers: sorted by a press or Enter, moved by dragging or Alt+arrows, widened with Shift+arrows. */

import { el } from "../dom";
import { icon } from "../icons";
import type { GridHost } from "./host";
import { LEAST_PX, ordered, shown } from "./column_widths";
import type { ColumnChoice, GridColumn } from "./types";

/** px by which a key widens. */
const STEP_PX = 16;
/** px to move before a press becomes a drag. */
const SLACK_PX = 6;

export class Headers {
  private dragged: { id: string; from_px: number; moving: boolean; width_px: number | null } | null = null;
  /** What was pressed was dragged: the click that follows means nothing. */
  private moved = false;

  constructor(private readonly host: GridHost) {
    const { header } = host.engine;
    header.addEventListener("click", (event) => this.pressed(event));
    header.addEventListener("pointerdown", (event) => this.down(event));
    header.addEventListener("pointermove", (event) => this.move(event));
    header.addEventListener("pointerup", (event) => this.up(event));
    header.addEventListener("pointercancel", () => this.end());
  }

  /** Finish the headers that the engine made. */
  draw(): void {
    const { engine, drawn } = this.host;
    engine.header.setAttribute("aria-rowindex", "1");
    [...engine.header.children].forEach((child, i) => {
      const node = child as HTMLElement;
      const column = drawn[i]!;
      node.dataset["column"] = column.id;
      node.setAttribute("aria-colindex", String(i + 1));
      node.tabIndex = -1;
      node.title = column.help ?? "";
      if (column.id !== "sel") node.append(el("span.arp-grip"));
      this.title(node, column);
    });
  }

  /** A key on a header; true if it meant something. */
  key(id: string, event: KeyboardEvent): boolean {
    const side = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (side && event.altKey) this.shift(id, side);
    else if (side && event.shiftKey) this.widen(id, side * STEP_PX);
    else if (event.key === "Enter" || event.key === " ") this.act(id);
    else return false;
    return true;
  }

  private title(node: HTMLElement, column: GridColumn): void {
    const { sort, picks } = this.host;
    const name = node.querySelector(".slick-column-name")!;
    if (column.id === "sel") {
      name.replaceChildren(el("input", { type: "checkbox", tabindex: -1, "aria-label": "Select all shown" }));
      picks.paint();
      return;
    }
    const sorted = sort?.column === column.id ? (sort.descending ? "descending" : "ascending") : null;
    if (column.sortable) node.setAttribute("aria-sort", sorted ?? "none");
    const arrow = sorted && icon(sorted === "descending" ? "down" : "up", 12);
    name.replaceChildren(
      column.sortable
        ? el("button.arp-head-btn", { type: "button", tabindex: -1 }, column.title, arrow)
        : column.title,
    );
  }

  private pressed(event: MouseEvent): void {
    const id = columnOf(event.target as HTMLElement);
    if (id && !this.moved) this.act(id);
  }

  private act(id: string): void {
    const { host } = this;
    if (id === "sel") host.picks.toggleAll();
    else if (host.drawn.find((column) => column.id === id)?.sortable) {
      host.sortBy(id, host.sort?.column === id && !host.sort.descending);
    }
  }

  private shift(id: string, side: -1 | 1): void {
    const seen = shown(this.host.columns, this.host.choices).map((column) => column.id);
    const beside = seen[seen.indexOf(id) + side];
    if (beside) this.place(id, beside, side > 0);
  }

  private place(id: string, beside: string, after: boolean): void {
    const choices = this.choices();
    const [moved] = choices.splice(choices.findIndex((choice) => choice.id === id), 1);
    choices.splice(choices.findIndex((choice) => choice.id === beside) + Number(after), 0, moved!);
    this.choose(choices);
  }

  private widen(id: string, by_px: number): void {
    this.keepWidth(id, this.widthOf(id) + by_px);
  }

  private keepWidth(id: string, width_px: number): void {
    const width = Math.max(LEAST_PX, Math.round(width_px));
    this.choose(this.choices().map((choice) => (choice.id === id ? { ...choice, width } : choice)));
  }

  private widthOf(id: string): number {
    return this.host.engine.getColumns().find((column) => column.id === id)?.width ?? 0;
  }

  /** Every column, in order, with what was chosen of it. */
  private choices(): ColumnChoice[] {
    const { columns, choices } = this.host;
    return ordered(columns, choices).map(({ id }) => choices.find((choice) => choice.id === id) ?? { id });
  }

  private choose(choices: ColumnChoice[]): void {
    this.host.setChoices(choices);
    this.host.events.columns?.(choices);
  }

  private down(event: PointerEvent): void {
    const target = event.target as HTMLElement;
    const id = columnOf(target);
    this.moved = target.matches(".arp-grip");
    if (event.button || !id || id === "sel") return;
    this.dragged = { id, from_px: event.clientX, moving: this.moved, width_px: this.moved ? this.widthOf(id) : null };
    if (this.moved) this.host.engine.header.setPointerCapture(event.pointerId);
  }

  private move(event: PointerEvent): void {
    const { dragged } = this;
    if (!dragged || (!dragged.moving && Math.abs(event.clientX - dragged.from_px) < SLACK_PX)) return;
    if (dragged.width_px !== null) {
      this.host.engine.widen(dragged.id, Math.max(LEAST_PX, dragged.width_px + event.clientX - dragged.from_px));
      return;
    }
    if (!dragged.moving) this.host.engine.header.setPointerCapture(event.pointerId);
    dragged.moving = true;
    this.clear();
    const over = this.over(event);
    this.node(dragged.id)?.classList.add("is-moved");
    if (over) this.node(over.id)?.classList.add(over.after ? "is-over-end" : "is-over");
  }

  private up(event: PointerEvent): void {
    const { dragged } = this;
    this.end();
    if (!dragged?.moving) return;
    this.moved = true;
    if (dragged.width_px !== null) {
      if (event.clientX !== dragged.from_px) this.keepWidth(dragged.id, dragged.width_px + event.clientX - dragged.from_px);
      return;
    }
    const over = this.over(event);
    if (over && over.id !== dragged.id) this.place(dragged.id, over.id, over.after);
  }

  private end(): void {
    this.dragged = null;
    this.clear();
  }

  private over(event: PointerEvent): { id: string; after: boolean } | null {
    for (const child of this.host.engine.header.children) {
      const { left, right } = child.getBoundingClientRect();
      const id = columnOf(child as HTMLElement);
      if (id && id !== "sel" && event.clientX >= left && event.clientX < right) {
        return { id, after: event.clientX > (left + right) / 2 };
      }
    }
    return null;
  }

  private clear(): void {
    for (const child of this.host.engine.header.children) child.classList.remove("is-over", "is-over-end", "is-moved");
  }

  private node(id: string): Element | undefined {
    return [...this.host.engine.header.children].find((child) => columnOf(child as HTMLElement) === id);
  }
}

function columnOf(target: HTMLElement): string | undefined {
  return target.closest<HTMLElement>(".slick-header-column")?.dataset["column"];
}
