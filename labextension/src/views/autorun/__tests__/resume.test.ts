import { beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBoard } from "../../__tests__/fake_board";
import { FakeShell } from "../../__tests__/fake_shell";
import { resume } from "../stop";

let board: FakeBoard;
let shell: FakeShell;
const waits = (everywhere: number, here: number, jobs = 0): void => {
  board.addresses.set("GET /autorun", () => ({ waiting: everywhere, held: jobs }));
  board.addresses.set("GET /experiments/xppi0915/autorun", () => ({ waiting: here, held: 0 }));
};
const resumed = (): unknown[] => board.asked("json").filter(([, to]) => to === "/autorun:resume").map(([, , body]) => body);

beforeEach(() => {
  board = new FakeBoard();
  shell = new FakeShell(board);
  board.addresses.set("POST /autorun:resume", () => ({ stopped: null, waiting: 0, held: 0 }));
});

describe("all autorun that goes on", () => {
  it("does so without a question where nothing waits in other experiments", async () => {
    waits(3, 3);
    await resume(shell, "run");
    expect(shell.questions).toEqual([]);
    expect(resumed()).toEqual([{ missed: "run" }]);
    expect(shell.toasts).toEqual([{ kind: "good", title: "All autorun goes on" }]);
  });

  it("asks before what waits in other experiments goes the same way", async () => {
    waits(45, 3);
    shell.yes = false;
    await resume(shell, "skip");
    expect(shell.questions[0]).toMatchObject({ body: expect.stringContaining("42 lines of the ledger wait, too.") as string, yes: "Go on, and skip it there, too" });
    expect(resumed()).toEqual([]);
    shell.yes = true;
    await resume(shell, "skip");
    expect(resumed()).toEqual([{ missed: "skip" }]);
  });

  it("asks likewise before jobs that are not submitted go the same way", async () => {
    waits(3, 3, 1);
    shell.yes = false;
    await resume(shell, "skip");
    expect(shell.questions[0]).toMatchObject({ body: expect.stringContaining("In other experiments 1 job waits, too.") as string });
    waits(4, 3, 2);
    await resume(shell, "run");
    expect(shell.questions[1]).toMatchObject({ body: expect.stringContaining("1 line of the ledger and 2 jobs wait, too.") as string });
    expect(resumed()).toEqual([]);
  });

  it("says what waits for something else", async () => {
    waits(3, 3);
    board.addresses.set("POST /autorun:resume", () => ({ stopped: null, waiting: 2, held: 0 }));
    await resume(shell, "skip");
    expect(shell.toasts[0]!.text).toBe("2 lines of the ledger wait for something else: a pause, or a limit.");
  });

  it("stays as it is where what waits in other experiments cannot be read, and says what failed", async () => {
    waits(45, 3);
    board.addresses.delete("GET /autorun");
    await resume(shell, "skip");
    expect(resumed()).toEqual([]);
    expect(shell.toasts).toEqual([{
      kind: "bad", title: "Autorun is as it was", text: expect.stringContaining("other experiments") as string, said: expect.stringContaining("is not faked") as string,
    }]);
  });

  it("asks what becomes of what waits in other experiments where nothing waits here", async () => {
    waits(42, 0);
    const done = resume(shell, null);
    await vi.waitFor(() => expect(shell.dialogs[0]!.el.textContent).toContain("In other experiments 42 lines of the ledger wait."));
    const named = [...shell.dialogs[0]!.el.querySelectorAll("button")].map((one) => one.textContent);
    expect(named).toEqual(["Cancel", "Go on, skip what waits there", "Go on and run what waits there"]);
    shell.dialogs[0]!.el.querySelectorAll("button")[1]!.click();
    await done;
    expect(resumed()).toEqual([{ missed: "skip" }]);
  });
});
