/** How autorun stands, in a line: whether it acts, what it cannot do now, and where runs come from. */

import { plain } from "../../model/plain";
import type { Standing } from "../../model/autorun";
import { ms, when } from "../../model/times";
import { TRIGGERS } from "../../model/triggers";
import type { Board } from "../../sources/board";
import { el, fill } from "../../dom";
import { icon } from "../../icons";

export class Strip {
  readonly el = el("section.arp-stands", { "aria-label": "How autorun stands" });
  #said = "";

  draw(board: Board, standing: Standing | null): void {
    const { autorunNow, status } = board;
    if (!autorunNow) return;
    // by whom and when it was stopped stands above
    const cannot = (standing?.cannot ?? status?.autorun.cannot ?? []).filter((one) => !one.includes(" stopped all autorun "));
    if (autorunNow.stopped) cannot.unshift("All autorun is stopped: nothing starts by itself.");
    // which sources are down stands beside their names
    const caveats = (standing?.caveats ?? status?.autorun.caveats ?? []).filter((one) => !autorunNow.sources.some(({ ok, name }) => !ok && one.includes(`source ${name} `)));
    const said = JSON.stringify([cannot, caveats, autorunNow.sources]);
    if (said === this.#said) return;
    this.#said = said;
    const line = (look: string, shape: "tick" | "warn" | null, text: string): HTMLElement => el(`p.is-${look}`, {}, shape && icon(shape), el("span", {}, plain(text, 500)));
    fill(this.el,
      ...(cannot.length ? cannot.map((one) => line("look", "warn", one)) : [line("done", "tick", "Autorun acts.")]),
      ...caveats.map((one) => line("wait", null, one)),
      autorunNow.sources.length > 0 && el("ul", { "aria-label": "Run sources" }, ...autorunNow.sources.map((one) => el(`li.is-${one.ok ? "done" : "fail"}`, {
        title: [one.ok ? "" : plain(one.said, 500), one.gives.length ? `tells of: ${one.gives.map((name) => TRIGGERS[name] ?? name).join(", ")}` : ""].filter(Boolean).join("\n") || null,
      }, icon(one.ok ? "tick" : "cross"), el("b", {}, plain(one.name, 60)), el("span.arp-muted", {}, `${plain(one.kind, 40)}${one.ok ? "" : `, down since ${when(ms(one.since))}${one.said && `: ${plain(one.said, 200)}`}`}`)))));
  }
}
