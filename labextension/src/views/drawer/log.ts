/** The log of a job: its end at once, followed as it grows, searched beyond what is in memory. */

import type { JobRow } from "../../model/rows";
import { isFinal } from "../../model/status";
import { plain } from "../../model/plain";
import { words } from "../../model/error_words";
import type { Board } from "../../sources/board";
import { counted } from "../counted";
import { el } from "../../dom";
import { icon } from "../../icons";
import type { Shell } from "../shell";
import { bytes } from "../../model/bytes";
import { foldRows, type Row } from "./folding";
import { ask } from "./lines";
import { drawLogBar, type LogBar } from "./log_bar";
import { LogFeed, type GoOn, type What } from "./log_feed";
import { findHits, MOST_HITS, type Hit } from "./log_hits";
import { drawFold, drawLine } from "./log_row";
import { LogRows } from "./log_rows";
import type { Page } from "./page";
import { button, iconButton } from "./parts";

/** Between two looks for more, in ms; longer after one that failed. */
const POLL_MS = 1500;
const RETRY_MS = 5000;

const count = (value: number): string => value.toLocaleString("en");

export class LogPage implements Page {
  readonly #feed: LogFeed;
  readonly #bar: LogBar;
  readonly #body: HTMLElement;
  readonly #note = el("div.arp-dbar.arp-lognote", { hidden: true });
  readonly #foot = el("div.arp-foot");
  readonly #view: LogRows;
  #rows: readonly Row[] = [];
  readonly #opened = new Set<number>();
  readonly #whole = new Set<number>();
  #hits: readonly Hit[] = [];
  #perLine = new Map<number, Hit[]>();
  #now = -1;
  /** First byte of the line that was jumped to, and the place of the last error. */
  #spot = -1;
  #errorAt = -1;
  /** Counts what is looked for, so that an answer that came too late is known. */
  #seeking = 0;
  /** What search says instead of its count. */
  #saying = "";
  #timer: ReturnType<typeof setTimeout> | 0 = 0;
  #gone = false;
  /** It may still grow; also as long as nothing is known of the job. */
  #live = true;
  readonly #shell: Shell;
  readonly #id: number;

