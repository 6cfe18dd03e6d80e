/** Which rows are selected: by key, so that it outlives sorting, filtering and new rows. */

import { el } from "../dom";
import type { GridHost } from "./host";
import { KeySet } from "./key_set";
import type { GridColumn, GridRows } from "./types";

/** The column of boxes. */
export function boxes(host: GridHost): GridColumn {
  const draw = (row: number): HTMLElement | null => {
    const { picks, rows, options, columns } = host;
    if (!picks.can(row)) return null;
    const name = `Select ${options.rowName?.(row) ?? columns[0]?.text(row) ?? ""}`;
    const box = el("input", { type: "checkbox", tabindex: -1, "aria-label": name });
    box.checked = picks.keys.has(rows.key(row));
    return box;
  };
  return { id: "sel", title: "", width: 34, always: true, draw, text: () => "" };
}

/** How much of the rows shown is selected. */
type Covered = "all" | "some" | "none";

export class Selection {
  keys = KeySet.none;
  /** Where an extended selection starts, and what was selected before it. */
  private anchor: number | null = null;
  private before = KeySet.none;
  private known: { rows: GridRows; keys: KeySet; state: Covered } | null = null;

  constructor(private readonly host: GridHost) {}

  /** Replace the selection; tells nobody. */
  set(keys: KeySet): void {
    this.keys = keys;
    this.paint();
  }

  toggle(index: number): void {
    const one = this.between(index, index);
    if (!one.size) return;
    const [key] = one;
    this.anchor = key ?? null;
    const on = !this.keys.has(key!);
    this.change(on ? this.keys.with(one) : this.keys.without(one));
    this.before = this.keys;
  }

  /** Select from where the selection started to here. `from` is where it starts if nowhere yet. */
  extend(index: number, from: number): void {
    const { rows } = this.host;
    let start = this.anchor === null ? -1 : rows.indexOf(this.anchor);
    if (start < 0) {
      start = from;
      this.anchor = rows.key(rows.row(from));
      this.before = this.keys;
    }
    this.change(this.before.with(this.between(Math.min(start, index), Math.max(start, index))));
  }

  /** All rows shown, or none of them if all are selected. */
  toggleAll(): void {
    if (this.state() === "all") this.change(this.keys.without(this.between(0, this.host.rows.length - 1)));
    else this.all();
  }

  all(): void {
    const { rows } = this.host;
    const keys = this.keys.with(this.between(0, rows.length - 1));
    this.known = { rows, keys, state: keys.size ? "all" : "none" };
    this.change(keys);
  }

  /** Rows are others now, though their list may be the same object. */
  forget(): void {
    this.known = null;
  }

  /** A moved focus without Shift starts over. */
  moved(): void {
    this.anchor = null;
  }

  /** Show it in the rows that are in the page. */
  paint(): void {
    const { engine } = this.host;
    if (!this.host.options.multiSelect) return;
    for (const index of engine.rendered()) this.paintRow(engine.rowNode(index)!, index);
    const box = engine.header.querySelector<HTMLInputElement>(".c-sel input");
    if (!box) return;
    const state = this.state();
    box.checked = state === "all";
    box.indeterminate = state === "some";
  }

  paintRow(node: HTMLElement, index: number): void {
    const { rows } = this.host;
    const row = rows.row(index);
    if (!this.can(row)) {
      node.removeAttribute("aria-selected");
      return;
    }
    const selected = this.keys.has(rows.key(row));
    node.setAttribute("aria-selected", String(selected));
    const box = node.querySelector<HTMLInputElement>(".c-sel input");
    if (box) box.checked = selected;
  }

  can(row: number): boolean {
    const { rows, options } = this.host;
    return !!options.multiSelect && (rows.selectable?.(row) ?? true);
  }

  private state(): Covered {
    const { rows } = this.host;
    if (this.known?.rows !== rows || this.known.keys !== this.keys) {
      this.known = { rows, keys: this.keys, state: this.covered() };
    }
    return this.known.state;
  }

  /** Ends at the first row that differs, so that it is quick but for all of many. */
  private covered(): Covered {
    const { rows } = this.host;
    if (!this.keys.size) return "none";
    let any = false;
    for (let index = 0; index < rows.length; index++) {
      const row = rows.row(index);
      if (!this.can(row)) continue;
      if (!this.keys.has(rows.key(row))) return "some";
      any = true;
    }
    return any ? "all" : "some";
  }

  private between(first: number, last: number): KeySet {
    const { rows } = this.host;
    const self = this;
    return KeySet.of(
      (function* () {
        for (let index = first; index <= last; index++) {
          const row = rows.row(index);
          if (self.can(row)) yield rows.key(row);
        }
      })(),
    );
  }

  private change(keys: KeySet): void {
    this.set(keys);
    this.host.events.selection?.(keys);
  }
}
