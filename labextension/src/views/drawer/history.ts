/** What happened to a job, when, and by whom; and the other jobs of its run and definition. */

import type { JobRow, TransitionRow } from "../../model/rows";
import { plain } from "../../model/plain";
import { isFinal, look, title } from "../../model/status";
import { clock, elapsed, ms, when } from "../../model/times";
import type { Board } from "../../sources/board";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import type { Shell } from "../shell";
import { statusChip } from "../status_chip";
import { ask } from "./lines";
import type { Page } from "./page";
import { button, failure, python, table } from "./parts";
import { wordOf } from "./state_words";

/** Steps of the same word are one line, unless they say more. */
const PLAIN: Readonly<Record<string, string>> = {
  leased: "taken by the batch client", starting: "the script is started",
};

const TICK_MS = 1000;

export function drawHistory(host: HTMLElement, board: Board, shell: Shell, job: number): Page {
  const pad = el("div.arp-dbody.arp-pad", {}, el("p.arp-muted", { role: "status" }, "Loading …"));
  const bar = el("div");
  let turn = 0;
  /** Draw the bar again: its last part goes on while the job does. */
  let tick = (): void => undefined;
  const timer = setInterval(() => tick(), TICK_MS);
  host.append(pad);
  const draw = async (row: JobRow): Promise<void> => {
    const mine = ++turn;
    try {
      const { transitions } = await board.history(job);
      if (mine !== turn) return;
      tick = () => fill(bar, drawPhases(transitions, row));
      tick();
      if (isFinal(row.state)) tick = () => undefined;
      fill(
        pad, bar, drawLine(transitions, row), ...drawOthers(board, shell, row), python(shell, ask(job, "history")),
      );
    } catch (error) {
      if (mine === turn) fill(pad, failure(error));
    }
  };
  return {
    destroy() {
      turn++;
      clearInterval(timer);
    },
    job: (row) => void draw(row),
  };
}

interface Phase {
  word: string;
  from: number;
  to: number;
}

/** What the job was, from when to when; in ms since 1970. */
export function phases(transitions: readonly TransitionRow[], over: boolean, now_ms: number): Phase[] {
  const made: Phase[] = [];
  for (const { at, new: state, native_state: native } of transitions) {
    const from = ms(at);
    const last = made.at(-1);
    if (last) last.to = from;
    const word = wordOf(state, native);
    if (last?.word !== word) made.push({ word, from, to: from });
  }
  const last = made.at(-1);
  if (last && !over) last.to = now_ms;
  return made;
}

function drawPhases(transitions: readonly TransitionRow[], job: JobRow): HTMLElement | null {
  const all = phases(transitions, isFinal(job.state), Date.now());
  if (!all.length) return null;
  const whole = Math.max(1, (all.at(-1)?.to ?? 0) - (all[0]?.from ?? 0));
  const say = ({ word, from, to }: Phase): string => (to > from ? `${plain(word, 40)} ${elapsed(to - from)}` : plain(word, 40));
  const parts = all.map((phase) => {
    const part = el(`i.is-${look(phase.word).hue}`, { title: say(phase) }, (phase.to - phase.from) / whole > 0.13 || phase === all.at(-1) ? say(phase) : "");
    part.style.flexGrow = String(Math.max(1, Math.round((1000 * (phase.to - phase.from)) / whole)));
    return part;
  });
  return el("div.arp-phases", { role: "img", "aria-label": all.map(say).join(", then ") }, ...parts);
}

function drawLine(transitions: readonly TransitionRow[], job: JobRow): HTMLElement {
  let day = new Date().toDateString();
  const lines = transitions.map((one) => {
    const at_ms = ms(one.at);
    const other = new Date(at_ms).toDateString() !== day;
    day = new Date(at_ms).toDateString();
    const date = other ? when(at_ms).replace(/ [\d:]+$/, " ") : "";
    const word = wordOf(one.new, one.native_state);
    const { hue, shape } = look(word);
    const said = one.reason || (one.native_state ? "" : (PLAIN[one.new] ?? ""));
    return el(
      `li.is-${hue}${shape === "ask" ? ".gap" : ""}`, {}, el("em", { title: one.at }, date + clock(at_ms)), icon(shape, 20),
      el("div", {}, el("b", {}, plain(word, 60)), said && el("p", {}, plain(said, 2000))),
      el("em", {}, plain(one.by, 60) || (one.native_state ? title(job.location) : "board")),
    );
  });
  return el("ol.arp-line", {}, ...lines);
}

function drawOthers(board: Board, shell: Shell, job: JobRow): HTMLElement[] {
  const { jobs } = board;
  const found: (Node | string)[][] = [];
  const [run, definition] = [jobs.column("run"), jobs.column("definition_id")];
  for (let row = 0; row < jobs.rows; row++) {
    if (run?.value(row) !== job.run || definition?.value(row) !== job.definition_id || !jobs.alive(row)) continue;
    const id = jobs.id(row);
    const word = String(jobs.value("status", row));
    const [started, ended] = [jobs.value("started", row), jobs.value("ended", row)];
    found.push([
      id === job.id ? `${id}, this` : button(String(id), () => shell.openJob(id, "history")),
      String(jobs.value("version", row)), statusChip(word), plain(String(jobs.value("reason", row) ?? ""), 200),
      typeof started === "number" && typeof ended === "number" ? elapsed(ended - started) : "",
    ]);
  }
  if (found.length < 2) return [];
  return [el("h3", {}, `All of ${plain(job.hash, 60)} on run ${job.run}`), table(["Job", "Version", "Status", "Why", "Run time"], found)];
}
