import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { drawDrawer, type JobDrawer } from "../drawer";
import lines from "../drawer/expressions.json";
import { ask, rerun, rerunWithMore } from "../drawer/lines";
import { elapsed } from "../../model/times";
import { ASKED } from "../parts";
import type { DrawerTab } from "../shell";
import { FakeBoard } from "./fake_board";
import { FakeShell } from "./fake_shell";
import { at, DEFINITIONS, NOW } from "./sample_rows";

const EXIT = 229;
const RUN = 240;
let board: FakeBoard;
let shell: FakeShell;

beforeAll(() => ASKED.fetch()); // as the page does while it rests
beforeEach(() => {
  document.body.replaceChildren();
  board = new FakeBoard();
  shell = new FakeShell(board);
});
afterEach(() => void vi.useRealTimers());

/** All promises that can be kept now. */
const settled = (): Promise<void> => new Promise((done) => setTimeout(done));
async function open(job = EXIT, tab: DrawerTab = "details"): Promise<JobDrawer> {
  const drawer = drawDrawer(document.body, board, shell, job, tab);
  await settled();
  return drawer;
}
const aside = (): HTMLElement => document.querySelector<HTMLElement>("aside")!;
const text = (): string => aside().textContent ?? "";
function named(name: string): HTMLElement {
  const all = [...document.querySelectorAll<HTMLElement>("button, input, [role=tab]")];
  const found = all.find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name);
  expect(found, name).toBeDefined();
  return found!;
}
async function press(name: string): Promise<void> {
  named(name).click();
  await settled();
}
const key = (key: string): void => {
  document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
};
const selected = (): string => document.querySelector("[role=tab][aria-selected=true]")?.textContent ?? "";

test("it opens with the focus on its tabs, says whose it is, and is taken down whole", async () => {
  const drawer = await open();
  expect(document.activeElement?.textContent).toBe("Details");
  expect(aside().getAttribute("aria-label")).toBe("Job 229, run 2911, smd");
  expect(aside().querySelector("h2")?.textContent).toBe("Run 2911 · smd");
  expect(aside().querySelector(".arp-st")?.textContent).toBe("EXIT");
  drawer.destroy();
  expect(document.body.children).toHaveLength(0);
  expect(board.listening).toBe(0);
  expect(shell.registered.size).toBe(0);
});

test("arrows move along the tabs, letters go to one, Esc closes", async () => {
  await open(EXIT, "log");
  key("ArrowLeft");
  expect(selected()).toBe("History");
  key("ArrowRight");
  key("ArrowRight");
  expect(selected()).toBe("Details");
  expect(document.activeElement).toBe(named("Details"));
  const letter = [...shell.registered].find(({ keys }) => keys.split(" ").includes("s"));
  expect(letter?.do?.("s")).toBe(true);
  expect(selected()).toBe("Snapshot");
  (document.activeElement as HTMLElement).blur();
  expect(letter?.do?.("s")).toBe(false);
  named("Snapshot").focus();
  shell.openJob(1);
  key("Escape");
  expect(shell.opened).toEqual([]);
});

test("another answer than for the job shown is dropped", async () => {
  const drawer = drawDrawer(document.body, board, shell, EXIT, "details");
  drawer.show(RUN);
  await settled();
  expect(aside().querySelector("h2")?.textContent).toBe("Run 2913 · smd");
  expect(text()).not.toContain("TERM_MEMLIMIT");
});

test("the head follows the job and who answers, without anything being pressed", async () => {
  await open(RUN);
  expect(aside().querySelector(".arp-st")?.textContent).toBe("RUN");
  board.setHealth({ client: { ok: false, since: at("14:02:00") }, schedulers: {} });
  expect(aside().querySelector(".arp-st")?.textContent).toMatch(/^Unknown since \d\d:02$/);
  board.setHealth(null);
  board.change({ ...board.rows.get(RUN)!, state: "done", status: "DONE", native_state: "DONE", ended: at("14:20:00") });
  await settled();
  expect(aside().querySelector(".arp-st")?.textContent).toBe("DONE");
});

test("the arrows go to the next and the previous job that failed, keep the focus, and tell the table", async () => {
  const told: unknown[] = [];
  document.body.addEventListener("arp-job", (event) => told.push((event as CustomEvent).detail));
  await open(RUN);
  named("Next failed job").focus();
  await press("Next failed job");
  expect(text()).toContain("Job 229");
  expect(document.activeElement).toBe(named("Next failed job"));
  await press("Next failed job");
  expect(text()).toContain("Job 211");
  await press("Previous failed job");
  await press("Previous failed job");
  expect(text()).toContain("Job 229");
  const keys = [...shell.registered].find((one) => one.keys.includes("n p"));
  expect(keys?.do?.("n")).toBe(true);
  await settled();
  expect(text()).toContain("Job 211");
  expect(keys?.do?.("p")).toBe(true);
  await settled();
  expect(text()).toContain("Job 229");
  expect(shell.said).toEqual(["No other failed job there."]);
  expect(told.slice(0, 3)).toEqual([RUN, 229, 211]);
});

