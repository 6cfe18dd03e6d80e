/** The drawer of a job that is several, that failed, or that was rerun. */

import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";

import type { ElementRow, JobRow, SchedulerJobRow } from "../../model/rows";
import { drawDrawer, type JobDrawer } from "../drawer";
import { proposed } from "../drawer/more_dialog";
import { ASKED } from "../parts";
import { FakeBoard } from "./fake_board";
import { FakeShell } from "./fake_shell";
import { job, NOW, RUNS } from "./sample_rows";

const FAILED: Partial<JobRow> = { state: "failed", status: "EXIT", native_state: "EXIT" };
let board: FakeBoard;
let shell: FakeShell;
let drawer: JobDrawer | null = null;

beforeEach(async () => {
  await ASKED.fetch();
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  drawer?.destroy();
  drawer = null;
  document.body.replaceChildren();
  vi.useRealTimers();
});

const settled = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(0));
async function open(jobs: readonly JobRow[], answers: FakeBoard["answers"] = {}, id = jobs.at(-1)!.id): Promise<void> {
  board = new FakeBoard(jobs, RUNS);
  Object.assign(board.answers, answers);
  shell = new FakeShell(board);
  drawer = drawDrawer(document.body, board, shell, id, "details");
  await settled();
}
const text = (): string => document.querySelector(".arp-dpage")!.textContent;
const named = (name: string, within: ParentNode = document): HTMLElement =>
  [...within.querySelectorAll<HTMLElement>("button, input, select")].find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name)!;
async function press(name: string, within: ParentNode = document): Promise<void> {
  named(name, within).click();
  await settled();
}
const native = (native_id: string, changes: Partial<SchedulerJobRow> = {}): SchedulerJobRow =>
  ({ native_id, source: "wrapper", native_state: "RUN", state: "running", role: "sibling", elements: [], reason: "", exit_code: null, kill_by: "", ...changes });
const told = (...scheduler_jobs: SchedulerJobRow[]) => ({ history: async () => ({ transitions: [], scheduler_jobs }) });
const table = (at = 0): string[] => [...document.querySelectorAll(".arp-tbl")[at]?.querySelectorAll("tbody tr") ?? []].map((row) => [...row.children].map((one) => one.textContent).join(" | "));

describe("the scheduler jobs of a job", () => {
  it("stand under what made them, with why and how they ended", async () => {
    await open([job(1, 2900, "smd", { state: "running", status: "RUN", parts: { subjobs: { EXIT: 1 }, extra: 1 } })], told(
      native("19", { role: "extra", source: "tag" }), native("17", { role: "subjob", native_state: "EXIT", state: "failed", reason: "TERM_RUNLIMIT", exit_code: 140, source: "tag" }), native("15")));
    expect(text()).toContain("Jobs in LSF");
    expect(table()).toEqual(["15 | RUN |  | wrapper", "17 | EXIT subjob | TERM_RUNLIMIT; exit code 140 | tag", "19 | RUN extra |  | tagKill"]);
  });
  it("extra ones are killed alone, after a question", async () => {
    await open([job(1, 2900, "smd", { state: "running", status: "RUN", parts: { extra: 1 } })], told(native("15"), native("19", { role: "extra" })));
    await press("Kill", document.querySelector(".arp-tbl")!);
    expect(shell.questions[0]).toMatchObject({ title: "Kill 19?", body: "LSF made it for the same command. Not ours to keep: kill it?", dangerous: true });
    expect(board.asked("killParts")).toEqual([[1, ["19"]]]);
    expect(board.asked("kill")).toEqual([]);
    expect(shell.toasts[0]).toMatchObject({ kind: "good", title: "The kill of 19 is asked for" });
  });
  it("a refusal is told in the server's words, and Keep asks nobody", async () => {
    await open([job(1, 2900, "smd", { parts: { extra: 1 } })], { ...told(native("15"), native("19", { role: "extra" })), killParts: () => Promise.reject(new Error("19 has already ended (DONE).")) });
    await press("Kill", document.querySelector(".arp-tbl")!);
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", title: "19 was not killed", said: "19 has already ended (DONE)." });
    shell.yes = false;
    await press("Kill", document.querySelector(".arp-tbl")!);
    expect(board.asked("killParts")).toHaveLength(1);
  });
  it("subjobs that outlive their job can be killed from here", async () => {
    await open([job(1, 2900, "smd", { parts: { subjobs: { RUN: 2, DONE: 1 } } })], told(
      native("15", { state: "done", native_state: "DONE" }), native("16", { role: "subjob" }), native("17", { role: "subjob" }), native("18", { role: "subjob", state: "done", native_state: "DONE" })));
    await press("Kill 2 subjobs");
    expect(board.asked("killParts")).toEqual([[1, ["16", "17"]]]);
  });
  it("each has its log, and the way back to the whole job's", async () => {
    await open([job(1, 2900, "smd")], told(native("15"), native("16")));
    await press("Log of 16");
    expect(board.asked("log").at(-1)).toEqual([1, expect.any(Number), expect.any(Number), "16"]);
    expect(text()).toContain("Log of 16.");
    await press("Log of the whole job");
    expect(shell.opened.at(-1)).toEqual({ job: 1, tab: "log" });
    drawer!.show(1, "log");
    await settled();
    expect(board.asked("log").at(-1)).toHaveLength(3);
    expect(text()).not.toContain("Log of 16.");
  });
});

