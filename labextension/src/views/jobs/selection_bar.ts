/** What can be done with the selected jobs: stands in the toolbar's place while there are any. */

import { el, fill } from "../dom";
import { icon, type IconName } from "../icons";
import type { Shell } from "../shell";
import { codeLine } from "./code_line";
import { GROUPS, type Facts } from "./facts";

export interface SelectionEvents {
  kill(ids: readonly number[]): void;
  rerun(ids: readonly number[]): void;
  remove(ids: readonly number[]): void;
  clear(): void;
}

export class SelectionBar {
  readonly el = el("div.arp-tools.is-selection", { role: "toolbar", hidden: true });
  readonly #code: HTMLElement;

  constructor(shell: Shell, readonly facts: Facts, readonly events: SelectionEvents) {
    const line = codeLine(shell, "Copy pandas expression");
    line.set("board.jobs.selected");
    this.#code = line.el;
  }

  /** True if there is anything to show: the bar is drawn then. */
  show(keys: Iterable<number>): boolean {
    const { jobs } = this.facts.board;
    const [ids, live, over]: number[][] = [[], [], []];
    const groups = GROUPS.map(() => 0);
    for (const id of keys) {
      const row = jobs.rowOf(id);
      if (!jobs.alive(row)) continue;
      ids!.push(id);
      (this.facts.live(row) ? live : over)!.push(id);
      groups[this.facts.group(row)]!++;
    }
    this.el.hidden = !ids!.length;
    if (this.el.hidden) return false;
    const name = `${ids!.length.toLocaleString("en")} job${ids!.length === 1 ? "" : "s"} selected`;
    const words = GROUPS.map((group, index) => (groups[index] ? `${groups[index]!.toLocaleString("en")} ${group.name}` : "")).filter(Boolean).join(", ");
    if (this.el.dataset["shown"] === name + words) return true;
    this.el.dataset["shown"] = name + words;
    this.el.setAttribute("aria-label", name);
    const focused = this.el.contains(document.activeElement);
    fill(this.el, el("b", {}, name), el("span.arp-muted.arp-hide-s", {}, words), el("span.arp-sep"),
      this.#button("kill", "Kill", live!, () => this.events.kill(ids!), ".is-bad"),
      this.#button("rerun", "Rerun", over!, this.events.rerun, "", "…"),
      this.#button("trash", "Delete", ids!, this.events.remove),
      el("span.arp-grow"), this.#code,
      el("button.arp-btn", { type: "button", onclick: this.events.clear }, "Clear ", el("kbd", {}, "Esc")));
    if (focused) this.el.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
    return true;
  }

  #button(shape: IconName, name: string, ids: readonly number[], act: (ids: readonly number[]) => void, more = "", dots = ""): HTMLElement {
    return el("button.arp-btn", { class: more.slice(1), type: "button", disabled: !ids.length, onclick: () => act(ids) },
      icon(shape), `${name} ${ids.length.toLocaleString("en")}${dots}`);
  }
}
