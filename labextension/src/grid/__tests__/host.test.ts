import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { GridHost, type GridOptions } from "../host";
import type { CellEdit, EditAnswer, GridColumn, GridEvents, GridRows } from "../types";

/** jsdom lays nothing out: a grid 400 px high and 800 px wide, rows of 28 px. */
const [WIDTH, HEIGHT] = [800, 400];

let host: GridHost;
let words: Map<number, string>;
let told: unknown[][];
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

const edit: CellEdit = {
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

function buttons(): HTMLElement {
  const all = document.createElement("span");
  for (const act of ["kill", "log"]) {
    const button = document.createElement("button");
    button.dataset["act"] = button.ariaLabel = act;
    button.tabIndex = -1;
    all.append(button);
  }
  return all;
}

function rowsOf(keys: readonly number[], more: Partial<GridRows> = {}): GridRows {
  return { length: keys.length, row: (i) => keys[i]!, key: (row) => row, indexOf: (key) => keys.indexOf(key), ...more };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function make(options: Partial<GridOptions> = {}, rows = rowsOf(range(1, 100))): void {
  const note = (name: string) => (...what: unknown[]) => void told.push([name, ...what]);
  const events: Partial<GridEvents> = {
    key: (row, column, event) => told.push(["key", row, column, event.key]) > 0 && event.key === "l",
    press: (row, column, act) => told.push(["press", row, column, act]),
    selection: (keys) => told.push(["selection", [...keys]]),
    sort: note("sort"),
    columns: note("columns"),
  };
  host = new GridHost(document.body, columns(), events, { label: "Words", ...options });
  host.show(rows);
}

const active = (): HTMLElement => document.activeElement as HTMLElement;
const where = (): [string | null | undefined, string | null] => [active().parentElement?.getAttribute("aria-rowindex"), active().getAttribute("aria-colindex")];

function press(key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  active().dispatchEvent(event);
  return event;
}

const cell = (key: number, column: string): HTMLElement => {
  const at = { index: host.rows.indexOf(key), cell: host.drawn.findIndex(({ id }) => id === column) };
  return host.cellNode(at)!;
};

function click(node: Element, more: MouseEventInit = {}): void {
  for (const kind of ["mousedown", "mouseup", "click"]) {
    if (kind === "mouseup" && node instanceof HTMLElement && node.matches(".slick-cell, button, input")) node.focus();
    node.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, ...more }));
  }
}

describe("a grid for screen readers", () => {
  it("says how many rows and columns there are, and where each cell stands", () => {
    make({ multiSelect: true });
    expect(host.el.getAttribute("role")).toBe("grid");
    expect(host.el.getAttribute("aria-label")).toBe("Words");
    expect(host.el.getAttribute("aria-rowcount")).toBe("101");
    expect(host.el.getAttribute("aria-colcount")).toBe("4");
    expect(cell(3, "word").getAttribute("aria-colindex")).toBe("3");
    expect(cell(3, "word").parentElement!.getAttribute("aria-rowindex")).toBe("4");
    expect(cell(3, "word").parentElement!.getAttribute("aria-selected")).toBe("false");
  });

  it("has no serious finding of axe", async () => {
    make({ multiSelect: true, rowName: (row) => `row ${row}`, sort: { column: "key", descending: true } });
    const { violations } = await axe.run(host.el, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map(({ id }) => id)).toEqual([]);
  });

  it("is one tab stop, also when the focus moves, rows go and columns change", () => {
    make({ multiSelect: true });
    const stops = (): number => host.el.querySelectorAll('[tabindex="0"]').length;
    expect(stops()).toBe(1);
    host.focus(5, "word");
    expect(stops()).toBe(1);
    host.show(rowsOf(range(6, 60)));
    host.setChoices([{ id: "act" }, { id: "key", hidden: true }]);
    expect(stops()).toBe(1);
    host.show(rowsOf([]));
    expect(stops()).toBe(1);
  });

  it("marks the cell that spans the rest of its row", () => {
    make({}, rowsOf([1, 2], { span: (row) => (row === 2 ? "word" : null) }));
    expect(cell(2, "word").getAttribute("aria-colspan")).toBe("2");
    host.focus(2, "word");
    press("ArrowRight");
    expect(active()).toBe(cell(2, "word"));
  });
});