test("what ended cannot be killed; what runs can, after a question", async () => {
  const drawer = await open();
  expect(named("Nothing to kill: EXIT").getAttribute("aria-disabled")).toBe("true");
  await press("Nothing to kill: EXIT");
  expect(shell.dialogs).toHaveLength(0);
  drawer.show(RUN);
  await settled();
  await press("Kill");
  expect(shell.dialogs.at(-1)?.title).toContain("Kill");
  expect(board.asked("kill")).toEqual([]);
});

test("rerun takes more parameters, shows its line of Python, and opens nothing by itself", async () => {
  await open();
  await press("Rerun…");
  const input = named("Extra parameters") as HTMLInputElement;
  input.value = "--mem 16G";
  input.dispatchEvent(new Event("input"));
  expect(shell.dialogs[0]?.el.textContent).toContain("board.job(229).rerun(extra_parameters='--mem 16G')");
  shell.dialogs[0]?.el.querySelector("form")?.requestSubmit();
  await settled();
  expect(board.asked("rerun")).toEqual([[EXIT, "--mem 16G"]]);
  expect(shell.toasts.at(-1)).toMatchObject({ kind: "good", title: "Sent run 2911, smd again" });
});

test("an uncertain submission asks which job it is, and says what the scheduler answered", async () => {
  board.change({ ...board.rows.get(EXIT)!, state: "uncertain", status: "Submission uncertain", native_id: null });
  await open();
  expect(text()).toContain("LSF may or may not have this job.");
  await press("Use this id");
  expect(board.asked("resolve")).toEqual([]);
  (named("Job id in LSF") as HTMLInputElement).value = " 4711 ";
  board.answers.resolve = () => Promise.reject(new Error("LSF does not confirm that there is a job 4711"));
  await press("Use this id");
  expect(board.asked("resolve")).toEqual([[EXIT, { native_id: "4711" }]]);
  expect(shell.toasts.at(-1)).toMatchObject({ kind: "bad", said: "LSF does not confirm that there is a job 4711" });
  await press("Submit again");
  expect(board.asked("resolve").at(-1)).toEqual([EXIT, { submit_again: true }]);
});

test("details show the scheduler's words as they are, and ask again when told to", async () => {
  board.answers.details = async () => "Job <581229>, <img src=x onerror=alert(1)> \u202e\n";
  await open();
  expect(document.querySelector(".arp-raw")?.textContent).toBe("Job <581229>, <img src=x onerror=alert(1)> \\u202e\n");
  expect(document.querySelector("img")).toBeNull();
  board.answers.details = () => Promise.reject(new Error("LSF has forgotten job 581229."));
  await press("Ask again");
  expect(text()).toContain("LSF has forgotten job 581229.");
  expect(board.asked("details")).toHaveLength(2);
});

test("details give figures of a job, and leave out what is not known", async () => {
  await open();
  expect(text()).toContain("TERM_MEMLIMIT: 8.2 of 8 GB");
  expect(text()).toContain("Run time18:22");
  expect(text()).toContain("Exit code137, signal 9");
  expect(text()).not.toContain("Memory, peak");
});

test("a job that never came into a queue waited in none", async () => {
  board.rows.set(EXIT, { ...board.rows.get(EXIT)!, state: "submit_failed", submitted: null, started: null });
  await open();
  expect(text()).not.toContain("Waited in queue");
  expect(text()).not.toContain("Run time");
});

test("how long a job runs goes on while one looks, in its details and in its history", async () => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setInterval", "clearInterval"] });
  const started = board.rows.get(RUN)!.started!;
  board.answers.history = async () => ({
    transitions: [{ at: started, old: null, new: "running", native_state: "RUN", reason: "", by: "" }], scheduler_jobs: [],
  });
  const drawer = await open(RUN);
  const ran = (): string => /Run time([\d:]+)/.exec(text())?.[1] ?? "";
  const bar = (): string => document.querySelector(".arp-phases")?.getAttribute("aria-label") ?? "";
  const before = ran();
  vi.advanceTimersByTime(60_000);
  expect(ran()).not.toBe(before);
  drawer.show(RUN, "history");
  await settled();
  const lasts = (): string => elapsed(Date.now() - Date.parse(started));
  expect(bar()).toBe(`RUN ${lasts()}`);
  vi.advanceTimersByTime(60_000);
  expect(bar()).toBe(`RUN ${lasts()}`);
  drawer.destroy();
  expect(vi.getTimerCount()).toBe(0);
});

