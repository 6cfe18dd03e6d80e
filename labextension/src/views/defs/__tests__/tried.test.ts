import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBoard } from "../../__tests__/fake_board";
import { FakeShell } from "../../__tests__/fake_shell";
import type { Backtest, ConsentDiff } from "../../../model/autorun";
import { backtestExpression, openBacktest } from "../backtest";
import { showConsent } from "../consent";

const ROOT = "/experiments/xppi0915";
const HTML = "<img src=x onerror=alert(1)>";
const found: Backtest = {
  runs: [
    { run: 12, fires: true, why: "", said: "The run ends.", seen: { beam: 0.7 }, event_at: "2026-11-22T14:00:00Z" },
    { run: 11, fires: false, why: "predicate", said: `Its predicate is false. ${HTML}`, seen: { beam: HTML }, event_at: null },
  ],
  fires: 1, jobs: 1, core_hours: 0.51234, core_hours_per_job: 0.51234, based_on: 3, said: "",
};
const diff: ConsentDiff = {
  autorun: true, by: "alice", at: "2026-11-22T14:00:00Z", version: 4,
  now_version: 6, script_sha256: "ab", paused_why: "script", paused_said: "The script has changed.",
  changes: [{ field: "most_at_once", was: 0, now: 4 }, { field: "predicate", was: "", now: HTML }],
  script_diff: `--- checked\n+++ now\n@@ -1,2 +1,2 @@\n #!/bin/bash\n-bsub smd\n+bsub smd; echo '${HTML}'\n`, script_missing: "",
};
const SEEN = { version: 6, script: "ab" };

let board: FakeBoard;
let shell: FakeShell;
const dialog = (): HTMLElement => shell.dialogs.at(-1)!.el;
const button = (name: string): HTMLButtonElement => [...dialog().querySelectorAll("button")].find((one) => one.textContent === name)!;
const later = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1000);

beforeEach(() => {
  vi.useFakeTimers();
  board = new FakeBoard();
  shell = new FakeShell(board);
});
afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe("a try on the last runs", () => {
  const open = async (check: (() => void) | null = null): Promise<void> => {
    openBacktest(shell, "smd", {}, check);
    await later();
  };
  beforeEach(() => void board.addresses.set(`POST ${ROOT}/autorun:backtest`, () => found));

  it("says how many runs would have started it, and what that would have cost", async () => {
    await open();
    expect(dialog().textContent).toContain("1 of 2 runs would have started it.");
    expect(dialog().textContent).toContain("1 job, about 0.512 core hours (0.512 core hours a job, mean of 3 past jobs).");
    board.addresses.set(`POST ${ROOT}/autorun:backtest`, () => ({ ...found, core_hours: 0.001, core_hours_per_job: 0.001 }));
    await open();
    expect(dialog().textContent).toContain("about 3.6 core seconds (3.6 core seconds a job,");
    board.addresses.set(`POST ${ROOT}/autorun:backtest`, () => ({ ...found, core_hours: null }));
    await open();
    expect(dialog().textContent).toContain("what they cost is not known: no job of it has ended yet");
  });

  it("lists each run with why and what it saw, as text", async () => {
    await open();
    const rows = [...dialog().querySelectorAll("tbody tr")].map((one) => [...one.children].map((cell) => cell.textContent));
    expect(rows[0]!.slice(0, 4)).toEqual(["12", "yes", "The run ends.", "beam = 0.7"]);
    expect(rows[1]!.slice(0, 4)).toEqual(["11", "no", `Its predicate is false. ${HTML}`, `beam = "${HTML}"`]);
    expect(dialog().querySelector("img")).toBeNull();
  });

  it("takes another number of runs, and refuses what is none", async () => {
    await open();
    const last = dialog().querySelector("input")!;
    const type = async (text: string): Promise<void> => {
      last.value = text;
      last.dispatchEvent(new Event("input"));
      await later();
    };
    await type("200");
    expect(board.asked("json").at(-1)![2]).toEqual({ hash: "smd", last: 200 });
    await type("0");
    expect(dialog().textContent).toContain("From 1 to 1,000 runs.");
    expect(board.asked("json")).toHaveLength(2);
  });

  it("says the server's words where it cannot be tried", async () => {
    board.addresses.set(`POST ${ROOT}/autorun:backtest`, () => Promise.reject(new Error("A value is missing.")));
    await open();
    expect(dialog().querySelector("[role=alert]")!.textContent).toBe("A value is missing.");
  });

  it("leads to the box where that is not checked", async () => {
    const check = vi.fn();
    await open(check);
    button("Check Autorun").click();
    expect(check).toHaveBeenCalledOnce();
    expect(shell.dialogs.at(-1)!.closed).toBe(true);
    await open();
    expect(button("Check Autorun")).toBeUndefined();
  });

  it("is offered as Python", () => {
    expect(backtestExpression("smd", 50, { predicate: "beam > 'a'", most_at_once: 2, after: "" }))
      .toBe(`board.autorun.backtest('smd', last=50, predicate="beam > 'a'", most_at_once=2, after='')`);
  });
});