describe("the elements of an array", () => {
  const element = (index: number): ElementRow =>
    ({ index, native_id: `15[${index}]`, native_state: "RUN", state: "running", exit_code: null, reason: "", host: "psana1", started: null, ended: null });
  const array = job(1, 2900, "smd", { state: "running", status: "RUN", parts: { elements: { RUN: 9_000, PEND: 1_000 } } });
  const pages = { ...told(native("15", { elements: [["RUN", 9_000], ["PEND", 1_000]] })), elements: async (_: number, offset: number, limit: number, word?: string) => {
    const total = word === "PEND" ? 1_000 : 10_000;
    return { total, elements: Array.from({ length: Math.min(limit, total - offset) }, (_one, at) => element(offset + at + 1)) };
  } };

  it("are asked for when they are opened, a hundred at a time", async () => {
    await open([array], pages);
    expect(table()).toEqual(["15 | RUN | 9,000 RUN · 1,000 PEND | wrapper"]);
    expect(board.asked("elements")).toEqual([]);
    await press("Elements (10,000)");
    expect(named("Elements (10,000)").getAttribute("aria-expanded")).toBe("true");
    expect(table(1)).toHaveLength(100);
    expect(text()).toContain("1–100 of 10,000");
    await press("Further elements");
    expect(table(1)[0]).toContain("15[101]");
    await press("Elements before");
    expect(board.asked("elements")).toEqual([[1, 0, 100, undefined], [1, 100, 100, undefined], [1, 0, 100, undefined]]);
  });
  it("keep the focus on the arrow that was pressed", async () => {
    await open([array], pages);
    await press("Elements (10,000)");
    named("Further elements").focus();
    await press("Further elements");
    expect(document.activeElement).toBe(named("Further elements"));
  });
  it("can be those of one word", async () => {
    await open([array], pages);
    await press("Elements (10,000)");
    const word = named("Elements with the word") as HTMLSelectElement;
    expect([...word.options].map((one) => one.textContent)).toEqual(["all", "RUN (9,000)", "PEND (1,000)"]);
    word.value = "PEND";
    word.dispatchEvent(new Event("change"));
    await settled();
    expect(text()).toContain("1–100 of 1,000");
    expect(board.asked("elements").at(-1)).toEqual([1, 0, 100, "PEND"]);
  });
  it("each has its log", async () => {
    await open([array], pages);
    await press("Elements (10,000)");
    await press("Log of 15[4]");
    expect(board.asked("log").at(-1)![3]).toBe("15[4]");
  });
  it("are read again while they change, where they are open only", async () => {
    await open([array], pages);
    const change = async (elements: Record<string, number>): Promise<void> => {
      board.change({ ...array, parts: { elements } });
      await settled();
    };
    await change({ RUN: 9_500, PEND: 500 });
    await change({ RUN: 9_600, PEND: 400 });
    expect(board.asked("elements")).toEqual([]);
    await press("Elements (10,000)");
    await change({ RUN: 10_000 });
    expect(board.asked("elements")).toHaveLength(2);
  });
});

describe("why a job failed", () => {
  it("names the kind of cause, the machine's words, the log's and the numbers", async () => {
    await open([job(1, 2900, "smd", {
      ...FAILED, cause: "memory", reason: "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit", error_line: "MemoryError", exit_code: 137, signal: 9,
      peak_memory_mb: 4200, asked_memory_mb: 4000,
    })]);
    const said = document.querySelector(".arp-failed")!;
    expect(said.querySelector(".arp-cause")!.textContent).toBe("memory");
    expect(said.textContent).toContain("TERM_MEMLIMIT: job killed after reaching LSF memory usage limitMemoryErrorUsed 4.2 GB of 4 GB asked, exit code 137, signal 9.");
  });
  it("says who killed it, and that a log tells no error", async () => {
    await open([job(1, 2900, "smd", { ...FAILED, cause: "script", exit_code: 2 }), job(2, 2900, "smd", { ...FAILED, state: "killed", cause: "killed", kill_by: "dana" })]);
    expect(document.querySelector(".arp-cause")!.textContent).toBe("killed by dana");
    drawer!.show(1);
    await settled();
    expect(document.querySelector(".arp-failed")!.textContent).toContain("Exit code 2, no error line in the log.");
  });
});