test("a snapshot marks what differs from today's definition, and only that", async () => {
  const then = { ...DEFINITIONS[0]!, version: 3, parameters: "-n 32 <b>" };
  board.answers.snapshot = async () => ({ argv: ["/reg/arp/smd.sh", "xppi0915", "two words", "it's"], definition: then });
  await open(EXIT, "snapshot");
  expect(text()).toContain("This job ran version 3 of smd; today’s is version 4.");
  const marked = [...document.querySelectorAll(".is-changed")].map((one) => one.textContent);
  expect(marked).toEqual(["-n 32 <b>today: -q psanaq -n 64 --full"]);
  expect(document.querySelector(".arp-raw")?.textContent).toBe("/reg/arp/smd.sh xppi0915 'two words' 'it'\\''s'");
  board.definitions.delete(12);
});

test("a snapshot says in words when the job may start and where, as the definitions do", async () => {
  const definition = { ...DEFINITIONS[0]!, trigger: "END_OF_RUN", location: "" };
  board.answers.snapshot = async () => ({ argv: ["/s.sh"], definition });
  board.definitions.set(12, definition);
  const drawer = await open(EXIT, "snapshot");
  expect(text()).toContain("TriggerEnd of run");
  expect(text()).toContain("Locationthe usual one");
  drawer.show(EXIT, "details");
  expect(text()).toContain("Started byautorun: End of run, as alice");
});

const SCRIPT = {
  text: "#!/bin/bash\nbsub <img src=x onerror=alert(1)>\n", missing: "", cut: false, sha256: "9f2c41d077aa".padEnd(64, "0"),
  size_bytes: 1104, mode: "0755", read_at: at("13:10:33"), checked_sha256: null, changed_since_check: null as boolean | null,
};
const ENVIRONMENT = {
  ours: { EXPERIMENT: "xppi0915", BATCH_UPDATE_URL: "https://x/client_status/450-…" }, login: { LANG: "C" }, names: ["DB_PASSWORD"], others: 2,
};

test("a snapshot shows the script as it was, and as text", async () => {
  board.answers.snapshot = async () => ({
    argv: ["/reg/arp/smd.sh"], definition: DEFINITIONS[0], script: SCRIPT, environment: ENVIRONMENT,
    host: "psana101", started_in: "/reg/arp", ran_as: "alice", umask: "0027",
  });
  await open(EXIT, "snapshot");
  expect(text()).toContain("smd.sh as it was at 13:10:33");
  expect(document.querySelectorAll(".arp-raw")[1]!.textContent).toBe(SCRIPT.text);
  expect(document.querySelector("img")).toBeNull();
  expect(text()).toContain("sha256 9f2c41d0 77aa0000");
  expect(text()).toContain("1.1 kB, mode 0755");
  expect(text()).toContain("alice on psana101, umask 0027");
  expect(text()).not.toContain("had changed");
});

test("of an environment what we gave is shown, the rest when asked, and no value that is not kept", async () => {
  board.answers.snapshot = async () => ({ argv: ["/s.sh"], script: SCRIPT, environment: ENVIRONMENT });
  await open(EXIT, "snapshot");
  expect(text()).toContain("6 variables, 3 values not kept");
  const more = document.querySelector<HTMLElement>(".arp-pad > .arp-dfacts")!;
  expect(more.hidden).toBe(true);
  await press("Show all");
  expect(more.hidden).toBe(false);
  expect(more.textContent).toContain("DB_PASSWORD and 2 more");
  await press("Show fewer");
  expect(more.hidden).toBe(true);
});

test("a script that was changed behind the definition is named, and one that is not text says why", async () => {
  board.answers.snapshot = async () => ({ argv: ["/s"], script: { ...SCRIPT, text: "", missing: "Is a compiled program.", changed_since_check: true } });
  await open(EXIT, "snapshot");
  expect(text()).toContain("The script had changed since somebody last checked it");
  expect(text()).toContain("Is a compiled program.");
  expect(document.querySelectorAll(".arp-raw")).toHaveLength(1);
});