describe("keys in a grid", () => {
  it("move the focus, and go no further", () => {
    make();
    host.focus(1, "key");
    expect(press("ArrowDown").defaultPrevented).toBe(true);
    press("ArrowRight");
    expect(where()).toEqual(["3", "2"]);
    press("End", { ctrlKey: true });
    expect(where()).toEqual(["101", "3"]);
    press("Home", { ctrlKey: true });
    expect(where()).toEqual(["2", "1"]);
  });

  it("reach the header, which sorts on Enter, moves with Alt and widens with Shift", () => {
    make();
    host.focus(1, "key");
    press("ArrowUp");
    press("Enter");
    press("Enter");
    expect(told).toEqual([["sort", "key", false], ["sort", "key", true]]);
    expect(active().getAttribute("aria-sort")).toBe("descending");
    press("ArrowRight", { altKey: true });
    expect(told.at(-1)).toEqual(["columns", [{ id: "word" }, { id: "key" }, { id: "act" }]]);
    expect(where()).toEqual(["1", "2"]);
    press("ArrowRight", { shiftKey: true });
    expect(told.at(-1)).toEqual(["columns", [{ id: "word" }, { id: "key", width: 76 }, { id: "act" }]]);
  });

  it("which mean nothing to the grid are offered to the view, and pass on if it does not want them", () => {
    make();
    host.focus(2, "key");
    expect(press("l").defaultPrevented).toBe(true);
    expect(press("x").defaultPrevented).toBe(false);
    expect(told).toEqual([["key", 2, "key", "l"], ["key", 2, "key", "x"]]);
  });

  it("reach the controls in a cell: Enter goes in, arrows between, Esc comes out", () => {
    make();
    host.focus(2, "act");
    press("Enter");
    expect(active().dataset["act"]).toBe("kill");
    press("ArrowRight");
    expect(active().dataset["act"]).toBe("log");
    press("Escape");
    expect(active()).toBe(cell(2, "act"));
  });
});

describe("a header", () => {
  const drag = (node: Element, by_px: number): void => {
    HTMLElement.prototype.setPointerCapture = () => undefined; // jsdom has none
    node.dispatchEvent(new MouseEvent("pointerdown", { bubbles: true, clientX: 100 }));
    for (const kind of ["pointermove", "pointerup", "click"]) {
      (kind === "click" ? node : host.engine.header).dispatchEvent(new MouseEvent(kind, { bubbles: true, clientX: 100 + by_px }));
    }
  };
  const header = (cell: number): HTMLElement => host.cellNode({ index: -1, cell })!;

  it("keeps the width it is dragged to, which is no press", () => {
    make();
    drag(header(0).querySelector(".arp-grip")!, 40);
    expect(told).toEqual([["columns", [{ id: "key", width: 100 }, { id: "word" }, { id: "act" }]]]);
    expect(host.engine.getColumns().map(({ width }) => width)).toEqual([100, 620, 80]);
  });

  it("sorts when it is pressed, up first and then down", () => {
    make();
    click(header(0).querySelector("button")!);
    click(header(0).querySelector("button")!);
    click(header(1));
    expect(told).toEqual([["sort", "key", false], ["sort", "key", true]]);
  });

  it("is as the view has it", () => {
    make({ sort: { column: "key", descending: true }, choices: [{ id: "act" }, { id: "word", hidden: true }] });
    expect(host.drawn.map(({ id }) => id)).toEqual(["key", "act"]);
    host.setSort({ column: "key", descending: false });
    expect(header(0).getAttribute("aria-sort")).toBe("ascending");
    expect(told).toEqual([]);
  });
});

describe("the selection", () => {
  it("grows and shrinks with Shift and arrows from where it began", () => {
    make({ multiSelect: true });
    host.focus(3, "key");
    press(" ");
    press("ArrowDown", { shiftKey: true });
    press("ArrowDown", { shiftKey: true });
    press("ArrowUp", { shiftKey: true });
    expect([...host.selection]).toEqual([3, 4]);
    expect(cell(4, "key").parentElement!.getAttribute("aria-selected")).toBe("true");
  });

  it("holds by key, whatever order the rows get", () => {
    make({ multiSelect: true });
    host.selection = [2, 5];
    host.show(rowsOf([5, 4, 3, 2, 1]));
    expect(cell(5, "key").parentElement!.getAttribute("aria-selected")).toBe("true");
    expect(cell(4, "key").parentElement!.getAttribute("aria-selected")).toBe("false");
    expect(told).toEqual([]);
  });

  it("takes all rows that may be selected, and says so in the header's box", () => {
    make({ multiSelect: true }, rowsOf(range(1, 10), { selectable: (row) => row !== 4 }));
    const box = host.engine.header.querySelector<HTMLInputElement>("input")!;
    host.focus(1, "key");
    press("a", { ctrlKey: true });
    expect(host.selection.ranges()).toEqual([[1, 3], [5, 10]]);
    expect([box.checked, box.indeterminate]).toEqual([true, false]);
    click(cell(2, "sel").querySelector("input")!);
    expect([box.checked, box.indeterminate]).toEqual([false, true]);
    expect(cell(4, "sel").querySelector("input")).toBeNull();
  });

  it("takes a range of boxes with Shift", () => {
    make({ multiSelect: true });
    click(cell(2, "sel").querySelector("input")!);
    click(cell(6, "sel").querySelector("input")!, { shiftKey: true });
    expect(host.selection.ranges()).toEqual([[2, 6]]);
  });
});

