/** Of a job that autorun started: for what, as whom, and what its ledger says. */

import { plain } from "../../model/plain";
import type { EntryRow, JobRow } from "../../model/rows";
import { ms, when } from "../../model/times";
import { AutorunRequests } from "../../sources/autorun_requests";
import type { Board } from "../../sources/board";
import { seenText, triggerText } from "../autorun/outcomes";
import { el, fill } from "../../dom";
import type { Shell } from "../shell";
import { button, heading, pairs } from "./parts";

export class StartedBy {
  readonly el = el("div.arp-dfacts", { hidden: true });
  #asked = false;

  constructor(readonly board: Board, readonly shell: Shell) {}

  /** Asks once: what was decided stays. */
  job(job: JobRow): void {
    if (this.#asked || job.trigger === "MANUAL") return;
    this.#asked = true;
    this.#draw(job, null);
    new AutorunRequests(this.board).ledger({ run: job.run, hash: job.hash, outcome: "fired" }).then(
      ({ entries }) => this.#draw(job, entries.find(({ job_id }) => job_id === job.id || job_id === job.root_id) ?? null),
      () => undefined); // that autorun started it is said all the same
  }

  #draw(job: JobRow, entry: EntryRow | null): void {
    const line = triggerText(entry ?? { trigger: job.trigger, cause: "" });
    this.el.hidden = false;
    fill(this.el,
      heading("Started by autorun", "", button("What autorun decided", () => this.shell.openLedger({ run: job.run }))),
      pairs("arp-kv", [
        ["Trigger", line], ["As", plain(entry?.user || job.user, 60)],
        ["Happened", when(ms(entry?.event_at))], ["Decided", when(ms(entry?.decided_at))],
        ["Why", entry?.said ?? ""], ["It saw", entry && seenText(entry.seen)],
      ]));
  }
}
