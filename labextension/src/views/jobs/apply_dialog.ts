/** "Apply hash to runs…": which runs, with what, and what that will do, before it is done. */

import { checked } from "../../model/check";
import { plain } from "../../model/plain";
import type { DefinitionRow, DryRun } from "../../model/rows";
import { words } from "../../model/error_words";
import type { ApplyAsked } from "../../sources/board";
import { codeLine, type CodeLine } from "../code_line";
import { commandLine } from "../command";
import { counted } from "../counted";
import { el, fill } from "../../dom";
import type { Shell } from "../shell";
import type { Actions } from "./actions";
import { applyExpression } from "./expression";
import { parseRuns } from "./filter";
import { whenGone } from "./when_gone";

const PAUSE_MS = 250;
/** Runs drawn one by one in the preview. */
const MOST_RUNS = 60;

export interface ApplyStart {
  hash?: string;
  runs?: string;
  /** Also for runs that have a job of it already: the row's own menu means "again". */
  again?: boolean;
}

export function openApplyDialog(shell: Shell, actions: Actions, start: ApplyStart): void {
  shell.dialog("Apply hash to runs", (box, close) => new ApplyDialog(shell, actions, box, close, start));
}

class ApplyDialog {
  readonly #hash: HTMLSelectElement;
  readonly #runs = el("input", { "aria-label": "Runs", placeholder: "12, 20-32", autocomplete: "off", oninput: () => this.#soon() });
  readonly #parameters = el("input.arp-mono", { "aria-label": "Parameters", autocomplete: "off", spellcheck: "false", oninput: () => this.#soon() });
  readonly #skip = el("input", { type: "checkbox", checked: true, onchange: () => this.#soon() });
  readonly #understood = el("span.arp-muted");
  readonly #asDefined = el("span.arp-muted");
  readonly #preview = el("div.arp-preview", { "aria-live": "polite" });
  readonly #send = el("button.arp-btn.is-main", { type: "submit", disabled: true }, "Send");
  readonly #line: CodeLine;
  readonly #command: CodeLine;
  #timer = 0;
  /** Number of the last question: an answer to an earlier one is old. */
  #asked = 0;

