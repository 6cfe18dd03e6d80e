import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBoard } from "../../__tests__/fake_board";
import { FakeShell } from "../../__tests__/fake_shell";
import type { DefinitionStanding } from "../../../model/autorun";
import type { DefinitionRow } from "../../../model/rows";
import { ApiError } from "../../../sources/api";
import { BLANK, Desk } from "../desk";
import { notes } from "../notes";

let board: FakeBoard;
let shell: FakeShell;
let desk: Desk;
const press = (id: number, label: string): void => notes(desk, id).flatMap((line) => line.actions).find((one) => one.label === label)!.do();
/** Somebody else saves a change. */
const bob = (id: number, changes: object): void => {
  const row = board.definitions.get(id)!;
  board.definitions.set(id, { ...row, ...changes, version: row.version + 1, revision: row.revision + 100, changed_by: "bob" });
};

beforeEach(() => {
  board = new FakeBoard();
  shell = new FakeShell(board);
  desk = new Desk(board, shell, () => {});
  board.on((change) => change.definitions && desk.came());
});

describe("saving", () => {
  it("sends only what was changed, with the version that was read", async () => {
    desk.type(12, "parameters", " -n 128 ");
    expect(await desk.save(12)).toBe(12);
    expect(board.asked("changeDefinition")).toEqual([[12, 4, { parameters: "-n 128" }]]);
    expect(desk.edited).toEqual([]);
  });

  it("sends nothing where nothing was changed", async () => {
    desk.type(12, "parameters", "x");
    desk.type(12, "parameters", "-q psanaq -n 64 --full");
    await desk.leaveRow(12);
    expect(board.asked("changeDefinition")).toEqual([]);
  });

  it("makes a definition of the blank row once it has a hash and a path", async () => {
    desk.type(BLANK, "name", "fit");
    await desk.leaveRow(BLANK);
    expect(board.asked("addDefinition")).toEqual([]);
    expect(notes(desk, BLANK)).toEqual([]);
    desk.type(BLANK, "executable", "/a/fit.sh");
    await desk.leaveRow(BLANK);
    expect(board.asked("addDefinition")).toEqual([[{ name: "fit", executable: "/a/fit.sh" }]]);
    expect(desk.edited).toEqual([]);
  });

  it("keeps what is wrong, says why at the cell, and does not ask the server", async () => {
    desk.type(13, "name", "smd");
    expect(await desk.save(13)).toBeNull();
    expect(notes(desk, 13)).toMatchObject([{ field: "name", kind: "bad", message: "Is taken by definition 12." }]);
    expect(desk.edit(13).values).toEqual({ name: "smd" });
    expect(board.asked("changeDefinition")).toEqual([]);
  });

  it("shows the server's words as they are, and uses the path it means", async () => {
    board.answers.changeDefinition = (_id, _version, changes) =>
      Promise.reject(new ApiError(422, "InvalidValue", `Must be an absolute path. Did you mean /home/chen/${changes.executable}?`));
    desk.type(17, "executable", "arp/xgm.sh");
    await desk.save(17);
    expect(notes(desk, 17)).toMatchObject([{ field: "executable", message: "Must be an absolute path. Did you mean /home/chen/arp/xgm.sh?" }]);
    delete board.answers.changeDefinition;
    press(17, "Use it");
    await vi.waitFor(() => expect(board.definitions.get(17)!.executable).toBe("/home/chen/arp/xgm.sh"));
  });

  it("can be tried again when nobody answered", async () => {
    board.answers.changeDefinition = () => Promise.reject(new ApiError(0, "Unreachable", "The server did not answer."));
    desk.type(12, "parameters", "-n 1");
    await desk.save(12);
    expect(notes(desk, 12)).toMatchObject([{ field: null, message: "The server did not answer." }]);
    expect(desk.edited).toEqual([12]);
    delete board.answers.changeDefinition;
    press(12, "Save again");
    await vi.waitFor(() => expect(desk.edited).toEqual([]));
  });

  it("allows quotes in one press where the parameters need them", async () => {
    desk.type(12, "parameters", "--title 'a b'");
    await desk.save(12);
    press(12, "My script quotes them: allow");
    await vi.waitFor(() => expect(desk.edited).toEqual([]));
    expect(board.asked("changeDefinition")).toEqual([[12, 4, { parameters: "--title 'a b'", quoted_parameters: true }]]);
  });

  it("offers quotes against a shell only, not against what is too long", async () => {
    board.answers.changeDefinition = () => Promise.reject(new ApiError(422, "InvalidValue", "The parameters have 100,000 characters; 32,768 may be."));
    desk.type(12, "parameters", "x");
    await desk.save(12);
    expect(notes(desk, 12)).toMatchObject([{ field: "parameters", actions: [] }]);
  });

  it("can be undone, with the version that it made", async () => {
    desk.type(12, "parameters", "-n 1");
    await desk.save(12);
    shell.undos.at(-1)!();
    await vi.waitFor(() => expect(board.definitions.get(12)!.parameters).toBe("-q psanaq -n 64 --full"));
    expect(board.asked("changeDefinition")[1]!.slice(0, 2)).toEqual([12, 5]);
  });

  it("happens once, however often it is asked for meanwhile", async () => {
    desk.type(12, "parameters", "-n 1");
    await Promise.all([desk.save(12), desk.save(12), desk.leaveRow(12)]);
    expect(board.asked("changeDefinition")).toHaveLength(1);
  });
});

