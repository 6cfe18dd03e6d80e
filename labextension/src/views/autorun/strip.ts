/** How autorun stands, in a line: whether it acts, what it cannot do now, and where runs come from. */

import { plain } from "../../model/plain";
import type { Standing } from "../../model/autorun";
import type { SourceRow } from "../../model/rows";
import { ms, when } from "../../model/times";
import { TRIGGERS } from "../../model/triggers";
import type { Board } from "../../sources/board";
import { arrange, el, fill } from "../../dom";
import { icon } from "../../icons";

/** Characters of what a source said that stand beside its name; all of it can be unfolded. */
const LONGEST = 160;

/** Each line keeps its element: of a live region only what has changed is read aloud. */
export class Strip {
  readonly el = el("section.arp-stands", { role: "status", "aria-live": "polite", "aria-atomic": "false", "aria-label": "How autorun stands" });
  readonly #list = el("ul", { "aria-label": "Run sources" });
  readonly #sources = new Map<string, SourceLine>();
  #lines = new Map<string, HTMLElement>();

  draw(board: Board, standing: Standing | null): void {
    const { autorunNow, status } = board;
    if (!autorunNow) return;
    const { sources, stopped } = autorunNow;
    // by whom and when it was stopped stands above
    const cannot = (standing?.cannot ?? status?.autorun.cannot ?? []).filter((one) => !one.includes(" stopped all autorun "));
    if (stopped) cannot.unshift("All autorun is stopped: nothing starts by itself.");
    const caveats = (standing?.caveats ?? status?.autorun.caveats ?? []).filter((one) => !sources.some((source) => saidBeside(source, one)));
    const before = this.#lines;
    this.#lines = new Map();
    const line = (look: string, shape: "tick" | "warn" | null, text: string): void => {
      const key = `${look} ${text}`;
      this.#lines.set(key, before.get(key) ?? el(`p.is-${look}`, {}, shape && icon(shape), el("span", {}, plain(text, 500))));
    };
    if (cannot.length) cannot.forEach((one) => line("look", "warn", one));
    else line("done", "tick", "Autorun acts.");
    caveats.forEach((one) => line("wait", null, one));
    arrange(this.#list, sources.map((one) => this.#source(one)));
    for (const name of this.#sources.keys()) if (!sources.some((one) => one.name === name)) this.#sources.delete(name);
    arrange(this.el, [...this.#lines.values(), ...(sources.length ? [this.#list] : [])]);
  }

  #source(source: SourceRow): HTMLElement {
    const line = this.#sources.get(source.name) ?? new SourceLine();
    this.#sources.set(source.name, line);
    line.draw(source);
    return line.el;
  }
}

/** Does a caveat say of a source what stands beside its name? */
const saidBeside = ({ name, ok, said }: SourceRow, caveat: string): boolean =>
  ok ? said !== "" && caveat.includes(`source ${name}`) && caveat.includes(said) : caveat.includes(`source ${name} `);

/** A run source, and what it said: a line that unfolds to all of it. */
class SourceLine {
  readonly el = el("li");
  readonly #short = el("summary");
  readonly #whole = el("div", { tabindex: 0, role: "group" });
  #drawn = "";

  constructor() {
    this.el.append(el("details", {}, this.#short, this.#whole));
  }

  draw(source: SourceRow): void {
    const drawn = JSON.stringify(source);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const { name, kind, ok, said, since, gives } = source;
    // a source that works tells what it could not read
    const [look, shape] = !ok ? (["fail", "cross"] as const) : said ? (["look", "warn"] as const) : (["done", "tick"] as const);
    this.el.className = `is-${look}`;
    fill(this.#short, icon(shape), el("b", {}, plain(name, 60)),
      el("span.arp-muted", {}, `${plain(kind, 40)}${ok ? "" : `, down since ${when(ms(since))}`}${said && `: ${plain(said, LONGEST)}`}`));
    this.#whole.setAttribute("aria-label", `All that is told of ${plain(name, 60)}`);
    fill(this.#whole, said && el("p", {}, plain(said, Infinity)), el("p.arp-muted", {}, `Tells of: ${gives.map((one) => TRIGGERS[one] ?? plain(one, 60)).join(", ") || "nothing"}.`));
  }
}
