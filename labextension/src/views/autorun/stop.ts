/** The one switch: off at once and for all, then asks for a reason; on asks what to do with what waits. */

import { words } from "../../model/error_words";
import type { Missed, Waiting } from "../../model/autorun";
import type { EntryRow } from "../../model/rows";
import { plain } from "../../model/plain";
import { AutorunRequests } from "../../sources/autorun_requests";
import type { Board } from "../../sources/board";
import { DictColumn, NumberColumn } from "../../grid/columns";
import type { ColumnStore } from "../../grid/store";
import { counted } from "../counted";
import { el } from "../../dom";
import type { Shell } from "../shell";
import { KEPT } from "../job_shares";
import type { Waits } from "../shell/banner";

/** Lines asked for in one go. */
const PAGE = 500;

/** Off at once; on after a question, where there is something to ask. */
export async function pressSwitch(shell: Shell, waits: Waits | null): Promise<void> {
  if (!shell.board.autorunNow?.stopped) return stop(shell);
  // where nothing was known to wait it is looked at again: what has come since is asked about
  const known = waits?.runs ? waits : (await tried(shell, "Autorun is as it was", async () => waitsOf(...(await readWaiting(shell.board)), heldRuns(shell.board.jobs))));
  if (!known) return;
  if (!known.runs) return resume(shell, null);
  const missed = await askMissed(shell, { title: "Let all autorun go on?", runs: known.runs, more: known.more });
  if (missed) await resume(shell, missed);
}

async function stop(shell: Shell): Promise<void> {
  const requests = new AutorunRequests(shell.board);
  if (!(await tried(shell, "Autorun was not stopped", () => requests.stop()))) return;
  shell.announce("All autorun is stopped");
  const said = await askReason(shell, "All autorun is stopped", "Everybody sees it, with your reason. Jobs already sent go on.", "Say why");
  if (said) await tried(shell, "The reason was not kept", () => requests.stop(said));
}

/**
 * It goes on for everybody: what waits elsewhere is asked about before it goes the same way.
 * `missed` null: nothing was found to wait here; what comes until it goes on is run, as nobody said that it is skipped.
 */
export async function resume(shell: Shell, missed: Missed | null): Promise<void> {
  const requests = new AutorunRequests(shell.board);
  const found = await tried(shell, "Autorun is as it was", () => requests.waitingElsewhere(), "What waits in other experiments would go the same way, and cannot be read.");
  if (!found) return;
  const elsewhere = things(found);
  const said = elsewhere ? await askElsewhere(shell, elsewhere, missed) : (missed ?? "run");
  if (!said) return;
  const done = await tried(shell, "Autorun is as it was", () => requests.resume(said));
  if (!done) return;
  const left = things(done);
  shell.toast({ kind: "good", title: "All autorun goes on", ...(left && { text: `${left} for something else: a pause, or a limit.` }) });
}

/** As "2 lines of the ledger and 1 job wait"; "": nothing does. */
function things({ waiting, held }: Waiting): string {
  const both = [waiting && `${counted(waiting, "line")} of the ledger`, held && counted(held, "job")].filter(Boolean).join(" and ");
  return both && `${both} ${waiting + held === 1 ? "waits" : "wait"}`;
}

/** What becomes of what waits elsewhere: the same as here, or what is chosen where nothing waits here; null: nothing goes on. */
async function askElsewhere(shell: Shell, wait: string, missed: Missed | null): Promise<Missed | null> {
  const title = "Let autorun go on in all experiments?";
  if (!missed) return askEither(shell, { title, text: `In other experiments ${wait}. What waits there because all autorun was stopped is run, or skipped.`, these: "what waits there" });
  const body = `In other experiments ${wait}, too. What waits there because all autorun was stopped is ${missed === "run" ? "run" : "skipped"} as well.`;
  return (await shell.ask({ title, body, yes: `Go on, and ${missed} it there, too`, no: "Cancel" })) ? missed : null;
}

/** A reason that may be left empty; null: closed without a word. */
export function askReason(shell: Shell, title: string, text: string, yes: string, no = "No reason"): Promise<string | null> {
  return new Promise((answer) => {
    const field = el("input", { "aria-label": "Reason", placeholder: "may be left empty", autocomplete: "off", maxlength: 500 });
    const body = el("div", {}, el("p", {}, text), el("label.arp-check", {}, "Reason ", el("span.arp-field.arp-grow", {}, field)));
    void shell.ask({ title, body, yes, no }).then((said) => answer(said ? field.value.trim() : null));
  });
}

