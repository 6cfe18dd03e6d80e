/**
 * A job's report in one line: progress, counters, the course of the first number.
 *
 * Everything in it was posted by a job: text is set as text, a colour is a name we know or a
 * thin bar, a link is http or https, and a picture is fetched from the page's own host only.
 */

import { plain } from "../model/plain";
import type { CounterValue, Report, WideRow } from "../model/rows";
import { age } from "../model/times";
import { el, fill } from "../dom";

/** One counter, read from whichever form it was posted in. */
export interface Item {
  key: string;
  value: CounterValue;
  unit: string;
  color: string;
  max: number | null;
  url: string | null;
  image: string | null;
}

/** Counters in the order in which they are shown: those a job marks red or orange first. */
export function items(report: Report): Item[] {
  const posted = report.counters;
  if (typeof posted !== "object" || posted === null) return [];
  const read = Object.entries(posted).map(([key, one]): Item => {
    const whole: Record<string, unknown> = Array.isArray(one) ? { value: one[0], color: one[1] }
      : typeof one === "object" && one !== null ? { ...one } : { value: one };
    const { value, max } = whole;
    return {
      key, value: isScalar(value) ? value : JSON.stringify(value) ?? null,
      unit: text(whole["unit"]), color: text(whole["color"]),
      max: typeof max === "number" && max > 0 ? max : null,
      url: webAddress(whole["url"]), image: webAddress(whole["image"]),
    };
  });
  const urgent = (item: Item): number => (item.color === "red" || item.color === "orange" ? 0 : 1);
  return read.sort((one, other) => urgent(one) - urgent(other));
}

const isScalar = (value: unknown): value is CounterValue => value === null || typeof value !== "object" && value !== undefined;
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** An http or https address, or null. */
export function webAddress(value: unknown): string | null {
  if (typeof value !== "string" || !/^https?:/i.test(value)) return null;
  return URL.canParse(value) ? new URL(value).href : null;
}

const NUMBER = new Intl.NumberFormat("en", { maximumSignificantDigits: 15 });

/** A value with its unit: numbers are grouped by thousands and never cut. */
export function valueText({ value, unit }: Pick<Item, "value" | "unit">): string {
  const size = typeof value === "number" ? Math.abs(value) : 0;
  const word = typeof value !== "number" ? plain(String(value ?? "none"), 80)
    : size !== 0 && (size < 1e-6 || size >= 1e15) ? String(value) : NUMBER.format(value);
  return unit ? `${word} ${plain(unit, 20)}` : word;
}

const NAMED = new Set(["red", "green", "blue", "orange", "purple"]);

