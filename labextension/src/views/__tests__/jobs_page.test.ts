import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { DONE } from "../jobs/facts";
import { FakeBoard } from "./fake_board";
import { HEALTH, job, JOBS, RUNS } from "./sample_rows";
import { board, button, cell, close, foot, key, line, mounted, open, press, pressKey, root, rows, select, settle, settled, setUp, shell, takeDown, tile, type } from "./jobs_stage";

beforeEach(setUp);
afterEach(takeDown);

describe("the rows", () => {
  it("are one for each job, by run, and one for a run without jobs", () => {
    open();
    expect(rows().slice(0, 5)).toEqual(["2914 Recording since 14:04.", "29133 jobs calib_mon DONE", "2913 smdv4 RUN", "2913 cube PEND", "29122 jobs smdv4 DONE"]);
    expect(rows()).toContain("2908 No jobs.");
    expect(rows()).toHaveLength(JOBS.length + 5);
  });
  it("are those of one status when only these are asked for, whatever was filtered before", () => {
    open();
    type("no such text");
    mounted!.showOnly(DONE);
    settle();
    expect(new Set([...root.querySelectorAll(".slick-row .c-status")].map((one) => one.textContent))).toEqual(new Set(["DONE"]));
    expect(tile("DONE").getAttribute("aria-pressed")).toBe("true");
  });
  it("change where they are as the job changes, and only there", () => {
    open();
    const status = cell(241, "status");
    const other = cell(240, "report").firstChild;
    board.change({ ...board.rows.get(241)!, state: "running", status: "RUN", native_state: "RUN", started: "2026-11-22T14:07:30+00:00" });
    settle();
    expect(status.textContent).toBe("RUN");
    expect(cell(240, "report").firstChild).toBe(other);
    expect(tile("RUN").querySelector("b")!.textContent).toBe("4");
  });
  it("come for new jobs and runs, and go with removed ones", () => {
    open();
    board.addRun({ ...RUNS[18]!, id: 2915, run: 2915 });
    board.change(job(300, 2914, "smd"));
    settle();
    expect(rows().slice(0, 3)).toEqual(["2915 Recording since 14:04.", "2914 smd DONE", "29133 jobs calib_mon DONE"]);
    void board.remove([300]);
    settle();
    expect(rows()[1]).toBe("2914 Recording since 14:04.");
  });
  it("fold to one that says what is folded away", () => {
    open();
    press(cell(238, "run").querySelector("[data-act=fold]"));
    settle();
    expect(rows()[1]).toBe("29133 jobs 1 PEND, 1 RUN, 1 DONE");
    press(root.querySelector('.slick-row[aria-rowindex="3"] [data-act=fold]'));
    settle();
    expect(rows()[1]).toBe("29133 jobs calib_mon DONE");
  });
  it("let elapsed tick for live jobs in view, and for no others", () => {
    open();
    expect(cell(240, "elapsed").textContent).toBe("6:19");
    const over = cell(238, "elapsed").textContent;
    vi.advanceTimersByTime(3000);
    expect(cell(240, "elapsed").textContent).toBe("6:22");
    expect(cell(238, "elapsed").textContent).toBe(over);
  });
  it("let the time left go on, and make no estimate once it has passed without a report", () => {
    open();
    const said = (): string => cell(240, "report").querySelector("[role=progressbar]")!.getAttribute("aria-valuetext")!;
    expect(said()).toMatch(/^61 %, \d+ (s|min)$/);
    const before = said();
    vi.advanceTimersByTime(90_000);
    expect(said()).not.toBe(before);
    vi.advanceTimersByTime(160_000);
    expect(said()).toBe("61 %, no estimate");
  });
  it("ask for the reports of those in view", () => {
    open();
    expect([...board.inView].sort()).toEqual([...board.rows.keys()].sort());
  });
  it("say that a log is yet to come only of jobs that are not over", () => {
    const never = { native_id: null, submitted: null, started: null, ended: null };
    open(new FakeBoard([job(1, 5, "smd", { ...never, state: "withdrawn", status: "Withdrawn" }), job(2, 5, "cube", { ...never, state: "requested", status: "Request Sent" })], []));
    const titles = [...root.querySelectorAll<HTMLElement>("[data-act=log]")].map((one) => [one.title, one.getAttribute("aria-disabled")]);
    expect(titles).toEqual([["Log of run 5 smd", null], ["No log yet", "true"]]);
  });
  it("show text of others as text", () => {
    open(new FakeBoard([job(1, 5, "<img src=x onerror=alert(1)>", { user: "a\u202eb", reason: "<b>x</b>", state: "failed", status: "EXIT" })], []));
    expect(root.querySelector(".slick-row img, .slick-row .t b:not(.c-why b)")).toBeNull();
    expect(rows()[0]).toContain("<img src=x onerror=alert(1)>");
    expect(root.querySelector(".slick-cell.c-user")!.textContent).toContain("\\u202e");
  });
});

