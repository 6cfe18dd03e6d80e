import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import lines from "../expressions.json";
import { FakeBoard } from "../../__tests__/fake_board";
import { FakeShell } from "../../__tests__/fake_shell";
import { setUp, takeDown } from "../../__tests__/jobs_stage";
import { run } from "../../__tests__/sample_rows";
import { drawLedger, openLedger, type LedgerPage } from "../../ledger_page";
import { ledgerExpression } from "../expression";
import { ALL } from "../lines";
import { entry, skipped, STOP, waiting } from "./entries";

const ROOT = "/experiments/xppi0915";
let board: FakeBoard;
let shell: FakeShell;
let root: HTMLElement;
let page: LedgerPage | null;
const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(700);
const rows = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>(".slick-row")].sort((a, b) => Number(a.ariaRowIndex ?? a.getAttribute("aria-rowindex")) - Number(b.getAttribute("aria-rowindex")));
const cells = (row: HTMLElement, ...names: string[]): string[] => names.map((name) => row.querySelector(`.c-${name}`)?.textContent ?? "");
const press = (element: Element | null | undefined): void => element!.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 })) as unknown as void;
const button = (text: string): HTMLElement | undefined => [...root.querySelectorAll("button")].find((one) => one.textContent.trim().startsWith(text));
const bodies = (path: string): unknown[] => board.asked("json").filter(([, to]) => to === ROOT + path).map(([, , body]) => body);

beforeEach(async () => {
  await setUp();
  board = new FakeBoard();
  shell = new FakeShell(board);
  root = document.body.appendChild(document.createElement("section"));
  root.className = "arp";
  page = null;
  board.addresses.set(`GET ${ROOT}/autorun`, () => ({ ...board.autorunNow, acts: true, cannot: ["The batch client is not there."], caveats: ["Awake."], waiting: 1, held: 0, definitions: [] }));
  board.addresses.set(`GET ${ROOT}/autorun/ledger`, () => ({ entries: [waiting(11, 2913, { why: "limit", said: "2 jobs of it run." }), skipped(10, 2912), entry(9, 2911, { job_id: 240, said: "Started job 240 as alice: the run ends." })], more: false }));
});
afterEach(() => {
  page?.destroy();
  takeDown();
});

async function open(of = {}): Promise<void> {
  page = drawLedger(root, board, shell, of);
  await settled();
}

describe("the ledger", () => {
  it("says of each run and batch def what became of it, why in words, and with which values", async () => {
    await open();
    expect(rows().map((row) => cells(row, "run", "hash", "outcome", "said", "seen", "job"))).toEqual([
      ["2913", "smdv4", "waits", "2 jobs of it run.", "", ""],
      ["2912", "smdv4", "skipped", "Its predicate is false: beam > 1 (with beam = 0.2).", "beam = 0.2", ""],
      ["2911", "smdv4", "fired", "Started job 240 as alice: the run ends.", "", "240"],
    ]);
    expect(root.querySelector(".arp-foot")!.textContent).toContain("3 lines, 1 waits");
  });

  it("says whether autorun acts, what it cannot do now, and how run sources are", async () => {
    board.autorunNow = { stopped: STOP, sources: [{ name: "ffb", kind: "folder", ok: false, since: STOP.at, said: "No such folder.", gives: ["END_OF_RUN"], experiments: [] }] };
    await open();
    const said = root.querySelector("[aria-label='How autorun stands']")!.textContent;
    for (const part of ["All autorun is stopped", "The batch client is not there.", "Awake.", "ffb", "No such folder."]) expect(said).toContain(part);
  });

  it("is live: a line that comes stands first, one that changes stays in its place", async () => {
    await open();
    board.tell({ ledger: [waiting(12, 2914), entry(11, 2913, { revision: 99, job_id: 300 })] });
    await settled();
    expect(rows().map((row) => cells(row, "run", "outcome").join(" "))).toEqual(["2914 waits", "2913 fired", "2912 skipped", "2911 fired"]);
  });

  it("sets everybody's words as text", async () => {
    board.addresses.set(`GET ${ROOT}/autorun/ledger`, () => ({ entries: [skipped(1, 5, { said: "<img src=x onerror=alert(1)>\u202e", seen: { "<b>": "<i>" } })], more: false }));
    await open();
    expect(root.querySelector("img, .slick-row i")).toBeNull();
    expect(cells(rows()[0]!, "said", "seen")).toEqual(["<img src=x onerror=alert(1)>\\u202e", '<b> = "<i>"']);
  });

  it("draws only the lines in view, however many there are", async () => {
    board.addresses.set(`GET ${ROOT}/autorun/ledger`, () => ({ entries: Array.from({ length: 10_000 }, (_, at) => entry(10_000 - at, 10_000 - at)), more: false }));
    await open();
    expect(rows().length).toBeLessThan(200);
    expect(root.querySelector("[role=grid]")!.getAttribute("aria-rowcount")).toBe("10001");
  });

  it("says what to do where there is none, and why where it could not be read", async () => {
    board.addresses.set(`GET ${ROOT}/autorun/ledger`, () => ({ entries: [], more: false }));
    await open();
    expect(root.querySelector(".arp-none")!.textContent).toContain("Autorun has decided nothing yet");
    press(button("Go to the batch defs"));
    expect(shell.page).toBe("defs");
    board.addresses.delete(`GET ${ROOT}/autorun/ledger`);
    page!.show({ run: 5 });
    await settled();
    expect(root.querySelector(".arp-none")!.textContent).toContain("The ledger could not be read");
  });
});