describe("two people on one row", () => {
  it("see both values as soon as the other's comes, and the second chooses theirs", () => {
    desk.type(17, "parameters", "--bins 202");
    bob(17, { parameters: "--bins 301" });
    board.tell({ definitions: true });
    const [line] = notes(desk, 17);
    expect(line).toMatchObject({ kind: "warn", values: [["Parameters: theirs", "--bins 301"], ["yours", "--bins 202"]] });
    expect(line!.message).toMatch(/^bob changed it too/);
    press(17, "Take theirs");
    expect(desk.edited).toEqual([]);
    expect(board.asked("changeDefinition")).toEqual([]);
  });

  it("see a trigger by the words that they chose it by", () => {
    desk.type(17, "trigger", "START_OF_RUN");
    bob(17, { trigger: "END_OF_RUN" });
    board.tell({ definitions: true });
    expect(notes(desk, 17)[0]!.values).toEqual([["Trigger: theirs", "End of run"], ["yours", "Start of run"]]);
  });

  it("see both values when saving finds out, and the second keeps theirs on top", async () => {
    desk.type(17, "parameters", "--bins 202");
    bob(17, { parameters: "--bins 301" });
    expect(await desk.save(17)).toBeNull();
    expect(notes(desk, 17)[0]!.values).toEqual([["Parameters: theirs", "--bins 301"], ["yours", "--bins 202"]]);
    expect(board.definitions.get(17)!.parameters).toBe("--bins 301");
    press(17, "Keep mine");
    await vi.waitFor(() => expect(board.definitions.get(17)!.parameters).toBe("--bins 202"));
    expect(board.asked("changeDefinition").at(-1)).toEqual([17, 2, { parameters: "--bins 202" }]);
  });

  it("need no choice where they changed different fields", async () => {
    desk.type(17, "parameters", "--bins 202");
    bob(17, { executable: "/bob/x.sh" });
    expect(await desk.save(17)).toBe(17);
    expect(board.definitions.get(17)).toMatchObject({ executable: "/bob/x.sh", parameters: "--bins 202" });
  });

  it("do not save a row with an open choice by leaving it", async () => {
    desk.type(17, "parameters", "--bins 202");
    bob(17, { parameters: "--bins 301" });
    board.tell({ definitions: true });
    await desk.leaveRow(17);
    expect(board.asked("changeDefinition")).toEqual([]);
    expect(desk.edited).toEqual([17]);
  });

  it("lose nothing when one deletes what the other edits", async () => {
    desk.type(17, "parameters", "--bins 202");
    board.definitions.delete(17);
    board.tell({ definitions: true });
    expect(notes(desk, 17)[0]!.message).toBe("It was deleted while you changed it.");
    press(17, "Restore it with my change");
    await vi.waitFor(() => expect(board.definitions.get(17)?.parameters).toBe("--bins 202"));
  });
});

