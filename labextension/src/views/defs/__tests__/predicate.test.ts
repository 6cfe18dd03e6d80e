import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Tested } from "../../../model/autorun";
import { PredicateField } from "../predicate";

const NAMES = ["beam", "beam_energy", "duration", "smd.Events", "counter('smd', 'Hit rate')"];
const good: Tested = { ok: true, problem: "", at: null, names: NAMES, reads: ["beam"], holds: true, seen: { beam: 0.7 }, run: 12 };

let field: PredicateField;
let asked: string[];
let typed: string[];
let answer: (predicate: string) => Promise<Tested>;
const list = (): HTMLElement => field.el.querySelector("[role=listbox]")!;
const offered = (): string[] => [...list().children].map((one) => one.textContent!);
const said = (): string => field.el.querySelector("[role=status]")!.textContent!;
const type = (text: string, caret = text.length): void => {
  field.input.value = text;
  field.input.setSelectionRange(caret, caret);
  field.input.dispatchEvent(new Event("input"));
};
const press = (key: string, init: KeyboardEventInit = {}): boolean => field.input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }));
const later = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1000);

beforeEach(async () => {
  vi.useFakeTimers();
  [asked, typed] = [[], []];
  answer = () => Promise.resolve(good);
  field = new PredicateField({ check: (text) => (asked.push(text), answer(text)), typed: (text) => typed.push(text) });
  document.body.append(field.el);
  field.input.focus();
  field.show("", "1");
  await later();
  asked = [];
});
afterEach(() => {
  field.destroy();
  field.el.remove();
  vi.useRealTimers();
});

describe("a predicate", () => {
  it("is asked for once after a pause in typing", async () => {
    for (const text of ["b", "be", "beam", "beam > 0.5"]) type(text);
    expect(asked).toEqual([]);
    await later();
    expect(asked).toEqual(["beam > 0.5"]);
    expect(typed.at(-1)).toBe("beam > 0.5");
  });

  it("is said to hold or not, for which run, with the values it saw", async () => {
    type("beam > 0.5");
    await later();
    expect(said()).toContain("True for run 12:beam = 0.7");
    answer = () => Promise.resolve({ ...good, holds: false, seen: { beam: 0.2, note: "<b>" } });
    type("beam > 0.6");
    await later();
    expect(said()).toContain('False for run 12:beam = 0.2, note = "<b>"');
    expect(field.el.querySelector("[role=status] b b")).toBeNull();
  });

  it("that cannot be read is marked below its character, and as invalid", async () => {
    answer = () => Promise.resolve({ ...good, ok: false, problem: "A value is missing after “and”.", at: 11, holds: null });
    type("beam > 1 and");
    await later();
    expect(field.input.getAttribute("aria-invalid")).toBe("true");
    expect(said()).toContain("A value is missing after “and”.");
    expect(field.el.querySelector(".arp-caret span")!.textContent).toBe("beam > 1 an");
    expect(field.input.getAttribute("aria-describedby")).toBe(field.el.querySelector("[role=status]")!.id);
  });

  it.each([
    ["beam > 1 and", 11, "at character 12"], ["beam > 1 and", 12, "at the end"], ["beam >", 6, "at the end"], ["  beem > 1", 0, "at character 3"], ["note == '𝛼' and x", 15, "at character 16"],
  ])("that cannot be read says where in words: %s at %i", async (text, at, words) => {
    answer = () => Promise.resolve({ ...good, ok: false, problem: "It is wrong.", at, holds: null });
    type(text);
    await later();
    expect([...field.el.querySelectorAll("[role=status] p > *")].map((one) => one.textContent).filter(Boolean)).toEqual(["It is wrong.", words]);
  });

  it("is marked below the character that the answer counted to, whatever stands before it", async () => {
    answer = () => Promise.resolve({ ...good, ok: false, problem: "It is wrong.", at: 5, holds: null });
    type("  '𝛼' == x");
    await later();
    expect(field.el.querySelector(".arp-caret span")!.textContent).toBe("  '𝛼' =");
  });

  it("shows no answer to what is no longer there", async () => {
    const answers: ((tested: Tested) => void)[] = [];
    answer = () => new Promise((done) => answers.push(done));
    type("beam");
    await later();
    type("beam > 0.5");
    await later();
    answers[1]!(good);
    answers[0]!({ ...good, holds: false });
    await later();
    expect(said()).toContain("True");
  });

  it("says the server's words where it cannot be tried", async () => {
    answer = () => Promise.reject(new Error("The manager does not answer."));
    type("beam");
    await later();
    expect(said()).toBe("The manager does not answer.");
  });

  it("is not asked for again where neither it nor the run is another one", async () => {
    field.show("", "1");
    await later();
    expect(asked).toEqual([]);
    field.show("", "2");
    await later();
    expect(asked).toEqual([""]);
  });
});

describe("completion", () => {
  it("offers known names that hold what is typed, those that begin with it first", () => {
    type("ev");
    expect(offered()).toEqual(["smd.Events"]);
    type("be");
    expect(offered()).toEqual(["beam", "beam_energy"]);
    expect(field.input.getAttribute("aria-expanded")).toBe("true");
    expect(list().querySelector("[aria-selected=true]")!.id).toBe(field.input.getAttribute("aria-activedescendant"));
  });

  it("offers nothing for nothing, but all of them on ArrowDown or Ctrl+Space", () => {
    type("beam > ");
    expect(list().hidden).toBe(true);
    press(" ", { ctrlKey: true });
    expect(offered()).toEqual(NAMES);
    press("Escape");
    expect(list().hidden).toBe(true);
    press("ArrowDown");
    expect(offered()).toEqual(NAMES);
  });

  it.each(["Enter", "Tab"])("puts in the chosen one on %s, in place of the word before the caret", (key) => {
    type("be > 0.5 and duration > 3", 2);
    press("ArrowDown");
    expect(press(key)).toBe(false);
    expect(field.input.value).toBe("beam_energy > 0.5 and duration > 3");
    expect(field.input.selectionStart).toBe("beam_energy".length);
    expect(typed.at(-1)).toBe(field.input.value);
    expect(list().hidden).toBe(true);
  });

  it("takes one that is pressed, without losing the focus", () => {
    type("dur");
    const press_ = new MouseEvent("mousedown", { bubbles: true, cancelable: true });
    list().firstElementChild!.dispatchEvent(press_);
    expect(press_.defaultPrevented).toBe(true);
    expect(field.value).toBe("duration");
    expect(document.activeElement).toBe(field.input);
  });

  it("leaves Enter, Tab and Esc to the form while no list is open", () => {
    type("beam > 0.5 ");
    for (const key of ["Enter", "Tab", "Escape"]) expect(press(key), key).toBe(true);
  });

  it("leaves Shift+Tab alone, and is gone with the focus", () => {
    type("be");
    expect(press("Tab", { shiftKey: true })).toBe(true);
    field.input.blur();
    expect(list().hidden).toBe(true);
    expect(field.input.hasAttribute("aria-activedescendant")).toBe(false);
  });

  it("goes round at both ends", () => {
    type("be");
    press("ArrowUp");
    expect(list().querySelector("[aria-selected=true]")!.textContent).toBe("beam_energy");
    press("ArrowDown");
    expect(list().querySelector("[aria-selected=true]")!.textContent).toBe("beam");
  });
});