describe("counts and filters", () => {
  it("a tile shows its jobs only, several add up, and All clears", () => {
    open();
    press(tile("EXIT"));
    settle();
    expect(rows().every((row) => row.endsWith("EXIT"))).toBe(true);
    expect(line()).toBe("board.jobs.df.query(\"status == 'EXIT'\")");
    expect(foot()).toContain("of 4 jobs, filtered from 21");
    press(tile("PEND"));
    settle();
    expect(rows()).toHaveLength(6);
    expect(tile("EXIT").getAttribute("aria-pressed")).toBe("true");
    press(tile("All jobs"));
    settle();
    expect(rows()).toHaveLength(JOBS.length + 5);
    expect(line()).toBe("board.jobs.df");
  });
  it("numbers stay those of all jobs", () => {
    open();
    press(tile("EXIT"));
    settle();
    expect(tile("DONE").querySelector("b")!.textContent).toBe("7");
  });
  it("a search marks what it found, and finds reports too", async () => {
    open();
    type("jungfrau");
    await settled();
    expect(root.querySelector("mark")!.textContent).toBe("jungfrau");
    type("pedestal");
    await settled();
    expect(board.asked("searchReports").at(-1)).toEqual(["pedestal"]);
    expect(rows()).toEqual(["2913 calib_mon DONE"]);
  });
  it("Enter in the search goes to the first job that was found, however fast it was typed", () => {
    open();
    const input = root.querySelector<HTMLInputElement>(".arp-search input")!;
    input.focus();
    input.value = "calib_mon";
    input.dispatchEvent(new Event("input"));
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    expect(document.activeElement).toBe(cell(238, "status"));
  });
  it("a search that was left at once is not lost to a redraw", () => {
    open();
    const input = root.querySelector<HTMLInputElement>(".arp-search input")!;
    input.value = "2907";
    input.dispatchEvent(new Event("input"));
    input.dispatchEvent(new Event("change"));
    press(button("Mine"));
    press(button("Mine"));
    settle();
    expect(input.value).toBe("2907");
    expect(rows()).toHaveLength(1);
  });
  it("a search for runs keeps those without jobs", () => {
    open();
    type("2907-2908");
    expect(rows()).toEqual(["2908 No jobs.", "2907 xgm_corr Request Sent"]);
  });
  it("columns are filtered one by one, which the button counts and each chip drops", () => {
    open();
    press(button("Filter"));
    const [run, hash] = [...root.querySelectorAll<HTMLInputElement>(".arp-pop input")];
    for (const [field, text] of [[run!, "2910-2913"], [hash!, "CUBE"]] as const) {
      field.value = text;
      field.dispatchEvent(new Event("input"));
    }
    expect(rows().map((row) => row.slice(0, 4))).toEqual(["2913", "2910"]);
    expect(button("Filter").getAttribute("aria-label")).toBe("Filter, 2 on");
    expect(line()).toContain("2910 <= run <= 2913");
    press(root.querySelector(".arp-chip"));
    press(root.querySelector(".arp-chip"));
    expect(button("Filter").getAttribute("aria-label")).toBe("Filter");
    expect(rows().length).toBeGreaterThan(10);
  });
  it("Mine is remembered", () => {
    open();
    press(button("Mine"));
    settle();
    expect(board.kept.get("jobs")).toMatchObject({ mine: true });
    const kept = board.kept;
    close();
    const next = new FakeBoard();
    kept.forEach((value, name) => next.kept.set(name, value));
    open(next);
    expect(button("Mine").getAttribute("aria-pressed")).toBe("true");
    expect(line()).toBe("board.jobs.df.query(\"user == 'alice'\")");
  });
  it("without a match it says which filter to drop", () => {
    open();
    press(tile("SSUSP"));
    type("alice");
    const none = root.querySelector(".arp-none")!;
    expect(none.textContent).toContain("Search “alice”, status SSUSP.");
    expect(none.textContent).toMatch(/Without the status filter, \d+ jobs match/);
    press(button("Drop the status filter"));
    settle();
    expect(root.querySelector(".arp-none")).toBeNull();
    expect(rows().length).toBeGreaterThan(3);
  });
  it("while the batch client is silent nothing is guessed", () => {
    open();
    board.setHealth({ ...HEALTH, client: { ok: false, since: "2026-11-22T14:02:00+00:00" } });
    settle();
    expect(tile("RUN").querySelector("b")!.textContent).toBe("0");
    expect(cell(240, "status").textContent).toMatch(/^Unknown since \d\d:02$/);
    expect(foot()).toMatch(/As of \d\d:02:00. Not live./);
    expect(cell(238, "status").textContent).toBe("DONE");
    const elapsed = cell(240, "elapsed").textContent;
    vi.advanceTimersByTime(90_000);
    settle();
    expect(cell(240, "elapsed").textContent).toBe(elapsed);
  });
  it("before all jobs are here no number is said", () => {
    const made = new FakeBoard();
    made.complete = false;
    open(made);
    expect(tile("DONE").querySelector("b")!.textContent).toBe("…");
    expect(tile("All jobs").querySelector("b")!.textContent).toBe("21");
  });
  it("sorting by another column than Run makes one flat list", () => {
    open();
    press(root.querySelector('[data-column="hash"] button'));
    settle();
    expect(rows()[0]).toContain("calib_mon");
    expect(rows()).toHaveLength(JOBS.length);
    expect(button("Group by run").getAttribute("aria-pressed")).toBe("false");
    press(button("Group by run"));
    settle();
    expect(rows()[0]).toBe("2914 Recording since 14:04.");
  });
});

