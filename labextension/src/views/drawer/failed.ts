/** Why a job failed: what kind of cause, in whose words, and what can be done about it. */

import { plain } from "../../model/plain";
import type { JobRow } from "../../model/rows";
import { el } from "../../dom";
import { memory } from "../jobs/why";
import type { Shell } from "../shell";
import { askForMore } from "./more_dialog";
import { button, mono, note } from "./parts";

/** `137, signal 9`; "" of a job of which neither is known. */
export function exitOf({ exit_code: code, signal }: JobRow): string {
  return [code ?? "", signal === null ? "" : `signal ${signal}`].filter((one) => one !== "").join(", ");
}

/** For a job whose cause is known. */
export function drawFailed(shell: Shell, job: JobRow): HTMLElement {
  const { cause, reason, error_line: line } = job;
  const exit = exitOf(job);
  const facts = [
    memory({ peak: job.peak_memory_mb, asked: job.asked_memory_mb }),
    exit && (job.exit_code === null ? exit : `exit code ${exit}`),
    !line && cause === "script" && "no error line in the log",
  ].filter(Boolean).join(", ");
  return note(true, el("div.arp-failed", {},
    el("p", {}, el("span.arp-cause", {}, cause === "killed" && job.kill_by ? `killed by ${plain(job.kill_by, 40)}` : plain(cause, 40)), " ", el("b", {}, plain(reason, 2000))),
    line && !reason.includes(line) && el("p", {}, mono(line)),
    facts && el("p.arp-muted", {}, `${facts.charAt(0).toUpperCase()}${facts.slice(1)}.`),
    (cause === "memory" || cause === "time") && el("p", {}, button("Rerun with more…", () => void askForMore(shell, job.id), "rerun"))));
}
