import axe from "axe-core";
import { describe, expect, it, vi } from "vitest";

import { active, buttons, cell, click, host, make, press, range, rowsOf, told, where, words } from "./a_grid";

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

  it("is entered at its first row once there are rows", () => {
    make({}, rowsOf([]));
    host.focus();
    expect(active().getAttribute("role")).toBe("columnheader");
    active().blur();
    host.show(rowsOf([1, 2]));
    expect(cell(1, "key").tabIndex).toBe(0);
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
  const header = (cell: number): HTMLElement => host.cells.node({ index: -1, cell })!;

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
    make({}, rowsOf(range(1, 100)), { view: (first, last) => void seen.push([first, last]) });
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