/** The style of a counter: `--v` colours the value and its bar, `--bar` the bar only; "" for no colour. */
export function colourStyle(color: string): string {
  const name = color.toLowerCase();
  if (NAMED.has(name)) return `--v:var(--arp-c-${name})`;
  if (!/^(#[0-9a-f]{3,8}|[a-z]{3,25})$/.test(name)) return "";
  const probe = document.createElement("i").style;
  probe.color = name;
  return probe.color && !/^(inherit|initial|unset|revert)/.test(name) ? `--bar:${name}` : "";
}

/**
 * ms until a counter is at its maximum, if it went on as it had until the last report; null: nobody
 * can tell, as when that time has passed and no report came.
 */
export function timeLeft(left_s: number | null, reported_ms: number, now_ms: number): number | null {
  if (!left_s) return left_s;
  const left_ms = left_s * 1000 - Math.max(0, now_ms - reported_ms);
  return left_ms > 0 ? left_ms : null;
}

/** Percent done and the words beside it; null if no counter has a maximum. */
export function progress(all: readonly Item[], left_ms: number | null, held: string): { percent: number; words: string } | null {
  const item = all.find((one) => one.max !== null && typeof one.value === "number");
  if (!item) return null;
  const percent = Math.floor(Math.min(1, Math.max(0, Number(item.value) / item.max!)) * 100);
  return { percent, words: held || (left_ms === null ? "no estimate" : age(left_ms)) };
}

/** What the report says, for reading aloud, copying and searching. */
export function reportText(wide: WideRow | undefined): string {
  return wide ? items(wide.report).map((item) => `${plain(item.key, 60)} ${valueText(item)}`).join(", ") : "";
}

export interface ReportCell {
  /** Shown first where the column Why is hidden. */
  why?: Node | null;
  /** The job is not over: progress means something. */
  live: boolean;
  /** In place of the time left, as "paused". */
  held: string;
  /** ms until it is done; null: no estimate. */
  left_ms: number | null;
}

/** Counters drawn to see whether they fit: no cell is wide enough for more. */
const MOST_DRAWN = 40;

/** Draw the cell. What does not fit is counted in `+n` as soon as the cell is on the page. */
export function drawReport(wide: WideRow | undefined, cell: ReportCell): HTMLElement {
  const all = wide ? items(wide.report) : [];
  const done = cell.live ? progress(all, cell.left_ms, cell.held) : null;
  return el("div.arp-rep", {},
    cell.why && el("span.arp-whyin", {}, cell.why),
    done && drawProgress(done.percent, done.words),
    ...drawFitting(all.slice(0, MOST_DRAWN).map(drawItem), Math.max(0, all.length - MOST_DRAWN)), spark(wide?.spark ?? []));
}

/** As many of these (`.arp-ctr`) as there is room for, each whole, and `+n` for the others. Their parent holds nothing else that could give way but a sparkline. */
export function drawFitting(some: readonly HTMLElement[], undrawn = 0): readonly [HTMLElement, HTMLElement] {
  const list = el("span.arp-ctrs", {}, ...some);
  if (some.length) fitSoon(list);
  return [list, el("span.arp-more", { hidden: true, "data-undrawn": undrawn })];
}

/** A bar with its percentage and words; `name` is what a screen reader calls it. */
export function drawProgress(percent: number, words: string, name = "Progress"): HTMLElement {
  const said = `${percent} %, ${words}`;
  return el("span.arp-bar", {
    role: "progressbar", "aria-label": name, "aria-valuenow": percent, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuetext": said,
  }, el("i", { style: `width:${percent}%` }), el("span", {}, said));
}

function drawItem(item: Item): HTMLElement {
  const shown = valueText(item);
  const link = (address: string, label: string, more = {}): HTMLElement =>
    el("a", { href: address, target: "_blank", rel: "noopener noreferrer", tabindex: -1, ...more }, label);
  return el("span.arp-ctr", { style: colourStyle(item.color) || null, title: item.url },
    el("bdi", {}, plain(item.key, 60)), " ",
    el("b", {}, el("bdi", {}, item.url ? link(item.url, shown) : shown)),
    item.image && " ", item.image && withPreview(link(item.image, "picture"), item.image));
}

/** Show the picture while its link is pointed at or has the focus; pictures of other hosts stay links. */
function withPreview(link: HTMLElement, address: string): HTMLElement {
  if (new URL(address).origin !== location.origin) return link;
  let shown: HTMLElement | null = null;
  const hide = (): void => {
    shown?.remove();
    shown = null;
  };
  const show = (): void => {
    const board = link.closest(".arp");
    if (shown || !board) return;
    const [at, from] = [link.getBoundingClientRect(), board.getBoundingClientRect()];
    const below = at.bottom - from.top + 250 < from.height || at.top - from.top < 250;
    shown = el("span.arp-pic", {
      style: `left:${Math.max(0, Math.min(at.left - from.left, from.width - 330))}px;${below ? `top:${at.bottom - from.top + 4}px` : `bottom:${from.bottom - at.top + 4}px`}`,
    }, el("img", { src: address, alt: "", referrerpolicy: "no-referrer" }));
    board.append(shown);
    // a row that scrolls away or is drawn anew never says that the pointer left
    const look = (): void => void (shown && (link.isConnected ? requestAnimationFrame(look) : hide()));
    look();
  };
  for (const start of ["mouseenter", "focus"]) link.addEventListener(start, show);
  for (const end of ["mouseleave", "blur"]) link.addEventListener(end, hide);
  return link;
}

const SVG = "http://www.w3.org/2000/svg";

/** The course of the first number; hidden from screen readers, which have the number itself. */
export function spark(points: readonly number[]): SVGSVGElement | null {
  if (points.length < 2) return null;
  const low = Math.min(...points);
  const range = Math.max(...points) - low || 1;
  const at = points.map((value, index) => [(index * 52) / (points.length - 1), 16 - (14 * (value - low)) / range].map((one) => one.toFixed(1)));
  const [x, y] = at[at.length - 1]!;
  return shape("svg", { class: "arp-spark", viewBox: "-2 0 56 18", "aria-hidden": "true" },
    shape("polyline", { points: at.join(" ") }), shape("circle", { cx: x!, cy: y!, r: "2" })) as SVGSVGElement;
}

function shape(name: string, attributes: Readonly<Record<string, string>>, ...children: Node[]): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Value of `data-out` of a counter that takes no room, where others only cannot be seen. */
const WIDE = "wide";
let waiting: HTMLElement[] = [];

/** All cells of one drawing are measured together: one layout, not one for each. */
function fitSoon(list: HTMLElement): void {
  if (!waiting.length) queueMicrotask(() => {
    const now = waiting;
    waiting = [];
    fitAll(now.filter((one) => one.isConnected));
  });
  waiting.push(list);
}

/** Measure report cells again, after their column became wider or narrower. */
export function refit(within: ParentNode): void {
  const lists = [...within.querySelectorAll<HTMLElement>(".arp-ctrs")].filter((one) => one.firstChild);
  for (const list of lists) {
    fill(list.nextElementSibling!); // else the same +n again would look as if nothing had changed
    list.parentElement!.classList.remove("is-tight");
    for (const one of list.children) one.removeAttribute("data-out");
  }
  fitAll(lists);
}

/** The sparkline goes before the first counter does; `+n` takes room too, hence several passes. */
function fitAll(lists: readonly HTMLElement[]): void {
  let left = lists;
  for (let pass = 0; pass < 4 && left.length; pass++) {
    const out = left.map(thatDoNotFit);
    left = left.filter((list, index) => {
      const hidden = out[index]!;
      const more = list.nextElementSibling as HTMLElement;
      const before = more.textContent;
      const count = hidden.length + Number(more.dataset["undrawn"]);
      more.hidden = !count;
      fill(more, count > 0 && `+${count}`);
      more.title = hidden.map((one) => one.textContent).join(", ");
      for (const one of list.children) if (!hidden.includes(one)) one.removeAttribute("data-out");
      for (const one of hidden) if (!one.hasAttribute("data-out")) one.setAttribute("data-out", "");
      const { classList } = list.parentElement!;
      const tighter = hidden[0] === list.firstChild && !classList.contains("is-tight");
      if (tighter) classList.add("is-tight");
      return tighter || (count && before !== more.textContent);
    });
  }
}

function thatDoNotFit(list: HTMLElement): Element[] {
  const all = [...list.children];
  for (const one of all) if (one.getAttribute("data-out") === WIDE) one.removeAttribute("data-out");
  const box = list.getBoundingClientRect();
  // one that would not fit alone must not push all that follow out with it
  const wide = all.filter((one) => one.getBoundingClientRect().width > box.width + 1);
  for (const one of wide) one.setAttribute("data-out", WIDE);
  return all.filter((one) => {
    if (wide.includes(one)) return true;
    const mine = one.getBoundingClientRect();
    return mine.top > box.top + 8 || mine.right > box.right + 1;
  });
}