describe("rerun with more", () => {
  const memory = job(1, 2900, "smd", { ...FAILED, cause: "memory", peak_memory_mb: 8200, asked_memory_mb: 8000, asked_time_s: 3600 });

  it("proposes twice what was too little, and what was asked of the other", () => {
    expect(proposed(memory)).toEqual({ memory: "16.4G", time: "1h" });
    expect(proposed({ ...memory, cause: "time" })).toEqual({ memory: "8G", time: "2h" });
    expect(proposed({ ...memory, cause: "script", asked_memory_mb: null, asked_time_s: null })).toEqual({ memory: "", time: "" });
    expect(proposed({ ...memory, cause: "memory", asked_memory_mb: null, override_memory_mb: 16_000 })).toEqual({ memory: "32G", time: "1h" });
  });
  it("is sent in MB and seconds, and says what came of it", async () => {
    await open([memory]);
    await press("Rerun with more…");
    const { el, title } = shell.dialogs[0]!;
    expect(title).toBe("Rerun run 2900, smd, with more");
    expect(el.textContent).toContain("It used 8.2 GB of 8 GB asked.");
    expect(document.activeElement).toBe(named("Memory", el));
    expect(el.querySelector("code")!.textContent).toBe("board.job(1).rerun(memory='16.4G', time='1h')");
    el.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await settled();
    expect(board.asked("rerun")).toEqual([[1, "", { memory_mb: 16_400, time_s: 3600 }]]);
    expect(shell.toasts[0]).toMatchObject({ kind: "good", title: "Sent run 2900, smd again, with more", text: "It is job 2." });
  });
  it("says what is wrong with an amount, and sends nothing", async () => {
    await open([memory]);
    await press("Rerun with more…");
    const { el } = shell.dialogs[0]!;
    const field = named("Memory", el) as HTMLInputElement;
    field.value = "16";
    field.dispatchEvent(new Event("input"));
    expect(el.textContent).toContain("16 what? Write 16G or 16M.");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    el.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    expect(board.asked("rerun")).toEqual([]);
    for (const one of el.querySelectorAll("input")) {
      one.value = "";
      one.dispatchEvent(new Event("input"));
    }
    expect(el.querySelector<HTMLButtonElement>("[type=submit]")!.disabled).toBe(true);
  });
  it("is told in the server's words where it was refused", async () => {
    await open([memory], { rerun: () => Promise.reject(new Error("LSF's queue psanaq gives no more than 10 GB.")) });
    await press("Rerun with more…");
    shell.dialogs[0]!.el.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await settled();
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", title: "Run 2900, smd was not sent again", said: "LSF's queue psanaq gives no more than 10 GB." });
  });
  it("can be reached from the question for parameters", async () => {
    await open([memory]);
    await press("Rerun…");
    await press("With more…", shell.dialogs[0]!.el);
    expect(shell.dialogs.map(({ title, closed }) => [title, closed])).toEqual([["Rerun run 2900, smd", true], ["Rerun run 2900, smd, with more", false]]);
  });
});

describe("attempts", () => {
  const first = job(12, 2900, "smd", FAILED);
  const second = job(15, 2900, "smd", { ...FAILED, rerun_of: 12, root_id: 12, override_memory_mb: 16_000 });
  const third = job(17, 2900, "smd", { rerun_of: 15, root_id: 12, state: "running", status: "RUN" });
  const line = (): string => document.querySelector<HTMLElement>(".arp-attempts:not([hidden])")?.textContent ?? "";

  it("stand together, and lead to each other", async () => {
    await open([first, second, third]);
    expect(line()).toBe("Attempt 3 of 3: #12 EXIT, #15 EXIT with 16 GB, #17 RUN");
    await press("#15 EXIT with 16 GB");
    expect(shell.opened.at(-1)).toEqual({ job: 15, tab: "details" });
  });
  it("are told of the first one too", async () => {
    await open([first, second, third], {}, 12);
    expect(line()).toContain("Attempt 1 of 3");
  });
});

test("a job that was never rerun asks nobody for attempts", async () => {
  await open([job(12, 2900, "smd", FAILED)]);
  expect(board.asked("attempts")).toEqual([]);
  expect(document.querySelector<HTMLElement>(".arp-attempts")!.hidden).toBe(true);
});
