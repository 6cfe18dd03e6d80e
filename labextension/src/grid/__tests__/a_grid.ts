/** A grid of a hundred words in jsdom, which lays nothing out, and hands to use it. */

import { afterEach, beforeEach, vi } from "vitest";

import { Editors } from "../editors";
import { GridHost, type GridOptions } from "../host";
import type { CellEdit, EditAnswer, GridColumn, GridEvents, GridRows } from "../types";

/** px; rows are 28 px high. */
const [WIDTH, HEIGHT] = [800, 400];

export let host: GridHost;
export let words: Map<number, string>;
export let told: unknown[][];
let answers: EditAnswer[];

const px = (size: string): number => (size.endsWith("px") ? parseFloat(size) : 0);

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function (this: HTMLElement) {
    const high = this.classList.contains("slick-header") ? 28 : px(this.style.height) || HEIGHT;
    return new DOMRect(0, 0, px(this.style.width) || WIDTH, high);
  });
  for (const high of ["clientHeight", "offsetHeight"] as const) {
    vi.spyOn(HTMLElement.prototype, high, "get").mockReturnValue(HEIGHT - 28);
  }
  for (const wide of ["clientWidth", "offsetWidth"] as const) {
    vi.spyOn(HTMLElement.prototype, wide, "get").mockReturnValue(WIDTH);
  }
  vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockImplementation(function (this: HTMLElement) {
    return px((this.firstElementChild as HTMLElement | null)?.style.height ?? "");
  });
  const style = document.createElement("style");
  style.textContent = `.arp-slick { height: ${HEIGHT}px }`;
  document.head.replaceChildren(style);
  told = [];
  answers = [];
  words = new Map(Array.from({ length: 100 }, (_, i) => [i + 1, `word ${i + 1}`]));
});

afterEach(() => {
  host.destroy();
  document.body.replaceChildren();
});

export const edit: CellEdit = {
  kind: "text",
  get: (row) => words.get(row)!,
  check: (_row, typed) => (typed.includes("!") ? "Plain words only." : ""),
  suggest: (_row, typed) => typed.replaceAll("!", ""),
  save: async (row, typed, over) => {
    told.push(["save", row, typed, over]);
    const answer = answers.shift() ?? { ok: true, version: 2 };
    if (answer.ok) words.set(row, typed);
    return answer;
  },
};

function columns(): GridColumn[] {
  const text = (row: number): string => words.get(row) ?? "";
  return [
    { id: "key", title: "Key", width: 60, sortable: true, draw: String, text: String },
    { id: "word", title: "Word", width: 100, grow: 1, draw: text, text, edit },
    { id: "act", title: "Actions", width: 80, text: () => "", draw: buttons },
  ];
}

export function buttons(): HTMLElement {
  const all = document.createElement("span");
  for (const act of ["kill", "log"]) {
    const button = document.createElement("button");
    button.dataset["act"] = button.ariaLabel = act;
    button.tabIndex = -1;
    all.append(button);
  }
  return all;
}

export function rowsOf(keys: readonly number[], more: Partial<GridRows> = {}): GridRows {
  return { length: keys.length, row: (i) => keys[i]!, key: (row) => row, indexOf: (key) => keys.indexOf(key), ...more };
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

export function make(options: Partial<GridOptions> = {}, rows = rowsOf(range(1, 100)), more: Partial<GridEvents> = {}, others: readonly GridColumn[] = []): void {
  const note = (name: string) => (...what: unknown[]) => void told.push([name, ...what]);
  const events: Partial<GridEvents> = {
    key: (row, column, event) => told.push(["key", row, column, event.key]) > 0 && event.key === "l",
    press: (row, column, act) => told.push(["press", row, column, act]),
    selection: (keys) => told.push(["selection", [...keys]]),
    sort: note("sort"),
    columns: note("columns"),
    ...more,
  };
  host = new GridHost(document.body, [...columns(), ...others], events, { label: "Words", editors: (one) => new Editors(one), ...options });
  host.show(rows);
}

/** What saving answers next, instead of yes. */
export function answer(...next: EditAnswer[]): void {
  answers = next;
}

export const active = (): HTMLElement => document.activeElement as HTMLElement;
export const where = (): [string | null | undefined, string | null] => [active().parentElement?.getAttribute("aria-rowindex"), active().getAttribute("aria-colindex")];

export function press(key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  active().dispatchEvent(event);
  return event;
}

export const cell = (key: number, column: string): HTMLElement => {
  const at = { index: host.rows.indexOf(key), cell: host.drawn.findIndex(({ id }) => id === column) };
  return host.cells.node(at)!;
};

export function click(node: Element, more: MouseEventInit = {}): void {
  for (const kind of ["mousedown", "mouseup", "click"]) {
    if (kind === "mouseup" && node instanceof HTMLElement && node.matches(".slick-cell, button, input")) node.focus();
    node.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, ...more }));
  }
}
