/**
 * The grid of definitions: a plain ARIA grid with one tab stop, not SlickGrid.
 *
 * There are some ten rows, lines of any height stand between them, and cells hold drop-downs
 * and boxes: all that a grid for a million equal rows is worst at.
 */

import type { Share } from "../job_shares";
import { arrange, el } from "../../dom";
import { BLANK, type Desk } from "./desk";
import { COLUMNS, RowView, TEXTS, type TextField } from "./row";

export interface GridDoes {
  /** Open the trigger's list. */
  trigger(id: number, at: HTMLElement): void;
  /** Open the list of locations. */
  location(id: number, at: HTMLElement): void;
  /** This row has the focus now. */
  at(id: number): void;
}

export class DefsGrid {
  readonly el: HTMLElement;
  readonly #rows = new Map<number, RowView>();
  #order: readonly number[] = [];
  /** Column to come back to when going up and down over lines with fewer stops. */
  #column = 1;
  #leaving = 0;
  /** The row that has the focus. */
  #here: number | null = null;
  /** Esc left a cell of the blank row as a cell, so that arrows move on from it. */
  #closed = false;

  constructor(
    readonly desk: Desk,
    readonly does: GridDoes,
  ) {
    const heads = COLUMNS.map((title, at) => el(`div.arp-cell${at ? "" : ".arp-num"}`, { role: "columnheader", "aria-colindex": at + 1 }, title));
    this.el = el("div.arp-grid.arp-defs", {
      role: "grid", "aria-label": "Batch definitions", "aria-colcount": COLUMNS.length,
      onkeydown: (event: KeyboardEvent) => this.#key(event),
      onclick: (event: MouseEvent) => this.#click(event),
      oninput: (event: Event) => this.#input(event),
      onfocusin: (event: FocusEvent) => this.#focused(event.target as HTMLElement),
      onfocusout: () => this.#blurred(),
    }, el("div.arp-row.is-head", { role: "row", "aria-rowindex": 1 }, ...heads));
  }

  /** Draw rows in this order, the blank one last. */
  draw(ids: readonly number[], shares: ReadonlyMap<number, Share>, user: string): void {
    const focus = document.activeElement as HTMLElement | null;
    const place = focus && this.el.contains(focus) ? this.#place(focus) : null;
    this.#order = [...ids, BLANK];
    for (const id of this.#rows.keys()) if (!this.#order.includes(id)) this.#rows.delete(id);
    for (const id of this.#order) {
      if (!this.#rows.has(id)) this.#rows.set(id, new RowView(id));
      this.#rows.get(id)!.draw(this.desk, shares.get(id), user);
    }
    this.#arrange();
    if (!this.el.querySelector("[data-stop][tabindex='0']")) this.#stop(this.#order[0]!, 1)?.setAttribute("tabindex", "0");
    if (place && !this.el.contains(document.activeElement)) this.focus(this.#rows.has(place.id) ? place.id : this.#near(place.at), place.column);
  }

  focus(id: number, column = 1): void {
    this.#stop(id, column)?.focus();
  }

  edit(id: number, field: TextField, select = true): void {
    const row = this.#rows.get(id);
    if (!row) return;
    const input = row.open(field, this.desk.edit(id));
    input.focus();
    if (select) input.select();
    this.desk.changed();
  }

  destroy(): void {
    window.clearTimeout(this.#leaving);
    this.#here = null;
  }

  /** Put rows and their lines in order. */
  #arrange(): void {
    const wanted = [this.el.firstElementChild!, ...this.#order.flatMap((id) => [this.#rows.get(id)!.el, ...this.#rows.get(id)!.under])];
    arrange(this.el, wanted);
    wanted.forEach((row, at) => row.setAttribute("aria-rowindex", String(at + 1)));
    this.el.setAttribute("aria-rowcount", String(wanted.length));
  }

  #place(element: Element): { id: number; column: number; at: number } {
    const row = element.closest<HTMLElement>("[data-id], [data-of]");
    const id = Number(row?.dataset["id"] ?? row?.dataset["of"] ?? BLANK);
    const stop = element.closest<HTMLElement>("[data-stop]");
    return { id, column: row?.dataset["of"] ? this.#column : Number(stop?.dataset["stop"] ?? 1), at: this.#order.indexOf(id) };
  }

  #near(at: number): number {
    return this.#order[Math.max(0, Math.min(at, this.#order.length - 1))]!;
  }

  #stop(id: number, column: number): HTMLElement | null {
    const row = this.#rows.get(id)?.el;
    return row?.querySelector(`[data-stop="${column}"]:not(:disabled)`) ?? row?.querySelector("[data-stop='1']") ?? null;
  }

  #focused(target: HTMLElement): void {
    const { id, column } = this.#place(target);
    this.#close(target);
    this.#row(id);
    for (const old of this.el.querySelectorAll("[data-stop][tabindex='0']")) old.setAttribute("tabindex", "-1");
    target.closest("[data-stop]")?.setAttribute("tabindex", "0");
    this.#column = column;
    this.does.at(id);
    const field = target.dataset["field"] as TextField | undefined;
    // the blank row is there to be typed into: its cells are fields as soon as they are reached
    if (id === BLANK && field && !target.matches("input") && !this.#closed) this.edit(BLANK, field);
  }

  #blurred(): void {
    // where the focus goes is not known before it is there
    window.clearTimeout(this.#leaving);
    this.#leaving = window.setTimeout(() => {
      const now = document.activeElement;
      if (this.#here === null || this.el.contains(now) || now?.closest(".arp-menu, .arp-veil")) return;
      this.#close(null);
      this.#row(null);
    }, 0);
  }

  /** The focus is in this row now: the one it came from is saved. */
  #row(id: number | null): void {
    const before = this.#here;
    this.#here = id;
    if (before !== null && before !== id) void this.desk.leaveRow(before);
  }

