/** What keys do in the grid. Those that mean something here go no further. */

import type { GridHost } from "./host";
import { led, type At } from "./keyboard";

const CONTROLS = "button, a[href], input, select, textarea, [data-act]";

/** Rows that are copied at most: more would freeze the page. */
const MOST_COPIED = 50_000;

export class Keys {
  constructor(private readonly host: GridHost) {
    host.el.addEventListener("keydown", (event) => {
      if (!event.defaultPrevented && this.means(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    });
    host.el.addEventListener("copy", (event) => this.copy(event));
  }

  private means(event: KeyboardEvent): boolean {
    const target = event.target as HTMLElement;
    const at = this.host.cells.placeOf(target);
    if (!at) return false;
    const node = this.host.cells.node(at);
    if (target !== node && at.index >= 0) {
      const inside = this.within(event, target, node);
      if (inside !== null) return inside;
    }
    if (at.index < 0 && this.host.headers.key(this.host.drawn[at.cell]!.id, event)) return true;
    return this.selects(event, at) || this.moves(event, at) || (at.index >= 0 && this.acts(event, at));
  }

  /** A key on a control inside a cell; null: it counts as a key on the cell. */
  private within(event: KeyboardEvent, target: HTMLElement, node: HTMLElement | null): boolean | null {
    if (event.key === "Escape" || event.key === "F2") {
      node?.focus();
      return true;
    }
    if (target.matches("input:not([type=checkbox]), select, textarea")) return false;
    if (event.key === "Enter" || event.key === " ") return false;
    const side = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!side || !node) return null;
    const all = controls(node);
    const next = all[all.indexOf(target) + side];
    next?.focus();
    return next ? true : null;
  }

  private selects(event: KeyboardEvent, at: At): boolean {
    const { options, picks } = this.host;
    if (!options.multiSelect) return false;
    if ((event.ctrlKey || event.metaKey) && event.key === "a") picks.all();
    else if (event.key === " " && at.index >= 0) picks.toggle(at.index);
    else if (event.key === "Enter" && this.host.drawn[at.cell]?.id === "sel") picks.toggle(at.index);
    else return false;
    return true;
  }

  private moves(event: KeyboardEvent, at: At): boolean {
    const { host } = this;
    if (event.altKey) return false;
    const to = led(event, at, {
      rows: host.rows.length,
      cells: host.drawn.length,
      page: Math.max(1, Math.floor(host.engine.height_px / host.rowHeight_px) - 1),
      covering: (place) => host.cells.covering(place),
    });
    if (!to) return false;
    if (event.shiftKey && host.options.multiSelect && to.index >= 0 && at.index >= 0) {
      if (to.index !== at.index) host.picks.extend(to.index, at.index);
    } else {
      host.picks.moved();
    }
    host.focusAt.go(to);
    return true;
  }

  private acts(event: KeyboardEvent, at: At): boolean {
    const { host } = this;
    const column = host.drawn[at.cell]!;
    const row = host.rows.row(at.index);
    const enters = event.key === "Enter" || event.key === "F2";
    if (column.edit && (enters || (event.key === " " && column.edit.kind === "bool"))) {
      if (host.editors?.start(at)) return true;
    }
    if (host.events.key?.(row, column.id, event)) return true;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (column.edit && plain && event.key.length === 1 && column.edit.kind !== "bool") {
      return host.editors?.start(at, event.key) === true;
    }
    if (!enters) return false;
    const all = controls(host.cells.node(at));
    if (all.length === 1) all[0]!.click();
    else all[0]?.focus();
    return all.length > 0;
  }

  /** The cell's text, or the selected rows as lines of text with tabs between. */
  private copy(event: ClipboardEvent): void {
    const { host } = this;
    const at = host.cells.placeOf(event.target as HTMLElement);
    if (!at || at.index < 0 || event.target !== host.cells.node(at) || getSelection()?.toString()) return;
    const columns = host.drawn.filter(({ id }) => id !== "sel");
    const many = host.selection.size > MOST_COPIED;
    const lines = (many ? [] : [...host.selection]).flatMap((key) => {
      const index = host.rows.indexOf(key);
      return index < 0 ? [] : columns.map((column) => column.text(host.rows.row(index))).join("\t");
    });
    const text = lines.length ? lines.join("\n") : host.drawn[at.cell]!.text(host.rows.row(at.index));
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  }
}

function controls(node: HTMLElement | null): HTMLElement[] {
  return [...(node?.querySelectorAll<HTMLElement>(CONTROLS) ?? [])].filter((one) => !one.hasAttribute("disabled"));
}
