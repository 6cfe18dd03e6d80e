/** The banner: one at most, above the page, when what is shown may be wrong. */

import { plain } from "../../model/plain";
import { title } from "../../model/status";
import { ms, when } from "../../model/times";
import type { Missed } from "../../model/autorun";
import type { Board } from "../../sources/board";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import { kept } from "../job_shares";

/** Characters of what a machine said that are shown; all of it can be copied. */
const LONGEST = 300;
/** A line that is back sooner is not worth a word, in ms. */
const PATIENCE_MS = 3000;

interface Word {
  down: boolean;
  bold: string;
  text: string;
  /** What a machine said, to be copied. */
  said?: string;
  /** Requests that wait, to be shown. */
  kept?: number;
  /** One may ask to connect again now. */
  retry?: boolean;
  /** Changes each second, and is not read aloud each second. */
  age?: string;
  /** Autorun can go on: what waits for that, as "these 3"; "": nothing; null: not known yet. */
  resume?: string | null;
}

/** Runs for which autorun waits until it may go on. */
export interface Waits {
  runs: number;
  /** There are more than were counted. */
  more: boolean;
  /** All of them wait since they ended. */
  ended: boolean;
}

/** What the banner says now; null: nothing. */
export function warning(board: Board, hidden: ReadonlySet<string>, now = Date.now(), waits: Waits | null = null): Word | null {
  const { connection } = board;
  const host = board.status?.host ?? "the server";
  const since = when(connection.since, now);
  if (connection.state === "down" || connection.state === "closed") {
    const bold = connection.state === "closed" ? `Not live since ${since}.` : `The server has not answered since ${since}.`;
    const said = connection.why;
    return { down: true, bold, said, retry: connection.state === "down", text: `${said && `${plain(said, LONGEST)} `}What you see is from ${when(board.asOf || connection.since, now)}.` };
  }
  if (connection.state === "reconnecting" && now - connection.since >= PATIENCE_MS) {
    const age = board.asOf ? ` The table is ${Math.round((now - board.asOf) / 1000)} s old.` : "";
    return { down: false, bold: `Live updates lost at ${since}.`, text: "Trying again by itself.", age, retry: true };
  }
  if (board.health && !board.health.client.ok) {
    const at = when(ms(board.health.client.since), now);
    const number = kept(board.jobs);
    const text = `What you see is from ${at}. New requests are kept and sent when it is back; ${number} ${number === 1 ? "is" : "are"} kept now.`;
    return { down: true, bold: `The batch client on ${host} has not answered since ${at}.`, text, kept: number };
  }
  return silent(board, now) ?? stopped(board, now, waits) ?? sourceDown(board, now) ?? noticed(board, hidden);
}

/** `14:02`, or with its day. */
const minuteOf = (at_ms: number, now: number): string => when(at_ms, now).replace(/^(\d\d:\d\d):\d\d$/, "$1");

function stopped({ autorunNow }: Board, now: number, waits: Waits | null): Word | null {
  const stop = autorunNow?.stopped;
  if (!stop) return null;
  const { runs, more, ended } = waits ?? { runs: 0, more: false, ended: false };
  const number = runs.toLocaleString("en") + (more ? "+" : "");
  const since = runs ? `${number} ${runs === 1 ? "run" : "runs"} ${ended ? (runs === 1 ? "has ended" : "have ended") : runs === 1 ? "waits" : "wait"} since. ` : "";
  return {
    down: false, bold: `${plain(stop.by, 40)} stopped all autorun at ${minuteOf(ms(stop.at), now)}${stop.said ? ":" : "."}`,
    text: `${stop.said && `“${plain(stop.said, LONGEST)}”. `}${since}Jobs already sent go on.`, resume: runs ? (runs === 1 ? "this one" : `these ${number}`) : waits && "",
  };
}

