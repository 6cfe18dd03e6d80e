/** What the scheduler says of a job, and what is known of it in figures. */

import type { JobRow } from "../../model/rows";
import { isFinal, shown, title } from "../../model/status";
import { clock, elapsed, ms, when } from "../../model/times";
import { TRIGGERS } from "../../model/triggers";
import type { Board } from "../../sources/board";
import { el, fill } from "../../dom";
import { why } from "../jobs/why";
import type { Shell } from "../shell";
import { ask } from "./lines";
import { bytes } from "./bytes";
import { button, failure, heading, iconButton, mono, note, pairs, python, raw } from "./parts";
import type { Page } from "./page";

/** Peak memory comes in megabytes of 10^6 bytes. */
const MB = 1e6;
const TICK_MS = 1000;

export function drawDetails(host: HTMLElement, board: Board, shell: Shell, job: number): Page {
  const facts = el("div.arp-dfacts");
  const said = el("div.arp-dfacts");
  let row: JobRow | null = null;
  let turn = 0;
  const durations = new Durations();
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
  const pad = el("div.arp-dbody.arp-pad", {}, facts, said, python(shell, ask(job, "details")));
  host.append(pad);
  return {
    destroy() {
      turn++;
      clearInterval(timer);
    },
    job(now) {
      const first = !row;
      row = now;
      durations.draw(now);
      fill(facts, ...drawFacts(board, shell, now, durations));
      if (first) void again();
    },
  };
}

/** One line that says why it stands where it stands. */
function drawWhy(board: Board, job: JobRow): HTMLElement | null {
  const word = shown(job, board.health);
  const { strong, text } = why({
    ...job, word, exitCode: job.exit_code, killBy: job.kill_by ?? "", killAt: ms(job.kill_at), requested: ms(job.requested),
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

function drawFacts(board: Board, shell: Shell, job: JobRow, { ran, waited }: Durations): (HTMLElement | null)[] {
  const exit = [job.exit_code, job.signal === null ? null : `signal ${job.signal}`].filter((one) => one !== null).join(", ");
  return [
    drawWhy(board, job),
    pairs("arp-facts", [
      ["Memory, peak", job.peak_memory_mb !== null && bytes(job.peak_memory_mb * MB)],
      ["Run time", ran.textContent && ran],
      ["Waited in queue", waited.textContent && waited],
      ["Exit code", exit],
      ["Host", job.host],
      ["Queue", job.queue],
    ]),
    pairs("arp-kv", [
      ["Job", `${job.id}${job.native_id ? `, ${title(job.location)} ${job.native_id}` : ""}`],
      ["User", job.user],
      ["Location", title(job.location)],
      ["Parameters", job.parameters && mono(job.parameters)],
      ["Started by", job.trigger === "MANUAL" ? "hand" : (TRIGGERS[job.trigger] ?? job.trigger)],
      ["Requested", when(ms(job.requested))],
      ["Submitted", when(ms(job.submitted))],
      ["Started", when(ms(job.started))],
      ["Ended", when(ms(job.ended))],
      ["Attempt", job.attempt > 1 && String(job.attempt)],
      ["Rerun of", job.rerun_of !== null && button(`job ${job.rerun_of}`, () => shell.openJob(job.rerun_of ?? 0, "details"))],
      ["Kill asked for", job.kill_by && `by ${job.kill_by}, ${when(ms(job.kill_at))}`],
      ["Notes", job.notes.join("\n")],
    ]),
  ];
}
