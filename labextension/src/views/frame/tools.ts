/** Search, filters, columns, and what can be done with rows. */

import { plain } from "../../model/plain";
import { counted } from "../counted";
import { el, fill } from "../../dom";
import { icon, type IconName } from "../../icons";
import { popover } from "../popover";
import { hint } from "./filter";
import type { Reader } from "./format";

const TYPED_MS = 150;

export interface ToolsDo {
  search(text: string): void;
  /** A condition on a column; "" drops it. False: it cannot be read. */
  filter(column: string, text: string): boolean;
  columns(button: HTMLElement): void;
  add(): void;
  remove(): void;
}

export class Tools {
  readonly el: HTMLElement;
  readonly search: HTMLInputElement;
  readonly removes: HTMLButtonElement;
  private readonly adds: HTMLButtonElement;
  private readonly chips = el("span.arp-chips");
  private timer = 0;

  constructor(
    private readonly does: ToolsDo,
    private readonly readers: () => readonly Reader[],
    private readonly conditions: ReadonlyMap<string, string>,
    private can: { add: boolean; remove: boolean },
  ) {
    this.search = el("input", {
      type: "text", "aria-label": "Search rows", placeholder: "Search", autocomplete: "off", spellcheck: "false",
      oninput: () => this.typed(),
    });
    this.removes = tool("trash", "Delete…", () => this.confirm(), { "aria-haspopup": "dialog", hidden: true });
    this.adds = tool("plus", "Add row", () => does.add(), { hidden: !can.add });
    const filters = tool("down", "Filter", () => this.filters(filters), { "aria-haspopup": "dialog", "aria-expanded": "false" });
    const columns = tool("cols", "Columns", () => does.columns(columns), { "aria-haspopup": "dialog", "aria-expanded": "false" });
    this.el = el("div.arp-tools", {},
      el("div.arp-field.arp-search", {}, icon("search"), this.search, el("kbd", {}, "/")), filters, this.chips,
      el("span.arp-grow"), this.removes, this.adds, columns);
  }

  /** What may be done is other than before; `show` is called next. */
  allow(can: { add: boolean; remove: boolean }): void {
    this.can = can;
    this.adds.hidden = !can.add;
  }

  /** What is chosen now. */
  show(text: string, selected: number): void {
    if (document.activeElement !== this.search || !text) this.search.value = text;
    this.removes.hidden = !selected || !this.can.remove;
    this.removes.lastElementChild!.textContent = `Delete ${counted(selected, "row")}…`;
    fill(this.chips, ...[...this.conditions].map(([name, condition]) => {
      const title = plain(this.readers().find(({ head }) => head.name === name)?.head.title ?? "", 30);
      return el("button.arp-btn.arp-chip", {
        type: "button", "aria-label": `Drop the filter on ${title}`, onclick: () => this.does.filter(name, ""),
      }, `${title}: ${plain(condition, 30)}`, icon("x", 12));
    }));
  }

  /** Ask before rows are deleted: there is no undo. */
  confirm(): void {
    const count = this.removes.lastElementChild!.textContent!.slice(0, -1);
    popover(this.removes, "Delete rows", (box, close) => {
      const yes = el("button.arp-btn.is-bad", { type: "button", onclick: () => (close(), this.does.remove()) }, count);
      const no = el("button.arp-btn", { type: "button", onclick: close }, "Keep");
      fill(box, el("p", {}, `${count} from this table? It cannot be undone.`), el("div.arp-row-btns", {}, yes, no));
      no.focus();
    });
  }

  destroy(): void {
    window.clearTimeout(this.timer);
  }

  private typed(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.does.search(this.search.value), TYPED_MS);
  }

  private filters(button: HTMLElement): void {
    popover(button, "Filter columns", (box) => {
      const fields = this.readers().filter(({ head }) => head.type !== "remote").map((one) => {
        const input: HTMLInputElement = el("input", {
          placeholder: hint(one), autocomplete: "off", spellcheck: "false",
          oninput: () => input.setAttribute("aria-invalid", String(!this.does.filter(one.head.name, input.value.trim()))),
        });
        input.value = this.conditions.get(one.head.name) ?? "";
        return el("label.arp-opt", {}, el("span.t", { title: plain(one.head.title) }, plain(one.head.title, 40)), el("span.arp-field", {}, input));
      });
      fill(box, el("h3", {}, "Only rows whose"), ...fields);
      box.querySelector("input")?.focus();
    });
  }
}

function tool(shape: IconName, name: string, press: () => void, more: Record<string, string | boolean> = {}): HTMLButtonElement {
  return el("button.arp-btn", { type: "button", onclick: press, "aria-label": name, ...more }, icon(shape), el("span", {}, name));
}
