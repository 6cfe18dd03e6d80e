/** One row of definitions and the lines below it. Cells stay the same elements while it lives. */

import { checked } from "../../model/check";
import { plain } from "../../model/plain";
import { sumOf, type DefinitionStanding } from "../../model/autorun";
import type { DefinitionRow } from "../../model/rows";
import { title as placeName } from "../../model/status";
import { ms, when } from "../../model/times";
import { TRIGGERS } from "../../model/triggers";
import { el, fill, unique } from "../../dom";
import { icon } from "../../icons";
import { counted } from "../counted";
import type { Share } from "../job_shares";
import { BLANK, type Desk } from "./desk";
import { value, type RowEdit } from "./edits";
import { notes, type Note } from "./notes";
import { autorunTip, codeOf, TITLES, triggerWords } from "./words";

export const TEXTS = ["name", "executable", "parameters"] as const;
export type TextField = (typeof TEXTS)[number];
export const COLUMNS = ["ID", "Hash", "Executable", "Parameters", "Trigger", "Location", "Autorun", "Changed by", "Jobs, share done", "Delete"];
const BLANKS: Readonly<Record<TextField, string>> = { name: "new hash", executable: "/absolute/path/to/submit.sh", parameters: "parameters" };

export class RowView {
  readonly el: HTMLElement;
  /** Lines below it. */
  under: readonly HTMLElement[] = [];
  readonly cells: Readonly<Record<TextField, HTMLElement>>;
  readonly trigger = el("button.arp-pick", { type: "button", tabindex: -1, "data-stop": 4, "aria-haspopup": "listbox", "aria-expanded": "false" });
  readonly location = el("button.arp-pick", { type: "button", tabindex: -1, "data-stop": 5, "aria-haspopup": "listbox", "aria-expanded": "false" });
  readonly autorun = el("input", { type: "checkbox", tabindex: -1, "data-stop": 6 });
  readonly remove = el("button.arp-icon", { type: "button", tabindex: -1, "data-stop": 9 }, icon("trash"));
  readonly #id = el("div.arp-cell.arp-num.arp-muted", { role: "gridcell", tabindex: -1, "data-stop": 0 });
  readonly #by = el("div.arp-cell.c-by", { role: "gridcell", tabindex: -1, "data-stop": 7 });
  readonly #jobs = el("div.arp-cell.c-jobs", { role: "gridcell", tabindex: -1, "data-stop": 8 });
  readonly #marks = el("span.arp-marks");
  readonly #name = unique("arp-def");
  #said = "";