  /** `native` as in `LogFeed`. */
  constructor(host: HTMLElement, board: Board, shell: Shell, job: number, native = "") {
    this.#shell = shell;
    this.#id = job;
    this.#feed = new LogFeed(board, job, native);
    this.#body = el("div.arp-dbody.arp-log", {
      role: "log", tabindex: 0, "aria-label": `Log of ${native ? plain(native, 64) : `job ${job}`}`, "aria-live": "off",
      onfocus: () => this.#quiet(), onblur: () => this.#quiet(),
    });
    this.#bar = drawLogBar(board, job, native, {
      search: () => this.#search(),
      step: (way) => void this.#step(way),
      error: () => void this.#seek("error", (goOn) => this.#feed.find("error", this.#errorAt + 1, goOn), 1),
      fold: () => this.#update(),
      follow: () => this.#followed(),
      wrap: (on) => (this.#view.wrap = on),
    });
    this.#view = new LogRows(this.#body, (row) => this.#drawRow(row), () => this.#leave());
    const whole = native && el("div.arp-dbar.arp-lognote", {}, el("span.arp-grow", {}, `Log of ${plain(native, 64)}.`), button("Log of the whole job", () => shell.openJob(job, "log")));
    host.append(whole, this.#bar.el, this.#note, this.#body, this.#foot);
    this.#view.wrap = this.#bar.wrap;
    void this.#feed.end().then(() => {
      this.#update();
      this.#poke();
    });
  }

  job(row: JobRow): void {
    this.#live = !isFinal(row.state);
    this.#drawFoot();
    this.#poke();
  }

  /** Look whether there is more. */
  #poke(): void {
    if (!this.#timer && this.#bar.follow && !this.#gone && !this.#feed.gone) this.#timer = setTimeout(() => void this.#poll(), POLL_MS);
  }

  destroy(): void {
    this.#gone = true;
    this.#seeking++;
    clearTimeout(this.#timer);
  }

  resize(): void {
    if (this.#bar.follow) this.#view.end();
    else this.#view.draw();
  }

  /** Read on while it may grow, and once more after its end. */
  async #poll(): Promise<void> {
    let live = this.#live;
    if (this.#bar.follow && !document.hidden) {
      const more = await this.#feed.more();
      live ||= more;
      if (!this.#gone) this.#update();
    }
    this.#timer = 0;
    if (live && this.#bar.follow && !this.#gone && !this.#feed.gone) {
      const wait_ms = this.#feed.problem ? RETRY_MS : this.#feed.window.atEnd ? POLL_MS : 0;
      this.#timer = setTimeout(() => void this.#poll(), wait_ms);
    }
  }

  #followed(): void {
    this.#feed.gone = false; // whoever presses it wants to know
    if (this.#bar.follow && !this.#feed.window.atEnd) void this.#read(this.#feed.end());
    else this.#update();
    this.#poke();
  }

  /** Whoever scrolls up, or jumps, wants to stay there. */
  #leave(): void {
    if (!this.#bar.follow) return;
    this.#bar.follow = false;
    this.#told();
  }

  async #read(reading: Promise<unknown>): Promise<void> {
    await reading;
    if (!this.#gone) this.#update();
  }

  /** Everything anew from what is in memory. */
  #update(): void {
    const { lines } = this.#feed.window;
    const before = this.#hits[this.#now];
    this.#rows = this.#bar.fold ? foldRows(lines, this.#opened) : lines.map((_, index) => index);
    this.#hits = findHits(lines, this.#bar.text);
    this.#perLine = new Map();
    for (const hit of this.#hits) {
      const others = this.#perLine.get(hit.line);
      if (others) others.push(hit);
      else this.#perLine.set(hit.line, [hit]);
    }
    this.#now = before ? this.#hits.findIndex((hit) => hit.line === before.line && hit.start === before.start) : -1;
    this.#body.style.setProperty("--g", `${this.#label(lines.length - 1).length + 3}ch`);
    this.#told(); // first: it changes the height that is left
    this.#view.set(this.#rows, lines, this.#bar.follow);
  }

  /** The number of a line; where it is not known its first byte; "" if neither is. */
  #label(index: number): string {
    const { window } = this.#feed;
    const line = window.lines[index];
    const number = window.number(index);
    if (index === 0 && window.from) return "…"; // it began before
    return number !== null ? String(number) : line?.exact ? count(line.at) : "";
  }

  #drawRow(row: Row): { key: string; draw: () => HTMLElement } {
    const { lines } = this.#feed.window;
    const again = (set: Set<number>, at: number) => (): void => {
      if (!set.delete(at)) set.add(at);
      this.#bar.follow = false;
      this.#update();
    };
    if (typeof row === "object") {
      const at = lines[row.first]?.at ?? 0;
      const hits = this.#hits.filter(({ line }) => line >= row.first && line <= row.last).length;
      const toggle = again(this.#opened, at);
      return { key: `f${at} ${row.said} ${row.open} ${hits}`, draw: () => drawFold(row, hits, toggle) };
    }
    const line = lines[row]!;
    const hits = this.#perLine.get(row) ?? [];
    const now = this.#hits[this.#now]?.line === row ? this.#hits[this.#now] : undefined;
    const spot = line.at === this.#spot;
    const whole = this.#whole.has(line.at);
    const label = this.#label(row);
    const key = `${line.at} ${line.raw.length} ${label} ${hits.length ? this.#bar.text : ""} ${now?.start} ${spot} ${whole}`;
    return { key, draw: () => drawLine(line, { label, hits, now, spot, whole }, again(this.#whole, line.at)) };
  }

  #search(): void {
    this.#seeking++;
    this.#saying = "";
    this.#now = -1;
    this.#update();
    const from = this.#view.firstLine;
    if (this.#hits.length) this.#select(Math.max(0, this.#hits.findIndex(({ line }) => line >= from)));
  }

  /** Go to the next match or the one before, also where the log is not in memory. */
  async #step(way: 1 | -1): Promise<void> {
    const { text } = this.#bar;
    const { from, to, atEnd, size } = this.#feed.window;
    const next = this.#now + way;
    if (!text) return;
    if (this.#hits[next]) this.#select(next);
    else if (from === 0 && atEnd) {
      if (this.#hits.length) this.#select(way > 0 ? 0 : this.#hits.length - 1);
    } else if (way > 0) await this.#seek({ text }, (goOn) => this.#feed.find({ text }, atEnd ? 0 : to, goOn), way);
    else await this.#seek({ text }, (goOn) => this.#feed.findBefore({ text }, from || size, goOn), way, from || size);
  }

  /** Wait for a place to be found, and show it. */
  async #seek(what: What, find: (goOn: GoOn) => Promise<number>, way: 1 | -1, before = Infinity): Promise<void> {
    const turn = ++this.#seeking;
    const size = bytes(this.#feed.window.size);
    this.#say(`searching ${size} …`);
    const goOn = (reached: number): boolean => {
      if (turn === this.#seeking) this.#say(`searched ${bytes(reached)} of ${size} …`);
      return turn === this.#seeking;
    };
    const offset = await find(goOn).catch(words);
    if (turn !== this.#seeking) return;
    if (typeof offset === "string" || offset < 0) {
      this.#say(offset === -1 ? (what !== "error" ? "not found" : this.#errorAt < 0 ? "no error" : "no further error") : String(offset));
      if (what === "error") this.#errorAt = -1;
      return;
    }
    await this.#feed.reach(offset);
    if (turn !== this.#seeking) return;
    this.#saying = "";
    this.#bar.follow = false;
    this.#update();
    this.#show(what, offset, way, before);
  }

  #show(what: What, offset: number, way: 1 | -1, before: number): void {
    const { lines } = this.#feed.window;
    const found = this.#feed.window.indexAt(offset);
    const line = what === "error" ? this.#errorFrom(found) : found;
    if (what === "error") {
      this.#errorAt = offset;
      this.#spot = lines[line]?.at ?? -1;
      this.#bar.nextError();
      this.#reveal(line);
      this.#told();
    } else {
      const near = this.#hits.filter((hit) => (way > 0 ? hit.line >= line : (lines[hit.line]?.at ?? 0) < before));
      const hit = near.at(way > 0 ? 0 : -1);
      if (hit) this.#select(this.#hits.indexOf(hit));
    }
  }

  /** Behind bytes that are no text, places of lines are not certain, and never too early: the error is at `index` or after it. */
  #errorFrom(index: number): number {
    const { lines } = this.#feed.window;
    if (lines[index]?.exact && lines[index + 1]?.exact !== false) return index;
    const shown = this.#errorAt < 0 ? -1 : this.#spot;
    const found = lines.findIndex(({ kind, at }, line) => line >= index && kind === "error" && at > shown);
    return found < 0 ? index : found;
  }

  #say(text: string): void {
    this.#saying = text;
    this.#bar.status(text);
  }

  #select(index: number): void {
    this.#now = index;
    this.#saying = "";
    this.#bar.follow = false;
    const hit = this.#hits[index];
    if (hit) this.#reveal(hit.line);
    this.#told();
  }

  /** Bring a line into view, out of its fold if it is in one. */
  #reveal(line: number): void {
    const { lines } = this.#feed.window;
    for (const row of this.#rows) {
      if (typeof row === "object" && !row.open && row.first <= line && line <= row.last) {
        this.#opened.add(lines[row.first]?.at ?? -1);
        this.#update();
        break;
      }
    }
    this.#view.reveal(this.#rows.indexOf(line));
  }

  #quiet(): void {
    const aloud = this.#bar.follow && document.activeElement === this.#body;
    this.#body.setAttribute("aria-live", aloud ? "polite" : "off");
  }

  /** What stands around the lines. */
  #told(): void {
    const [feed, bar] = [this.#feed, this.#bar];
    const { window } = feed;
    const { from, to, size, lines, first } = window;
    const most = this.#hits.length >= MOST_HITS ? "+" : "";
    bar.status(this.#saying || !bar.text ? this.#saying : `${this.#now < 0 ? "" : `${count(this.#now + 1)} of `}${count(this.#hits.length)}${most}${from || !window.atEnd ? " here" : ""}`);
    this.#quiet();
    const read_size = bytes(to - from);
    const where = window.atEnd ? `the last ${read_size}` : from ? `${read_size} from ${bytes(from)} on` : `the first ${read_size}`;
    const read = (say: string, go: () => Promise<unknown>): HTMLElement => button(say, () => void this.#load(go));
    this.#note.hidden = from === 0 && window.atEnd;
    this.#note.replaceChildren(
      el("span.arp-grow", {}, `Showing ${where} of ${bytes(size)}.${first === null ? " Lines by first byte." : ""}`),
      from ? read("Load earlier", () => feed.earlier()) : "",
      window.atEnd ? "" : read("Load later", () => feed.later()),
    );
    const empty = feed.known && !lines.length && (feed.missing || "The log file is empty.");
    this.#body.dataset["none"] = feed.problem && !lines.length ? `The log could not be read: ${feed.problem}` : empty || (feed.known ? "" : "Loading …");
    this.#drawFoot();
  }

  async #load(go: () => Promise<unknown>): Promise<void> {
    this.#bar.follow = false;
    await this.#read(go());
  }

  #drawFoot(): void {
    const feed = this.#feed;
    const { window } = feed;
    const said =
      feed.problem ? `Not read: ${feed.problem}`
      : this.#live ? (this.#bar.follow ? "Following: new lines appear by themselves." : "Not followed.")
      : "End of log: the job is over.";
    const last = (window.first ?? 0) + window.lines.length - 1;
    const total = window.first !== null && window.atEnd ? `${counted(last, "line")}, ` : "";
    this.#foot.replaceChildren(
      feed.problem ? icon("warn") : "", el("span", {}, said), el("span.arp-grow"),
      window.size ? el("span", {}, total + bytes(window.size)) : "",
      feed.source ? el("code", { title: feed.source }, feed.source.replace(/^.+?((?:\/[^/]+){2})$/, "…$1")) : "",
      iconButton("copy", `Copy ${ask(this.#id, "log")}`, () => this.#shell.copy(ask(this.#id, "log"))),
    );
  }
}
