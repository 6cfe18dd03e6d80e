import { beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBoard } from "../../__tests__/fake_board";
import { FakeShell } from "../../__tests__/fake_shell";
import { at, NOW } from "../../__tests__/sample_rows";
import type { Waits } from "../../shell/banner";
import { Banner, warning } from "../../shell/banner";
import { AutorunSwitch } from "../../shell/switch";
import { followWaiting, pressSwitch, resume } from "../stop";
import { STOP, waiting } from "./entries";

const LEDGER = "GET /experiments/xppi0915/autorun/ledger";
let board: FakeBoard;
let shell: FakeShell;
const bodies = (path: string): unknown[] => board.asked("json").filter(([, to]) => to === path).map(([, , body]) => body);

beforeEach(() => {
  board = new FakeBoard();
  shell = new FakeShell(board);
  board.addresses.set("POST /autorun:stop", () => ({ stopped: STOP, waiting: 0, held: 0 }));
  board.addresses.set("POST /autorun:resume", () => ({ stopped: null, waiting: 3, held: 0 }));
  for (const address of ["GET /autorun", "GET /experiments/xppi0915/autorun"]) board.addresses.set(address, () => ({ waiting: 0, held: 0 }));
});

describe("the one switch", () => {
  it("is off at once, and asks why after that", async () => {
    shell.ask = (question) => {
      expect(bodies("/autorun:stop")).toEqual([{ said: "" }]);
      (question.body as HTMLElement).querySelector("input")!.value = " moving the detector ";
      return Promise.resolve(true);
    };
    await pressSwitch(shell, null);
    expect(bodies("/autorun:stop")).toEqual([{ said: "" }, { said: "moving the detector" }]);
  });

  it("needs no reason", async () => {
    shell.yes = false;
    await pressSwitch(shell, null);
    expect(bodies("/autorun:stop")).toHaveLength(1);
  });

  it("that is on again asks what becomes of what waits, and only then", async () => {
    board.setStopped(STOP);
    board.addresses.set(LEDGER, () => ({ entries: [], more: false }));
    await pressSwitch(shell, null);
    expect(shell.dialogs).toEqual([]);
    const done = pressSwitch(shell, { runs: 3, more: false, ended: true });
    const [dialog] = shell.dialogs;
    expect(dialog!.el.textContent).toContain("3 runs wait.");
    [...dialog!.el.querySelectorAll("button")].find((one) => one.textContent === "Go on and run these 3")!.click();
    await done;
    expect(bodies("/autorun:resume").at(-1)).toEqual({ missed: "run" });
  });

  it("that is on again where nothing waits skips nothing that comes meanwhile", async () => {
    board.setStopped(STOP);
    board.addresses.set(LEDGER, () => ({ entries: [], more: false }));
    await pressSwitch(shell, { runs: 0, more: false, ended: true });
    expect(bodies("/autorun:resume")).toEqual([{ missed: "run" }]);
  });

  it("looks again where nothing was known to wait, and asks about what has come", async () => {
    board.setStopped(STOP);
    board.addresses.set(LEDGER, () => ({ entries: [waiting(4, 20)], more: false }));
    void pressSwitch(shell, { runs: 0, more: false, ended: true });
    await vi.waitFor(() => expect(shell.dialogs[0]!.el.textContent).toContain("1 run waits."));
    expect(bodies("/autorun:resume")).toEqual([]);
  });

  it("that is pressed before it is known what waits finds out first, and does nothing where it cannot", async () => {
    board.setStopped(STOP);
    await pressSwitch(shell, null);
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", title: "Autorun is as it was" });
    board.addresses.set(LEDGER, () => ({ entries: [waiting(4, 20)], more: false }));
    void pressSwitch(shell, null);
    await vi.waitFor(() => expect(shell.dialogs[0]!.el.textContent).toContain("1 run waits."));
    expect(bodies("/autorun:resume")).toEqual([]);
  });

  it("says for everybody how it stands, in words and as a state", () => {
    const one = new AutorunSwitch(() => undefined);
    one.draw(board);
    expect([one.el.getAttribute("role"), one.el.getAttribute("aria-checked"), one.el.textContent]).toEqual(["switch", "true", "Autorun on for 2 defs"]);
    expect(one.el.title).toContain("Autorun acts while psanaphi110 is awake");
    board.setStopped(STOP);
    one.draw(board);
    expect([one.el.getAttribute("aria-checked"), one.el.textContent]).toEqual(["false", "All autorun stopped"]);
    board.setStopped(null);
    board.experiment = { ...board.experiment!, active: false };
    one.draw(board);
    expect(one.el.getAttribute("aria-label")).toBe("No autorun: not active");
    expect(one.el.getAttribute("aria-description")).toContain("acts in active experiments only");
  });

  it("tells why where it is refused", async () => {
    board.addresses.delete("POST /autorun:resume");
    await resume(shell, "run");
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", title: "Autorun is as it was" });
  });
});