test("what a job is started with is shown once it starts", async () => {
  board.answers.snapshot = async () => ({ argv: ["/s.sh"], script: null, environment: null });
  const row = board.rows.get(EXIT)!;
  board.rows.set(EXIT, { ...row, state: "requested", submitted: null, ended: null });
  await open(EXIT, "snapshot");
  expect(text()).toContain("are kept when it starts");
  board.answers.snapshot = async () => ({ argv: ["/s.sh"], script: SCRIPT, environment: ENVIRONMENT });
  board.change({ ...row, state: "pending" });
  await settled();
  expect(text()).toContain("s.sh as it was at 13:10:33");
  const asked = board.asked("snapshot").length;
  board.change({ ...row, state: "running" });
  await settled();
  expect(board.asked("snapshot")).toHaveLength(asked);
});

test("history tells each step with its time, words and who", async () => {
  const step = (when: string, state: string, native: string, reason: string, by: string) =>
    ({ at: at(when), old: null, new: state, native_state: native, reason, by });
  board.answers.history = async () => ({
    transitions: [
      step("13:10:33", "requested", "", "", "alice"), step("13:12:45", "running", "RUN", "", ""),
      step("13:31:07", "failed", "EXIT", "TERM_MEMLIMIT", ""),
    ],
    scheduler_jobs: [],
  });
  await open(EXIT, "history");
  const steps = [...document.querySelectorAll(".arp-line li")].map((one) => one.querySelector("div")?.textContent);
  expect(steps).toEqual(["Request Sent", "RUN", "EXITTERM_MEMLIMIT"]);
  expect(document.querySelector(".arp-phases")?.getAttribute("aria-label")).toBe("Request Sent 2:12, then RUN 18:22, then EXIT");
  expect([...document.querySelectorAll(".arp-line li > em:last-child")].map((one) => one.textContent)).toEqual(["alice", "LSF", "LSF"]);
});

test("a job that is not there is said, in the server's words", async () => {
  await open(99_999);
  expect(text()).toContain("There is no job 99999.");
  expect(aside().querySelector(".arp-dsub")!.textContent).toBe("");
});

test("a job that was taken off the page can be brought back", async () => {
  board.rows.set(EXIT, { ...board.rows.get(EXIT)!, deleted_by: "bob", deleted_at: at("14:00:00") });
  board.answers.restore = async ([id = 0]) => [{ id, ok: true, message: "" }];
  await open();
  expect(text()).toContain("Taken off the page by bob");
  await press("Bring back");
  expect(board.asked("restore")).toEqual([[[EXIT]]]);
});

test("the edge moves by keys, within bounds, and its place is remembered", async () => {
  await open();
  const edge = document.querySelector<HTMLElement>("[role=separator]")!;
  edge.focus();
  key("ArrowLeft");
  expect(edge.getAttribute("aria-valuenow")).toBe("660");
  expect(board.preferences.get("drawer")).toBe(660);
  for (let step = 0; step < 50; step++) key("ArrowRight");
  expect(edge.getAttribute("aria-valuenow")).toBe("360");
});

test("each line to copy is one of those that the Python tests run", async () => {
  const made = [
    ask(17, "log"), ask(17, "details"), ask(17, "snapshot"), ask(17, "history"), rerun(17, ""), rerun(17, "--mem 16G"), rerun(17, "--title 'run 3'"),
    rerunWithMore(17, "16G", "2h"), rerunWithMore(17, "16G", ""),
  ];
  expect(lines.map(({ line }) => line)).toEqual(made);
  await open(EXIT, "history");
  expect(document.querySelector(".arp-code code")?.textContent).toBe("board.job(229).history()");
  await press("Copy this line of Python");
  expect(shell.copied).toEqual(["board.job(229).history()"]);
});

test("a job that autorun started says for what, as whom, and what its ledger says", async () => {
  board.addresses.set("GET /experiments/xppi0915/autorun/ledger", () => ({ entries: [{
    id: 7, run: 2911, hash: "smd", trigger: "END_OF_RUN", cause: "", outcome: "fired", said: "Started job 229 as alice: <b>the run ends</b>.", seen: { beam: 0.9 },
    job_id: EXIT, user: "alice", event_at: at("13:12:40"), decided_at: at("13:12:41"),
  }], more: false }));
  await open();
  for (const part of ["Started by autorun", "TriggerEnd of run", "Asalice", "WhyStarted job 229 as alice: <b>the run ends</b>.", "It sawbeam = 0.9"]) expect(text()).toContain(part);
  expect(board.asked("json").map(([, path]) => path)).toEqual(["/experiments/xppi0915/autorun/ledger?run=2911&hash=smd&outcome=fired"]);
  named("What autorun decided").click();
  expect(shell.ledgers).toEqual([{ run: 2911 }]);
});

test("a job that was started by hand asks no ledger", async () => {
  await open(226);
  expect(text()).not.toContain("Started by autorun");
  expect(board.asked("json")).toEqual([]);
});
