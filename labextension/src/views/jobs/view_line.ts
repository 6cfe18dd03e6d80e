/** The pandas line of what the page shows now. */

import type { Counts } from "./counts";
import { expression } from "./expression";
import { groupOf, GROUPS, type Facts } from "./facts";
import { parseRuns, runsMeant, type Filter, type Range } from "./filter";

/** Columns of the store → of the page, as `expression` calls them. */
const PAGE_NAME: Readonly<Record<string, string>> = { native_id: "job", reason: "why" };

export function viewLine(filter: Filter, facts: Facts, counts: Counts | null, sort: { column: string; descending: boolean }): string {
  const ofColumn = parseRuns(filter.columns.get("run") ?? "");
  const runs = (filter.text && runsMeant(filter.text, (run) => facts.board.runs.has(run))) || null;
  return expression({
    words: filter.groups.size ? wordsOf(filter.groups, counts) : null,
    user: filter.mine ? facts.board.status?.user ?? "" : null,
    runs: runs && ofColumn ? bothOf(runs, ofColumn) : runs ?? ofColumn, text: runs ? "" : filter.text.trim(),
    columns: new Map([...filter.columns].filter(([name]) => name !== "run").map(([name, text]) => [PAGE_NAME[name] ?? name, text])),
    sort: sort.column === "run" && sort.descending ? null : sort,
  });
}

function bothOf(some: readonly Range[], others: readonly Range[]): Range[] {
  return some.flatMap(([a, b]) => others.map(([c, d]): Range => [Math.max(a, c), Math.min(b, d)])).filter(([first, last]) => first <= last);
}

/** The words that there are of some statuses, so that the line finds the same jobs; else their usual one. */
function wordsOf(groups: ReadonlySet<number>, counts: Counts | null): string[] {
  const words = [...(counts?.words.keys() ?? [])].filter((word) => groups.has(groupOf(word)));
  const without = [...groups].filter((group) => !words.some((word) => groupOf(word) === group)).map((group) => GROUPS[group]!.name);
  return [...words, ...without].sort();
}