describe("keys", () => {
  it("of a row open its drawer, kill, delete and rerun", async () => {
    open();
    key(cell(229, "status"), "l");
    key(cell(229, "status"), "i");
    key(cell(229, "why"), "Enter");
    expect(shell.opened).toEqual([{ job: 229, tab: "log" }, { job: 229, tab: "details" }, { job: 229, tab: "log" }]);
    key(cell(229, "status"), "r");
    key(cell(240, "status"), "k");
    await settled();
    expect(board.asked("rerun")).toEqual([[229, undefined]]);
    expect(root.querySelector(".arp-rowask")).not.toBeNull();
  });
  it("of a row are keys with a name only, where single letters are turned off", () => {
    open();
    shell.letters = false;
    for (const name of ["k", "r", "l"]) key(cell(240, "status"), name);
    expect(root.querySelector(".arp-rowask")).toBeNull();
    expect(shell.opened).toEqual([]);
    expect(board.asked("rerun")).toEqual([]);
    key(cell(240, "status"), "Enter");
    expect(shell.opened).toEqual([{ job: 240, tab: "log" }]);
  });
  it("1 to 9 show one status, 0 all; Escape drops the selection, then the filter", () => {
    open();
    pressKey("8");
    expect(tile("EXIT").getAttribute("aria-pressed")).toBe("true");
    select(229);
    pressKey("Escape");
    expect(root.querySelector<HTMLElement>(".is-selection")!.hidden).toBe(true);
    expect(tile("EXIT").getAttribute("aria-pressed")).toBe("true");
    pressKey("Escape");
    expect(tile("All jobs").getAttribute("aria-pressed")).toBe("true");
  });
  it("n and p go to the next and previous failure", () => {
    open();
    cell(240, "status").focus();
    pressKey("n");
    expect(document.activeElement).toBe(cell(229, "status"));
    pressKey("n");
    expect(document.activeElement).toBe(cell(211, "status"));
    pressKey("p");
    expect(document.activeElement).toBe(cell(229, "status"));
  });
  it("w shows what can be read from across the room, and shows all again", () => {
    open();
    pressKey("w");
    expect(root.dataset["density"]).toBe("wall");
    expect([...root.querySelectorAll(".slick-header-column")].map((one) => (one as HTMLElement).dataset["column"])).toEqual(["sel", "run", "hash", "status", "report", "elapsed"]);
    pressKey("w");
    expect(root.dataset["density"]).toBe("");
  });
});