/** What becomes of what waits; null: nothing was chosen. */
export function askMissed(shell: Shell, { title, runs, more }: { title: string; runs: number; more: boolean }): Promise<Missed | null> {
  const number = runs.toLocaleString("en") + (more ? "+" : "");
  return askEither(shell, { title, text: `${number} ${runs === 1 ? "run waits" : "runs wait"}.`, these: runs === 1 ? "this one" : `these ${number}` });
}

function askEither(shell: Shell, { title, text, these }: { title: string; text: string; these: string }): Promise<Missed | null> {
  return new Promise((answer) => {
    shell.dialog(title, (box, close) => {
      const say = (missed: Missed | null) => () => (answer(missed), close());
      const skip = el("button.arp-btn", { type: "button", onclick: say("skip") }, `Go on, skip ${these}`);
      box.append(
        el("div.arp-ask", {}, el("p", {}, `${text} What is skipped stays in the ledger, and can be applied by hand.`)),
        el("footer", {}, el("span.arp-grow"), el("button.arp-btn", { type: "button", onclick: say(null) }, "Cancel"), skip,
          el("button.arp-btn.is-main", { type: "button", onclick: say("run") }, `Go on and run ${these}`)));
      skip.focus();
    });
  });
}

/** The answer; null: refused, which was said, with what that means if it is given as `text`. */
export async function tried<T>(shell: Shell, failed: string, act: () => Promise<T>, text?: string): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    shell.toast({ kind: "bad", title: failed, ...(text && { text }), said: plain(words(error), 2000) });
    return null;
  }
}

async function readWaiting(board: Board): Promise<[lines: readonly EntryRow[], more: boolean]> {
  const { entries, more } = await new AutorunRequests(board).ledger({ outcome: "waiting", why: "stopped", limit: PAGE });
  return [entries, more];
}

function waitsOf(lines: readonly EntryRow[], more: boolean, held: readonly number[]): Waits {
  const runs = new Set([...lines.map(({ run }) => run), ...held]).size;
  return { runs, more, ended: !held.length && lines.every(({ trigger }) => trigger === "END_OF_RUN") };
}

/** The runs of jobs that autorun has made, and that are not submitted as long as it is stopped. */
function heldRuns(jobs: ColumnStore): number[] {
  const [states, triggers, runs] = [jobs.column("state"), jobs.column("trigger"), jobs.column("run")];
  if (!(states instanceof DictColumn && triggers instanceof DictColumn && runs instanceof NumberColumn)) return [];
  const found: number[] = [];
  for (let row = 0; row < jobs.rows; row++) {
    if (jobs.alive(row) && KEPT.has(states.text(row)) && triggers.text(row) !== "MANUAL") found.push(Number(runs.data[row]));
  }
  return found;
}

/** Count runs that wait until autorun may go on, now and as they come; returns how to leave it. */
export function followWaiting(board: Board, tell: (waits: Waits | null) => void): () => void {
  const lines = new Map<number, EntryRow>();
  let more = false;
  let since = "";
  let read = false;
  const say = (): void => tell(since && read ? waitsOf([...lines.values()], more, heldRuns(board.jobs)) : null);
  const ask = async (): Promise<void> => {
    const asked = since;
    const before = new Map(lines);
    const found = await readWaiting(board).catch(() => null);
    if (!found || asked !== since) return;
    // what is not told again waits no more, but for what the feed told meanwhile and what is older than was read
    const oldest = found[1] ? Math.min(...found[0].map(({ id }) => id ?? 0)) : 0;
    for (const [id, one] of before) if (id >= oldest && lines.get(id) === one) lines.delete(id);
    found[0].forEach(take);
    [more, read] = [found[1], true];
    say();
  };
  const take = (one: EntryRow): void => {
    if (one.id === null || (lines.get(one.id)?.revision ?? -1) > one.revision) return;
    if (one.outcome === "waiting" && one.why === "stopped") lines.set(one.id, one);
    else lines.delete(one.id);
  };
  const look = (): void => {
    const now = board.autorunNow?.stopped?.at ?? "";
    if (now === since) return;
    since = now;
    lines.clear();
    read = false;
    if (now) void ask();
    say();
  };
  look();
  return board.on(({ ledger, jobs, health, connection }) => {
    if (health) look();
    if (connection && board.connection.state === "live" && since) void ask();
    if (!(ledger || jobs) || !since) return;
    ledger?.forEach(take);
    say();
  });
}
