import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { FakeBoard } from "./fake_board";
import { job } from "./sample_rows";
import { skippedText } from "../jobs/apply_dialog";
import { act, board, button, cell, key, open, press, pressAll, root, rows, select, settled, setUp, shell, takeDown } from "./jobs_stage";

beforeEach(setUp);
afterEach(takeDown);

describe("kill, delete, rerun", () => {
  it("one's own job is asked for in the row, and the question goes after 5 s", async () => {
    open();
    act(240, "kill");
    const question = root.querySelector(".arp-rowask")!;
    expect(question.textContent).toBe("Kill 581240?KillKeep");
    expect(document.activeElement!.textContent).toBe("Keep");
    vi.advanceTimersByTime(5000);
    expect(root.querySelector(".arp-rowask")).toBeNull();
    act(240, "kill");
    press(root.querySelector(".arp-rowask .is-bad"));
    await settled();
    expect(board.asked("kill")).toEqual([[[240]]]);
    expect(shell.toasts[0]).toMatchObject({ kind: "good", title: "Job 581240 is being killed", text: "Run 2913, smd. LSF says:", said: "Job <581240> is being terminated" });
  });
  it("another's is asked for in a dialog", async () => {
    open();
    act(226, "kill");
    expect(shell.dialogs[0]!.title).toBe("Kill job 581226?");
    expect(shell.dialogs[0]!.el.textContent).toContain("It is not yours.");
    press(shell.dialogs[0]!.el.querySelector(".is-bad")?.closest("form")?.querySelector(".arp-btn:not(.is-bad)"));
    await settled();
    expect(board.asked("kill")).toEqual([]);
  });
  it("of several, only mine unless I say otherwise", async () => {
    open();
    select(240, 241, 226, 238);
    expect(root.querySelector(".is-selection")!.textContent).toContain("4 jobs selected");
    press(button("Kill 3"));
    const { el } = shell.dialogs[0]!;
    expect(el.textContent).toContain("3 of the 4 selected jobs have not ended, 2 of them yours. The other one is left as it is.");
    expect(el.querySelector(".is-bad")!.textContent).toBe("Kill 2 jobs");
    el.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await settled();
    expect(board.asked("kill")).toEqual([[[241, 240]]].map(([ids]) => [[...ids!].sort()]));
  });
  it("over fifty the number must be typed", () => {
    open(new FakeBoard(Array.from({ length: 60 }, (_, index) => job(index + 1, 5, "smd", { state: "running", status: "RUN", ended: null })), []));
    pressAll();
    press(button("Kill 60"));
    const { el } = shell.dialogs[0]!;
    const go = el.querySelector<HTMLButtonElement>(".is-bad")!;
    expect(go.disabled).toBe(true);
    const typed = el.querySelector<HTMLInputElement>("input[inputmode]")!;
    typed.value = "60";
    typed.dispatchEvent(new Event("input"));
    expect(go.disabled).toBe(false);
  });
  it("a refusal is told with the scheduler's own words, and in part with each reason", async () => {
    open();
    board.answers.kill = (ids) => Promise.resolve(ids.map((id) => ({ id, ok: id !== 240, message: id === 240 ? "Job <581240>: User permission denied" : "" })));
    act(240, "kill");
    press(root.querySelector(".arp-rowask .is-bad"));
    await settled();
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", title: "Job 581240 was not killed", text: "Run 2913, smd, submitted by alice. LSF says:", said: "Job <581240>: User permission denied" });
    select(240, 241);
    press(button("Kill 2"));
    shell.dialogs[0]!.el.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await settled();
    expect(shell.toasts[1]).toMatchObject({ kind: "bad", title: "Killed 1 of 2", said: "581240: Job <581240>: User permission denied" });
  });
  it("a deleted row can be brought back, and a live one is asked for", async () => {
    open();
    act(238, "delete");
    await settled();
    expect(shell.toasts[0]).toMatchObject({ title: "Took run 2913, calib_mon off the page", text: "The job itself was not touched.", stay_s: 10 });
    expect(rows()[1]).toBe("29132 jobs smdv4 RUN");
    shell.toasts[0]!.actions![0]!.do();
    await settled();
    expect(rows()[1]).toBe("29133 jobs calib_mon DONE");
    act(240, "delete");
    expect(shell.dialogs[0]!.el.textContent).toContain("still running, and will not be killed");
    press([...shell.dialogs[0]!.el.querySelectorAll("button")].find((one) => one.textContent === "Delete only"));
    await settled();
    expect(board.asked("remove").at(-1)).toEqual([[240]]);
    expect(board.asked("kill")).toEqual([]);
  });
  it("deleted rows are listed with who and when, and can be brought back from there", async () => {
    open();
    act(238, "delete");
    await settled();
    press(button("Columns"));
    press(button("Deleted jobs"));
    await settled();
    const { title, el } = shell.dialogs[0]!;
    expect(title).toBe("Deleted jobs");
    expect(el.querySelector("tbody")!.textContent).toMatch(/^2913calib_mon581238DONE.*, danaBring back$/);
    press(el.querySelector("tbody button"));
    await settled();
    expect(el.querySelector("tbody")!.textContent).toContain("Back on the page");
    expect(rows()[1]).toBe("29133 jobs calib_mon DONE");
  });
  it("killed and deleted in one, neither message says what is not so", async () => {
    open();
    act(240, "delete");
    press([...shell.dialogs[0]!.el.querySelectorAll("button")].find((one) => one.textContent === "Kill and delete"));
    await settled();
    expect(board.asked("remove")).toEqual([[[240]]]);
    expect(shell.toasts.map(({ kind, title, text }) => [kind, title, text])).toEqual([
      ["good", "Job 581240 is being killed", "Run 2913, smd. LSF says:"],
      ["plain", "Took run 2913, smd off the page", "Undo brings the row back, not the job."],
    ]);
  });
  it("whose kill was refused stays on the page", async () => {
    open();
    board.answers.kill = (ids) => Promise.resolve(ids.map((id) => ({ id, ok: false, message: "User permission denied" })));
    act(240, "delete");
    press([...shell.dialogs[0]!.el.querySelectorAll("button")].find((one) => one.textContent === "Kill and delete"));
    await settled();
    expect(board.asked("remove")).toEqual([]);
    expect(shell.toasts.map(({ title }) => title)).toEqual(["Job 581240 was not killed"]);
  });
  it("that nobody confirms names the job, and does not say that it was not done", async () => {
    open();
    board.answers.kill = () => Promise.reject(new Error("The server cannot be reached."));
    act(240, "kill");
    press(root.querySelector(".arp-rowask .is-bad"));
    await settled();
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", title: "The kill of job 581240 was not confirmed", said: "The server cannot be reached." });
  });
  it("a job that goes while its kill is asked for is called by its name", async () => {
    open();
    let answer = (): void => undefined;
    board.answers.kill = (ids) => new Promise((done) => (answer = () => done(ids.map((id) => ({ id, ok: true, message: "" })))));
    act(240, "kill");
    press(root.querySelector(".arp-rowask .is-bad"));
    await board.remove([240]);
    await settled();
    answer();
    await settled();
    expect(shell.toasts[0]!.title).toBe("Job 581240 is being killed");
  });
  it("one is sent again at once, and by key of several only those that have ended", async () => {
    open();
    const rerun = (id: number): void => key(cell(id, "status"), "r");
    board.answers.rerun = () => Promise.reject(new Error("The batch def was deleted."));
    rerun(238);
    await settled();
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", title: "Run 2913, calib_mon was not sent again" });
    select(238, 234, 240);
    rerun(240);
    await settled();
    expect(shell.questions.map(({ title }) => title)).toEqual(["Rerun 2 jobs?"]);
  });
  it("several are sent again after one question that says how many", async () => {
    open();
    select(238, 234, 240);
    press(button("Rerun 2"));
    await settled();
    expect(shell.questions[0]).toMatchObject({ title: "Rerun 2 jobs?", yes: "Rerun 2 jobs" });
    expect(board.asked("rerun")).toHaveLength(2);
    expect(shell.toasts.at(-1)!.title).toBe("Sent 2 jobs again");
  });
  it("what cannot be done says why, and does nothing", () => {
    open();
    const kill = cell(238, "act").querySelector<HTMLElement>("[data-act=kill]")!;
    expect(kill.title).toBe("Nothing to kill: DONE");
    press(kill);
    expect(root.querySelector(".arp-rowask")).toBeNull();
    expect(shell.dialogs).toHaveLength(0);
  });
  it("before there is a job id it reads Withdraw", () => {
    open();
    const all = [...root.querySelectorAll("[data-act=kill]")].map((one) => one.getAttribute("aria-label"));
    expect(all).toContain("Withdraw run 2912 xgm_corr");
    board.status = { ...board.status!, user: "chen" };
    press(root.querySelector('[aria-label="Withdraw run 2912 xgm_corr"]'));
    expect(root.querySelector(".arp-rowask")!.textContent).toBe("Withdraw run 2912, xgm_corr?WithdrawKeep");
  });
});
describe("apply", () => {
  it("lists every hash, and says why one cannot be used", async () => {
    open();
    press([...root.querySelectorAll("[data-act=apply]")].find((one) => one.getAttribute("aria-label")!.endsWith("2908")));
    const [{ items, search }] = shell.menus as [(typeof shell.menus)[0]];
    expect(search).toBe("Apply to run 2908");
    expect(items.find((one) => one.label === "index")!.off).toBe("Not executable for dana on psanaphi110");
    items[0]!.do("");
    await settled();
    expect(board.asked("apply")).toEqual([[{ definition: "smd", runs: [2908], existing: "again" }]]);
    expect(shell.toasts[0]).toMatchObject({ kind: "good", title: "Sent 1 job of smd" });
    expect(rows()).toContain("2908 smd Request Sent");
  });
  it("to several runs is offered by the menu of one, too", () => {
    open();
    key(cell(240, "status"), "a");
    const [{ items, search }] = shell.menus as [(typeof shell.menus)[0]];
    expect(search).toBe("Apply to run 2913");
    const several = items.find(({ label }) => label === "To several runs…")!;
    expect(several.always).toBe(true);
    several.do("");
    expect(shell.dialogs[0]!.title).toBe("Apply hash to runs");
  });
  it("to several runs is tried first, and the button says how many", async () => {
    open();
    board.answers.dryRun = () => Promise.resolve({
      understood: "12, 20-21", warnings: [], skipped: [{ run: 20, why: "already DONE" }],
      dry_run: [12, 21].map((run) => ({ run, argv: ["/s.sh", "xppi0915", String(run)], environment: {} })),
    });
    press(button("Apply hash to runs"));
    const { el } = shell.dialogs[0]!;
    const [runs] = [...el.querySelectorAll<HTMLInputElement>("input")];
    for (const text of ["1", "12, 20-21"]) {
      runs!.value = text;
      runs!.dispatchEvent(new Event("input"));
    }
    await settled();
    expect(board.asked("dryRun")).toHaveLength(1);
    expect(el.textContent).toContain("Skipped 1: 1 already DONE.");
    expect(el.querySelector(".arp-preview code")!.textContent).toBe("/s.sh xppi0915 12");
    expect(el.querySelector(".is-main")!.textContent).toBe("Send 2 jobs");
    expect(el.querySelector("footer code")!.textContent).toBe("board.apply('smd', runs='12, 20-21')");
    el.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    await settled();
    expect(board.asked("apply")).toEqual([[{ definition: "smd", runs: "12, 20-21", parameters: null, existing: "skip" }]]);
    expect(shell.dialogs[0]!.closed).toBe(true);
  });
  it("the command of the preview is copied so that a shell reads the same arguments", async () => {
    open();
    const argv = ["/s.sh", "xppi0915", "12", "a b", "it's"];
    board.answers.dryRun = () => Promise.resolve({ understood: "12", warnings: [], skipped: [], dry_run: [{ run: 12, argv, environment: {} }] });
    press(button("Apply hash to runs"));
    const { el } = shell.dialogs[0]!;
    const runs = el.querySelector("input")!;
    runs.value = "12";
    runs.dispatchEvent(new Event("input"));
    await settled();
    press(el.querySelector<HTMLElement>("[aria-label='Copy command']")!);
    expect(shell.copied).toEqual(["/s.sh xppi0915 12 'a b' 'it'\\''s'"]);
  });
  it("what cannot be applied is said in the server's words, and cannot be sent", async () => {
    open();
    board.answers.dryRun = () => Promise.reject(new Error("'5-1' runs backwards."));
    press(button("Apply hash to runs"));
    const { el } = shell.dialogs[0]!;
    const runs = el.querySelector("input")!;
    runs.value = "5-1";
    runs.dispatchEvent(new Event("input"));
    await settled();
    expect(el.querySelector(".arp-preview")!.textContent).toBe("'5-1' runs backwards.");
    expect(el.querySelector<HTMLButtonElement>(".is-main")!.disabled).toBe(true);
  });
});

it("runs that were skipped are counted by their reason", () => {
  const why = "has a job of this batch def already";
  expect(skippedText([])).toBe("");
  expect(skippedText([{ run: 5, why }])).toBe(`Skipped 1: 1 ${why}.`);
  expect(skippedText([{ run: 5, why }, { run: 6, why }, { run: 7, why: "already DONE" }]))
    .toBe("Skipped 3: 2 have a job of this batch def already, 1 already DONE.");
});
