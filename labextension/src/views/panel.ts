/** The side panel: what my jobs do, in 300 px. */

import type { ExperimentRow } from "../model/rows";
import { title, type Shape } from "../model/status";
import { plain } from "../model/plain";
import { minute, ms } from "../model/times";
import { arrange, el, fill } from "../dom";
import { icon } from "../icons";
import type { PanelHost, PanelSource } from "./panel/data";
import { Item } from "./panel/item";
import { place, TILES, tileWord, type Placed, type Section } from "./panel/sorting";
import type { Mounted } from "./shell";

/** Of one list; the page has the rest. */
const MOST = 50;
const TICK_MS = 1000;

export function drawPanel(root: HTMLElement, source: PanelSource, host: PanelHost): Mounted {
  return new Panel(root, source, host);
}

class Panel implements Mounted {
  readonly #items = new Map<number, Item>();
  readonly #head = el("header.arp-top");
  readonly #picker = el("select.arp-exp");
  readonly #pill = el("span.arp-pill");
  readonly #whose = el("div.arp-sect.is-first");
  readonly #counts = el("div.arp-pcounts", { role: "group" });
  readonly #stopped = el("button.arp-pstop", { type: "button", hidden: true, onclick: () => this.#openPage() });
  readonly #lists = el("div.arp-plists", { tabindex: -1 });
  readonly #stop: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Only jobs of this tile are listed; null: sections. */
  #only: Shape | null = null;
  #frame = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly source: PanelSource,
    private readonly host: PanelHost,
    private readonly trans = host.trans,
  ) {
    root.classList.add("arp", "arp-panel");
    root.setAttribute("role", "region");
    root.setAttribute("aria-label", this.trans.__("Batch jobs"));
    this.#drawHead();
    fill(root, this.#head, this.#stopped, this.#whose, this.#counts, this.#lists, this.#foot());
    this.#stop = source.on(() => this.#soon());
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#draw();
  }

  destroy(): void {
    this.#stop();
    clearInterval(this.#timer);
    cancelAnimationFrame(this.#frame);
    for (const item of this.#items.values()) item.destroy();
    this.root.replaceChildren();
  }

  #soon(): void {
    if (!this.#frame) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#draw();
      });
    }
  }

  #tick(): void {
    if (this.root.offsetParent === null) return; // another panel is in front
    const now = Date.now();
    for (const item of this.#items.values()) item.tick(now);
  }

  #drawHead(): void {
    const { trans } = this;
    this.#picker.setAttribute("aria-label", trans.__("Experiment"));
    this.#picker.addEventListener("change", () => this.source.choose(this.#picker.value));
    this.#pill.setAttribute("role", "status");
    const open = trans.__("Open the control page");
    const brand = icon("arp", 20);
    brand.classList.add("arp-pbrand");
    fill(
      this.#head, brand, this.#picker, el("span.arp-grow"), this.#pill,
      el("button.arp-icon", { type: "button", "aria-label": open, title: open, onclick: () => this.#openPage() }, icon("open")),
    );
  }

  #foot(): HTMLElement {
    return el("footer.arp-pfoot", {},
      el("button.arp-btn.is-main.arp-grow", { type: "button", onclick: () => this.#openPage() },
        this.trans.__("Open the control page")));
  }

  #openPage(): void {
    this.host.openPage(this.source.experiment);
  }

  #draw(): void {
    const placed = place(this.source.jobs, this.source.health);
    this.#drawPicker();
    this.#drawPill();
    this.#drawStopped();
    this.#drawWhose();
    this.#drawCounts(placed);
    this.#drawLists(placed);
  }

  #drawPicker(): void {
    const { experiments, experiment } = this.source;
    const names = experiments.map((one) => `${one.name}\n${one.active}`).join();
    if (this.#picker.dataset["names"] !== names) {
      this.#picker.dataset["names"] = names;
      const group = (label: string, some: readonly ExperimentRow[]): HTMLElement | null =>
        some.length ? el("optgroup", { label }, ...some.map((one) => el("option", { value: one.name }, one.name))) : null;
      fill(
        this.#picker,
        group(this.trans.__("Active"), experiments.filter((one) => one.active)),
        group(this.trans.__("Not active"), experiments.filter((one) => !one.active)),
      );
    }
    this.#picker.value = experiment;
    this.#picker.disabled = !experiments.length;
  }

  #drawPill(): void {
    const { trans } = this;
    const { connection, health } = this.source;
    const silent = Object.entries(health?.schedulers ?? {}).find(([, one]) => !one.ok);
    const names = Object.keys(health?.schedulers ?? {}).map(title).join(", ");
    const [look, shape, text, why] =
      connection.state === "loading" ? ["is-busy", "hourglass", trans.__("loading"), ""] as const
      : connection.state !== "live" ? ["is-busy", "ask", trans.__("not live"), connection.why] as const
      : health && !health.client.ok ? ["is-down", "cross", trans.__("client down"), trans.__("The batch client does not answer.")] as const
      : silent ? ["is-down", "cross", trans.__("%1 down", title(silent[0])), silent[1].said] as const
      : ["is-ok", "tick", trans.__("%1 ok", names), ""] as const;
    this.#pill.className = `arp-pill ${look}`;
    this.#pill.title = why;
    if (this.#pill.textContent !== text) fill(this.#pill, icon(shape), el("b", {}, text));
  }

  /** All autorun is stopped: by whom and why; the page has what can be done. */
  #drawStopped(): void {
    const { trans } = this;
    const stop = this.source.autorun?.stopped;
    this.#stopped.hidden = !stop;
    const said = stop ? trans.__("%1 stopped all autorun at %2.", plain(stop.by, 40), minute(ms(stop.at))) + (stop.said && ` “${plain(stop.said)}”`) : "";
    if (this.#stopped.textContent !== said) fill(this.#stopped, icon("pause"), el("span", {}, said));
  }

  #drawWhose(): void {
    const { trans } = this;
    const { everyone } = this.source;
    const title = everyone ? trans.__("All jobs, last 24 hours") : trans.__("My jobs, last 24 hours");
    if (this.#whose.dataset["title"] === title) return;
    this.#whose.dataset["title"] = title;
    this.#counts.setAttribute("aria-label", trans.__("Jobs by status; press to list them"));
    const toggle = el("button.arp-btn", {
      type: "button", "aria-pressed": String(everyone), onclick: () => this.source.showEveryone(!this.source.everyone),
    }, trans.__("All users"));
    const had = this.#whose.contains(document.activeElement);
    fill(this.#whose, el("span", {}, title), el("span.arp-grow"), toggle);
    if (had) toggle.focus();
  }

  #drawCounts(placed: readonly Placed[]): void {
    if (!this.#counts.childElementCount) fill(this.#counts, ...TILES.map(([shape, hue]) => this.#tile(shape, hue)));
    const { loading } = this.source;
    [...this.#counts.children].forEach((tile, index) => {
      const [shape, , word] = TILES[index]!;
      const here = placed.filter((one) => one.shape === shape);
      tile.classList.toggle("is-zero", !here.length);
      tile.setAttribute("aria-pressed", String(this.#only === shape));
      tile.querySelector("b")!.textContent = loading ? "…" : here.length.toLocaleString("en");
      tile.querySelector("span")!.textContent = tileWord(shape, word, placed, this.source.health);
    });
  }

  #tile(shape: Shape, hue: string): HTMLElement {
    const pressed = (): void => {
      this.#only = this.#only === shape ? null : shape;
      this.#draw();
    };
    return el(`button.arp-count.is-${hue}` as "button", { type: "button", onclick: pressed }, icon(shape), el("b"), el("span"));
  }

  #drawLists(placed: readonly Placed[]): void {
    const { trans } = this;
    const only = this.#only;
    const of = (section: Section): Placed[] => placed.filter((one) => one.section === section);
    const running = this.source.everyone ? trans.__("Running jobs") : trans.__("My running jobs");
    const lists: [string, Placed[]][] = only
      ? [[tileWord(only, TILES.find(([shape]) => shape === only)![2], placed, this.source.health), placed.filter((one) => one.shape === only)]]
      : [[trans.__("Alerts"), of("alerts")], [running, of("running")], [trans.__("Waiting"), of("waiting")]];
    this.#forget(new Set(lists.flatMap(([, some]) => some.slice(0, MOST).map((one) => one.job.id))));
    const had = document.activeElement as HTMLElement | null;
    const drawn = lists.flatMap(([name, some]) => (some.length || only ? this.#list(name, some) : []));
    if (!drawn.length) drawn.push(el("p.arp-pempty", {}, this.#nothing()));
    arrange(this.#lists, drawn);
    if (had && had !== document.activeElement && this.#lists.contains(had)) had.focus();
  }

  #nothing(): string {
    const { trans } = this;
    if (this.source.loading) return trans.__("Loading …");
    if (!this.source.experiments.length) return trans.__("There is no experiment yet. The control page makes one.");
    return trans.__("Nothing runs or waits here, and nothing failed in the last 24 hours.");
  }

  #list(name: string, placed: readonly Placed[]): HTMLElement[] {
    const { trans } = this;
    const shownNow = placed.slice(0, MOST);
    const list = this.#kept("ul.arp-list", name);
    list.setAttribute("aria-label", name);
    arrange(list, shownNow.map((one) => this.#item(one).el));
    const title = this.#kept("div.arp-sect", name);
    fill(title, el("span", {}, name), el("span.arp-grow"), placed.length);
    if (placed.length === shownNow.length) return [title, list];
    const more = this.#kept("p.arp-pempty", name);
    fill(more, trans.__("%1 more are on the control page.", placed.length - shownNow.length));
    return [title, list, more];
  }

  /** The element of that kind and name as it was, so that focus and scroll stay. */
  #kept(what: "ul.arp-list" | "div.arp-sect" | "p.arp-pempty", name: string): HTMLElement {
    const key = `${what} ${name}`;
    const found = [...this.#lists.children].find((one) => (one as HTMLElement).dataset["key"] === key);
    return (found as HTMLElement | undefined) ?? el(what as "ul.arp-list", { "data-key": key });
  }

  #item(placed: Placed): Item {
    let item = this.#items.get(placed.job.id);
    if (!item) this.#items.set(placed.job.id, (item = new Item(placed, this.source, this.host)));
    item.update(placed);
    return item;
  }

  #forget(kept: ReadonlySet<number>): void {
    for (const [id, item] of this.#items) {
      if (kept.has(id)) continue;
      item.destroy();
      this.#items.delete(id);
    }
  }
}
