/** Filters of the ledger, and what can be done with what is chosen. */

import { plain } from "../../model/plain";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import type { LedgerFilter } from "./lines";
import { OUTCOMES, WHYS } from "./outcomes";

const TYPED_MS = 300;

export interface LedgerToolsEvents {
  filter(part: Partial<LedgerFilter>): void;
  /** From the field to the table. */
  found(): void;
  /** Leave the run that is filtered out of autorun, or take it back in. */
  exclude(): void;
  /** Lines that are selected. */
  selected(what: "run" | "skip"): void;
}

type Choices = readonly (readonly [value: string, title: string])[];

export class LedgerTools {
  readonly el: HTMLElement;
  readonly #run: HTMLInputElement;
  readonly #hash: HTMLSelectElement;
  readonly #outcome: HTMLSelectElement;
  readonly #why: HTMLSelectElement;
  readonly #bad = el("span.arp-said", { role: "status" });
  readonly #exclude: HTMLElement;
  readonly #chosen = el("span.arp-chosen");
  #timer = 0;

  constructor(readonly events: LedgerToolsEvents) {
    this.#run = el("input", {
      type: "text", inputmode: "numeric", "aria-label": "Run", placeholder: "Run", autocomplete: "off",
      oninput: () => {
        window.clearTimeout(this.#timer);
        this.#timer = window.setTimeout(() => this.#typed(), TYPED_MS);
      },
      onkeydown: (event: KeyboardEvent) => this.#key(event),
    });
    const select = (label: string, field: "hash" | "outcome" | "why"): HTMLSelectElement => {
      const made: HTMLSelectElement = el("select.arp-select", { "aria-label": label, onchange: () => events.filter({ [field]: made.value }) });
      return made;
    };
    this.#hash = select("Batch def", "hash");
    this.#outcome = select("Outcome", "outcome");
    this.#why = select("Reason", "why");
    offer(this.#outcome, "Any outcome", Object.entries(OUTCOMES).filter(([name]) => name !== "none").map(([name, { word }]) => [name, word]));
    offer(this.#why, "Any reason", Object.entries(WHYS));
    this.#exclude = el("button.arp-btn", { type: "button", hidden: true, onclick: () => events.exclude() });
    this.el = el("div.arp-tools.is-ledger", {},
      el("div.arp-field.arp-search", {}, icon("search"), this.#run, el("kbd", {}, "/")), this.#hash, this.#outcome, this.#why, this.#bad,
      el("span.arp-grow"), this.#chosen, this.#exclude);
  }

  show(filter: LedgerFilter, hashes: readonly string[], run: { number: number; excluded: boolean } | null): void {
    if (document.activeElement !== this.#run) this.#run.value = filter.run === null ? "" : String(filter.run);
    const known = filter.hash && !hashes.includes(filter.hash) ? [...hashes, filter.hash] : hashes;
    offer(this.#hash, "Any batch def", known.map((name) => [name, plain(name, 64)]));
    this.#hash.value = filter.hash;
    this.#outcome.value = filter.outcome;
    this.#why.value = filter.why;
    this.#exclude.hidden = !run;
    if (run) fill(this.#exclude, run.excluded ? `Take run ${run.number} back in` : `Leave run ${run.number} out…`);
  }

  /** How many lines that wait are selected; where none is, how many wait at all. */
  chosen(selected: number): void {
    const said = String(selected);
    if (this.#chosen.dataset["said"] === said) return;
    this.#chosen.dataset["said"] = said;
    const button = (what: "run" | "skip", name: string): HTMLElement => el(`button.arp-btn${what === "run" ? ".is-main" : ""}`, { type: "button", onclick: () => this.events.selected(what) }, name);
    fill(this.#chosen, ...(selected ? [el("b", {}, `${selected.toLocaleString("en")} selected`), button("skip", `Skip ${selected}`), button("run", `Run ${selected} now`)] : []));
  }

  destroy(): void {
    window.clearTimeout(this.#timer);
  }

  #typed(): boolean {
    window.clearTimeout(this.#timer);
    const text = this.#run.value.trim();
    const good = /^\d{0,9}$/.test(text);
    this.#run.setAttribute("aria-invalid", String(!good));
    fill(this.#bad, good ? "" : "The number of one run, please.");
    if (good) this.events.filter({ run: text ? Number(text) : null });
    return good;
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape" && this.#run.value) {
      this.#run.value = "";
      this.#typed();
    } else if ((event.key === "Enter" || event.key === "ArrowDown") && this.#typed()) this.events.found();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Fill a list again only if it has other options now: an open one would close. */
function offer(list: HTMLSelectElement, all: string, choices: Choices): void {
  const key = JSON.stringify(choices);
  if (list.dataset["of"] === key) return;
  list.dataset["of"] = key;
  fill(list, el("option", { value: "" }, all), ...choices.map(([value, title]) => el("option", { value }, title)));
}
