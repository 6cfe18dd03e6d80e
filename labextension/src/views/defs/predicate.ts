/**
 * The field of a predicate: checked as one types, tried on the newest run, with completion of
 * known names. A combobox with a list: arrows, Enter or Tab, Esc.
 */

import type { Tested } from "../../model/autorun";
import { plain } from "../../model/plain";
import { words } from "../../model/error_words";
import { el, fill, unique } from "../../dom";
import { icon } from "../../icons";
import { seenText } from "../autorun/outcomes";

const PAUSE_MS = 250;
const MOST_OFFERED = 12;
/** What a name is made of, before the caret. */
const NAME = /[\p{L}_][\p{L}\p{N}_.]*$/u;

export interface PredicateDoes {
  check(predicate: string): Promise<Tested>;
  typed(text: string): void;
}

export class PredicateField {
  readonly el: HTMLElement;
  readonly input: HTMLInputElement;
  readonly #list: HTMLElement;
  readonly #said: HTMLElement;
  readonly #id = unique("arp-predicate");
  #names: readonly string[] = [];
  #offered: readonly string[] = [];
  #at = 0;
  #timer = 0;
  /** Number of the last question: an answer to an earlier one is old. */
  #asked = 0;
  #told = "";

  constructor(readonly does: PredicateDoes) {
    this.#list = el("div.arp-names", { role: "listbox", id: `${this.#id}-list`, "aria-label": "Known names", hidden: true });
    this.#said = el("div.arp-tested", { id: `${this.#id}-said`, role: "status" });
    this.input = el("input.arp-mono", {
      role: "combobox", "aria-label": "Only if", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.#list.id, "aria-describedby": this.#said.id,
      placeholder: "always; or as: beam > 0.5 and smd.Events >= 1000", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: 2000,
      oninput: () => this.#typed(), onkeydown: (event: KeyboardEvent) => this.#key(event), onblur: () => this.#close(), onscroll: () => this.#follow(),
    });
    this.el = el("div.arp-predicate", {}, el("span.arp-field", {}, this.input), this.#list, this.#said);
  }

  get value(): string {
    return this.input.value;
  }

  /** Show this text, and what it is worth now; asked only where either is another one. `for_`: of whom. */
  show(text: string, for_: string): void {
    if (this.input.value !== text && document.activeElement !== this.input) this.input.value = text;
    const told = `${for_}\n${this.input.value}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#soon(0);
  }

  destroy(): void {
    window.clearTimeout(this.#timer);
    this.#asked++;
  }

  #typed(): void {
    this.does.typed(this.input.value);
    this.#soon(PAUSE_MS);
    this.#offer();
  }

  #soon(wait_ms: number): void {
    window.clearTimeout(this.#timer);
    const asked = ++this.#asked;
    this.#timer = window.setTimeout(() => {
      this.does.check(this.input.value.trim()).then((tested) => asked === this.#asked && this.#tell(tested),
        (error: unknown) => asked === this.#asked && fill(this.#said, el("p.arp-muted", {}, plain(words(error), 300))));
    }, wait_ms);
  }

  #tell(tested: Tested): void {
    this.#names = tested.names;
    const { problem, at, holds, run } = tested;
    const bad = problem !== "" && at !== null;
    this.input.setAttribute("aria-invalid", String(!tested.ok && problem !== ""));
    const saw = seenText(tested.seen ?? {});
    const whom = run === null || run === undefined ? "the newest run" : `run ${run}`;
    const line = (hue: string, shape: "tick" | "skip" | "warn", bold: string, more: string): HTMLElement =>
      el(`p.is-${hue}`, {}, icon(shape), el("b", {}, bold), more && el("span.arp-muted", {}, more));
    fill(this.#said,
      bad && el("pre.arp-caret", { "aria-hidden": "true" }, el("span", {}, plain(placed(this.input.value, at)[0], Infinity)), "▲"),
      problem ? line(bad ? "fail" : "look", "warn", plain(problem, 500), bad ? placed(this.input.value, at)[1] : saw)
        : !this.input.value.trim() ? el("p.arp-muted", {}, "On every run. Names that are known are offered as you type.")
          : holds === null ? line("wait", "skip", "Can be read.", "There is no run to try it on yet.")
            : line(holds ? "done" : "wait", holds ? "tick" : "skip", `${holds ? "True" : "False"} for ${whom}${saw && ":"}`, saw));
    this.#follow();
    if (document.activeElement === this.input && this.#offered.length) this.#offer();
  }

  /** The mark stays below its character while the field scrolls. */
  #follow(): void {
    const caret = this.#said.querySelector<HTMLElement>(".arp-caret");
    if (caret) caret.style.marginLeft = `${-this.input.scrollLeft}px`;
  }

  // -- completion ---------------------------------------------------------------------

  get #word(): string {
    return NAME.exec(this.input.value.slice(0, this.input.selectionStart ?? 0))?.[0] ?? "";
  }

  #offer(all = false): void {
    const word = this.#word.toLowerCase();
    const hits = this.#names.filter((name) => name.toLowerCase().includes(word) && name.toLowerCase() !== word);
    const first = (name: string): number => Number(!name.toLowerCase().startsWith(word));
    this.#offered = word || all ? hits.sort((one, other) => first(one) - first(other)).slice(0, MOST_OFFERED) : [];
    fill(this.#list, ...this.#offered.map((name, at) => el("div.arp-opt.arp-mono", {
      role: "option", id: `${this.#id}-${at}`, "aria-selected": "false",
      // the field keeps the focus
      onmousedown: (event: Event) => (event.preventDefault(), this.#take(at)),
    }, plain(name, 100))));
    this.#list.hidden = !this.#offered.length;
    this.input.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#move(0);
  }

  #move(at: number): void {
    this.#at = at;
    [...this.#list.children].forEach((option, index) => {
      option.classList.toggle("is-at", index === at);
      option.setAttribute("aria-selected", String(index === at));
    });
    const option = this.#list.children[at];
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView?.({ block: "nearest" });
  }

  #take(at: number): void {
    const name = this.#offered[at];
    if (name === undefined) return;
    const { value, selectionStart } = this.input;
    const caret = selectionStart ?? value.length;
    const from = caret - this.#word.length;
    this.input.value = value.slice(0, from) + name + value.slice(caret);
    this.input.setSelectionRange(from + name.length, from + name.length);
    this.#close();
    this.does.typed(this.input.value);
    this.#soon(PAUSE_MS);
  }

  #close(): void {
    this.#offered = [];
    this.#list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const open = !this.#list.hidden;
    const count = this.#offered.length;
    const acts: Record<string, (() => void) | undefined> = open ? {
      ArrowDown: () => this.#move((this.#at + 1) % count), ArrowUp: () => this.#move((this.#at + count - 1) % count),
      Enter: () => this.#take(this.#at), Tab: event.shiftKey ? undefined : () => this.#take(this.#at), Escape: () => this.#close(),
    } : { ArrowDown: () => this.#offer(true) };
    const act = event.ctrlKey && event.key === " " ? () => this.#offer(true) : acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}

/** What stands before a place, and the place in words; `at` counts characters, as people do, of the text without the spaces around it. */
function placed(text: string, at: number): [before: string, place: string] {
  const spaces = text.length - text.trimStart().length;
  const all = [...text.trim()];
  return [text.slice(0, spaces) + all.slice(0, at).join(""), at < all.length ? `at character ${spaces + at + 1}` : "at the end"];
}
