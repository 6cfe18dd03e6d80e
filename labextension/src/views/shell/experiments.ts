/** Which experiment: the list to choose from, and those that were open last. */

import type { ExperimentRow } from "../../model/rows";
import type { Board } from "../../sources/board";
import type { MenuItem } from "../shell";

const RECENT = "experiments.recent";
const REMEMBERED = 8;

/** Names that were open last, newest first. */
export function recent(board: Board): readonly string[] {
  return board.preferences.get<string[]>(RECENT) ?? [];
}

export function remember(board: Board): void {
  const before = recent(board);
  if (before[0] === board.name) return;
  board.preferences.set(RECENT, [board.name, ...before.filter((name) => name !== board.name)].slice(0, REMEMBERED));
}

/** The list: active ones, those open last, all others, and a new one. */
export function choices(board: Board, all: readonly ExperimentRow[], open: (name: string) => void, create: (name: string) => void): MenuItem[] {
  const last = recent(board);
  const place = ({ name, active }: ExperimentRow): number => (active ? -1 : (last.indexOf(name) + REMEMBERED + 1) % (REMEMBERED + 1));
  const group = (one: ExperimentRow): string => (one.active ? "Active" : last.includes(one.name) ? "Recent" : "Others");
  const rows = [...all].sort((one, other) => place(one) - place(other) || one.name.localeCompare(other.name));
  return [
    ...rows.map((one): MenuItem => ({
      label: one.name, note: one.instrument, group: group(one), on: one.name === board.name, do: () => open(one.name),
    })),
    { label: "New experiment…", group: "", always: true, do: create },
  ];
}
