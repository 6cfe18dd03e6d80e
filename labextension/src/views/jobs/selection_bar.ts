/** What can be done with the selected jobs: stands in the toolbar's place while there are any. */

import { codeLine } from "../code_line";
import { counted } from "../counted";
import { el, fill } from "../../dom";
import { icon, type IconName } from "../../icons";
import type { Shell } from "../shell";
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
  /** What the buttons act on: as it is when they are pressed. */
  #ids: Readonly<Record<"all" | "live" | "over", readonly number[]>> = { all: [], live: [], over: [] };

  constructor(shell: Shell, readonly facts: Facts, readonly events: SelectionEvents) {
    this.#code = codeLine(shell, "Copy pandas expression", "board.jobs.selected").el;
  }

  /** True if there is anything to show: the bar is drawn then. `seen`: has the table a row of this job now? */
  show(keys: Iterable<number>, seen: (id: number) => boolean): boolean {
    const { jobs } = this.facts.board;
    const [ids, live, over]: number[][] = [[], [], []];
    let hidden = 0;
    const groups = GROUPS.map(() => 0);
    for (const id of keys) {
      const row = jobs.rowOf(id);
      if (!jobs.alive(row)) continue;
      ids!.push(id);
      if (!seen(id)) hidden++;
      (this.facts.live(row) ? live : over)!.push(id);
      groups[this.facts.group(row)]!++;
    }
    this.#ids = { all: ids!, live: live!, over: over! };
    this.el.hidden = !ids!.length;
    if (this.el.hidden) return false;
    const name = `${counted(ids!.length, "job")} selected`;
    const away = hidden ? `${hidden.toLocaleString("en")} of them not shown` : "";
    const words = GROUPS.map((group, index) => (groups[index] ? `${groups[index]!.toLocaleString("en")} ${group.name}` : "")).filter(Boolean).join(", ");
    if (this.el.dataset["shown"] === name + away + words) return true;
    this.el.dataset["shown"] = name + away + words;
    this.el.setAttribute("aria-label", name);
    const focused = this.el.contains(document.activeElement);
    fill(this.el, el("b", {}, name), away && el("span", {}, away), el("span.arp-muted.arp-hide-s", {}, words), el("span.arp-sep"),
      this.#button("kill", "Kill", live!, () => this.events.kill(this.#ids.all), ".is-bad"),
      this.#button("rerun", "Rerun", over!, () => this.events.rerun(this.#ids.over), "", "…"),
      this.#button("trash", "Delete", ids!, () => this.events.remove(this.#ids.all)),
      el("span.arp-grow"), this.#code,
      el("button.arp-btn", { type: "button", onclick: this.events.clear }, "Clear ", el("kbd", {}, "Esc")));
    if (focused) this.el.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
    return true;
  }

  #button(shape: IconName, name: string, ids: readonly number[], act: () => void, more = "", dots = ""): HTMLElement {
    return el("button.arp-btn", { class: more.slice(1), type: "button", disabled: !ids.length, onclick: act },
      icon(shape), `${name} ${ids.length.toLocaleString("en")}${dots}`);
  }
}