describe("columns", () => {
  const titles = (): string[] => [...root.querySelectorAll(".slick-header-column")].map((one) => one.textContent.trim()).filter(Boolean);
  it("can be hidden, moved and brought back, and that is remembered", () => {
    open();
    press(button("Columns"));
    const box = root.querySelector(".arp-pop")!;
    const user = box.querySelector<HTMLElement>('[data-column="user"]')!;
    user.querySelector("input")!.click();
    settle();
    expect(titles()).not.toContain("User");
    box.querySelector('[data-column="hash"]')!.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", altKey: true, bubbles: true }));
    settle();
    expect(titles().slice(0, 3)).toEqual(["Run", "Hash", "Action"]);
    expect(board.kept.get("jobs")).toMatchObject({ hidden: ["cause", "type", "user"] });
    press(button("Back to the usual columns"));
    settle();
    expect(titles().slice(0, 3)).toEqual(["Run", "Action", "Hash"]);
  });
  it("can be made of counters, which can be sorted by", async () => {
    open();
    press(button("Columns"));
    const dead = [...root.querySelectorAll(".arp-pop label")].find((one) => one.textContent === "Dead pixels")!;
    dead.querySelector("input")!.click();
    await settled();
    expect(board.promoted).toEqual(["counter:Dead pixels"]);
    expect(titles()).toContain("Dead pixels");
    expect(cell(238, "counter\\:Dead").textContent).toBe("211");
  });
  it("what is remembered may come after the page", () => {
    open();
    board.kept.set("jobs", { hidden: ["user"], mine: true });
    board.tell({ preferences: true });
    settle();
    expect(titles()).not.toContain("User");
    expect(button("Mine").getAttribute("aria-pressed")).toBe("true");
  });
  it("what is remembered may be anything", () => {
    const made = new FakeBoard();
    made.kept.set("jobs", { order: [1, "nosuch", "why"], hidden: "user", widths: { run: -5, hash: "x" }, counters: ["x", 7], mine: "yes" });
    open(made);
    expect(titles()[0]).toBe("Why");
  });
});

it("what ended is said in sum, at most every five seconds", () => {
  open();
  for (const id of [240, 226]) board.change({ ...board.rows.get(id)!, state: "done", status: "DONE" });
  board.change({ ...board.rows.get(204)!, state: "failed", status: "EXIT" });
  vi.advanceTimersByTime(5000);
  expect(shell.said).toEqual(["2 jobs done, 1 failed"]);
  vi.advanceTimersByTime(10_000);
  expect(shell.said).toHaveLength(1);
});

it("tells which jobs are selected, as ranges of ids", () => {
  open();
  const told: unknown[] = [];
  root.addEventListener("arp-selected", (event) => told.push((event as CustomEvent).detail));
  select(240, 241, 229);
  expect(told.at(-1)).toEqual([[229, 229], [240, 241]]);
});

it("an experiment without runs says what to do first, once that is known", () => {
  const made = new FakeBoard([], [], []);
  const { experiment } = made;
  made.experiment = null;
  open(made);
  expect(root.querySelector(".arp-none")).toBeNull();
  expect(root.querySelector(".arp-bone")).not.toBeNull();
  made.experiment = experiment;
  made.tell({ experiment: true, definitions: true, runs: true });
  settle();
  expect(root.querySelector(".arp-none")!.textContent).toContain("Make a batch def first");
  press(button("Make a batch def"));
  expect(shell.page).toBe("defs");
});

it("leaves nothing behind", () => {
  open();
  close();
  expect(board.listening).toBe(0);
  expect(root.childElementCount).toBe(0);
  expect(shell.registered.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
