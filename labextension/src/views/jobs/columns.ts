/** The columns of the page: what each cell of a job, or of a run without jobs, shows. */

import type { GridColumn } from "../../grid/types";
import { partsOf, partsSaid } from "../../model/parts";
import { plain } from "../../model/plain";
import { elapsed, minute, ms, when } from "../../model/times";
import { el } from "../../dom";
import { icon, type IconName } from "../../icons";
import { drawFitting, drawReport, reportText, valueText } from "../report";
import { statusChip } from "../status_chip";
import { GROUPS, type Facts } from "./facts";
import { runOf, type JobRows } from "./rows";
import type { Why } from "./why";

/** What cells need to know of the page around them. */
export interface Scene {
  facts: Facts;
  rows(): JobRows;
  /** ms since 1970. */
  now(): number;
  /** ms since 1970 up to which it is known how a job goes on: counting further would be a guess. */
  knownAt(row: number): number;
  /** Text that is searched for: marked where it is found. */
  needle(): string;
  /** The column Why is hidden, so that its text stands in Report. */
  whyInReport(): boolean;
  /** Counters and parameters of runs that are columns. */
  promoted(): readonly string[];
  /** The column in which the row of a run without jobs says so. */
  note(): string;
}

/** Columns that say something else once these columns of a job changed. */
export function touched(changed: ReadonlySet<string>): Set<string> {
  const made = new Set<string>();
  for (const name of changed) for (const column of TOUCHES[name] ?? (name.startsWith("counter:") ? [name] : [])) made.add(column);
  return made;
}
const OF_STATE = ["status", "act", "why", "report", "elapsed"];
const TOUCHES: Readonly<Record<string, readonly string[]>> = {
  state: OF_STATE, status: OF_STATE, phase: ["why", "report"], location: OF_STATE, native_id: ["job", "act"],
  parts: ["status"], cause: ["cause"], error_line: ["why", "report"],
  reason: ["why", "report"], exit_code: ["why", "report"], signal: ["why", "report"], kill_by: ["why", "report"], kill_at: ["why", "report"],
  report: ["report"], notes: ["report", "why", "act"], reported_at: ["report"], started: ["elapsed"], ended: ["elapsed"], changed: ["elapsed"],
  submitted: ["submitted", "elapsed"], requested: ["submitted", "elapsed"], user: ["user"], trigger: ["user"],
  hash: ["hash"], version: ["hash"], run: ["run", "action"],
};

/** All columns in their usual order, then counters that became columns. */
export function jobColumns(scene: Scene, promoted: readonly string[]): GridColumn[] {
  const made = [...ofRun(scene), ...ofJob(scene), ...ofCourse(scene), ...promoted.map((name) => (name.startsWith("param:") ? ofParameter(scene, name) : ofCounter(scene, name)))];
  return made.map((column) => ({
    ...column,
    draw: (row) => (row >= 0 || column.id === "run" || column.id === "action" ? column.draw(row) : column.id === scene.note() ? note(scene, runOf(row)) : null),
    text: (row) => (row >= 0 || column.id === "run" ? column.text(row) : column.id === scene.note() ? noteText(scene, runOf(row)) : ""),
  }));
}

function ofRun(scene: Scene): GridColumn[] {
  const { facts } = scene;
  const run = (row: number): number => (row < 0 ? runOf(row) : facts.run(row));
  return [
    { id: "run", title: "Run", width: "14ch", minWidth: 70, sortable: true, always: true, draw: (row) => drawRun(scene.rows(), row, run(row)), text: (row) => String(run(row)) },
    { id: "action", title: "Action", width: "13ch", draw: (row) => drawAction(scene, row, run(row)), text: () => "" },
  ];
}

function drawRun(rows: JobRows, row: number, run: number): HTMLElement {
  if (!rows.isFirst(row)) return el("span.arp-tied", {}, el("span.tree"), el("span.arp-sr", {}, run));
  const away = row < 0 && rows.awayOf(run).length > 0;
  const jobs = rows.grouped ? rows.jobsOf(run) : 0;
  const fold = jobs > 1 && el("button.fold", {
    type: "button", tabindex: -1, "data-act": "fold", "aria-expanded": String(!away), "aria-label": `${away ? "Show" : "Hide"} the jobs of run ${run}`,
  }, icon(away ? "right" : "down"));
  const out = leftOut(rows.facts, run);
  return el("span.arp-tied", {}, fold || el("span.nofold"), el("b", {}, run), out && el("span.arp-leftout", { title: out }, icon("skip", 14), el("span.arp-sr", {}, out)), jobs > 1 && el("span.n", {}, `${jobs.toLocaleString("en")} jobs`));
}