describe("a line", () => {
  it("that waits is run now or skipped by its buttons, and by keys", async () => {
    board.addresses.set(`POST ${ROOT}/autorun:missed`, (body) => ({ entries: (body as { ids: number[] }).ids.map((id) => entry(id, 2913, { revision: 90 })) }));
    await open();
    press(rows()[0]!.querySelector("[data-act=skip]"));
    await settled();
    expect(bodies("/autorun:missed")).toEqual([{ ids: [11], do: "skip" }]);
    board.tell({ ledger: [waiting(11, 2913, { revision: 91 })] });
    await settled();
    const cell = rows()[0]!.querySelector<HTMLElement>(".c-outcome")!;
    cell.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
    cell.dispatchEvent(new KeyboardEvent("keydown", { key: "r", bubbles: true, cancelable: true }));
    await settled();
    expect(bodies("/autorun:missed").at(-1)).toEqual({ ids: [11], do: "run" });
    expect(shell.toasts.at(-1)).toMatchObject({ kind: "good", title: "Sent 1 job" });
  });

  it("that was skipped is applied by hand", async () => {
    await open();
    press(rows()[1]!.querySelector("[data-act=run]"));
    await settled();
    expect(board.asked("apply")).toEqual([[{ definition: "smd", runs: [2912], existing: "again" }]]);
  });

  it("that fired opens its job, by its button and by Enter", async () => {
    await open();
    press(rows()[2]!.querySelector("[data-act=job]"));
    const cell = rows()[2]!.querySelector<HTMLElement>(".c-said")!;
    cell.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
    cell.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    expect(shell.opened).toEqual([{ job: 240, tab: "details" }, { job: 240, tab: "details" }]);
  });

  it("is selected with others that wait, which are then run or skipped together", async () => {
    board.addresses.set(`GET ${ROOT}/autorun/ledger`, () => ({ entries: [waiting(12, 7), waiting(11, 6), entry(10, 5)], more: false }));
    board.addresses.set(`POST ${ROOT}/autorun:missed`, () => ({ entries: [] }));
    await open();
    press(root.querySelector('[data-column="sel"]'));
    await settled();
    expect(button("Run 2 now")).toBeDefined();
    press(button("Skip 2"));
    await settled();
    expect((bodies("/autorun:missed")[0] as { ids: number[] }).ids.sort()).toEqual([11, 12]);
  });
});

describe("the line that has the focus", () => {
  const full = (): HTMLElement => root.querySelector<HTMLElement>("[aria-label='The line in full']")!;
  const focus = async (at: number, column = "said"): Promise<void> => {
    rows()[at]!.querySelector<HTMLElement>(`.c-${column}`)!.focus();
    await settled();
  };
  const long = `Its predicate is false: ${"x".repeat(2000)}`;

  it("stands below the table with all that a narrow table hides or cuts, without a pointer", async () => {
    board.addresses.set(`GET ${ROOT}/autorun/ledger`, () => ({ entries: [skipped(1, 5, { said: long, seen: { beam: "y".repeat(200) }, user: "alice", cause: "" }), entry(2, 6, { job_id: 240, user: "dana" })], more: false }));
    await open();
    await focus(1);
    const text = full().textContent;
    for (const part of ["Run 5", "smd v4", "skipped: its predicate", "End of run", long, `beam = "${"y".repeat(200)}"`, "as alice", "happened", "decided"]) expect(text).toContain(part);
    await focus(0, "run");
    for (const part of ["Run 6", "fired", "job 240", "as dana"]) expect(full().textContent).toContain(part);
  });

  it("sets everybody's words as text there, too", async () => {
    board.addresses.set(`GET ${ROOT}/autorun/ledger`, () => ({ entries: [skipped(1, 5, { said: "<img src=x>\u202e", hash: "<b>" })], more: false }));
    await open();
    await focus(0);
    expect(full().querySelector("img, b b")).toBeNull();
    expect(full().textContent).toContain("<img src=x>\\u202e");
  });

  it("can be scrolled by keyboard, takes room before any line has the focus, and keeps the line while it is read", async () => {
    await open();
    expect([full().tabIndex, full().hidden]).toEqual([0, false]);
    expect(full().textContent).toBe("The line that has the focus stands here in full.");
    await focus(1);
    full().focus();
    await settled();
    expect(full().textContent).toContain("Run 2912");
  });

  it("is kept up, and gone where the line is", async () => {
    await open();
    await focus(0);
    board.tell({ ledger: [entry(11, 2913, { revision: 99, job_id: 300, said: "Started job 300." })] });
    await settled();
    expect(full().textContent).toContain("Started job 300.");
    board.addresses.set(`GET ${ROOT}/autorun/ledger`, () => ({ entries: [], more: false }));
    page!.show({ run: 7 });
    await settled();
    expect(full().textContent).toBe("The line that has the focus stands here in full.");
  });
});