  /** Put the text back in place of all editors but one. */
  #close(but: Element | null): void {
    for (const input of this.el.querySelectorAll<HTMLInputElement>("input.arp-edit")) {
      if (input === but) continue;
      const { id } = this.#place(input);
      input.remove();
      this.desk.leave(id, input.dataset["field"] as TextField);
      this.desk.changed();
    }
  }

  #input(event: Event): void {
    const input = event.target as HTMLInputElement;
    const field = input.dataset["field"] as TextField | undefined;
    if (field) this.desk.type(this.#place(input).id, field, input.value);
  }

  #click(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const stop = target.closest<HTMLElement>("[data-stop]");
    if (!stop || target.matches("input.arp-edit")) return;
    const { id } = this.#place(stop);
    const row = this.#rows.get(id);
    const field = stop.dataset["field"] as TextField | undefined;
    if (field) this.edit(id, field, false);
    else if (stop === row?.trigger) this.does.trigger(id, stop);
    else if (stop === row?.location) this.does.location(id, stop);
    else if (stop === row?.remove) void this.desk.remove(id);
    else if (stop === row?.autorun) void this.desk.autorun(id, row.autorun.checked);
    else stop.focus();
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing || (event.ctrlKey && event.key.toLowerCase() === "z")) return;
    const target = event.target as HTMLElement;
    const { id, column } = this.#place(target);
    const editing = target.matches("input.arp-edit");
    const done = editing ? this.#keyInEditor(event, id, target as HTMLInputElement) : this.#keyInCell(event, id, column, target);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #keyInEditor(event: KeyboardEvent, id: number, input: HTMLInputElement): boolean {
    const field = input.dataset["field"] as TextField;
    const at = TEXTS.indexOf(field);
    const { key } = event;
    if (key === "ArrowUp" || key === "ArrowDown") return this.#vertical(input, key === "ArrowUp" ? -1 : 1);
    if (key === "Escape") {
      this.desk.putBack(id, field);
      this.#toCell(input);
      return true;
    }
    if (key === "Tab") {
      this.desk.leave(id, field);
      const next = TEXTS[at + (event.shiftKey ? -1 : 1)];
      if (!next && event.shiftKey) return false;
      if (next) this.edit(id, next);
      else this.#stop(id, 4)?.focus();
      return true;
    }
    if (key !== "Enter") return false;
    void this.#enter(id, input);
    return true;
  }

  /** Save the row. Stay in the field if it is refused; in the blank row go to what is missing. */
  async #enter(id: number, input: HTMLInputElement): Promise<void> {
    const missing = id === BLANK ? (["name", "executable"] as const).find((field) => !(this.desk.edit(id).values[field] ?? "").trim()) : undefined;
    this.desk.leave(id, input.dataset["field"] as TextField);
    if (missing) return this.edit(id, missing);
    const saved = await this.desk.save(id);
    if (document.activeElement !== input) return;
    if (saved) this.focus(saved, TEXTS.indexOf(input.dataset["field"] as TextField) + 1);
    else if (!this.desk.edited.includes(id)) this.#toCell(input);
    else if (this.desk.edit(id).conflicts.length) this.#rows.get(id)?.under[0]?.querySelector("button")?.focus();
  }

  #toCell(input: HTMLInputElement): void {
    this.#closed = true;
    input.closest<HTMLElement>("[data-stop]")?.focus();
    this.#closed = false;
  }

  #keyInCell(event: KeyboardEvent, id: number, column: number, target: HTMLElement): boolean {
    const { key } = event;
    const field = target.dataset["field"] as TextField | undefined;
    if ((key === "Enter" || key === "F2") && field) return this.edit(id, field), true;
    if (key === "Enter" && target.matches("input, button")) return target.click(), true;
    if (key === "Delete" && id !== BLANK) return void this.desk.remove(id), true;
    if (key === "Escape") return this.desk.putBack(id);
    const far = event.ctrlKey;
    const stops = [...(target.closest("[role=row]")?.querySelectorAll<HTMLElement>("[data-stop]:not(:disabled)") ?? [])];
    const at = stops.indexOf(target);
    switch (key) {
      case "ArrowUp": return this.#vertical(target, -1);
      case "ArrowDown": return this.#vertical(target, 1);
      case "PageUp": return this.#to(this.#order[0]!, column);
      case "PageDown": return this.#to(this.#order.at(-1)!, column);
      case "ArrowLeft": return stops[at - 1]?.focus(), true;
      case "ArrowRight": return stops[at + 1]?.focus(), true;
      case "Home": return far ? this.#to(this.#order[0]!, 0) : (stops[0]?.focus(), true);
      case "End": return far ? this.#to(this.#order.at(-1)!, 1) : (stops.at(-1)?.focus(), true);
      default: return false;
    }
  }

  #to(id: number, column: number): boolean {
    this.focus(id, column);
    return true;
  }

  /** To the row or line above or below that can be reached. */
  #vertical(from: HTMLElement, step: 1 | -1): boolean {
    const column = this.#place(from).column;
    let row = from.closest("[role=row]");
    do row = (step > 0 ? row?.nextElementSibling : row?.previousElementSibling) ?? null;
    while (row && !row.querySelector("[data-stop]"));
    const stops = `[data-stop="${column}"]:not(:disabled)`;
    const line = row?.matches("[data-of]");
    (row?.querySelector<HTMLElement>(line ? "[data-stop]" : stops) ?? row?.querySelector<HTMLElement>("[data-stop]:not(:disabled)"))?.focus();
    this.#column = column;
    return true;
  }
}
