/** The column chooser: show, hide, order, and counters that become columns. */

import type { GridColumn } from "../grid/types";
import { plain } from "../model/plain";
import { el, fill } from "../dom";
import { popover } from "./popover";

export interface ColumnsMenu {
  /** All columns in their order. */
  columns(): readonly GridColumn[];
  isHidden(id: string): boolean;
  /** There is no room for it now. */
  isOut(id: string): boolean;
  hide(id: string, hidden: boolean): void;
  /** Put a column before another one; null: last. */
  move(id: string, before: string | null): void;
  /** Counters that jobs in view report, without those that are columns. */
  counters(): readonly string[];
  /** Names of runs' parameters, without those that are columns. */
  parameters?(): readonly string[];
  /** As "counter:Events", "param:beam". */
  promote(id: string): void;
  reset(): void;
  /** Show the rows that were deleted, where these are kept. */
  deleted?(): void;
}

export function openColumnsMenu(button: HTMLElement, menu: ColumnsMenu): void {
  popover(button, "Columns", (box, close) => {
    const deleted = menu.deleted && el("button.arp-opt", { type: "button", onclick: () => (close(), menu.deleted?.()) }, "Deleted jobs…");
    draw(box, menu, null, deleted);
  });
}

/** `at`: the column that keeps the focus; `last`: what stands below the columns. */
function draw(box: HTMLElement, menu: ColumnsMenu, at: string | null, last: HTMLElement | undefined): void {
  const again = (id: string | null): void => draw(box, menu, id, last);
  const shown = menu.columns();
  const step = (id: string, by: number): void => {
    const from = shown.findIndex((one) => one.id === id);
    if (from + by < 0 || from + by >= shown.length) return;
    menu.move(id, shown[by < 0 ? from - 1 : from + 2]?.id ?? null);
    again(id);
  };
  const groups = [["Counters as columns", "counter:", menu.counters()], ["Parameters of runs as columns", "param:", menu.parameters?.() ?? []]] as const;
  fill(box, el("h3", {}, "Columns. Drag, or Alt and arrows, to reorder."),
    ...shown.map((column) => option(column, menu, step, again)),
    el("hr"), el("button.arp-opt", { type: "button", onclick: () => (menu.reset(), again(null)) }, "Back to the usual columns"), last,
    ...groups.flatMap(([title, kind, names]) => names.length ? [el("hr"), el("h3", {}, title),
      ...names.map((name) => el("label.arp-opt", {}, el("input", { type: "checkbox", onchange: () => (menu.promote(kind + name), again(null)) }), plain(name, 40)))] : []));
  const target = at && [...box.querySelectorAll<HTMLElement>("[data-column]")].find((one) => one.dataset["column"] === at);
  (target || box).querySelector<HTMLElement>("input:not(:disabled)")?.focus();
}

function option(column: GridColumn, menu: ColumnsMenu, step: (id: string, by: number) => void, again: (id: string) => void): HTMLElement {
  const { id, title, always } = column;
  const keys = (event: KeyboardEvent): void => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || !by) return;
    event.preventDefault();
    step(id, by);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    const moved = event.dataTransfer?.getData("text/x-arp-column");
    if (moved && moved !== id) menu.move(moved, id), again(moved);
  };
  const input = el("input", { type: "checkbox", disabled: always, onchange: () => menu.hide(id, !input.checked) });
  input.checked = always === true || !menu.isHidden(id);
  return el("label.arp-opt", {
    draggable: "true", "data-column": id, onkeydown: keys, ondrop: drop, ondragover: (event: DragEvent) => event.preventDefault(),
    ondragstart: (event: DragEvent) => event.dataTransfer?.setData("text/x-arp-column", id),
  }, input, title, el("small", {}, always ? "always" : menu.isOut(id) ? "no room" : ""));
}