describe("rows that come and go", () => {
  it("take their elements and the focus along", () => {
    make();
    host.focus(5, "word");
    const node = active();
    host.show(rowsOf([...range(1, 2), ...range(4, 100)]));
    expect(active()).toBe(node);
    expect(where()).toEqual(["5", "2"]);
  });

  it("leave the focus where it was when its row goes", () => {
    make();
    host.focus(5, "word");
    host.show(rowsOf(range(6, 100)));
    expect(active()).toBe(cell(10, "word"));
  });

  it("draw again only what changed, in the next frame", async () => {
    make();
    words.set(1, "one");
    words.set(2, "two");
    host.redraw([1], ["word"]);
    await vi.waitFor(() => expect(cell(1, "word").textContent).toBe("one"));
    expect(cell(2, "word").textContent).toBe("word 2");
  });

  it("leave a button alone that looks the same", () => {
    make();
    const button = cell(1, "act").querySelector("button");
    host.redraw("all");
    host.redrawNow();
    expect(cell(1, "act").querySelector("button")).toBe(button);
  });

  it("tell which are in view", async () => {
    const seen: number[][] = [];
    make();
    host.destroy();
    host = new GridHost(document.body, columns(), { view: (first, last) => seen.push([first, last]) }, { label: "" });
    host.show(rowsOf(range(1, 100)));
    await vi.waitFor(() => expect(seen).toEqual([[0, 13]]));
  });

  it("are text, whatever they hold", () => {
    words.set(1, "<img src=x onerror=alert(1)>");
    make();
    expect(cell(1, "word").childElementCount).toBe(0);
    expect(cell(1, "word").textContent).toBe("<img src=x onerror=alert(1)>");
  });
});

describe("a press", () => {
  it("says the row, the column and what the button does", () => {
    make();
    click(cell(3, "act").querySelector('[data-act="log"]')!);
    click(cell(3, "key"));
    expect(told).toEqual([["press", 3, "act", "log"], ["press", 3, "key", null]]);
  });

  it("counts on a button that is drawn again before it is let go", () => {
    make();
    const button = cell(3, "act").querySelector("button")!;
    button.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
    cell(3, "act").replaceChildren(buttons());
    cell(3, "act").querySelector("button")!.dispatchEvent(new MouseEvent("mouseup", { bubbles: true }));
    expect(told).toEqual([["press", 3, "act", "kill"]]);
  });
});

describe("editing a cell", () => {
  const field = (): HTMLInputElement => host.el.querySelector(".arp-edit")!;
  const note = (): HTMLElement | null => host.el.querySelector(".arp-cellnote:not([hidden])");
  const button = (label: string): HTMLElement => [...note()!.querySelectorAll("button")].find(({ textContent }) => textContent === label)!;

  function type(text: string): void {
    host.focus(2, "word");
    press("Enter");
    field().value = text;
    press("Enter");
  }

  it("saves on Enter and gives the focus back to the cell", async () => {
    make();
    type("changed");
    await vi.waitFor(() => expect(field()).toBeNull());
    expect(told).toEqual([["save", 2, "changed", undefined]]);
    expect(active()).toBe(cell(2, "word"));
    expect(active().textContent).toBe("changed");
  });

  it("begins with the letter typed, and Esc puts back what was there", () => {
    make();
    host.focus(2, "word");
    press("x");
    expect(field().value).toBe("x");
    press("Escape");
    expect(cell(2, "word").textContent).toBe("word 2");
    expect(told.filter(([name]) => name === "save")).toEqual([]);
  });

  it("says at the cell what is wrong, keeps what was typed, and offers what was meant", async () => {
    make();
    type("no!");
    await vi.waitFor(() => expect(note()?.textContent).toContain("Plain words only."));
    expect(note()!.getAttribute("role")).toBe("alert");
    expect(field().getAttribute("aria-invalid")).toBe("true");
    expect(field().getAttribute("aria-describedby")).toBe(note()!.id);
    expect(field().value).toBe("no!");
    button("Use it").click();
    await vi.waitFor(() => expect(told).toEqual([["save", 2, "no", undefined]]));
  });

  it("keeps what was typed if saving is refused, or fails", async () => {
    make();
    answers = [{ ok: false, message: "Is taken." }];
    type("taken");
    expect(cell(2, "word").getAttribute("aria-busy")).toBe(null);
    await vi.waitFor(() => expect(note()?.textContent).toContain("Is taken."));
    expect(field().value).toBe("taken");
  });

  it("shows both values when somebody else saved meanwhile, and lets choose", async () => {
    make();
    answers = [{ ok: false, message: "bob was here.", theirs: "bobs", version: 7 }];
    type("mine");
    await vi.waitFor(() => expect(note()?.textContent).toContain("Theirs: “bobs”. Yours: “mine”."));
    button("Keep mine").click();
    await vi.waitFor(() => expect(field()).toBeNull());
    expect(told).toEqual([["save", 2, "mine", undefined], ["save", 2, "mine", 7]]);
  });

  it("goes on when rows come and go meanwhile", () => {
    make();
    host.focus(2, "word");
    press("Enter");
    field().value = "half";
    host.show(rowsOf([7, ...range(2, 50)]));
    host.setChoices([{ id: "act" }]);
    host.redraw("all");
    host.redrawNow();
    expect(field().value).toBe("half");
    expect(active()).toBe(field());
    expect(field().closest(".slick-row")!.getAttribute("aria-rowindex")).toBe("3");
  });
});
