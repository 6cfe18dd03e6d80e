/** Keys of the page, and of a row of its table. */

import type { Key } from "../shell";

/** What the page can do that keys ask for. */
export interface PageKeys {
  only(group: number | null): void;
  applyDialog(): void;
  failure(step: 1 | -1): void;
  wall(): void;
  /** Drop the selection, else the filter; false: there was neither. */
  escape(): boolean;
}

export function pageKeys(page: PageKeys): Key[] {
  return [
    { keys: "Enter", what: "in the search: go to what was found" },
    { keys: "1 2 3 4 5 6 7 8 9", what: "show one status", do: (key) => page.only(Number(key) - 1) },
    { keys: "0", what: "show all statuses", do: () => page.only(null) },
    { keys: "a", what: "apply a hash to runs", do: () => page.applyDialog() },
    { keys: "n", what: "next failure", do: () => page.failure(1) },
    { keys: "p", what: "previous failure", do: () => page.failure(-1) },
    { keys: "w", what: "wall view", do: () => page.wall() },
    { keys: "Escape", what: "close what is open, else drop the selection, else the filter", do: () => page.escape() },
    { keys: "ArrowUp ArrowDown ArrowLeft ArrowRight", what: "move by cell", place: "table" },
    { keys: "Home End Ctrl+Home Ctrl+End", what: "first, last of the row, of all", place: "table" },
    { keys: "Enter", what: "open the job, or press what is in the cell", place: "table" },
    { keys: "Space", what: "select", place: "table" },
    { keys: "Shift+ArrowUp Shift+ArrowDown", what: "select further rows", place: "table" },
    { keys: "Ctrl+a", what: "select all that are shown", place: "table" },
    { keys: "a", what: "apply a hash to this run", place: "table" },
    { keys: "l", what: "log", place: "table" },
    { keys: "i", what: "details", place: "table" },
    { keys: "s", what: "snapshot", place: "table" },
    { keys: "r", what: "rerun", place: "table" },
    { keys: "Shift+r", what: "rerun with more memory or time", place: "table" },
    { keys: "k", what: "kill", place: "table" },
    { keys: "Delete", what: "take off the page", place: "table" },
    { keys: "y", what: "why this run has jobs, or none: what autorun decided", place: "table" },
  ];
}

export type RowAct = "log" | "details" | "snapshot" | "rerun" | "kill" | "delete" | "apply" | "fold" | "more" | "settle" | "ledger";

const ACTS: Readonly<Record<string, RowAct>> = { l: "log", i: "details", s: "snapshot", r: "rerun", R: "more", k: "kill", Delete: "delete", a: "apply", y: "ledger" };
const OPENS: Readonly<Record<string, RowAct>> = { status: "log", report: "log", why: "log", hash: "details", job: "details", user: "details", submitted: "details", elapsed: "details" };

/** What a key on a cell means; null: nothing of ours. */
export function rowKey(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">, column: string): RowAct | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.key === "Enter") return OPENS[column] ?? null;
  return Object.hasOwn(ACTS, event.key) ? ACTS[event.key]! : null;
}
