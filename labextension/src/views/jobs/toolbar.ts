/** Search, filters and the page's buttons. */

import { plain } from "../../model/plain";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import type { Filter } from "./filter";

const TYPED_MS = 120;
/** Columns of the store that can be filtered one by one, and what they are called. */
export const FILTERABLE: readonly (readonly [name: string, title: string])[] = [
  ["run", "Run"], ["hash", "Hash"], ["native_id", "Job id"], ["user", "User"], ["reason", "Why"], ["error_line", "Error line"], ["cause", "Cause"],
  ["parameters", "Parameters"], ["queue", "Queue"], ["host", "Host"], ["location", "Location"],
];

export interface ToolbarEvents {
  /** These of the filter are to be others. */
  filter(part: Partial<Filter>): void;
  grouped(on: boolean): void;
  columns(button: HTMLElement): void;
  filters(button: HTMLElement): void;
  /** From the search to what it found. */
  found(): void;
  wall(): void;
  apply(): void;
}

export class Toolbar {
  readonly el: HTMLElement;
  readonly #search: HTMLInputElement;
  readonly #mine: HTMLButtonElement;
  readonly #grouped: HTMLButtonElement;
  readonly #filters: HTMLElement;
  readonly #on = el("b");
  readonly #chips = el("span.arp-chips");
  #timer = 0;
  readonly #typed = (): void => {
    window.clearTimeout(this.#timer);
    this.#timer = 0;
    this.events.filter({ text: this.#search.value });
  };

  constructor(readonly events: ToolbarEvents, readonly filter: () => Filter) {
    this.#search = el("input", {
      type: "text", "aria-label": "Search jobs", placeholder: "Run, hash, job id, user, error text", autocomplete: "off", spellcheck: "false",
      oninput: () => {
        window.clearTimeout(this.#timer);
        this.#timer = window.setTimeout(this.#typed, TYPED_MS);
      },
      onchange: () => this.#timer && this.#typed(), // left before that: nothing that was typed is lost
      onkeydown: (event: KeyboardEvent) => {
        if ((event.key !== "Enter" && event.key !== "ArrowDown") || event.isComposing) return;
        event.preventDefault();
        if (this.#timer) this.#typed();
        events.found();
      },
    });
    const toggle = (name: string, act: (on: boolean) => void): HTMLButtonElement => {
      const button: HTMLButtonElement = el("button.arp-btn", { type: "button", onclick: () => act(button.getAttribute("aria-pressed") !== "true") }, name);
      return button;
    };
    const opens = (name: string, shape: "funnel" | "cols", act: (button: HTMLElement) => void, ...more: HTMLElement[]): HTMLElement => {
      const button: HTMLElement = el("button.arp-btn", {
        type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-label": name, onclick: () => act(button),
      }, icon(shape), el("span.arp-hide-s", {}, name), ...more);
      return button;
    };
    this.#mine = toggle("Mine", (mine) => events.filter({ mine }));
    this.#grouped = toggle("Group by run", events.grouped);
    this.#filters = opens("Filter", "funnel", events.filters, this.#on);
    this.el = el("div.arp-tools", {},
      el("div.arp-field.arp-search", {}, icon("search"), this.#search, el("kbd", {}, "/")),
      this.#mine, this.#grouped, this.#filters, this.#chips,
      el("span.arp-grow"), opens("Columns", "cols", events.columns),
      el("button.arp-icon.arp-hide-s", { type: "button", "aria-label": "Wall view", title: "Wall view (w)", onclick: events.wall }, icon("wall")),
      el("span.arp-sep"), el("button.arp-btn.is-main", { type: "button", "aria-haspopup": "dialog", onclick: events.apply }, "Apply hash to runs…"));
  }

  show(filter: Filter, grouped: boolean): void {
    if (!this.#timer && (document.activeElement !== this.#search || !filter.text)) this.#search.value = filter.text;
    this.#mine.setAttribute("aria-pressed", String(filter.mine));
    this.#grouped.setAttribute("aria-pressed", String(grouped));
    const on = filter.columns.size;
    this.#on.hidden = !on;
    fill(this.#on, on);
    this.#filters.classList.toggle("is-on", on > 0);
    this.#filters.setAttribute("aria-label", on ? `Filter, ${on} on` : "Filter");
    fill(this.#chips, ...[...filter.columns].map(([name, text]) => el("button.arp-btn.arp-chip", {
      type: "button", "aria-label": `Drop the filter on ${titleOf(name)}`, onclick: () => this.column(name, ""),
    }, `${titleOf(name)}: ${plain(text, 30)}`, icon("x", 12))));
  }

  destroy(): void {
    window.clearTimeout(this.#timer);
  }

  /** Only jobs whose column holds this text. */
  column(name: string, text: string): void {
    const columns = new Map(this.filter().columns);
    if (text) columns.set(name, text);
    else columns.delete(name);
    this.events.filter({ columns });
  }
}

/** What a column of the store is called. */
export function titleOf(name: string): string {
  return FILTERABLE.find(([one]) => one === name)?.[1] ?? name;
}
