/** A job's scheduler jobs: what its script submitted, what was submitted inside them, what was made twice. */

import { plain } from "../../model/plain";
import type { JobRow, SchedulerJobRow } from "../../model/rows";
import { isFinal, title } from "../../model/status";
import { words } from "../../model/error_words";
import type { Board } from "../../sources/board";
import { counted } from "../counted";
import { el, fill } from "../../dom";
import type { Shell } from "../shell";
import { statusChip } from "../status_chip";
import { ElementList } from "./elements";
import { button, failure, iconButton, table } from "./parts";
import { wordOf } from "./state_words";

/** In the order in which they are listed. */
const ROLES = ["sibling", "subjob", "extra"];

export class Family {
  readonly el = el("div.arp-dfacts");
  readonly #list = el("div.arp-dfacts");
  readonly #elements: ElementList;
  #told = "";
  #row: JobRow | null = null;
  #turn = 0;

  /** `log`: show the log of one of them. */
  constructor(readonly board: Board, readonly shell: Shell, readonly id: number, readonly log: (native: string) => void) {
    this.#elements = new ElementList(board, id, log);
    this.el.append(this.#list, this.#elements.el);
  }

  /** The job as it is now: what it consists of is asked for when that has changed. */
  job(row: JobRow): void {
    const told = JSON.stringify([row.parts, row.native_id, row.status, row.reason]);
    if (told === this.#told) return;
    this.#told = told;
    this.#row = row;
    this.#elements.counts(row.parts.elements ?? {});
    void this.#read(row);
  }

  destroy(): void {
    this.#turn++;
    this.#elements.destroy();
  }

  async #read(row: JobRow): Promise<void> {
    const turn = ++this.#turn;
    const made = await this.board.history(this.id).then((told) => this.#draw(told.scheduler_jobs, row), (error: unknown) => [failure(error)]);
    if (turn !== this.#turn) return;
    const focus = [...this.#list.querySelectorAll("button")].findIndex((one) => one === document.activeElement);
    fill(this.#list, ...made);
    if (focus >= 0) this.#list.querySelectorAll("button")[focus]?.focus();
  }

  #draw(jobs: readonly SchedulerJobRow[], row: JobRow): HTMLElement[] {
    if (!jobs.length) return [];
    const scheduler = title(row.location);
    const listed = [...jobs].sort((one, other) => ROLES.indexOf(one.role) - ROLES.indexOf(other.role));
    const rows = listed.map((one) => [
      el("span", { class: one.role === "subjob" ? "arp-sub" : "" }, plain(one.native_id, 64)),
      el("span", {}, statusChip(wordOf(one.state, one.native_state)), one.role !== "sibling" && el("small", { class: one.role === "extra" ? "is-look" : "arp-muted" }, ` ${one.role}`)),
      el("span", {}, whyOf(one)),
      this.#acts(one, listed.length, scheduler),
    ]);
    const left = jobs.filter((one) => one.role === "subjob" && !isFinal(one.state)).map((one) => one.native_id);
    return [
      el("div.arp-dline", {}, el("h3", {}, `Jobs in ${scheduler}`), el("span.arp-grow"),
        isFinal(row.state) && left.length > 0 && button(`Kill ${counted(left.length, "subjob")}`, () => void this.#kill(
          left, "The job itself is over; what was submitted inside it goes on."), "kill")),
      table(["Job id", "Status", "Why", ""], rows),
    ];
  }

  #acts({ native_id: native, role, state, source, kill_by: by }: SchedulerJobRow, of: number, scheduler: string): HTMLElement {
    const name = plain(native, 64);
    return el("span.arp-tied", {}, el("span.arp-muted.arp-known", {}, plain(source, 60)), el("span.arp-grow"),
      of > 1 && iconButton("log", `Log of ${name}`, () => this.log(native)),
      role === "extra" && !isFinal(state) && (by ? el("span.arp-muted", {}, `kill asked for by ${plain(by, 40)}`)
        : button("Kill", () => void this.#kill([native], `${scheduler} made it for the same command. Not ours to keep: kill it?`), "kill")));
  }

  async #kill(natives: readonly string[], body: string): Promise<void> {
    const name = natives.length === 1 ? plain(natives[0]!, 64) : counted(natives.length, "subjob");
    if (!(await this.shell.ask({ title: `Kill ${name}?`, body, yes: "Kill", no: "Keep", dangerous: true }))) return;
    try {
      await this.board.killParts(this.id, natives);
      this.shell.toast({ kind: "good", title: `The kill of ${name} is asked for`, stay_s: 6 });
    } catch (error) {
      this.shell.toast({ kind: "bad", title: `${name} was not killed`, said: plain(words(error), 2000) });
    }
    if (this.#row) void this.#read(this.#row);
  }
}

/** Its reason, and how it ended. */
function whyOf({ reason, exit_code: code, elements }: SchedulerJobRow): string {
  const counts = elements.map(([word, number]) => `${number.toLocaleString("en")} ${plain(word, 40)}`).join(" · ");
  return [counts, plain(reason, 300), code ? `exit code ${code}` : ""].filter(Boolean).join("; ");
}
