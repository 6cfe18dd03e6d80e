/** A job and its reruns in one line, each to be opened: `Attempt 3 of 3: #12 EXIT, #15 EXIT, #17 RUN`. */

import { plain } from "../../model/plain";
import type { JobRow } from "../../model/rows";
import type { Board } from "../../sources/board";
import { el, fill } from "../../dom";
import type { Shell } from "../shell";

export class Attempts {
  readonly el = el("p.arp-attempts", { hidden: true });
  #told = "";
  #turn = 0;

  constructor(readonly board: Board, readonly shell: Shell) {}

  /** Asks for them where there is more than this one, and again when this one changed. */
  job(row: JobRow): void {
    const told = `${row.id} ${row.status} ${row.revision}`;
    if (told === this.#told) return;
    this.#told = told;
    const turn = ++this.#turn;
    if (row.root_id === null && !this.#hasReruns(row.id)) return;
    this.board.attempts(row.id).then(
      (all) => turn === this.#turn && this.#draw(all, row.id),
      () => (this.#told = ""), // the job is told of all the same
    );
  }

  destroy(): void {
    this.#turn++;
  }

  #hasReruns(id: number): boolean {
    const { jobs } = this.board;
    const root = jobs.column("root_id");
    for (let row = 0; row < jobs.rows; row++) if (root?.value(row) === id) return true;
    return false;
  }

  #draw(all: readonly JobRow[], id: number): void {
    this.el.hidden = all.length < 2;
    fill(this.el, el("b", {}, `Attempt ${all.findIndex((one) => one.id === id) + 1} of ${all.length}: `), ...all.flatMap((one, at) => [
      at > 0 && ", ",
      one.id === id ? el("b", { "aria-current": "true" }, said(one))
        : el("button.arp-link", { type: "button", onclick: () => this.shell.openJob(one.id, "details") }, said(one)),
    ]));
  }
}

const said = ({ id, status, override_memory_mb: memory_mb }: JobRow): string =>
  `#${id} ${plain(status.split(": ", 1)[0]!, 40)}${memory_mb === null ? "" : ` with ${memory_mb / 1000} GB`}`;
