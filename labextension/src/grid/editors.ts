/** Editing in place: one small editor per cell, which keeps what was typed until it is saved or given up. */

import { words } from "../model/error_words";
import { el, unique } from "../dom";
import { icon } from "../icons";
import type { GridHost } from "./host";
import type { At } from "./keyboard";
import type { CellEdit, EditAnswer, GridColumn } from "./types";

export class Editors {
  private readonly open = new Map<string, CellEditor>();

  constructor(private readonly host: GridHost) {}

  /** Cells whose text is not saved. */
  get unsaved(): number {
    return this.open.size;
  }

  /** Begin to edit a cell, with a text in place of its own if one is given; false: it cannot be. */
  start(at: At, typed?: string): boolean {
    const { host } = this;
    const row = host.rows.row(at.index);
    const column = host.drawn[at.cell]!;
    const { edit } = column;
    if (!edit || edit.can?.(row) === false) return false;
    const key = host.rows.key(row);
    const name = nameOf(key, column.id);
    const known = this.open.get(name);
    if (known) {
      if (edit.kind === "bool") void known.flip();
      else known.enter();
      return true;
    }
    const editor = new CellEditor(host, key, column, edit, () => this.open.delete(name));
    this.open.set(name, editor);
    editor.show(host.cells.node(at)!);
    if (edit.kind === "bool") void editor.flip();
    else editor.enter(typed);
    return true;
  }

  /** A cell was drawn: its editor, if it has one, goes in. */
  attach(node: HTMLElement, key: number, column: string): void {
    this.open.get(nameOf(key, column))?.show(node);
  }

  /** Does an editor stand in this cell? */
  holds(node: HTMLElement): boolean {
    return node.classList.contains("is-edit");
  }
}

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** Lines of a text that are seen at once while it is edited. */
const MOST_LINES = 8;

const nameOf = (key: number, column: string): string => `${key} ${column}`;

class CellEditor {
  private readonly field: Field;
  private readonly note = el("div.arp-cellnote", { role: "alert", id: unique("arp-note"), hidden: true });
  private node: HTMLElement | null = null;
  private saving = false;
  /** Version to save over, once somebody else saved meanwhile and the user wants their own. */
  private over: number | undefined;
  /** As the field shows it, which knows no control characters: what is left alone is not saved. */
  private readonly was: string;

  constructor(
    private readonly host: GridHost,
    private readonly key: number,
    private readonly column: GridColumn,
    private readonly edit: CellEdit,
    private readonly done: () => void,
  ) {
    this.field = fieldOf(edit, edit.get(this.row));
    this.was = this.field.value;
    const name = host.options.rowName?.(this.row);
    this.field.setAttribute("aria-label", name ? `${column.title} of ${name}` : column.title);
    const box = (event: Event): void => this.left(event as FocusEvent);
    this.field.addEventListener("focusout", box);
    this.note.addEventListener("focusout", box);
    this.field.addEventListener("keydown", (event) => this.pressed(event as KeyboardEvent));
    this.note.addEventListener("keydown", (event) => this.escaped(event));
    if (edit.kind === "choice") this.field.addEventListener("change", () => void this.commit());
  }

  /** Stand in this cell. */
  show(node: HTMLElement): void {
    this.node = node;
    if (this.edit.kind !== "bool") {
      node.classList.add("is-edit");
      node.replaceChildren(this.field);
      if (this.lines) this.field.classList.toggle("is-above", this.isLow(this.lines));
    }
    node.append(this.note);
  }

  enter(typed?: string): void {
    const { field } = this;
    const typing = !(field instanceof HTMLSelectElement);
    if (typed !== undefined && typing) field.value = typed;
    field.focus({ preventScroll: true });
    if (typing && typed === undefined) field.select();
  }

  /** Yes for no and no for yes, saved at once. */
  async flip(): Promise<void> {
    await this.commit(this.was === "true" ? "false" : "true");
  }

  private get row(): number {
    const index = this.host.rows.indexOf(this.key);
    return index < 0 ? -1 : this.host.rows.row(index);
  }

  private get typed(): string {
    return this.field.value;
  }

  /** Save what was typed, if it is other than before and good; what is refused stays as typed. */
  private async commit(typed = this.typed): Promise<void> {
    const { row } = this;
    if (this.saving) return;
    if (row < 0 || (typed === this.was && this.over === undefined)) return this.close();
    const wrong = this.edit.check(row, typed);
    if (wrong) return this.refuse(wrong, this.suggestion(row, typed));
    this.busy(true);
    const answer = await this.edit.save(row, typed, this.over).catch(refused);
    this.busy(false);
    if (answer.ok) this.close();
    else if (answer.theirs === undefined) this.refuse(answer.message);
    else this.conflict(String(answer.theirs ?? ""), typed, answer);
  }

  /** Say why, and leave whoever pressed Enter where it can be put right. */
  private refuse(why: string, more: Node[] = []): void {
    this.say(why, more);
    if (document.activeElement === this.node) this.field.focus({ preventScroll: true });
  }

  private close(): void {
    const inside = this.node?.contains(document.activeElement);
    this.done();
    this.node?.classList.remove("is-edit");
    this.note.remove();
    this.field.remove();
    this.host.redraw([this.row], [this.column.id]);
    this.host.redrawNow();
    if (inside) this.node?.focus({ preventScroll: true });
  }

