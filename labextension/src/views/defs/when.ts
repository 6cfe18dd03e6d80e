/** "When smd runs by itself": trigger, predicate, types of runs, limits; saved as one, tried before. */

import { words } from "../../model/error_words";
import { plain } from "../../model/plain";
import type { DefinitionRow } from "../../model/rows";
import { TRIGGERS } from "../../model/triggers";
import { ApiError } from "../../sources/api";
import { AutorunRequests } from "../../sources/autorun_requests";
import type { Board, DefinitionDraft } from "../../sources/board";
import { el, fill, unique } from "../../dom";
import { icon } from "../../icons";
import type { Shell } from "../shell";
import { openBacktest } from "./backtest";
import type { Desk } from "./desk";
import { PredicateField } from "./predicate";
import { whenWords } from "./words";

type TextName = "trigger" | "after" | "run_param" | "run_value" | "run_types" | "predicate";
type InputName = "run_param" | "run_value" | "run_types";
type NumberName = "most_at_once" | "most_per_hour";
type Typed = Partial<Record<TextName, string> & Record<NumberName, number>>;
const FOLDED = "defs.when";

export class WhenPanel {
  readonly el: HTMLElement;
  readonly #head = el("span");
  readonly #said = el("span.arp-muted");
  readonly #fold: HTMLButtonElement;
  readonly #form: HTMLElement;
  readonly #id = unique("arp-when");
  readonly #trigger = el("select.arp-select", { id: `${this.#id}-trigger`, onchange: () => this.#type("trigger", this.#trigger.value) });
  readonly #after = el("select.arp-select", { "aria-label": "After which batch def", onchange: () => this.#type("after", this.#after.value) });
  readonly #texts: Readonly<Record<InputName, HTMLInputElement>>;
  readonly #numbers: Readonly<Record<NumberName, HTMLInputElement>>;
  readonly #known = el("datalist", { id: `${this.#id}-known` });
  readonly #predicate: PredicateField;
  readonly #save = el("button.arp-btn.is-main", { type: "submit" }, "Save");
  readonly #back = el("button.arp-btn", { type: "button", onclick: () => this.#putBack() }, "Put back");
  readonly #problem = el("span.arp-said", { role: "alert" });
  readonly #buttons = el("div.arp-row-btns", {}, this.#save, this.#back, this.#problem);
  readonly #value: HTMLElement;
  readonly #param: HTMLElement;
  #row: DefinitionRow | null = null;
  /** What is typed and not saved, by definition, and the row as it was then. */
  readonly #drafts = new Map<number, { typed: Typed; base: DefinitionRow }>();

