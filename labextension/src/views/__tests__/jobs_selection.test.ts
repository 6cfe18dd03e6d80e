import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { act, board, button, cell, open, press, root, select, settled, setUp, shell, takeDown, tile } from "./jobs_stage";

beforeEach(setUp);
afterEach(takeDown);

const bar = (): string => root.querySelector<HTMLElement>(".is-selection:not([hidden])")?.textContent ?? "";

describe("what is done is done with what is shown as selected", () => {
  it("also where another job of the same status was selected instead", async () => {
    open();
    select(238);
    expect(bar()).toContain("1 job selected");
    board.answers.remove = (ids) => Promise.resolve(ids.map((id) => ({ id, ok: true, message: "" })));
    select(238, 234);
    expect(bar()).toContain("1 job selected");
    press(button("Delete 1"));
    await settled();
    expect(board.asked("remove")).toEqual([[[234]]]);
  });
  it("and of jobs that a filter hides it is said how many they are", () => {
    open();
    select(240, 238);
    press(tile("DONE"));
    expect(bar()).toContain("2 jobs selected");
    expect(bar()).toContain("1 of them not shown");
    press(tile("DONE"));
    expect(bar()).not.toContain("not shown");
  });
  it("and not with a selected job that somebody took off the page meanwhile", async () => {
    open();
    select(238, 234);
    await board.remove([234]);
    await settled();
    expect(bar()).toContain("1 job selected");
    act(238, "delete");
    await settled();
    expect(board.asked("remove").at(-1)).toEqual([[238]]);
  });
});

describe("a key that is held down acts once", () => {
  const held = (id: number, key: string, repeat: boolean): void => {
    const at = cell(id, "status");
    at.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
    at.dispatchEvent(new KeyboardEvent("keydown", { key, repeat, bubbles: true, cancelable: true }));
  };
  it.each([["r", "rerun"], ["Delete", "remove"]])("%s", async (name, method) => {
    open();
    held(238, name, false);
    await settled();
    for (const next of [234, 234, 234]) held(next, name, true);
    await settled();
    expect(board.asked(method)).toHaveLength(1);
  });
  it("k", async () => {
    open();
    held(240, "k", false);
    for (let times = 0; times < 3; times++) held(240, "k", true);
    await settled();
    expect(root.querySelectorAll(".arp-rowask")).toHaveLength(1);
    expect(shell.toasts).toEqual([]);
  });
});