  private pressed(event: KeyboardEvent): void {
    if (this.escaped(event)) return;
    if (event.key === "Enter" && event.shiftKey && this.field instanceof HTMLTextAreaElement) return; // another line
    if (event.key === "Enter") {
      event.preventDefault();
      this.node?.focus({ preventScroll: true }); // which commits: see `left`
    } else if (event.key === "Tab" && !this.note.querySelector("button")) {
      const to = this.beside(event.shiftKey ? -1 : 1);
      if (to) {
        event.preventDefault();
        void this.commit();
        this.host.focusAt.go(to);
        this.host.editors?.start(to);
      }
    }
  }

  /** Esc puts it back as it was. Keys typed here are for nobody else. */
  private escaped(event: Event): boolean {
    event.stopPropagation();
    if (!(event instanceof KeyboardEvent) || event.isComposing) return true;
    if (event.key !== "Escape") return false;
    event.preventDefault();
    this.saving = true; // nothing is committed by leaving
    this.close();
    return true;
  }

  /** The focus went elsewhere, unless the element was only moved. */
  private left(event: FocusEvent): void {
    const to = event.relatedTarget;
    queueMicrotask(() => {
      const within = (place: unknown): boolean => place === this.field || (place instanceof Node && this.note.contains(place));
      if (!this.field.isConnected || within(to) || within(document.activeElement)) return;
      void this.commit();
    });
  }

  private beside(side: -1 | 1): At | null {
    const { index, cell } = this.host.focusAt.at;
    for (let at = cell + side; at >= 0 && at < this.host.drawn.length; at += side) {
      const { edit } = this.host.drawn[at]!;
      if (edit && edit.kind !== "bool" && edit.can?.(this.row) !== false) return { index, cell: at };
    }
    return null;
  }

  private suggestion(row: number, typed: string): Node[] {
    const better = this.edit.suggest?.(row, typed);
    if (!better) return [];
    const use = (): void => {
      this.field.value = better;
      this.field.focus();
      void this.commit();
    };
    return [el("span", {}, "Did you mean ", el("code", {}, better), "?"), button("Use it", use)];
  }

  private conflict(theirs: string, typed: string, answer: EditAnswer): void {
    const mine = (): void => {
      this.over = answer.version;
      void this.commit(typed);
    };
    this.say(`${"message" in answer ? answer.message : ""} Theirs: “${theirs}”. Yours: “${typed}”.`, [
      button("Keep mine", mine),
      button("Take theirs", () => this.close()),
    ]);
  }

  private say(message: string, more: readonly Node[] = []): void {
    this.note.replaceChildren(icon("warn"), el("b", {}, message), ...more);
    if (!more.length && this.edit.kind === "bool") this.note.append(button("Close", () => this.close()));
    this.note.hidden = false;
    this.field.setAttribute("aria-invalid", "true");
    this.field.setAttribute("aria-describedby", this.note.id);
    if (!this.node) return;
    const { viewport } = this.host.engine;
    this.note.style.left = `${viewport.scrollLeft - this.node.offsetLeft}px`;
    this.note.style.width = `${viewport.clientWidth}px`;
    this.note.style.paddingLeft = `${Math.max(10, this.node.offsetLeft - viewport.scrollLeft)}px`;
    const above = this.isLow(this.lines || 2);
    this.note.classList.toggle("is-above", above && !this.lines); // beside many lines: on their free side
    if (this.lines && !above) this.note.style.top = `${this.field.offsetHeight}px`;
  }

  /** Lines that the field is high; 0: as its cell. */
  private get lines(): number {
    return this.field instanceof HTMLTextAreaElement ? this.field.rows : 0;
  }

  /** Is there no room below this row for as many more, but above it? */
  private isLow(more: number): boolean {
    const { rows, rowHeight_px, engine } = this.host;
    const end_px = (rows.indexOf(this.key) + more) * rowHeight_px - engine.top_px;
    return end_px > engine.height_px && end_px > (more + 1) * rowHeight_px;
  }

  private busy(on: boolean): void {
    this.saving = on;
    if (this.note.contains(document.activeElement)) this.node?.focus({ preventScroll: true });
    this.note.hidden = true;
    this.node?.classList.toggle("is-saving", on);
    this.node?.setAttribute("aria-busy", String(on));
    if (!(this.field instanceof HTMLSelectElement)) this.field.readOnly = on;
  }
}

function fieldOf(edit: CellEdit, value: string): Field {
  if (edit.kind === "text" && /[\r\n]/.test(value)) {
    // an input would drop the ends of its lines
    const field = el("textarea.arp-edit.is-lines", { rows: Math.min(MOST_LINES, value.split("\n").length), spellcheck: "false" });
    field.value = value;
    return field;
  }
  if (edit.kind !== "choice") {
    const field = el("input.arp-edit", { inputmode: edit.kind === "number" ? "decimal" : null, spellcheck: "false" });
    field.value = value;
    return field;
  }
  const choices = edit.choices ?? [];
  const all = choices.includes(value) ? choices : [value, ...choices];
  const field = el("select.arp-edit", {}, ...all.map((choice) => el("option", { value: choice }, choice)));
  field.value = value;
  return field;
}

function button(label: string, press: () => void): HTMLElement {
  return el("button.arp-btn", { type: "button", onclick: press }, label);
}

function refused(error: unknown): EditAnswer {
  return { ok: false, message: words(error) };
}