describe("what changed since it was checked", () => {
  const check = vi.fn();
  const open = async (waiting = 0): Promise<void> => {
    check.mockReset();
    board.addresses.set(`GET ${ROOT}/autorun`, () => ({ definitions: [{ id: 12, waiting, held: 0 }] }));
    showConsent(shell, board.definitions.get(12)!, check);
    await later();
  };
  const box = (): HTMLInputElement => dialog().querySelector<HTMLInputElement>("input[type=checkbox]")!;
  beforeEach(() => void board.addresses.set(`GET ${ROOT}/definitions/12/consent`, () => diff));

  it("is shown field by field, was and is now", async () => {
    await open();
    const rows = [...dialog().querySelectorAll(".arp-changes tbody tr")].map((one) => [...one.children].map((cell) => cell.textContent));
    expect(rows).toEqual([["most at once", "0", "4"], ["predicate", "nothing", HTML]]);
  });

  it("shows the script's difference as text, each line with its sign", async () => {
    await open();
    const lines = [...dialog().querySelectorAll<HTMLElement>(".arp-diff span")].map((one) => [one.className, one.textContent!.trimEnd()]);
    expect(lines.slice(-2)).toEqual([["out", "-bsub smd"], ["in", `+bsub smd; echo '${HTML}'`]]);
    expect(dialog().querySelector("img")).toBeNull();
  });

  it("can be consented to only after it was seen", async () => {
    let answer: (found: ConsentDiff) => void = () => undefined;
    board.addresses.set(`GET ${ROOT}/definitions/12/consent`, () => new Promise((done) => (answer = done)));
    await open();
    expect(button("Check again").disabled).toBe(true);
    answer(diff);
    await later();
    button("Check again").click();
    expect(check.mock.calls).toEqual([[true, "run", SEEN]]);
  });

  it("skips nothing that comes while nothing was known to wait: nobody was asked", async () => {
    await open();
    expect(box().closest("label")!.hidden).toBe(true);
    button("Check again").click();
    expect(check.mock.calls).toEqual([[true, "run", SEEN]]);
  });

  it("cannot be consented to where it is not known what waits", async () => {
    check.mockReset();
    board.addresses.delete(`GET ${ROOT}/autorun`);
    showConsent(shell, board.definitions.get(12)!, check);
    await later();
    expect(button("Check again").disabled).toBe(true);
    expect(dialog().querySelector("[role=alert]")!.textContent).toContain("is not faked");
  });

  it("cannot be consented to where it could not be read, but unchecked", async () => {
    board.addresses.set(`GET ${ROOT}/definitions/12/consent`, () => Promise.reject(new Error("not now")));
    await open();
    expect(button("Check again").disabled).toBe(true);
    button("Uncheck").click();
    expect(check.mock.calls).toEqual([[false]]);
  });

  it("asks what becomes of what waits, and skips it unless somebody says otherwise", async () => {
    await open(3);
    expect(dialog().textContent).toContain("Run the 3 that wait, else skip");
    button("Check again").click();
    expect(check.mock.calls).toEqual([[true, "skip", SEEN]]);
    await open(3);
    box().click();
    button("Check again").click();
    expect(check.mock.calls).toEqual([[true, "run", SEEN]]);
  });

  it("says why the texts cannot be compared, and where nothing differs", async () => {
    board.addresses.set(`GET ${ROOT}/definitions/12/consent`, () => ({ ...diff, changes: [], script_diff: "", script_missing: "No text was kept." }));
    await open();
    expect(dialog().textContent).toContain("No text was kept.");
    board.addresses.set(`GET ${ROOT}/definitions/12/consent`, () => ({ ...diff, changes: [], script_diff: "" }));
    await open();
    expect(dialog().textContent).toContain("Nothing differs now from what was checked.");
  });
});