describe("filters", () => {
  it("by run, batch def, outcome and reason are asked of the manager, and Esc clears them", async () => {
    await open();
    const [field] = root.querySelectorAll<HTMLInputElement>(".arp-search input");
    field!.value = "2912";
    field!.dispatchEvent(new Event("input"));
    await settled();
    expect(board.asked("json").at(-1)![1]).toContain("/ledger?run=2912&complete=true");
    const [, outcome] = root.querySelectorAll<HTMLSelectElement>("select");
    outcome!.value = "waiting";
    outcome!.dispatchEvent(new Event("change"));
    await settled();
    expect(board.asked("json").at(-1)![1]).toContain("/ledger?run=2912&outcome=waiting&limit=");
    const escape = [...shell.registered].find(({ keys }) => keys === "Escape")!;
    expect(escape.do!("Escape")).not.toBe(false);
    await settled();
    expect(board.asked("json").at(-1)![1]).toBe(`${ROOT}/autorun/ledger?limit=500`);
    expect(escape.do!("Escape")).toBe(false);
  });

  it("take the number of one run only", async () => {
    await open();
    const before = board.asked("json").length;
    const [field] = root.querySelectorAll<HTMLInputElement>(".arp-search input");
    field!.value = "twelve";
    field!.dispatchEvent(new Event("input"));
    await settled();
    expect(field!.getAttribute("aria-invalid")).toBe("true");
    expect(board.asked("json")).toHaveLength(before);
  });

  it("give the line of Python that has the same lines, which a test in Python executes", () => {
    const views = [ALL, { ...ALL, run: 12 }, { ...ALL, hash: "smd" }, { ...ALL, outcome: "waiting" }, { run: 12, hash: "smd", outcome: "skipped", why: "predicate" }];
    expect(views.map(ledgerExpression)).toEqual(lines.slice(0, views.length).map(({ line }) => line));
  });
});

describe("a run", () => {
  it("is left out of autorun with a reason, and taken back in", async () => {
    board.addresses.set(`POST ${ROOT}/runs/2908:exclude`, () => run(2908));
    board.addresses.set(`POST ${ROOT}/runs/2908:include`, () => run(2908));
    shell.ask = (question) => {
      (question.body as HTMLElement).querySelector("input")!.value = "shutter closed";
      return Promise.resolve(true);
    };
    await open({ run: 2908 });
    press(button("Leave run 2908 out"));
    await settled();
    expect(bodies("/runs/2908:exclude")).toEqual([{ why: "shutter closed" }]);
    board.addRun(run(2908, { excluded_at: STOP.at, excluded_by: "bob", excluded_why: "shutter closed" }));
    press(button("Take run 2908 back in"));
    await settled();
    expect(bodies("/runs/2908:include")).toHaveLength(1);
  });

  it("is not left out without a reason", async () => {
    await open({ run: 2908 });
    press(button("Leave run 2908 out"));
    await settled();
    expect(shell.toasts[0]).toMatchObject({ kind: "bad", title: "Run 2908 was not left out" });
  });
});

it("opens over a page that has no tabs, and leaves nothing behind", async () => {
  openLedger(shell, { run: 2911 });
  await settled();
  const [dialog] = shell.dialogs;
  root = dialog!.el;
  press(rows()[2]!.querySelector("[data-act=job]"));
  expect(shell.opened).toEqual([{ job: 240, tab: "details" }]);
  expect(dialog!.closed).toBe(true);
  await settled();
  expect(board.listening).toBe(0);
});
