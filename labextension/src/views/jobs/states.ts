/** What stands in place of rows: bones while loading, and words where there are none. */

import { plain } from "../../model/plain";
import { counted } from "../counted";
import { el } from "../../dom";
import { icon } from "../../icons";
import type { Shell } from "../shell";
import { GROUPS, type Facts } from "./facts";
import { compile, NOTHING, type Filter } from "./filter";
import { titleOf } from "./toolbar";

const BONES = 22;

/** Grey bars where rows will be, below these heads of columns; nothing jumps when they come. */
export function bones(heads: Iterable<HTMLElement>): HTMLElement {
  const shares = [0.7, 0.54, 0.82, 0.61];
  // not offsetLeft: SlickGrid moves its row of heads far to the left, and each head back
  const [first, ...others] = [...heads].map((head) => head.getBoundingClientRect());
  const places = others.map(({ left, width }) => [Math.round(left - first!.left) + 6, Math.round(width) - 12] as const);
  return el("div.arp-bones", { "aria-hidden": "true" }, ...Array.from({ length: BONES }, (_, row) =>
    el("div.arp-row", {}, ...places.map(([left_px, width_px], cell) =>
      el("span.arp-bone", { style: `left:${left_px}px;width:${Math.round(width_px * shares[(row * 3 + cell) % 4]!)}px` })))));
}

/** Nothing was ever applied here. */
export function empty(shell: Shell): HTMLElement {
  const none = !shell.board.definitions.size;
  return el("div.arp-none", {}, icon("arp", 32), el("h2", {}, "No runs yet"),
    el("p", {}, none ? "Make a batch def first: it gives a script of yours a short name." : "Runs appear here as they are taken. Apply a batch def to one, and its job is listed."),
    none && el("button.arp-btn.is-main", { type: "button", onclick: () => shell.go("defs") }, "Make a batch def"));
}

interface Part {
  name: string;
  /** As "status EXIT". */
  said: string;
  without: Filter;
}

/** Filters that are on, each with what would be left of the filter without it. */
function parts(filter: Filter, user: string): Part[] {
  const made: Part[] = [];
  if (filter.text) made.push({ name: "search", said: `search “${plain(filter.text, 60)}”`, without: { ...filter, text: "" } });
  if (filter.groups.size) {
    const words = [...filter.groups].map((group) => GROUPS[group]!.name).join(", ");
    made.push({ name: "status filter", said: `status ${words}`, without: { ...filter, groups: new Set() } });
  }
  if (filter.mine) made.push({ name: "filter Mine", said: `jobs of ${plain(user, 40)}`, without: { ...filter, mine: false } });
  for (const [column, text] of filter.columns) {
    const columns = new Map(filter.columns);
    columns.delete(column);
    made.push({ name: `filter on ${titleOf(column)}`, said: `${titleOf(column)} “${plain(text, 40)}”`, without: { ...filter, columns } });
  }
  return made;
}

/** Says what is filtered, and which filter to drop: the one without which most jobs match. */
export function noMatch(filter: Filter, facts: Facts, reported: ReadonlySet<number> | null, set: (filter: Filter) => void): HTMLElement {
  const all = parts(filter, facts.board.status?.user ?? "");
  const [best] = all.map((part) => ({ part, jobs: matches(part.without, facts, reported) })).sort((one, other) => other.jobs - one.jobs);
  const said = all.map((part) => part.said).join(", ");
  const drop = all.length > 1 && best && best.jobs > 0 ? best : null;
  return el("div.arp-none", {}, icon("search", 32), el("h2", {}, "No job matches"),
    el("p", {}, `${said.charAt(0).toUpperCase()}${said.slice(1)}.`, drop && ` Without the ${drop.part.name}, ${counted(drop.jobs, "job")} ${drop.jobs === 1 ? "matches" : "match"}.`),
    el("div.arp-row-btns", {},
      drop && el("button.arp-btn.is-main", { type: "button", onclick: () => set(drop.part.without) }, `Drop the ${drop.part.name}`),
      el("button.arp-btn", { type: "button", onclick: () => set(NOTHING) }, "Clear all ", el("kbd", {}, "Esc"))));
}

function matches(filter: Filter, facts: Facts, reported: ReadonlySet<number> | null): number {
  const test = compile(filter, facts, reported);
  const { jobs } = facts.board;
  let found = 0;
  for (let row = 0; row < jobs.rows; row++) if (jobs.alive(row) && (!test || test(row))) found++;
  return found;
}