  constructor(
    readonly shell: Shell,
    readonly actions: Actions,
    box: HTMLElement,
    readonly close: () => void,
    start: ApplyStart,
  ) {
    this.#line = codeLine(shell, "Copy Python");
    this.#command = codeLine(shell, "Copy command");
    this.#hash = el("select.arp-select", { "aria-label": "Hash", onchange: () => this.#chosen() }, ...this.#definitions().map((one) =>
      el("option", { value: one.name }, `${plain(one.name, 60)}, version ${one.version}${checked(one) === "bad" ? " (cannot run)" : ""}`)));
    if (start.hash) this.#hash.value = start.hash;
    this.#runs.value = start.runs ?? "";
    this.#skip.checked = !start.again;
    this.#draw(box);
    this.#chosen();
    whenGone(box, () => {
      this.#asked++;
      window.clearTimeout(this.#timer);
    });
    this.#runs.focus();
  }

  #definitions(): DefinitionRow[] {
    return [...this.actions.facts.board.definitions.values()].sort((one, other) => one.id - other.id);
  }
  #definition(): DefinitionRow | undefined {
    return this.#definitions().find((one) => one.name === this.#hash.value);
  }

  #draw(box: HTMLElement): void {
    const label = (text: string, ...field: HTMLElement[]): HTMLElement[] => [el("span.l", {}, text), ...field];
    const submit = (event: Event): void => {
      event.preventDefault();
      if (!this.#send.disabled) void this.#go();
    };
    box.append(el("form", { onsubmit: submit },
      el("div.arp-form", {},
        ...label("Hash", this.#hash),
        ...label("Runs", el("span.arp-field", {}, this.#runs, this.#understood)),
        ...label("Parameters", el("span.arp-field", {}, this.#parameters, this.#asDefined)),
        ...label("Options", el("label.arp-check", {}, this.#skip, "Skip runs that have a job of it already")),
        el("span.l.top", {}, "Preview"), this.#preview),
      el("footer", {}, this.#line.el, el("span.arp-grow"), el("button.arp-btn", { type: "button", onclick: this.close }, "Cancel"), this.#send)));
  }

  #chosen(): void {
    this.#parameters.value = this.#definition()?.parameters ?? "";
    this.#soon();
  }

  #what(): ApplyAsked {
    const parameters = this.#parameters.value.trim();
    const own = this.#definition()?.parameters ?? "";
    return {
      definition: this.#hash.value, runs: this.#runs.value.trim(),
      parameters: parameters === own.trim() ? null : parameters, existing: this.#skip.checked ? "skip" : "again",
    };
  }

  /** What is typed is tried after a pause; until the answer is there, nothing can be sent. */
  #soon(): void {
    const what = this.#what();
    this.#send.disabled = true;
    fill(this.#asDefined, what.parameters === null ? "as defined" : "this time only");
    this.#line.set(applyExpression(what.definition, String(what.runs), what.parameters ?? null, what.existing === "again"));
    window.clearTimeout(this.#timer);
    this.#asked++;
    const missing = !what.definition ? "There is no batch def yet." : what.runs ? "" : "Which runs? 12, 20-32, or 20-, or all.";
    if (missing) this.#show(missing);
    else this.#timer = window.setTimeout(() => void this.#try(what), PAUSE_MS);
  }

  async #try(what: ApplyAsked): Promise<void> {
    const asked = ++this.#asked;
    try {
      const answer = await this.shell.board.dryRun(what);
      if (asked === this.#asked) this.#show(answer);
    } catch (error) {
      if (asked === this.#asked) this.#show(plain(words(error), 1000));
    }
  }

  #show(answer: DryRun | string): void {
    const ready = typeof answer === "string" ? null : answer;
    const jobs = ready?.dry_run.length ?? 0;
    this.#send.disabled = !jobs;
    fill(this.#send, jobs ? `Send ${counted(jobs, "job")}` : "Send");
    fill(this.#understood, ready ? this.#read(ready) : "");
    if (!ready) return fill(this.#preview, el("p", {}, String(answer)));
    const [first] = ready.dry_run;
    const skipped = skippedText(ready.skipped);
    if (first) this.#command.set(commandLine(first.argv));
    fill(this.#preview,
      el("p", {}, el("b", {}, counted(jobs, "job")), ` will be sent as ${plain(this.shell.board.status?.user ?? "you", 40)}.`),
      el("div.arp-runs", {}, ...runChips(ready)),
      skipped && el("p.arp-muted", {}, skipped),
      ...ready.warnings.map((one) => el("p.arp-muted", {}, plain(one, 500))),
      first && this.#command.el);
  }

  #read(answer: DryRun): string {
    const typed = parseRuns(this.#runs.value) ? "" : `${plain(answer.understood, 60)}: `;
    const runs = answer.dry_run.length + answer.skipped.length;
    return typed + counted(runs, "run");
  }

  async #go(): Promise<void> {
    this.#send.disabled = true;
    if (await this.actions.apply(this.#what())) this.close();
    else this.#send.disabled = false;
  }
}

function runChips({ dry_run, skipped }: DryRun): HTMLElement[] {
  const all = [...dry_run.map(({ run }) => ({ run, why: "" })), ...skipped].sort((one, other) => one.run - other.run);
  const chips = all.slice(0, MOST_RUNS).map(({ run, why }) => el("span", { class: why ? "skip" : "", title: why && plain(why) }, run));
  if (all.length > MOST_RUNS) chips.push(el("span.more", {}, `and ${all.length - MOST_RUNS} more`));
  return chips;
}

/** "Skipped 4: 2 already DONE, 1 running."; "" if none was. */
export function skippedText(skipped: readonly { run: number; why: string }[]): string {
  const reasons = new Map<string, number>();
  for (const { why } of skipped) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  return skipped.length ? `Skipped ${skipped.length}: ${[...reasons].map(([why, n]) => `${n} ${plain(n > 1 ? why.replace(/^has /, "have ") : why)}`).join(", ")}.` : "";
}
