import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBoard } from "../../__tests__/fake_board";
import { FakeShell } from "../../__tests__/fake_shell";
import { ApiError } from "../../../sources/api";
import { TRIGGERS } from "../../../model/triggers";
import { Desk } from "../desk";
import { WhenPanel } from "../when";

const ROOT = "/experiments/xppi0915";
let board: FakeBoard;
let shell: FakeShell;
let panel: WhenPanel;
const named = <T extends HTMLElement>(name: string): T => panel.el.querySelector<T>(`[aria-label="${name}"]`)!;
const trigger = (): HTMLSelectElement => panel.el.querySelector("select")!;
const button = (name: string): HTMLButtonElement | undefined => [...panel.el.querySelectorAll("button")].find((one) => one.textContent === name && !one.closest("[hidden]"));
const type = (name: string, text: string): void => {
  named<HTMLInputElement>(name).value = text;
  named(name).dispatchEvent(new Event("input"));
};
const choose = (list: HTMLSelectElement, value: string): void => {
  list.value = value;
  list.dispatchEvent(new Event("change"));
};
const submit = async (): Promise<void> => {
  panel.el.querySelector("form")!.requestSubmit();
  await vi.advanceTimersByTimeAsync(1000);
};
const row = () => board.definitions.get(12)!;

beforeEach(() => {
  vi.useFakeTimers();
  board = new FakeBoard();
  board.addresses.set(`POST ${ROOT}/autorun:check`, () => ({ ok: true, problem: "", at: null, names: [], reads: [], holds: null, seen: {} }));
  shell = new FakeShell(board);
  panel = new WhenPanel(board, shell, new Desk(board, shell, () => {}));
  document.body.append(panel.el);
  panel.draw(row());
  panel.el.querySelector<HTMLElement>(".arp-fold")!.click();
});
afterEach(() => {
  panel.destroy();
  panel.el.remove();
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("when it runs by itself", () => {
  it("is folded at first, and stays as it was left", () => {
    const fold = panel.el.querySelector<HTMLElement>(".arp-fold")!;
    expect(fold.getAttribute("aria-expanded")).toBe("true");
    expect(board.kept.get("defs.when")).toBe(false);
    fold.click();
    expect(fold.getAttribute("aria-expanded")).toBe("false");
    expect(board.kept.get("defs.when")).toBe(true);
    const first = new WhenPanel(new FakeBoard(), shell, new Desk(board, shell, () => {}));
    expect(first.el.querySelector(".arp-fold")!.getAttribute("aria-expanded")).toBe("false");
    expect(document.getElementById(fold.getAttribute("aria-controls")!)).toBe(panel.el.querySelector("form"));
  });

  it("offers all triggers in words, and what two of them wait for only there", () => {
    expect([...trigger().options].map((one) => one.textContent)).toEqual(Object.values(TRIGGERS));
    const shown = (): boolean[] => [named("After which batch def"), named("Run parameter").closest<HTMLElement>(".arp-param")!].map((one) => !one.hidden);
    expect(shown()).toEqual([false, false]);
    choose(trigger(), "AFTER");
    expect(shown()).toEqual([true, false]);
    choose(trigger(), "RUN_PARAM_IS_VALUE");
    expect(shown()).toEqual([false, true]);
  });

  it("does not offer to run after itself", () => {
    const names = [...named<HTMLSelectElement>("After which batch def").options].map((one) => one.value);
    expect(names).toContain("cube");
    expect(names).not.toContain(row().name);
  });

  it("is saved as one change, with the version that was read", async () => {
    type("Only if", "beam > 0.5");
    type("Types of runs", "DATA");
    type("Jobs at once, at most", "4");
    expect(board.asked("changeDefinition")).toEqual([]);
    await submit();
    expect(board.asked("changeDefinition")).toEqual([[12, 4, { predicate: "beam > 0.5", run_types: "DATA", most_at_once: 4 }]]);
    expect(button("Save")).toBeUndefined();
  });

  it("is not saved where nothing differs", async () => {
    type("Only if", "beam");
    type("Only if", "");
    expect(button("Save")).toBeUndefined();
    await submit();
    expect(board.asked("changeDefinition")).toEqual([]);
  });

  it("keeps what is typed for one while another is looked at", () => {
    type("Only if", "beam > 0.5");
    panel.draw(board.definitions.get(13));
    expect(named<HTMLInputElement>("Only if").value).toBe("");
    panel.draw(row());
    expect(named<HTMLInputElement>("Only if").value).toBe("beam > 0.5");
  });

  it("is put back by Esc", () => {
    type("Only if", "beam > 0.5");
    const escape = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
    trigger().dispatchEvent(escape);
    expect(escape.defaultPrevented).toBe(true);
    expect(named<HTMLInputElement>("Only if").value).toBe("");
    expect(button("Save")).toBeUndefined();
  });

  it("says what the server refuses, and keeps what was typed", async () => {
    board.answers.changeDefinition = () => Promise.reject(new ApiError(422, "Invalid", "A value is missing after “and”."));
    type("Only if", "beam and");
    await submit();
    expect(panel.el.querySelector("[role=alert]")!.textContent).toBe("A value is missing after “and”.");
    expect(named<HTMLInputElement>("Only if").value).toBe("beam and");
  });

  it("asks before it overwrites what somebody else saved in the same field meanwhile", async () => {
    type("Only if", "beam > 0.5");
    board.definitions.set(12, { ...row(), predicate: "beam > 0.9", version: 5, changed_by: "bob" });
    panel.draw(row());
    shell.yes = false;
    await submit();
    expect(shell.questions[0]!.title).toBe("bob changed this meanwhile");
    expect(shell.questions[0]!.body).toContain("beam > 0.9");
    expect(board.asked("changeDefinition")).toEqual([]);
    shell.yes = true;
    await submit();
    expect(board.asked("changeDefinition")).toEqual([[12, 5, { predicate: "beam > 0.5" }]]);
  });

  it("offers what is due: pause, resume, or what changed", () => {
    expect(button("Pause…")).toBeDefined();
    panel.draw({ ...row(), paused_why: "user" });
    expect(button("Resume…")).toBeDefined();
    panel.draw({ ...row(), paused_why: "script" });
    expect(button("What changed…")).toBeDefined();
    panel.draw({ ...row(), autorun: false });
    for (const name of ["Pause…", "Resume…", "What changed…"]) expect(button(name), name).toBeUndefined();
  });

  it("is tried with what is typed and not saved", async () => {
    board.addresses.set(`POST ${ROOT}/autorun:backtest`, () => ({ runs: [], fires: 0, jobs: 0, core_hours: null, core_hours_per_job: null, based_on: 0, said: "" }));
    type("Only if", "beam > 0.5");
    button("Try on last runs…")!.click();
    await vi.advanceTimersByTimeAsync(1000);
    const tried = board.asked("json").filter(([, address]) => address === `${ROOT}/autorun:backtest`);
    expect(tried.map(([, , body]) => body)).toEqual([{ hash: row().name, definition: { predicate: "beam > 0.5" }, last: 50 }]);
    expect(board.asked("changeDefinition")).toEqual([]);
  });
});
