import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { el } from "../../../dom";
import { Keys } from "../keys";

let outer: HTMLElement;
let root: HTMLElement;
let keys: Keys;
let letters = true;
const did = vi.fn();
const beyond = vi.fn();
const press = (key: string, at: Element = root.querySelector("button")!, init: KeyboardEventInit = {}): boolean =>
  at.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }));

beforeEach(() => {
  vi.useFakeTimers();
  did.mockReset();
  beyond.mockReset();
  letters = true;
  outer = document.createElement("div");
  root = el("section", {}, el("button"), el("input"));
  outer.append(root);
  document.body.append(outer);
  outer.addEventListener("keydown", beyond);
  keys = new Keys(root, () => letters);
  keys.add([
    { keys: "a", what: "apply", do: did },
    { keys: "n p", what: "next, previous", do: did },
    { keys: "g-d g-c", what: "pages", do: did },
    { keys: "Ctrl+z", what: "undo", do: did },
    { keys: "Escape", what: "", do: did },
  ]);
});
afterEach(() => {
  keys.destroy();
  outer.remove();
  vi.useRealTimers();
});

describe("the board's keys", () => {
  it("act, tell which it was, and are not seen outside", () => {
    press("p");
    expect(did).toHaveBeenCalledWith("p");
    press("x");
    expect(beyond).not.toHaveBeenCalled();
  });

  it("act while nothing has the focus only where the board has the window to itself", () => {
    press("a", document.body);
    expect(did).not.toHaveBeenCalled();
    keys.besides();
    press("a", outer);
    expect(did).not.toHaveBeenCalled();
    press("a", document.body);
    expect(did).toHaveBeenCalledWith("a");
    keys.destroy();
    press("n", document.body);
    expect(did).toHaveBeenCalledTimes(1);
  });

  it("do nothing while one types, except Esc", () => {
    const field = root.querySelector("input")!;
    press("a", field);
    press("z", field, { ctrlKey: true });
    expect(did).not.toHaveBeenCalled();
    press("Escape", field);
    expect(did).toHaveBeenCalledWith("Escape");
  });

  it("are two in a row, unless one waits too long between", () => {
    press("g");
    press("c");
    expect(did).toHaveBeenCalledWith("g-c");
    did.mockReset();
    press("g");
    vi.advanceTimersByTime(2000);
    press("c");
    expect(did).not.toHaveBeenCalled();
  });

  it("can be turned off where they are single letters", () => {
    letters = false;
    press("a");
    expect(did).not.toHaveBeenCalled();
    press("z", undefined, { ctrlKey: true });
    press("Escape");
    expect(did).toHaveBeenCalledTimes(2);
  });

  it("let those of the page come first, and go on where it says no", () => {
    const first = vi.fn(() => false);
    const remove = keys.add([{ keys: "a", what: "", do: first }]);
    press("a");
    expect(first).toHaveBeenCalledOnce();
    expect(did).toHaveBeenCalledWith("a");
    remove();
    press("a");
    expect(first).toHaveBeenCalledOnce();
  });

  it("of a page that is not on screen neither act nor are listed", () => {
    let shown = false;
    keys.shown = () => shown;
    const hidden = vi.fn();
    keys.add([{ keys: "w", what: "wall view", do: hidden }]);
    press("w");
    expect(hidden).not.toHaveBeenCalled();
    expect(keys.list.map((key) => key.what)).not.toContain("wall view");
    shown = true;
    press("w");
    expect(hidden).toHaveBeenCalledOnce();
  });

  it("leave Ctrl and Alt combinations to Lab and the browser", () => {
    press("s", undefined, { ctrlKey: true });
    press("a", undefined, { altKey: true });
    expect(beyond).toHaveBeenCalledTimes(2);
    expect(did).not.toHaveBeenCalled();
  });

  it("leave alone what a cell has dealt with", () => {
    root.querySelector("button")!.addEventListener("keydown", (event) => event.preventDefault());
    press("a");
    expect(did).not.toHaveBeenCalled();
  });

  describe("while something that was asked for is on its way", () => {
    const giveUp = vi.fn();
    const inner = vi.fn();
    beforeEach(() => {
      giveUp.mockReset();
      inner.mockReset();
      root.append(el("div", { tabindex: 0, onkeydown: inner }));
    });
    const cell = (): Element => root.querySelector("div")!;

    it("let nothing that is typed ahead act on the page, nor on its table", () => {
      const come = keys.hold(giveUp);
      for (const key of ["a", "n", " ", "Enter", "Delete"]) press(key, cell());
      expect(did).not.toHaveBeenCalled();
      expect(inner).not.toHaveBeenCalled();
      expect(beyond).not.toHaveBeenCalled();
      come();
      press("a", cell());
      expect(did).toHaveBeenCalledExactlyOnceWith("a");
    });

    it("give it up on Esc, once, and then act again", () => {
      keys.hold(giveUp);
      press("Escape", cell());
      expect(giveUp).toHaveBeenCalledOnce();
      expect(did).not.toHaveBeenCalled();
      press("Escape", cell());
      expect(did).toHaveBeenCalledExactlyOnceWith("Escape");
      expect(giveUp).toHaveBeenCalledOnce();
    });

    it("leave fields, buttons and the keys of the browser alone", () => {
      keys.hold(giveUp);
      expect(press("x", root.querySelector("input")!)).toBe(true);
      expect(press("Enter")).toBe(true);
      expect(press(" ")).toBe(true);
      expect(press("Tab", cell())).toBe(true);
      expect(press("c", cell(), { ctrlKey: true })).toBe(true);
      expect(press("Enter", cell(), { shiftKey: true })).toBe(true);
    });

    it("hold also while nothing has the focus", () => {
      keys.besides();
      keys.hold(giveUp);
      press("a", document.body);
      expect(did).not.toHaveBeenCalled();
      press("Escape", document.body);
      expect(giveUp).toHaveBeenCalledOnce();
    });
  });
});
