/** What the page asks of a job, by its physical row in the board's columns. */

import { DictColumn } from "../../grid/columns";
import { partsOf, subjobs } from "../../model/parts";
import { isFinal, look, shown, type Look } from "../../model/status";
import type { Board } from "../../sources/board";
import { timeLeft } from "../report";
import { heldBack, killNote, killVerb, why, type Told, type Why } from "./why";

/** The tiles of the count strip, in their order; each job is in one of them. */
export const GROUPS: readonly (Look & { name: string })[] = [
  { name: "Request Sent", hue: "wait", shape: "request" },
  { name: "Persisted", hue: "look", shape: "tray" },
  { name: "LSF_Slow", hue: "look", shape: "hourglass" },
  { name: "PEND", hue: "wait", shape: "clock" },
  { name: "RUN", hue: "run", shape: "run" },
  { name: "SSUSP", hue: "look", shape: "pause" },
  { name: "DONE", hue: "done", shape: "tick" },
  { name: "EXIT", hue: "fail", shape: "cross" },
  { name: "Unknown", hue: "look", shape: "ask" },
  { name: "Withdrawn", hue: "wait", shape: "tray" },
];
export const PERSISTED = 1;
export const SLOW = 2;
export const DONE = 6;
export const EXIT = 7;

/** The tile of a word: by its shape, and for the tray by its hue too. */
export function groupOf(word: string): number {
  const { hue, shape } = look(word);
  return GROUPS.findIndex((group) => group.shape === shape && (shape !== "tray" || group.hue === hue));
}

export class Facts {
  /** Words of statuses as shown now, by combination of status, state and location. */
  #words: (string | undefined)[] = [];
  #groups: Int8Array = new Int8Array(0);
  #sizes: readonly number[] = [];
  #columns: readonly DictColumn[] = [];
  #health: unknown;

  constructor(readonly board: Board) {}

  text(name: string, row: number): string {
    return this.board.jobs.text(name, row);
  }
  /** ms since 1970, or a number; NaN for null. */
  number(name: string, row: number): number {
    const value = this.board.jobs.value(name, row);
    return value === null ? NaN : Number(value);
  }
  run(row: number): number {
    return this.number("run", row);
  }
  live(row: number): boolean {
    return !isFinal(this.text("state", row));
  }
  /** "581240", or the page's own number where no scheduler has given one yet. */
  jobName(row: number): string {
    return this.text("native_id", row) || `${this.board.jobs.id(row)} (not submitted)`;
  }
  /** "run 2910, cube" */
  place(row: number): string {
    return `run ${this.run(row)}, ${this.text("hash", row)}`;
  }
  mine(row: number): boolean {
    return this.text("user", row) === this.board.status?.user;
  }
  /** ms that it has run, or waited if it has not started. */
  elapsed(row: number, now: number): number {
    const since = ["started", "submitted", "requested"].map((name) => this.number(name, row)).find((at) => !isNaN(at)) ?? NaN;
    const end = this.live(row) ? now : this.number("ended", row);
    return (isNaN(end) ? this.number("changed", row) : end) - since;
  }
  /** ms until its counter is at its maximum; null: no estimate. */
  timeLeft(row: number, now: number): number | null {
    return timeLeft(this.board.wide(this.board.jobs.id(row))?.left_s ?? null, this.number("reported_at", row), now);
  }

  /** The word to show now, given who answers. */
  word(row: number): string {
    const at = this.combination(row);
    return (this.#words[at] ??= shown({
      status: this.text("status", row), state: this.text("state", row), location: this.text("location", row),
    }, this.board.health));
  }
  /** Index in `GROUPS`. */
  group(row: number): number {
    const at = this.combination(row);
    if (this.#groups[at]! < 0) this.#groups[at] = groupOf(this.word(row));
    return this.#groups[at]!;
  }

  /** To be called after every change of the board: new words or other health change what is shown. */
  refresh(): void {
    const columns = ["status", "state", "location"].map((name) => this.board.jobs.column(name)).filter((one) => one instanceof DictColumn);
    const sizes = columns.map((column) => column.words.length + 1);
    const same = columns[0] === this.#columns[0] && sizes.every((size, index) => size === this.#sizes[index]);
    if (same && this.#health === this.board.health) return;
    this.#columns = columns;
    this.#health = this.board.health;
    this.#sizes = sizes;
    this.#words = [];
    this.#groups = new Int8Array(sizes.reduce((all, size) => all * size, 1)).fill(-1);
  }
  /** How many combinations there are; `combination` is below it. */
  get combinations(): number {
    return this.#groups.length;
  }
  combination(row: number): number {
    let at = 0;
    for (let index = 0; index < this.#columns.length; index++) {
      const { codes, none } = this.#columns[index]!;
      const [code, size] = [codes[row]!, this.#sizes[index]!];
      at = at * size + (code === none ? size - 1 : code);
    }
    return at;
  }

  /** "Kill", "Kill by force" or "Withdraw": what ending it is called. */
  killVerb(row: number): string {
    return killVerb(this.text("native_id", row), this.#notes(row));
  }
  /** How many subjobs a kill would end too. */
  liveSubjobs(row: number): number {
    return subjobs(partsOf(this.text("parts", row))).live;
  }
  #notes(row: number): readonly string[] | undefined {
    return this.board.wide(this.board.jobs.id(row))?.notes;
  }

  why(row: number, now: number): Why {
    const told: Told = {
      state: this.text("state", row), status: this.text("status", row), word: this.word(row), phase: this.text("phase", row),
      reason: this.text("reason", row), location: this.text("location", row), killBy: this.text("kill_by", row),
      killAt: this.number("kill_at", row), requested: this.number("requested", row),
      exitCode: this.#whole("exit_code", row), signal: this.#whole("signal", row), cause: this.text("cause", row),
      errorLine: this.text("error_line", row), peak: this.number("peak_memory_mb", row), asked: this.number("asked_memory_mb", row),
      killNote: killNote(this.#notes(row)),
      heldBack: heldBack(this.board, this.text("state", row), this.text("trigger", row), this.number("definition_id", row)),
    };
    return why(told, this.board.health?.client.ok ?? true, now);
  }
  #whole(name: string, row: number): number | null {
    const value = this.number(name, row);
    return isNaN(value) ? null : value;
  }
}