function drawAction(scene: Scene, row: number, run: number): HTMLElement | null {
  const [facts, rows] = [scene.facts, scene.rows()];
  if (!rows.isFirst(row)) return null;
  const known = facts.board.runs.get(run);
  if (row < 0 && !rows.jobsOf(run) && known?.started_at && !known.ended_at) return el("span.arp-live", {}, "recording");
  return el("button.arp-pick", {
    type: "button", tabindex: -1, "data-act": "apply", "aria-haspopup": "listbox", "aria-label": `Apply a hash to run ${run}`,
  }, "Apply…", icon("down"));
}

function note(scene: Scene, run: number): HTMLElement {
  const known = scene.facts.board.runs.get(run);
  const why = scene.rows().jobsOf(run) || (known?.started_at && !known.ended_at) ? null : el("button.arp-link", { type: "button", tabindex: -1, "data-act": "ledger", "aria-label": `Why not? Why has run ${run} no job` }, "Why not?");
  return el("span.arp-tied", {}, el("span.t", {}, noteText(scene, run)), why);
}

/** "Left out of autorun by bob: “shutter closed”."; "": it is not. */
function leftOut({ board }: Facts, run: number): string {
  const known = board.runs.get(run);
  return known?.excluded_at ? `Left out of autorun by ${plain(known.excluded_by ?? "somebody", 40)}: “${plain(known.excluded_why)}”.` : "";
}

/** What is to be said of a run whose jobs are not shown. */
function noteText({ facts, rows, promoted }: Scene, run: number): string {
  const away = rows().awayOf(run);
  if (away.length) {
    const counts = GROUPS.map(() => 0);
    for (const row of away) counts[facts.group(row)]!++;
    return GROUPS.map(({ name }, group) => (counts[group] ? `${counts[group]!.toLocaleString("en")} ${name}` : "")).filter(Boolean).join(", ");
  }
  const known = facts.board.runs.get(run);
  const stopped = facts.board.autorunNow?.stopped ? " Autorun is stopped: nothing will run when it ends." : "";
  const values = promoted().filter((id) => id.startsWith("param:")).map((id) => [id.slice(6), parameter(facts, run, id.slice(6))]);
  return [
    known?.started_at && !known.ended_at ? `Recording since ${minute(ms(known.started_at))}.${stopped}` : "No jobs.", leftOut(facts, run),
    values.filter(([, value]) => value).map(([name, value]) => `${plain(name!, 40)}: ${value}`).join(", "),
  ].filter(Boolean).join(" ");
}

function ofJob(scene: Scene): GridColumn[] {
  const { facts } = scene;
  const mark = (text: string): HTMLElement => el("span.t", { title: plain(text, 200) || null }, ...marked(plain(text, 200), scene.needle()));
  const version = (row: number): number => facts.number("version", row);
  return [
    {
      id: "hash", title: "Hash", width: "13.5ch", sortable: true, text: (row) => facts.text("hash", row),
      draw: (row) => el("span.arp-tied", {}, mark(facts.text("hash", row)), version(row) > 1 && el("span.v", {}, `v${version(row)}`)),
    },
    { id: "job", title: "Job id", width: "10.5ch", sortable: true, text: (row) => facts.text("native_id", row), draw: (row) => mark(facts.text("native_id", row)) },
    { id: "status", title: "Status", width: "25ch", sortable: true, always: true, text: (row) => [facts.word(row), ...saidOf(facts, row)].join(" · "), draw: (row) => drawStatus(facts, row) },
    { id: "act", title: "Actions", width: 110, minWidth: 110, text: () => "", draw: (row) => drawActions(facts, row) },
    { id: "report", title: "Report", width: "36.5ch", minWidth: 120, grow: 3, text: (row) => reportText(facts.board.wide(facts.board.jobs.id(row))), draw: (row) => drawReportOf(scene, row) },
    {
      id: "user", title: "User", width: "11ch", sortable: true, text: (row) => facts.text("user", row),
      draw: (row) => el("span.arp-tied", {}, mark(facts.text("user", row)), facts.text("trigger", row) !== "MANUAL" && el("span.arp-auto", { title: "by autorun" }, "auto")),
    },
  ];
}

const saidOf = (facts: Facts, row: number): string[] => partsSaid(partsOf(facts.text("parts", row)));

/** The chip; behind it, as far as there is room, what the job consists of. */
function drawStatus(facts: Facts, row: number): HTMLElement {
  const chip = statusChip(facts.word(row));
  const said = saidOf(facts, row);
  return said.length ? el("span.arp-tied", { title: said.join(" · ") }, chip,
    ...drawFitting(said.map((one) => el("small.arp-ctr", { class: one.endsWith("extra") ? "is-look" : "" }, one)))) : chip;
}

