import { describe, expect, it } from "vitest";

import { FakeBoard } from "../../__tests__/fake_board";
import { heldBack, killNote, killVerb, why, type Told } from "../why";

const NOW = Date.UTC(2026, 10, 22, 14, 7, 31);
const told = (changes: Partial<Told>): Told => ({
  state: "running", status: "RUN", word: changes.status ?? "RUN", phase: "", reason: "", location: "lsf",
  exitCode: null, signal: null, killBy: "", killAt: NaN, requested: NOW - 2000, cause: "", errorLine: "", peak: NaN, asked: NaN, ...changes,
});
const line = (changes: Partial<Told>, clientOk = true): string => {
  const { strong, text } = why(told(changes), clientOk, NOW);
  return `${strong}|${text}`;
};

describe("Why", () => {
  it.each<[string, Partial<Told>, string]>([
    ["what failed stands out", { state: "failed", status: "EXIT", reason: "TERM_MEMLIMIT: 8.2 of 8 GB" }, "TERM_MEMLIMIT:|8.2 of 8 GB"],
    ["without a reason, the exit code", { state: "failed", status: "EXIT", exitCode: 137, signal: 9 }, "|exit code 137, signal 9"],
    ["a reason that is one word stays whole", { state: "failed", status: "EXIT", reason: "Segmentation fault" }, "|Segmentation fault"],
    ["a limit in numbers, then the log", { state: "failed", status: "EXIT", reason: "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit", cause: "memory", peak: 4200, asked: 4000, errorLine: "MemoryError" }, "TERM_MEMLIMIT:|used 4.2 GB of 4 GB asked; MemoryError"],
    ["memory of a scheduler that names no limit", { state: "failed", status: "OUT_OF_MEMORY", reason: "OutOfMemory", cause: "memory", peak: 990, asked: 1000 }, "|OutOfMemory; used 990 MB of 1 GB asked"],
    ["of a limit without numbers, its name", { state: "failed", status: "EXIT", reason: "TERM_MEMLIMIT: too much", cause: "memory" }, "TERM_MEMLIMIT:|too much"],
    ["the first error line of the log", { state: "failed", status: "EXIT", cause: "script", errorLine: "KeyError: 'jungfrau1M'", exitCode: 1 }, "|KeyError: 'jungfrau1M'"],
    ["an error line once", { state: "failed", status: "EXIT", cause: "script", reason: "exit 1; KeyError: 'x'", errorLine: "KeyError: 'x'" }, "|exit 1; KeyError: 'x'"],
    ["that a kill was refused, in the scheduler's words", { killBy: "dana", killNote: "Kill refused: User permission denied" }, "|Kill refused: User permission denied"],
    ["who killed it", { state: "killed", status: "EXIT", killBy: "dana", killAt: NaN }, "|killed by dana"],
    ["why it waits", { state: "pending", status: "PEND", reason: "Job slot limit reached for alice" }, "|Job slot limit reached for alice"],
    ["how long ago it was sent", { state: "leased", status: "Request Sent" }, "|Sent 2 s ago, no job id yet"],
    ["what keeps it from being sent", { state: "requested", status: "Request Sent", heldBack: "Autorun is stopped: not sent" }, "|Autorun is stopped: not sent"],
    ["a slow script is not a slow scheduler", { state: "starting", phase: "script", status: "Request Sent: script running, no bsub yet" }, "|Script running, no bsub yet"],
    ["a slow bsub", { state: "starting", phase: "slow", status: "LSF_Slow" }, "|bsub has not answered for 5 s, still asking"],
    ["kept while the client is away", { state: "requested", status: "Request Sent", word: "Persisted" }, "|Kept; sent when the batch client is back"],
    ["what it was before it became unknown", { status: "RUN", word: "Unknown since 14:02" }, "|LSF did not answer; was RUN"],
    ["what became of a lost job", { state: "lost", status: "Lost: not in LSF's history", reason: "not in LSF's history; was RUN" }, "|not in LSF's history; was RUN"],
    ["whose history was asked, whatever is stored", { state: "lost", status: "Lost: not in LSF's history" }, "|not in LSF's history"],
    ["nothing to say", { state: "done", status: "DONE" }, "|"],
  ])("%s", (_, changes, said) => expect(line(changes)).toBe(said));

  it("says that it is the client who is silent", () => {
    expect(line({ status: "RUN", word: "Unknown since 14:02" }, false)).toBe("|The batch client did not answer; was RUN");
  });
  it("shows marks of direction by their number", () => {
    expect(line({ state: "pending", status: "PEND", reason: "a\u202eb" })).toBe("|a\\u202eb");
  });
});

describe("A job that autorun made", () => {
  const board = new FakeBoard();
  const id = [...board.definitions.keys()][0]!;
  it("is not sent while all autorun is stopped, or its own is paused; a person's is", () => {
    expect(heldBack(board, "requested", "END_OF_RUN", id)).toBe("");
    board.definitions.set(id, { ...board.definitions.get(id)!, paused_why: "user" });
    expect(heldBack(board, "requested", "END_OF_RUN", id)).toBe("Its autorun is paused: not sent");
    board.setStopped({ by: "bob", at: "2026-11-22T14:00:00Z", said: "" });
    expect(heldBack(board, "requested", "END_OF_RUN", id)).toBe("Autorun is stopped: not sent");
    expect(heldBack(board, "starting", "END_OF_RUN", id)).toBe("");
    expect(heldBack(board, "requested", "MANUAL", id)).toBe("");
  });
});

describe("A kill", () => {
  const ignored = "still there 60 s after LSF accepted the kill: kill it again to end it by force";
  it.each<[string, string | null, string[], string]>([
    ["before there is a job id", null, [], "Withdraw"],
    ["usually", "1815", ["kill accepted: Job <1815> is being terminated"], "Kill"],
    ["of a job that ignored one", "1815", ["kill accepted: Job <1815> is being terminated", ignored], "Kill by force"],
    ["that was refused since", "1815", [ignored, "kill refused: no"], "Kill"],
  ])("%s", (_, native, notes, verb) => expect(killVerb(native, notes)).toBe(verb));

  it("that was only accepted needs no note", () => {
    expect(killNote(["kill accepted: Job <1815> is being terminated"])).toBeUndefined();
    expect(killNote([])).toBeUndefined();
  });
});
