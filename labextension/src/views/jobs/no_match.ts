/** No job matches: what is filtered, and which filter to drop. */

import { plain } from "../../model/plain";
import { counted } from "../counted";
import { el } from "../../dom";
import { icon } from "../../icons";
import { GROUPS, type Facts } from "./facts";
import { compile, NOTHING, type Filter } from "./filter";
import { titleOf } from "./toolbar";

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
