import { describe, expect, it, vi } from "vitest";

import type { CellEdit, GridColumn } from "../types";
import { active, answer, cell, click, edit, host, make, press, range, rowsOf, told, words } from "./a_grid";

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

  it("keeps the lines of a text: one that is left alone is not saved, Shift+Enter is another line", async () => {
    words.set(2, "one\r\ntwo");
    make();
    host.focus(2, "word");
    press("Enter");
    expect(field().tagName).toBe("TEXTAREA");
    press("Enter");
    await vi.waitFor(() => expect(field()).toBeNull());
    expect(told.filter(([name]) => name === "save")).toEqual([]);
    expect(words.get(2)).toBe("one\r\ntwo");
    press("Enter");
    press("Enter", { shiftKey: true });
    expect(field()).not.toBeNull();
    field().value = "one\ntwo\nthree";
    press("Enter");
    await vi.waitFor(() => expect(told).toContainEqual(["save", 2, "one\ntwo\nthree", undefined]));
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
    answer({ ok: false, message: "Is taken." });
    type("taken");
    expect(cell(2, "word").getAttribute("aria-busy")).toBe(null);
    await vi.waitFor(() => expect(note()?.textContent).toContain("Is taken."));
    expect(field().value).toBe("taken");
  });

  it("shows both values when somebody else saved meanwhile, and lets choose", async () => {
    make();
    answer({ ok: false, message: "bob was here.", theirs: "bobs", version: 7 });
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

  it("takes theirs by giving up one's own", async () => {
    make();
    answer({ ok: false, message: "bob was here.", theirs: "bobs", version: 7 });
    type("mine");
    await vi.waitFor(() => expect(note()).not.toBeNull());
    words.set(2, "bobs");
    button("Take theirs").click();
    expect(cell(2, "word").textContent).toBe("bobs");
    expect(told).toHaveLength(1);
  });

  it("goes on to the next cell that can be edited with Tab, and saves on the way", async () => {
    make({}, rowsOf(range(1, 9)), {}, [other("text")]);
    host.focus(2, "word");
    press("Enter");
    field().value = "changed";
    press("Tab");
    expect(active().closest(".c-other")).not.toBeNull();
    await vi.waitFor(() => expect(told).toEqual([["save", 2, "changed", undefined]]));
  });

  it("saves a choice when it is made", async () => {
    make({}, rowsOf(range(1, 9)), {}, [other("choice")]);
    host.focus(2, "other");
    press("Enter");
    const select = host.el.querySelector("select")!;
    expect([...select.options].map(({ value }) => value)).toEqual(["word 2", "a", "b"]);
    select.value = "b";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await vi.waitFor(() => expect(told).toEqual([["save", 2, "b", undefined]]));
  });

  it("turns yes to no at once, by Space or a press on the box, and says why it may not be", async () => {
    words.set(2, "true");
    make({}, rowsOf(range(1, 9)), {}, [{ ...other("bool"), draw: (row) => box(words.get(row) === "true") }]);
    host.focus(2, "other");
    press(" ");
    await vi.waitFor(() => expect(host.editors!.unsaved).toBe(0));
    expect(told).toEqual([["save", 2, "false", undefined]]);
    answer({ ok: false, message: "Only its owner may." });
    click(cell(2, "other").querySelector("input")!);
    await vi.waitFor(() => expect(note()?.textContent).toContain("Only its owner may."));
    expect(told.at(-1)).toEqual(["save", 2, "true", undefined]);
    button("Close").click();
    expect(cell(2, "other").querySelector("input")!.checked).toBe(false);
  });

  it("is not where the row may not be changed", () => {
    make({}, rowsOf(range(1, 9)), {}, [other("text", { can: (row) => row !== 3 })]);
    host.focus(3, "other");
    press("Enter");
    expect(field()).toBeNull();
    expect(cell(3, "other").getAttribute("aria-readonly")).toBe("true");
  });

  function other(kind: CellEdit["kind"], more: Partial<CellEdit> = {}): GridColumn {
    const text = (row: number): string => words.get(row)!;
    return { id: "other", title: "Other", width: 80, draw: text, text, edit: { ...edit, kind, choices: ["a", "b"], ...more } };
  }

  function box(checked: boolean): HTMLElement {
    const made = document.createElement("input");
    made.type = "checkbox";
    made.checked = checked;
    return made;
  }
});
