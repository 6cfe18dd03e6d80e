/** Arrays, subjobs, extra jobs, causes and unsure submissions in the table of jobs. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { DRAWER } from "../parts";
import { FakeBoard } from "./fake_board";
import { act, board, button, cell, key, open, press, rows, root, settle, settled, setUp, shell, takeDown } from "./jobs_stage";
import { at, job, RUNS } from "./sample_rows";

const running = { state: "running", status: "RUN", native_state: "RUN", ended: null };
const failed = { state: "failed", status: "EXIT", native_state: "EXIT" };
const IGNORED = "still there 60 s after LSF accepted the kill: kill it again to end it by force";

const openWith = (...jobs: ReturnType<typeof job>[]): void => open(new FakeBoard(jobs, RUNS));

beforeEach(async () => {
  await DRAWER.fetch();
  await setUp();
});
afterEach(takeDown);

describe("the status of a job that is several", () => {
  const parts = (id: number): string[] => [...cell(id, "status").querySelectorAll(".arp-ctr")].map((one) => one.textContent);

  it("has its counts beside the word, each whole, what needs a look first", () => {
    openWith(job(1, 2900, "smd", { ...running, parts: { elements: { RUN: 3, PEND: 5, DONE: 2 }, subjobs: { DONE: 2, RUN: 3 }, extra: 1 } }));
    expect(parts(1)).toEqual(["1 extra", "3 RUN", "5 PEND", "2 DONE", "2/5 subjobs"]);
    expect(cell(1, "status").querySelector(".arp-ctr.is-look")!.textContent).toBe("1 extra");
    expect(cell(1, "status").querySelector("[title^='1 extra · 3 RUN']")).not.toBeNull();
  });
  it("follows while it runs, and is the chip alone where there is nothing to count", () => {
    openWith(job(1, 2900, "smd", { ...running, parts: { elements: { RUN: 3 } } }), job(2, 2900, "cube", running));
    expect(cell(2, "status").querySelector(".arp-ctrs")).toBeNull();
    board.change({ ...board.rows.get(1)!, parts: { elements: { RUN: 1, DONE: 2 } } });
    settle();
    expect(parts(1)).toEqual(["1 RUN", "2 DONE"]);
  });
});

describe("a kill", () => {
  it("of a job with subjobs asks in the dialog, and takes them along unless told otherwise", async () => {
    openWith(job(1, 2900, "smd", { ...running, parts: { subjobs: { RUN: 2, DONE: 1 } } }));
    act(1, "kill");
    const { el } = shell.dialogs[0]!;
    const tree = el.querySelector<HTMLInputElement>("label:not([hidden]) input[type=checkbox]")!;
    expect(tree.checked).toBe(true);
    expect(tree.parentElement!.textContent).toBe("and the 2 subjobs submitted inside it");
    el.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await settled();
    act(1, "kill");
    const second = shell.dialogs[1]!.el;
    second.querySelector<HTMLInputElement>("label:not([hidden]) input[type=checkbox]")!.click();
    second.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await settled();
    expect(board.asked("kill")).toEqual([[[1]], [[1], false]]);
  });
  it("of a job whose subjobs are over is asked in the row", () => {
    openWith(job(1, 2900, "smd", { ...running, parts: { subjobs: { DONE: 3 } } }));
    act(1, "kill");
    expect(root.querySelector(".arp-rowask")).not.toBeNull();
  });
  it("that was ignored is by force the next time, and says so", () => {
    openWith(job(1, 2900, "smd", { ...running, kill_by: "alice", kill_at: at("14:00:00"), notes: ["kill accepted: Job <1> is being terminated", IGNORED] }));
    expect(cell(1, "act").querySelector("[data-act=kill]")!.getAttribute("aria-label")).toBe("Kill by force run 2900 smd");
    expect(cell(1, "why").textContent).toBe("Still there 60 s after LSF accepted the kill: kill it again to end it by force");
    act(1, "kill");
    expect(root.querySelector(".arp-rowask")!.textContent).toBe("Kill by force 581001?Kill by forceKeep");
  });
  it("that was refused stands in Why, in the scheduler's words", () => {
    openWith(job(1, 2900, "smd", { ...running, kill_by: "alice", kill_at: at("14:00:00"), notes: ["kill refused: Job <1>: User permission denied"] }));
    expect(cell(1, "why").textContent).toBe("Kill refused: Job <1>: User permission denied");
  });
});

describe("why jobs failed", () => {
  const some = (): void => openWith(
    job(1, 2900, "smd", { ...failed, cause: "memory", reason: "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit", peak_memory_mb: 4200, asked_memory_mb: 4000 }),
    job(2, 2900, "cube", { ...failed, cause: "script", error_line: "KeyError: 'jungfrau1M'" }));

  it("is said in numbers where it was memory, else by the log", () => {
    some();
    expect(cell(1, "why").textContent).toBe("TERM_MEMLIMIT: used 4.2 GB of 4 GB asked");
    expect(cell(2, "why").textContent).toBe("KeyError: 'jungfrau1M'");
  });
  it("can be a column, which is hidden at first", () => {
    some();
    const titles = (): string[] => [...root.querySelectorAll(".slick-header-column")].map((one) => one.textContent.trim());
    expect(titles()).not.toContain("Cause");
    press(button("Columns"));
    root.querySelector<HTMLInputElement>('.arp-pop [data-column="cause"] input')!.click();
    settle();
    expect(titles()).toContain("Cause");
    expect(cell(1, "cause").textContent).toBe("memory");
    press(button("Back to the usual columns"));
    settle();
    expect(titles()).not.toContain("Cause");
  });
  it("can be filtered by, with the same in pandas", () => {
    some();
    press(button("Filter"));
    const field = [...root.querySelectorAll(".arp-pop label")].find((one) => one.textContent === "Cause")!.querySelector("input")!;
    field.value = "memo";
    field.dispatchEvent(new Event("input"));
    settle();
    expect(rows()).toEqual(["2900 smd EXIT"]);
    expect(root.querySelector(".arp-foot code")!.textContent).toContain("df.cause.astype('string').str.contains('memo'");
  });
  it("is found by the error line", async () => {
    some();
    const input = root.querySelector<HTMLInputElement>(".arp-search input")!;
    input.value = "jungfrau1M";
    input.dispatchEvent(new Event("input"));
    await settled();
    expect(rows()).toEqual(["2900 cube EXIT"]);
  });
});

describe("by keyboard", () => {
  it("Shift+R on a job that is over asks for more, and says of another that it has not ended", async () => {
    openWith(job(1, 2900, "smd", { ...failed, cause: "time", asked_time_s: 3600 }), job(2, 2900, "cube", running));
    key(cell(1, "status"), "R");
    await settled();
    expect(shell.dialogs[0]!.title).toBe("Rerun run 2900, smd, with more");
    key(cell(2, "status"), "R");
    await settled();
    expect(shell.toasts[0]).toMatchObject({ title: "Nothing to rerun" });
  });
  it.each(["Enter", "l"])("%s on an unsure submission asks what became of it, with its two answers", async (name) => {
    openWith(job(1, 2900, "smd", { state: "uncertain", status: "Submission uncertain", native_state: "", native_id: null, submitted: null, started: null, ended: null }));
    const row = root.querySelector<HTMLElement>(".slick-row .c-status")!;
    const settle_button = root.querySelector("[data-act=settle]")!;
    expect(settle_button.getAttribute("aria-label")).toBe("Say what became of run 2900 smd");
    key(row, name);
    await settled();
    const { el, title } = shell.dialogs[0]!;
    expect(title).toBe("What became of run 2900, smd?");
    const field = el.querySelector("input")!;
    expect(document.activeElement).toBe(field);
    field.value = "1815";
    press([...el.querySelectorAll("button")].find((one) => one.textContent === "Use this id"));
    await settled();
    expect(shell.dialogs[0]!.closed).toBe(true);
    press(settle_button);
    await settled();
    press([...shell.dialogs[1]!.el.querySelectorAll("button")].find((one) => one.textContent === "Submit again"));
    await settled();
    expect(board.asked("resolve")).toEqual([[1, { native_id: "1815" }], [1, { submit_again: true }]]);
  });
});