/** Kill, delete, log and details: what cannot be done now says why, and stays in its place. */
function drawActions(facts: Facts, row: number): HTMLElement {
  const who = `run ${facts.run(row)} ${plain(facts.text("hash", row), 60)}`;
  const button = (act: string, shape: IconName, name: string, off = "", more = ""): HTMLElement => el(`button.arp-icon`, {
    type: "button", tabindex: -1, class: more, "data-act": act, "aria-label": name, title: off || name, "aria-disabled": off ? "true" : null,
  }, icon(shape));
  const submitted = facts.text("native_id", row) !== "";
  return el("span.arp-acts", {},
    button("kill", "kill", `${facts.live(row) ? facts.killVerb(row) : "Kill"} ${who}`, facts.live(row) ? "" : `Nothing to kill: ${facts.word(row)}`, "is-bad"),
    button("delete", "trash", `Take ${who} off the page`),
    facts.text("state", row) === "uncertain" ? button("settle", "ask", `Say what became of ${who}`)
      : button("log", "log", `Log of ${who}`, submitted || !facts.live(row) ? "" : "No log yet"),
    button("details", "info", `Details of ${who}`));
}

function drawReportOf(scene: Scene, row: number): HTMLElement {
  const { facts } = scene;
  const why = scene.whyInReport() ? facts.why(row, scene.knownAt(row)) : null;
  const held = facts.text("state", row) === "suspended" ? "paused" : "";
  return drawReport(facts.board.wide(facts.board.jobs.id(row)), {
    live: facts.live(row), held, left_ms: facts.timeLeft(row, scene.knownAt(row)), why: why && (why.strong || why.text) ? drawWhy(why, scene.needle()) : null,
  });
}

function drawWhy(why: Why, needle: string): HTMLElement {
  return el("span.t", { title: `${why.strong} ${why.text}`.trim() }, why.strong && el("b", {}, ...marked(why.strong, needle)), why.strong && " ", ...marked(why.text, needle));
}

function ofCourse(scene: Scene): GridColumn[] {
  const { facts } = scene;
  const submitted = (row: number): number => [facts.number("submitted", row), facts.number("requested", row)].find((at) => !isNaN(at)) ?? NaN;
  const whyText = (row: number): string => Object.values(facts.why(row, scene.knownAt(row))).join(" ").trim();
  return [
    { id: "submitted", title: "Submitted", width: "12.5ch", sortable: true, text: (row) => when(submitted(row), scene.now()), draw: (row) => when(submitted(row), scene.now()) },
    { id: "elapsed", title: "Elapsed", width: "9ch", align: "right", sortable: true, text: (row) => elapsed(facts.elapsed(row, scene.knownAt(row))), draw: (row) => elapsed(facts.elapsed(row, scene.knownAt(row))) },
    { id: "why", title: "Why", width: "18.5ch", minWidth: 80, grow: 2, sortable: true, text: whyText, draw: (row) => drawWhy(facts.why(row, scene.knownAt(row)), scene.needle()) },
    { id: "type", title: "Run type", width: "11ch", text: (row) => facts.board.runs.get(facts.run(row))?.type ?? "", draw: (row) => plain(facts.board.runs.get(facts.run(row))?.type ?? "", 60) },
    { id: "cause", title: "Cause", width: "11ch", sortable: true, text: (row) => facts.text("cause", row), draw: (row) => facts.text("cause", row) },
  ];
}

function ofCounter({ facts }: Scene, id: string): GridColumn {
  const name = id.slice("counter:".length);
  const text = (row: number): string => {
    const value = facts.number(id, row);
    return isNaN(value) ? "" : valueText({ value, unit: "" });
  };
  return { id, title: plain(name, 40), width: "12ch", align: "right", sortable: true, text, draw: text };
}

function ofParameter({ facts }: Scene, id: string): GridColumn {
  const name = id.slice("param:".length);
  const text = (row: number): string => parameter(facts, facts.run(row), name);
  return { id, title: plain(name, 40), width: "12ch", text, draw: (row) => el("span.t", { title: text(row) || null }, text(row)) };
}

function parameter({ board }: Facts, run: number, name: string): string {
  const value = board.runs.get(run)?.parameters[name];
  return value === undefined || value === null ? "" : plain(typeof value === "object" ? JSON.stringify(value) : String(value), 200);
}

/** Text with what was searched for marked in it. */
export function marked(text: string, needle: string): (Node | string)[] {
  const parts: (Node | string)[] = [];
  const [low, find] = [text.toLowerCase(), needle.toLowerCase()];
  let from = 0;
  // a letter whose small form is longer would shift every place behind it
  for (let at = find && low.length === text.length ? low.indexOf(find) : -1; at >= 0; at = low.indexOf(find, from)) {
    parts.push(text.slice(from, at), el("mark", {}, text.slice(at, at + find.length)));
    from = at + find.length;
  }
  parts.push(text.slice(from));
  return parts;
}