describe("a definition that was deleted while one changed it", () => {
  it("says by whom and when, asked once", async () => {
    const row = { ...board.definitions.get(17)!, deleted_at: "2026-11-20T11:02:00+00:00", deleted_by: "bob\u202e" };
    board.answers.definition = async () => row;
    desk.type(17, "parameters", "--bins 202");
    board.definitions.delete(17);
    board.tell({ definitions: true });
    board.tell({ definitions: true });
    await vi.waitFor(() => expect(notes(desk, 17)[0]!.message).toMatch(/^bob\\u202e deleted it, .*11.* while you changed it\.$/));
    expect(board.asked("definition")).toEqual([[17]]);
    expect(desk.edit(17).values).toEqual({ parameters: "--bins 202" });
  });

  it("says no name where none is known, or one was wrong: it is there again", async () => {
    board.answers.definition = () => Promise.reject(new ApiError(0, "Unreachable", "The Jupyter server cannot be reached."));
    const row = board.definitions.get(17)!;
    desk.type(17, "parameters", "--bins 202");
    board.definitions.delete(17);
    board.tell({ definitions: true });
    await Promise.resolve();
    expect(notes(desk, 17)[0]!.message).toBe("It was deleted while you changed it.");
    board.definitions.set(17, row);
    board.tell({ definitions: true });
    expect(notes(desk, 17).map(({ message }) => message)).not.toContain("It was deleted while you changed it.");
  });
});

describe("deleting", () => {
  it("asks where jobs are live or autorun is checked", async () => {
    shell.yes = false;
    await desk.remove(12);
    expect(shell.questions[0]).toMatchObject({ title: "Delete smd?", dangerous: true });
    expect(shell.questions[0]!.body).toMatch(/^3 jobs of it have not ended/);
    expect(board.asked("removeDefinition")).toEqual([]);
  });

  it("does not ask otherwise, and can be undone", async () => {
    await desk.remove(21);
    expect(shell.questions).toEqual([]);
    expect(board.definitions.has(21)).toBe(false);
    shell.toasts[0]!.actions!.find((one) => one.label === "Undo")!.do();
    await vi.waitFor(() => expect(board.definitions.has(21)).toBe(true));
  });
});

describe("autorun", () => {
  it("says which trigger it set, as whom it runs from now on, and when", async () => {
    await desk.autorun(18, true);
    expect(board.definitions.get(18)).toMatchObject({ autorun: true, trigger: "END_OF_RUN" });
    expect(shell.toasts[0]!.text).toBe("Its trigger is now “End of run”. From now on it runs by itself, as alice: End of run.");
  });

  it("is given to what was shown, whatever has come since", async () => {
    const answered = vi.fn(() => Promise.resolve(board.definitions.get(18)!));
    board.answers.autorun = answered;
    await desk.autorun(18, true, "run", { version: 3, script: "ab" });
    expect(answered).toHaveBeenCalledWith(18, 3, true, "run", "ab");
  });

  it("stays as it was where the server refuses, in its words", async () => {
    board.answers.autorun = () => Promise.reject(new ApiError(403, "Forbidden", "You can look, not act."));
    await desk.autorun(18, true);
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", said: "You can look, not act." });
    expect(board.definitions.get(18)!.autorun).toBe(false);
  });
});

