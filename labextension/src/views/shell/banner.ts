/** The banner: one at most, above the page, when what is shown may be wrong. */

import { plain } from "../../model/plain";
import { title } from "../../model/status";
import { ms, when } from "../../model/times";
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
}

/** What the banner says now; null: nothing. */
export function warning(board: Board, hidden: ReadonlySet<string>, now = Date.now()): Word | null {
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
  return silent(board, now) ?? noticed(board, hidden);
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
  ) {}

  draw(): void {
    const word = warning(this.board(), this.#hidden);
    const had = this.#buttons.indexOf(document.activeElement as HTMLElement);
    const same = word?.bold === this.#bold;
    this.el.hidden = !word;
    this.#age.textContent = word?.age ?? "";
    const said = word ? `${word.bold} ${word.text}` : "";
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
    fill(this.el, icon(word.down || !word.bold ? "warn" : "rerun"),
      el("span", {}, word.bold && el("b", {}, word.bold), word.bold && " ", word.text, this.#age), el("span.arp-grow"),
      said && button("Copy", () => this.acts.copy(said)),
      kept ? button(`Show the ${kept.toLocaleString("en")} kept`, () => this.acts.kept()) : null,
      word.retry && button("Try now", () => this.acts.retry()),
      word.bold ? null : el("button.arp-icon", { type: "button", "aria-label": "Dismiss", onclick: hide }, icon("x")));
  }
}