  constructor(
    readonly board: Board,
    readonly shell: Shell,
    readonly desk: Desk,
  ) {
    const text = (name: InputName, label: string, more: Record<string, string> = {}): HTMLInputElement => {
      const input: HTMLInputElement = el("input", { "aria-label": label, autocomplete: "off", spellcheck: "false", maxlength: 200, ...more, oninput: () => this.#type(name, input.value) });
      return input;
    };
    const number = (name: NumberName, label: string): HTMLInputElement => {
      const input: HTMLInputElement = el("input", { type: "number", min: 0, max: 100_000, "aria-label": label, placeholder: "no limit", oninput: () => this.#type(name, Math.max(0, Math.floor(Number(input.value) || 0))) });
      return input;
    };
    this.#texts = { run_param: text("run_param", "Run parameter", { list: this.#known.id, placeholder: "name" }), run_value: text("run_value", "Its value", { placeholder: "value" }), run_types: text("run_types", "Types of runs", { placeholder: "all; or as: DATA, DARK" }) };
    this.#numbers = { most_at_once: number("most_at_once", "Jobs at once, at most"), most_per_hour: number("most_per_hour", "Jobs an hour, at most") };
    this.#predicate = new PredicateField({ check: (predicate) => new AutorunRequests(board).check(predicate), typed: (typed) => this.#type("predicate", typed) });
    const field = (input: HTMLElement, more = ""): HTMLElement => el(`span.arp-field${more}`, {}, input);
    this.#param = el("span.arp-param", {}, field(this.#texts.run_param), this.#known, " is ", field(this.#texts.run_value));
    this.#value = el("span.arp-whenof", {}, this.#trigger, this.#after, this.#param);
    const label = (name: string, ...of: HTMLElement[]): HTMLElement[] => [el("span.l.top", {}, name), ...of];
    this.#form = el("form", { id: `${this.#id}-form`, onsubmit: (event: Event) => (event.preventDefault(), void this.#saved()), onkeydown: (event: KeyboardEvent) => this.#key(event) },
      el("div.arp-form", {}, el("label.l.top", { for: `${this.#id}-trigger` }, "Starts"), this.#value, ...label("Only if", this.#predicate.el), ...label("Run types", field(this.#texts.run_types)),
        ...label("At most", el("span.arp-limits", {}, field(this.#numbers.most_at_once, ".arp-number"), "jobs at once,", field(this.#numbers.most_per_hour, ".arp-number"), "an hour"))),
      this.#buttons);
    this.#fold = el("button.arp-fold", { type: "button", "aria-controls": `${this.#id}-form`, onclick: () => this.#folded(!this.#form.hidden) });
    this.el = el("section.arp-when", { hidden: true, "aria-label": "When it runs by itself" },
      el("header", {}, el("h3", {}, this.#fold), this.#said, el("span.arp-grow"),
        el("button.arp-btn", { type: "button", "aria-haspopup": "dialog", onclick: () => this.#try() }, "Try on last runs…"), this.#head),
      this.#form);
    this.#folded(board.preferences.get<boolean>(FOLDED) ?? true, false);
  }

  destroy(): void {
    this.#predicate.destroy();
  }

  /** Unfold it, with the focus in a field. */
  open(what: "trigger" | "predicate" | "after" | "run_param"): void {
    this.#folded(false);
    ({ trigger: this.#trigger, predicate: this.#predicate.input, after: this.#after, run_param: this.#texts.run_param })[what].focus();
  }

  draw(row: DefinitionRow | undefined): void {
    this.el.hidden = !row;
    if (!row) return;
    if (row.id !== this.#row?.id) fill(this.#problem);
    this.#row = row;
    const now = { ...row, ...this.#typed };
    fill(this.#fold, icon(this.#form.hidden ? "right" : "down", 14), "When ", el("i", {}, plain(row.name, 64)), " runs by itself");
    fill(this.#said, whenWords(row));
    this.#offerSwitch(row);
    options(this.#trigger, Object.entries(TRIGGERS), now.trigger);
    const others = [...this.board.definitions.values()].map(({ name }) => name).filter((name) => name !== row.name).sort();
    const all = now.after && !others.includes(now.after) ? [...others, now.after] : others;
    options(this.#after, [["", "choose a batch def"], ...all.map((name): [string, string] => [name, name])], now.after);
    this.#after.hidden = now.trigger !== "AFTER";
    this.#param.hidden = now.trigger !== "RUN_PARAM_IS_VALUE";
    for (const [name, input] of Object.entries(this.#texts) as [InputName, HTMLInputElement][]) put(input, now[name]);
    for (const [name, input] of Object.entries(this.#numbers) as [NumberName, HTMLInputElement][]) put(input, now[name] ? String(now[name]) : "");
    if (!this.#form.hidden) this.#tryPredicate(now.predicate, row.id);
    const dirty = Object.keys(this.#typed).length > 0;
    this.#buttons.hidden = !dirty;
  }

  /** The newest run decides what a predicate is worth. */
  #tryPredicate(predicate: string, id: number): void {
    const parameters = new Set<string>();
    let newest = -1;
    for (const run of this.board.runs.values()) {
      newest = Math.max(newest, run.run);
      for (const name of Object.keys(run.parameters)) parameters.add(name);
    }
    this.#predicate.show(predicate, `${id} ${newest} ${this.board.runs.get(newest)?.revision}`);
    if (this.#known.childElementCount !== parameters.size) fill(this.#known, ...[...parameters].sort().map((value) => el("option", { value })));
  }

  /** Pause, resume, or what changed: whichever is due. */
  #offerSwitch(row: DefinitionRow): void {
    const [act, name, run] = !row.autorun ? ["", "", () => undefined] as const
      : row.paused_why === "user" ? ["resume", "Resume…", () => void this.desk.unpause(row.id)] as const
        : row.paused_why ? ["consent", "What changed…", () => this.desk.consent(row.id)] as const : ["pause", "Pause…", () => void this.desk.pause(row.id)] as const;
    if (this.#head.dataset["act"] === `${act} ${row.id}`) return;
    this.#head.dataset["act"] = `${act} ${row.id}`;
    fill(this.#head, act && el("button.arp-btn", { type: "button", "aria-haspopup": "dialog", onclick: run }, name));
  }

  #folded(folded: boolean, keep = true): void {
    this.#form.hidden = folded;
    this.#fold.setAttribute("aria-expanded", String(!folded));
    if (keep) this.board.preferences.set(FOLDED, folded);
    if (this.#row) this.draw(this.#row);
  }

  #type(name: TextName | NumberName, value: string | number): void {
    const row = this.#row;
    if (!row) return;
    const { [name]: _, ...others } = this.#typed;
    this.#keep(row.id, value === row[name] ? others : { ...others, [name]: value }, row);
    fill(this.#problem);
    this.draw(row);
  }

  get #typed(): Typed {
    return (this.#row && this.#drafts.get(this.#row.id)?.typed) ?? {};
  }

  #keep(id: number, typed: Typed, base: DefinitionRow): void {
    if (Object.keys(typed).length) this.#drafts.set(id, { typed, base: this.#drafts.get(id)?.base ?? base });
    else this.#drafts.delete(id);
  }

  #putBack(): void {
    fill(this.#problem);
    if (!this.#row) return;
    this.#drafts.delete(this.#row.id);
    const refocus = this.el.contains(document.activeElement);
    this.#predicate.input.value = this.#row.predicate;
    for (const [name, input] of Object.entries(this.#texts) as [InputName, HTMLInputElement][]) input.value = this.#row[name];
    for (const [name, input] of Object.entries(this.#numbers) as [NumberName, HTMLInputElement][]) input.value = this.#row[name] ? String(this.#row[name]) : "";
    this.draw(this.#row);
    if (refocus && !this.el.contains(document.activeElement)) this.#fold.focus();
  }

  async #saved(): Promise<void> {
    const row = this.#row && this.board.definitions.get(this.#row.id);
    const sent = this.#typed;
    if (!row || !Object.keys(sent).length || !(await this.#mayOverwrite(row))) return;
    try {
      const now = await this.board.changeDefinition(row.id, row.version, sent);
      this.shell.announce(`${row.name} saved`);
      if (this.#drafts.get(row.id)?.typed === sent) this.#drafts.delete(row.id);
      if (this.#row?.id === row.id) this.draw(now);
      if (!this.el.contains(document.activeElement)) this.#fold.focus();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const theirs = error.status === 409 && error.more["theirs"] ? "Somebody saved it meanwhile: look, and save again." : "";
      fill(this.#problem, plain(theirs || words(error), 500));
    }
  }

  /** What somebody else saved in the same field meanwhile is not overwritten unseen. */
  async #mayOverwrite(row: DefinitionRow): Promise<boolean> {
    const base = this.#drafts.get(row.id)?.base;
    const both = (Object.keys(this.#typed) as (TextName | NumberName)[]).filter((name) => base && base[name] !== row[name]);
    if (!both.length) return true;
    const lines = both.map((name) => `${name.replaceAll("_", " ")}: ${plain(String(row[name]) || "nothing", 200)}`);
    return this.shell.ask({ title: `${plain(row.changed_by, 40)} changed this meanwhile`, body: `It is now ${lines.join("; ")}.`, yes: "Save mine", no: "Go back" });
  }

  #try(): void {
    const row = this.#row;
    if (row) openBacktest(this.shell, row.name, this.#typed as Partial<DefinitionDraft>, row.autorun || Object.keys(this.#typed).length ? null : () => void this.desk.autorun(row.id, true));
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !Object.keys(this.#typed).length) return;
    event.preventDefault();
    event.stopPropagation();
    this.#putBack();
  }
}

function options(list: HTMLSelectElement, all: readonly (readonly [string, string])[], now: string): void {
  const key = JSON.stringify(all);
  if (list.dataset["of"] !== key) {
    list.dataset["of"] = key;
    fill(list, ...all.map(([value, title]) => el("option", { value }, plain(title, 64))));
  }
  list.value = now;
}

function put(input: HTMLInputElement, text: string): void {
  if (input.value !== text && document.activeElement !== input) input.value = text;
}
