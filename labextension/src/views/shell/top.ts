/** The top bar: which experiment, which page, how connected, and as whom. */

import type { Board } from "../../sources/board";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import type { PageName } from "../shell";
import type { Pill } from "./pill";
import { AutorunSwitch } from "./switch";

const TITLES: Readonly<Record<PageName, string>> = { defs: "Batch defs", control: "Batch control", autorun: "Autorun" };
export const PAGES = Object.keys(TITLES) as readonly PageName[];

export class TopBar {
  readonly el: HTMLElement;
  readonly picker: HTMLButtonElement;
  readonly #tabs: Readonly<Record<PageName, HTMLButtonElement>>;
  readonly #count = el("small");
  readonly #who = el("span.arp-who");
  readonly #switch: AutorunSwitch;

  constructor(pill: Pill, id: string, does: { pick(): void; go(page: PageName): void; help(): void; autorun(): void }) {
    this.#switch = new AutorunSwitch(does.autorun);
    const tab = (page: PageName): HTMLButtonElement =>
      el("button.arp-tab", {
        type: "button", role: "tab", id: `${id}-t-${page}`, "aria-controls": `${id}-p-${page}`, onclick: () => does.go(page),
      }, TITLES[page], page === "defs" ? this.#count : null);
    this.#tabs = { defs: tab("defs"), control: tab("control"), autorun: tab("autorun") };
    this.picker = el("button.arp-btn.arp-exp", { type: "button", "aria-haspopup": "listbox", "aria-expanded": "false", onclick: does.pick });
    const arrows = (event: KeyboardEvent): void => {
      const step = { ArrowLeft: -1, ArrowRight: 1, Home: -PAGES.length, End: PAGES.length }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = PAGES.findIndex((page) => this.#tabs[page] === document.activeElement);
      const page = PAGES[Math.max(0, Math.min(PAGES.length - 1, at + step))]!;
      does.go(page);
      this.#tabs[page].focus();
    };
    this.el = el("header.arp-top", {},
      el("span.arp-brandmark", {}, icon("arp", 20), el("span.arp-sr", {}, "ARP")),
      this.picker,
      el("div.arp-tabs", { role: "tablist", "aria-label": "Pages", onkeydown: arrows }, ...PAGES.map((page) => this.#tabs[page])),
      el("span.arp-grow"), this.#switch.el, pill.el, this.#who,
      el("button.arp-icon", { type: "button", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts", onclick: does.help }, icon("help")));
  }

  select(shown: PageName): void {
    for (const page of PAGES) {
      this.#tabs[page].setAttribute("aria-selected", String(page === shown));
      this.#tabs[page].tabIndex = page === shown ? 0 : -1;
    }
  }

  draw(board: Board): void {
    const { status, experiment } = board;
    fill(this.picker, el("span.arp-sr", {}, "Experiment "), el("b", {}, board.name || "none"), " ",
      experiment?.instrument && el("span.arp-muted", {}, experiment.instrument), icon("down", 12));
    this.#count.textContent = experiment ? String(board.definitions.size) : "";
    this.#switch.draw(board);
    fill(this.#who, status && icon("user"), status && `acts as ${status.user}`);
    this.#who.title = status?.mode === "solo" ? `One user's server: whoever sees this page acts as ${status.user} on ${status.host}` : "";
  }
}
