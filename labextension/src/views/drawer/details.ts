/** What the scheduler says of a job, and what is known of it in figures. */

import type { JobRow } from "../../model/rows";
import { isFinal, shown, title } from "../../model/status";
import { clock, elapsed, ms, when } from "../../model/times";
import { TRIGGERS } from "../../model/triggers";
import type { Board } from "../../sources/board";
import { counted } from "../counted";
import { el, fill } from "../../dom";
import { heldBack, killNote, why } from "../jobs/why";
import type { Shell } from "../shell";
import { Attempts } from "./attempts";
import { drawFailed, exitOf } from "./failed";
import { Family } from "./family";
import { ask } from "./lines";
import { bytes } from "../../model/bytes";
import { button, failure, heading, iconButton, mono, note, pairs, python, raw } from "./parts";
import type { Page } from "./page";
import { StartedBy } from "./started_by";

/** Peak memory comes in megabytes of 10^6 bytes. */
const MB = 1e6;
const TICK_MS = 1000;

export function drawDetails(host: HTMLElement, board: Board, shell: Shell, job: number, _native: string, log: (native: string) => void): Page {
  const facts = el("div.arp-dfacts");
  const more = el("div.arp-dfacts");
  const said = el("div.arp-dfacts");
  let row: JobRow | null = null;
  let turn = 0;
  const durations = new Durations();
  const family = new Family(board, shell, job, log);
  const attempts = new Attempts(board, shell);
  const started = new StartedBy(board, shell);
  const timer = setInterval(() => row && durations.draw(row), TICK_MS);
  const again = async (): Promise<void> => {
    const mine = ++turn;
    const who = row ? title(row.location) : "the scheduler";
    fill(said, el("p.arp-muted", { role: "status" }, `Asking ${who} …`));
    const answer = await board.details(job).then(
      (text) => [raw(`What ${who} says`, text), text] as const,
      (error: unknown) => [failure(error), ""] as const,
    );
    if (mine !== turn) return;
    fill(
      said,
      heading(`What ${who} says`, `at ${clock(Date.now())}`, button("Ask again", () => void again(), "rerun"),
        answer[1] ? iconButton("copy", "Copy what it says", () => shell.copy(answer[1])) : null),
      answer[0],
    );
  };
  const pad = el("div.arp-dbody.arp-pad", {}, attempts.el, facts, started.el, family.el, more, said, python(shell, ask(job, "details")));
  host.append(pad);
  return {
    destroy() {
      turn++;
      clearInterval(timer);
      family.destroy();
      attempts.destroy();
    },
    job(now) {
      const first = !row;
      row = now;
      durations.draw(now);
      fill(facts, drawWhy(board, shell, now), drawFigures(now, durations));
      fill(more, drawMore(now));
      family.job(now);
      started.job(now);
      attempts.job(now);
      if (first) void again();
    },
  };
}

/** Why it stands where it stands. */
function drawWhy(board: Board, shell: Shell, job: JobRow): HTMLElement | null {
  if (job.cause) return drawFailed(shell, job);
  const word = shown(job, board.health);
  const { strong, text } = why({
    ...job, word, exitCode: job.exit_code, killBy: job.kill_by ?? "", killAt: ms(job.kill_at), requested: ms(job.requested),
    errorLine: job.error_line, peak: job.peak_memory_mb, asked: job.asked_memory_mb, killNote: killNote(job.notes),
    heldBack: heldBack(board, job.state, job.trigger, job.definition_id),
  }, board.health?.client.ok ?? true, Date.now());
  if (!strong && !text) return null;
  return note(isFinal(job.state), el("span", {}, strong && el("b", {}, strong), strong && " ", text));
}

/** How long it ran, and waited: they go on while it is not over. */
class Durations {
  readonly ran = el("span");
  readonly waited = el("span");

  draw(job: JobRow): void {
    const end = ms(job.ended) || (isFinal(job.state) ? NaN : Date.now());
    this.ran.textContent = elapsed(end - ms(job.started));
    this.waited.textContent = elapsed((ms(job.started) || end) - ms(job.submitted));
  }
}

function drawFigures(job: JobRow, { ran, waited }: Durations): HTMLElement {
  return pairs("arp-facts", [
    ["Memory, peak", job.peak_memory_mb !== null && bytes(job.peak_memory_mb * MB)],
    ["Memory, asked", job.asked_memory_mb !== null && bytes(job.asked_memory_mb * MB)],
    ["Run time", ran.textContent && ran],
    ["Time limit", elapsed((job.asked_time_s ?? NaN) * 1000)],
    ["Waited in queue", waited.textContent && waited],
    ["Exit code", exitOf(job)],
    ["Host", job.host],
    ["Queue", job.queue],
  ]);
}

function drawMore(job: JobRow): HTMLElement {
  return pairs("arp-kv", [
    ["Job", `${job.id}${job.native_id ? `, ${title(job.location)} ${job.native_id}` : ""}`],
    ["User", job.user],
    ["Location", title(job.location)],
    ["Parameters", job.parameters && mono(job.parameters)],
    ["Started by", job.trigger === "MANUAL" ? "hand" : `autorun: ${TRIGGERS[job.trigger] ?? job.trigger}, as ${job.user}`],
    ["Requested", when(ms(job.requested))],
    ["Submitted", when(ms(job.submitted))],
    ["Started", when(ms(job.started))],
    ["Ended", when(ms(job.ended))],
    ["Requeued", job.attempt > 1 && `${counted(job.attempt - 1, "time")} by ${title(job.location)}`],
    ["Kill asked for", job.kill_by && `by ${job.kill_by}, ${when(ms(job.kill_at))}`],
    ["Notes", job.notes.join("\n")],
  ]);
}