describe("the banner", () => {
  it("finds out what has come where nothing was known to wait, and skips none of it", () => {
    const asked: unknown[] = [];
    const acts = { copy() {}, kept() {}, retry() {}, left() {}, resume: (missed: unknown) => void asked.push(missed) };
    for (const waits of [null, { runs: 0, more: false, ended: true }, { runs: 3, more: false, ended: true }]) {
      board.setStopped(STOP);
      const banner = new Banner(() => board, acts, () => waits);
      banner.draw();
      [...banner.el.querySelectorAll("button")].find((one) => one.textContent.startsWith("Resume"))!.click();
    }
    expect(asked).toEqual([null, null, "skip"]);
  });

  const said = (waits: Waits | null = null): string => {
    const word = warning(board, new Set(), NOW, waits)!;
    return `${word.bold} ${word.text}`;
  };

  it("says who stopped all autorun, when, why, and what has come since", () => {
    board.setStopped(STOP);
    expect(said()).toMatch(/^bob stopped all autorun at \d\d:40: “moving the detector”\. Jobs already sent go on\.$/);
    expect(said({ runs: 3, more: false, ended: true })).toContain("3 runs have ended since. Jobs already sent go on.");
    expect(said({ runs: 1, more: false, ended: true })).toContain("1 run has ended since.");
    expect(said({ runs: 500, more: true, ended: false })).toContain("500+ runs wait since.");
    board.setStopped({ ...STOP, said: "" });
    expect(said()).toMatch(/at \d\d:40\. Jobs already sent go on\.$/);
  });

  it("sets the reason as text, with what it hides", () => {
    board.setStopped({ ...STOP, said: "<b>x</b>\u202e" });
    expect(said()).toContain("“<b>x</b>\\u202e”");
  });

  it("tells of a run source that is down, where its runs are this experiment's", () => {
    const source = { name: "logbook", kind: "logbook", ok: false, since: at("13:40:00"), said: "HTTP 502", gives: ["END_OF_RUN"], experiments: ["other"] };
    board.autorunNow = { stopped: null, sources: [source] };
    expect(warning(board, new Set(), NOW)).toBeNull();
    board.autorunNow = { stopped: null, sources: [{ ...source, experiments: [] }] };
    expect(said()).toMatch(/^The run source logbook is down since \d\d:40\. Runs that it tells of come late\. It said: HTTP 502$/);
  });

  it("says first what may make the page itself wrong", () => {
    board.setStopped(STOP);
    board.connection = { ...board.connection, state: "down" };
    expect(said()).toContain("The server has not answered");
  });
});

describe("what waits until autorun may go on", () => {
  it("is also what was made and is not submitted: of autorun, and of no person", async () => {
    const told: (Waits | null)[] = [];
    const job = [...board.rows.values()][0]!;
    const made = (id: number, run: number, trigger: string, state = "requested") => ({ ...job, id, run, trigger, state });
    board.addresses.set(LEDGER, () => ({ entries: [waiting(4, 20)], more: false }));
    board.change(made(901, 20, "END_OF_RUN"), made(902, 31, "END_OF_RUN"), made(903, 32, "MANUAL"), made(904, 33, "AFTER", "running"));
    followWaiting(board, (waits) => told.push(waits));
    board.setStopped(STOP);
    await vi.waitFor(() => expect(told.at(-1)).toEqual({ runs: 2, more: false, ended: false }));
    board.change(made(902, 31, "END_OF_RUN", "withdrawn"), made(901, 20, "END_OF_RUN", "withdrawn"));
    expect(told.at(-1)).toEqual({ runs: 1, more: false, ended: true });
  });


  it("is read once, counted by run, and kept up by the feed", async () => {
    const told: (Waits | null)[] = [];
    board.addresses.set(LEDGER, (_body, query) => ({ entries: query.get("outcome") === "waiting" && query.get("why") === "stopped" ? [waiting(4, 20), waiting(5, 20), waiting(6, 21)] : [], more: false }));
    const leave = followWaiting(board, (waits) => told.push(waits));
    expect(board.asked("json")).toEqual([]);
    board.setStopped(STOP);
    await vi.waitFor(() => expect(told.at(-1)).toEqual({ runs: 2, more: false, ended: true }));
    board.tell({ ledger: [waiting(7, 22, { trigger: "AFTER" })] });
    expect(told.at(-1)).toEqual({ runs: 3, more: false, ended: false });
    board.tell({ ledger: [waiting(7, 22, { outcome: "fired", revision: 70 }), waiting(8, 23, { why: "limit" })] });
    expect(told.at(-1)).toEqual({ runs: 2, more: false, ended: true });
    board.setStopped(null);
    expect(told.at(-1)).toBeNull();
    expect(board.asked("json")).toHaveLength(1);
    leave();
    expect(board.listening).toBe(0);
  });

  it("is counted anew once the line is back: what no longer waits is dropped, what came meanwhile stays", async () => {
    const told: (Waits | null)[] = [];
    board.addresses.set(LEDGER, () => ({ entries: [waiting(4, 20), waiting(5, 21)], more: false }));
    followWaiting(board, (waits) => told.push(waits));
    board.setStopped(STOP);
    await vi.waitFor(() => expect(told.at(-1)).toMatchObject({ runs: 2 }));
    let answer: (page: unknown) => void = () => undefined;
    board.addresses.set(LEDGER, () => new Promise((come) => (answer = come)));
    board.tell({ connection: true });
    board.tell({ ledger: [waiting(6, 22)] });
    answer({ entries: [waiting(5, 21)], more: false });
    await vi.waitFor(() => expect(told.at(-1)).toMatchObject({ runs: 2 }));
    board.tell({ ledger: [waiting(5, 21, { outcome: "fired", revision: 70 }), waiting(6, 22, { outcome: "fired", revision: 71 })] });
    expect(told.at(-1)).toMatchObject({ runs: 0 });
  });
});