function sourceDown({ autorunNow, name }: Board, now: number): Word | null {
  const down = autorunNow?.sources.find((one) => !one.ok && (!one.experiments.length || one.experiments.includes(name)));
  if (!down) return null;
  const { said } = down;
  const text = `Runs that it tells of come late.${said && ` It said: ${plain(said, LONGEST)}`}`;
  return { down: false, bold: `The run source ${plain(down.name, 60)} is down since ${minuteOf(ms(down.since), now)}.`, text, said };
}

function silent(board: Board, now: number): Word | null {
  const bad = Object.entries(board.health?.schedulers ?? {}).find(([, one]) => !one.ok);
  if (!bad) return null;
  const [name, { since, said }] = bad;
  return { down: false, bold: `${title(name)} has not answered since ${when(ms(since), now)}.`, said, text: `Its jobs show their last known state.${said && ` It said: ${plain(said, LONGEST)}`}` };
}

function noticed(board: Board, hidden: ReadonlySet<string>): Word | null {
  const notice = board.status?.notices.find((one) => !hidden.has(one));
  return notice === undefined ? null : { down: false, bold: "", text: notice };
}

/** What its buttons do. */
export interface BannerActs {
  copy(text: string): void;
  kept(): void;
  retry(): void;
  /** Let autorun go on; null: find out first what waits. */
  resume(missed: Missed | null): void;
  /** It went away with the focus in it. */
  left(): void;
}

export class Banner {
  readonly el = el("div.arp-banner", { hidden: true });
  readonly #hidden = new Set<string>();
  readonly #age = el("span", { "aria-hidden": "true" });
  #shown = "";
  #bold = "";

  constructor(
    readonly board: () => Board,
    readonly acts: BannerActs,
    readonly waits: () => Waits | null = () => null,
  ) {}

  draw(): void {
    const word = warning(this.board(), this.#hidden, Date.now(), this.waits());
    const had = this.#buttons.indexOf(document.activeElement as HTMLElement);
    const same = word?.bold === this.#bold;
    this.el.hidden = !word;
    this.#age.textContent = word?.age ?? "";
    const said = word ? `${word.bold} ${word.text} ${word.resume}` : "";
    if (said !== this.#shown && word) this.#fill(word);
    this.#shown = said;
    this.#bold = word?.bold ?? "";
    if (had < 0 || (word && this.#buttons[had] === document.activeElement)) return;
    const again = word && same ? this.#buttons[had] : null;
    if (again) again.focus();
    else this.acts.left();
  }

  get #buttons(): HTMLElement[] {
    return [...this.el.querySelectorAll<HTMLElement>("button")];
  }

  #fill(word: Word): void {
    this.el.className = `arp-banner${word.down ? " is-down" : ""}`;
    this.el.setAttribute("role", word.down ? "alert" : "status");
    const hide = (): void => {
      this.#hidden.add(word.text);
      this.draw();
    };
    const { said, kept } = word;
    const button = (label: string, onclick: () => void): HTMLElement => el("button.arp-btn", { type: "button", onclick }, label);
    const { resume } = word;
    fill(this.el, icon(word.down || !word.bold ? "warn" : resume !== undefined ? "pause" : "rerun"),
      el("span", {}, word.bold && el("b", {}, word.bold), word.bold && " ", word.text, this.#age), el("span.arp-grow"),
      said && button("Copy", () => this.acts.copy(said)),
      kept ? button(`Show the ${kept.toLocaleString("en")} kept`, () => this.acts.kept()) : null,
      word.retry && button("Try now", () => this.acts.retry()),
      resume !== undefined && button(resume ? `Resume, skip ${resume}` : resume === null ? "Resume…" : "Resume", () => this.acts.resume(resume ? "skip" : null)),
      resume && button(`Resume and run ${resume}`, () => this.acts.resume("run")),
      word.bold ? null : el("button.arp-icon", { type: "button", "aria-label": "Dismiss", onclick: hide }, icon("x")));
  }
}