  constructor(readonly id: number) {
    const text = (field: TextField, at: number): HTMLElement =>
      el(`div.arp-cell.c-${field}`, { role: "gridcell", tabindex: -1, "data-stop": at, "data-field": field });
    this.cells = { name: text("name", 1), executable: text("executable", 2), parameters: text("parameters", 3) };
    const box = (what: string, child: HTMLElement): HTMLElement => el(`div.arp-cell.c-${what}`, { role: "gridcell" }, child);
    const { name, executable, parameters } = this.cells;
    this.el = el("div.arp-row", { role: "row", "data-id": id }, this.#id, name, executable, parameters,
      box("trigger", this.trigger), box("location", this.location), el("div.arp-cell.c-autorun", { role: "gridcell" }, this.autorun, this.#marks), this.#by, this.#jobs, id === BLANK ? el("div.arp-cell", { role: "gridcell" }) : box("del", this.remove));
    if (id === BLANK) this.el.classList.add("is-blank");
    [...this.el.children].forEach((cell, at) => cell.setAttribute("aria-colindex", String(at + 1)));
  }

  /** True if lines came or went. */
  draw(desk: Desk, share: Share | undefined, user: string): boolean {
    const edit = desk.edit(this.id);
    const lines = notes(desk, this.id);
    const title = value(edit, "name") || "the new definition";
    for (const field of TEXTS) this.#text(field, edit, title, lines);
    this.#controls(edit, title, desk.board.status?.default_location ?? "", desk.standings.get(this.id));
    const { base } = edit;
    fill(this.#id, base ? base.id : icon("plus", 14));
    if (base) {
      this.#by.title = `version ${base.version}, ${when(ms(base.changed_at))}; runs as ${user}`;
      this.el.classList.toggle("is-editing", Object.keys(edit.values).length > 0 || this.editor !== null);
    }
    fill(this.#by, plain(base?.changed_by ?? user, 40));
    fill(this.#jobs, ...(base && share ? drawShare(share) : [base ? el("span.arp-muted", {}, "none") : ""]));
    return this.#lines(lines);
  }

  get editor(): HTMLInputElement | null {
    return this.el.querySelector("input.arp-edit");
  }

  /** Put an editor into a cell; it shows what is typed so far. */
  open(field: TextField, edit: RowEdit): HTMLInputElement {
    const title = value(edit, "name");
    const input = el(`input.arp-edit${field === "name" ? ".is-plain" : ""}`, {
      "aria-label": title ? `${TITLES[field]} of ${title}` : `${TITLES[field]} of the new definition`,
      placeholder: this.id === BLANK ? BLANKS[field] : null, autocomplete: "off", spellcheck: "false", "data-field": field,
    });
    input.value = value(edit, field);
    this.cells[field].classList.add("is-edit");
    fill(this.cells[field], input);
    return input;
  }

  #text(field: TextField, edit: RowEdit, title: string, lines: readonly Note[]): void {
    const cell = this.cells[field];
    const input = cell.querySelector("input");
    const at = lines.findIndex((line) => line.field === field && line.kind === "bad");
    const marked = input ?? cell;
    marked.setAttribute("aria-invalid", String(at >= 0 && field in edit.values));
    if (lines.some((line) => line.field === field)) marked.setAttribute("aria-describedby", this.#lineId(lines.findIndex((line) => line.field === field)));
    else marked.removeAttribute("aria-describedby");
    if (input) {
      const shown = value(edit, field);
      if (input.value !== shown) input.value = shown;
      return;
    }
    cell.classList.remove("is-edit");
    cell.classList.toggle("is-typed", field in edit.values);
    const text = value(edit, field);
    const shown = text ? plain(text, 4096) : this.id === BLANK ? BLANKS[field] : "none";
    const mono = field === "name" ? "" : ".arp-mono";
    cell.title = text.length > 24 ? shown : "";
    fill(cell, field === "executable" && edit.base && !("executable" in edit.values) ? dot(edit.base) : null,
      el(`span.t${text || this.id === BLANK ? mono : ".arp-muted"}`, {}, shown), field === "name" && edit.values.name !== undefined ? el("span.arp-sr", {}, `${title}, not saved`) : null);
  }

  #controls(edit: RowEdit, title: string, usual: string, standing: DefinitionStanding | undefined): void {
    const { base } = edit;
    const trigger = value(edit, "trigger");
    const words = base ? triggerWords({ ...base, trigger }) : (TRIGGERS[trigger] ?? trigger);
    fill(this.trigger, el("span.t", {}, words), icon("down"));
    this.trigger.setAttribute("aria-label", `Trigger of ${title}: ${words}`);
    const location = placeName(value(edit, "location") || usual);
    fill(this.location, el("span.t", {}, plain(location, 60)), icon("down"));
    this.location.setAttribute("aria-label", `Location of ${title}: ${plain(location, 60)}`);
    this.autorun.checked = base?.autorun ?? false;
    this.autorun.disabled = !base;
    this.autorun.setAttribute("aria-label", `Autorun of ${title}`);
    this.autorun.parentElement!.dataset["tip"] = autorunTip(base);
    this.autorun.setAttribute("aria-description", [autorunTip(base), base?.autorun && standing?.problem].filter(Boolean).join(" "));
    fill(this.#marks, ...marks(base, standing));
    this.remove.setAttribute("aria-label", `Delete definition ${title}`);
  }

  #lines(lines: readonly Note[]): boolean {
    const said = JSON.stringify(lines);
    if (said === this.#said) return false;
    this.#said = said;
    this.under = lines.map((line, at) => drawLine(line, this.id, this.#lineId(at)));
    return true;
  }

  #lineId(at: number): string {
    return `${this.#name}-${at}`;
  }
}

/** Why a checked box starts nothing now: by shape and word. */
function marks(base: DefinitionRow | null, standing: DefinitionStanding | undefined): (HTMLElement | null)[] {
  if (!base?.autorun) return [];
  const [problem, waiting] = [standing?.problem ?? "", sumOf(standing)];
  return [
    base.paused_why ? el("span.arp-st.is-look", {}, icon("pause"), el("span.t", {}, "paused")) : problem ? el("span.arp-st.is-look", {}, icon("warn"), el("span.t", {}, "cannot")) : null,
    waiting && !base.paused_why ? el("span.arp-st.is-wait", { title: `${waiting.toLocaleString("en")} wait` }, icon("hourglass"), el("span.t", {}, waiting.toLocaleString("en"), el("span.arp-sr", {}, " wait"))) : null,
  ];
}

function dot(row: DefinitionRow): HTMLElement {
  const state = checked(row);
  const at = row.check.checked_at ? `, checked ${when(ms(row.check.checked_at))}` : "";
  const unchecked = plain(row.check.problem.replace(/^not checked:? ?/, "")) || "the batch client was away";
  const { warnings } = row.check;
  const warned = warnings.length && `${counted(warnings.length, "warning")}: ${warnings.map((one) => plain(one)).join(" ")}`;
  const words = { ok: warned || `Executable${at}`, bad: plain(row.check.problem), unknown: `Not checked: ${unchecked}` }[state];
  const look = { ok: warned ? "arp-warned" : "arp-okdot", bad: "arp-baddot", unknown: "arp-muted" }[state];
  const shape = ({ ok: warned ? "warn" : "check", bad: "cross", unknown: "ask" } as const)[state];
  return el("span", { class: look, title: words }, icon(shape), el("span.arp-sr", {}, words));
}

function drawShare({ jobs, done, failed }: Share): HTMLElement[] {
  const percent = Math.round((100 * done) / jobs);
  const part = (number: number): HTMLElement | null => (number ? el("i", { style: `width:${(100 * number) / jobs}%` }) : null);
  const [all, good, bad, left] = [jobs, done, failed, jobs - done - failed].map((count) => count.toLocaleString("en"));
  return [
    el("span.n", {}, all),
    el("span.arp-mini", { role: "img", "aria-label": `${percent} % done`, title: `${good} done, ${bad} failed, ${left} not over` },
      part(done) ?? el("i", { style: "width:0" }), part(failed)),
  ];
}

/** A command or a path that the words end with is set apart. */
function worded(message: string): (HTMLElement | string)[] {
  const [, first = "", others = ""] = /^(.*?[.:](?=\s|$)|[^.:]*$)?(.*)$/s.exec(message) ?? [];
  const [before, code, after] = codeOf(others);
  return [el("b", {}, first), before, ...(code ? [el("code", {}, code)] : []), after];
}

function drawLine(line: Note, id: number, line_id: string): HTMLElement {
  const values = (line.values ?? []).flatMap(([label, text]) => [` ${label} `, el("code", {}, text ? plain(text, 2000) : "nothing"), ","]).slice(0, -1);
  const actions = line.actions.map((action, at) => el("button.arp-btn", { type: "button", tabindex: -1, "data-stop": at + 1, onclick: () => action.do() }, action.label));
  return el(`div.arp-err.is-${line.kind}`, { role: "row", "data-of": id },
    el("div", { role: "gridcell", "aria-colspan": COLUMNS.length, id: line_id },
      icon("warn"), el("span", {}, ...worded(plain(line.message, 2000)), ...values), ...actions));
}
