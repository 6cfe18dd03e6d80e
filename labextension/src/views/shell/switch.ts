/** The one switch of all autorun, and whether it acts: for everybody to see. */

import { plain } from "../../model/plain";
import type { Board } from "../../sources/board";
import { counted } from "../counted";
import { el, fill } from "../../dom";

export class AutorunSwitch {
  readonly el: HTMLElement;

  constructor(press: () => void) {
    this.el = el("button.arp-switch", { type: "button", role: "switch", hidden: true, onclick: press });
  }

  draw({ autorunNow, definitions, experiment, status }: Board): void {
    this.el.hidden = !autorunNow;
    const stop = autorunNow?.stopped;
    let on = 0;
    for (const one of definitions.values()) if (one.autorun && !one.paused_why) on++;
    const [bold, more] = stop ? ["All autorun stopped", ""] : experiment && !experiment.active ? ["No autorun:", "not active"] : ["Autorun on", on ? `for ${counted(on, "def")}` : ""];
    const told = stop ? [] : [...(experiment && !experiment.active ? [`${experiment.name} is not active: autorun acts in active experiments only.`] : []), ...(status?.autorun.caveats ?? [])];
    const tip = [`${stop ? "Let all autorun go on" : "Stop all autorun"}, for everybody.`, ...told.map((one) => plain(one))].join("\n");
    const said = `${bold} ${more}\n${tip}`;
    if (this.el.dataset["said"] === said) return;
    this.el.dataset["said"] = said;
    this.el.setAttribute("aria-checked", String(!stop));
    this.el.setAttribute("aria-label", `${bold} ${more}`.trim());
    this.el.setAttribute("aria-description", tip);
    this.el.title = tip;
    fill(this.el, el("span", {}, el("b", {}, bold), more && ` ${more}`), el("i"));
  }
}
