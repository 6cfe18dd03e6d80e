/** The elements of a job's arrays, a page at a time: of 10,000 no more than 100 are asked for or drawn. */

import { plain } from "../../model/plain";
import type { ElementPage, ElementRow } from "../../model/rows";
import { elapsed, ms } from "../../model/times";
import type { Board } from "../../sources/board";
import { el, fill, unique } from "../../dom";
import { statusChip } from "../status_chip";
import { failure, iconButton, table } from "./parts";
import { wordOf } from "./state_words";

/** Elements of a page. */
const PAGE = 100;

const count = (value: number): string => value.toLocaleString("en");

/** Hidden where there are no elements; asks for none before it is opened. */
export class ElementList {
  readonly #id = unique("arp-elements");
  readonly #toggle = el("button.arp-btn", { type: "button", "aria-controls": this.#id, "aria-expanded": "false", onclick: () => this.#open() });
  readonly #word = el("select.arp-select", { "aria-label": "Elements with the word", onchange: () => this.#go(0) });
  readonly #pages = el("span.arp-tied");
  readonly #body = el("div", { id: this.#id, hidden: true });
  readonly el = el("div.arp-dfacts", { hidden: true }, el("div.arp-dline", {}, this.#toggle, this.#word, el("span.arp-grow"), el("span", {}, this.#pages)), this.#body);
  #first = 0;
  #turn = 0;

  /** `log`: show the log of one of them. */
  constructor(readonly board: Board, readonly job: number, readonly log: (native: string) => void) {}

  /** How many there are of each word now; a page that is open is asked for again. */
  counts(words: Readonly<Record<string, number>>): void {
    const all = Object.values(words).reduce((sum, one) => sum + one, 0);
    this.el.hidden = !all;
    fill(this.#toggle, `Elements (${count(all)})`);
    const chosen = this.#word.value;
    fill(this.#word, el("option", { value: "" }, "all"), ...Object.entries(words).map(([word, number]) => el("option", { value: word }, `${plain(word, 40)} (${count(number)})`)));
    this.#word.value = Object.hasOwn(words, chosen) ? chosen : "";
    this.#word.hidden = this.#pages.hidden = this.#body.hidden;
    if (!this.#body.hidden) this.#go(this.#first);
  }

  destroy(): void {
    this.#turn++;
  }

  #open(): void {
    this.#body.hidden = !this.#body.hidden;
    this.#word.hidden = this.#pages.hidden = this.#body.hidden;
    this.#toggle.setAttribute("aria-expanded", String(!this.#body.hidden));
    if (this.#body.hidden) this.#turn++;
    else this.#go(0);
  }

  #go(first: number): void {
    const turn = ++this.#turn;
    this.#first = first;
    if (!this.#body.firstChild) fill(this.#body, el("p.arp-muted", { role: "status" }, "Loading …"));
    this.board.elements(this.job, first, PAGE, this.#word.value || undefined).then(
      (page) => turn === this.#turn && this.#draw(page, first),
      (error: unknown) => turn === this.#turn && fill(this.#body, failure(error)),
    );
  }

  #draw({ elements, total }: ElementPage, first: number): void {
    // fewer than before: what was the last page may be gone
    if (!elements.length && first) return this.#go(Math.max(0, first - PAGE));
    const last = first + elements.length;
    const focused = this.#pages.contains(document.activeElement);
    const step = (name: string, shape: "up" | "down", to: number, off: boolean): HTMLElement =>
      iconButton(shape, name, () => off || this.#go(to), { "aria-disabled": off && "true" });
    const [back, on] = [step("Elements before", "up", first - PAGE, !first), step("Further elements", "down", last, last >= total)];
    const before = [...this.#pages.querySelectorAll("button")].findIndex((one) => one === document.activeElement);
    fill(this.#pages, el("span.arp-muted", { role: "status" }, total ? `${count(first + 1)}–${count(last)} of ${count(total)}` : "none"), back, on);
    if (focused) [back, on][before]?.focus();
    fill(this.#body, total ? table(["Element", "Status", "Why", "Run time", ""], elements.map((one) => this.#row(one))) : el("p.arp-muted", {}, "No element says this now."));
  }

  #row(one: ElementRow): (Node | string)[] {
    const name = plain(one.native_id, 64);
    const why = [plain(one.reason, 300), one.exit_code ? `exit code ${one.exit_code}` : "", one.host && plain(one.host, 60)].filter(Boolean).join("; ");
    return [
      name, statusChip(wordOf(one.state, one.native_state)), why,
      elapsed(ms(one.ended) - ms(one.started)), iconButton("log", `Log of ${name}`, () => this.log(one.native_id)),
    ];
  }
}