describe("autorun that waits", () => {
  const standing = { problem: "", waiting: 2, held: 1 } as DefinitionStanding;
  const pause = (changes: Partial<DefinitionRow>): void => {
    board.definitions.set(12, { ...board.definitions.get(12)!, paused_by: "bob", paused_at: "2026-11-22T13:40:00+00:00", ...changes });
    desk = new Desk(board, shell, () => undefined, { get: () => standing });
  };
  const lines = (): string[] => notes(desk, 12).map(({ message }) => message);

  it("says below its row who paused it, why, and how many runs wait; on Resume it asks about them", async () => {
    pause({ paused_why: "user", paused_said: "new <b>mask</b>" });
    expect(lines()[0]).toMatch(/^Autorun: paused by bob since .*: “new <b>mask<\/b>”\. 3 runs wait\.$/);
    board.addresses.set("POST /experiments/xppi0915/definitions/12:resume", () => board.definitions.get(12));
    board.addresses.set("GET /experiments/xppi0915/autorun", () => ({ definitions: [{ ...standing, id: 12 }] }));
    press(12, "Resume…");
    await vi.waitFor(() => expect(shell.dialogs).toHaveLength(1));
    [...shell.dialogs[0]!.el.querySelectorAll("button")].find((one) => one.textContent === "Go on and run these 3")!.click();
    await vi.waitFor(() => expect(board.asked("json").at(-1)).toEqual(["POST", "/experiments/xppi0915/definitions/12:resume", { missed: "run" }]));
  });

  it("goes on without a question where nothing waits by then, and what comes meanwhile is run", async () => {
    pause({ paused_why: "user" });
    board.addresses.set("POST /experiments/xppi0915/definitions/12:resume", () => board.definitions.get(12));
    board.addresses.set("GET /experiments/xppi0915/autorun", () => ({ definitions: [{ ...standing, id: 12, waiting: 0, held: 0 }] }));
    await desk.unpause(12);
    expect(shell.dialogs).toEqual([]);
    expect(board.asked("json").at(-1)).toEqual(["POST", "/experiments/xppi0915/definitions/12:resume", { missed: "run" }]);
  });

  it("asks about what came after the page last heard of it", async () => {
    desk = new Desk(board, shell, () => undefined);
    board.addresses.set("GET /experiments/xppi0915/autorun", () => ({ definitions: [{ ...standing, id: 12, waiting: 1, held: 0 }] }));
    void desk.unpause(12);
    await vi.waitFor(() => expect(shell.dialogs[0]!.el.textContent).toContain("1 run waits."));
    expect(board.asked("json").map(([method]) => method)).toEqual(["GET"]);
  });

  it("stays paused where it cannot be known what waits", async () => {
    pause({ paused_why: "user" });
    await desk.unpause(12);
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", title: "Autorun of smd is as it was" });
    expect(board.asked("json").map(([method]) => method)).toEqual(["GET"]);
  });

  it("that was edited or whose script changed leads to what changed, not to a mere resume", () => {
    for (const [paused_why, paused_said] of [["edit", "bob changed parameters."], ["script", "The script was changed since."]] as const) {
      pause({ paused_why, paused_said });
      expect(lines()[0]).toContain(paused_said);
      expect(notes(desk, 12)[0]!.actions.map(({ label }) => label)).toEqual(["What changed…"]);
    }
  });

  it("says why it can never start, where its box is checked", () => {
    const cannot = { ...standing, problem: "No run source here tells when files are transferred." };
    desk = new Desk(board, shell, () => undefined, { get: () => cannot });
    expect(lines()).toContain(cannot.problem);
    const asked: number[] = [];
    desk.when = (id) => asked.push(id);
    press(12, "Change when…");
    expect(asked).toEqual([12]);
    expect(notes(desk, 17).map(({ message }) => message)).not.toContain(cannot.problem);
  });

  it("is paused with a reason that others read", async () => {
    board.addresses.set("POST /experiments/xppi0915/definitions/12:pause", () => board.definitions.get(12));
    shell.ask = (question) => {
      (question.body as HTMLElement).querySelector("input")!.value = "new mask";
      return Promise.resolve(true);
    };
    await desk.pause(12);
    expect(board.asked("json").at(-1)![2]).toEqual({ said: "new mask" });
    expect(shell.said).toEqual(["Autorun of smd is paused"]);
  });
});

describe("the script's check", () => {
  it("is shown below the row, with its command to copy, and can be made again", () => {
    const row = board.definitions.get(21)!;
    board.definitions.set(21, { ...row, check: { ...row.check, problem: "Not executable for dana on h: mode is 0644. Run chmod +x /x.sh", warnings: ["Calls no bsub that could be found"] } });
    expect(notes(desk, 21).map((line) => [line.kind, line.message])).toEqual([
      ["bad", "Not executable for dana on h: mode is 0644. Run chmod +x /x.sh"], ["warn", "Calls no bsub that could be found"],
    ]);
    press(21, "Copy");
    expect(shell.copied).toEqual(["chmod +x /x.sh"]);
    press(21, "Check again");
    expect(board.asked("checkDefinition")).toEqual([[21]]);
  });

  it("that was not made is no problem", () => {
    const row = board.definitions.get(21)!;
    board.definitions.set(21, { ...row, check: { ...row.check, problem: "not checked: the batch client is not there" } });
    expect(notes(desk, 21)).toEqual([]);
  });
});
