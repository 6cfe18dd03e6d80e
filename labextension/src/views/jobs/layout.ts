/** Which columns there is room for: by the width of the page's own table, not of the window. */

import type { ColumnChoice, GridColumn } from "../../grid/types";

/** Below this width, in `ch` of the table's font, these columns go too. */
const GO: readonly (readonly [ch: number, ...columns: string[]])[] = [
  [178, "user"],
  [150, "submitted", "why", "cause", "type"],
  [122, "action", "job"],
  [96, "elapsed"],
  [79, "act"],
  [59, "report"],
];
/** Below this width these columns are narrower, so that what stays is not cut. */
const NARROW: readonly (readonly [ch: number, widths: Readonly<Record<string, string>>])[] = [
  [150, { run: "10.5ch", hash: "12.5ch" }],
  [70, { status: "17ch" }],
];
/** Above this width the wall has room for long names: nobody can point at them there. */
const WALL_WIDE_CH = 100;
/** Shapes of statuses are larger there than the letters beside them. */
const WALL_STATUS = "21ch";
/** What is shown from across the room. */
const WALL = ["run", "hash", "status", "report", "elapsed"];

/** Columns without room at a width. */
export function noRoom(width_ch: number, wall: boolean, columns: readonly GridColumn[]): ReadonlySet<string> {
  const others = wall ? columns.map(({ id }) => id).filter((id) => !WALL.includes(id)) : [];
  return new Set([...others, ...GO.filter(([ch]) => width_ch <= ch).flatMap(([, ...ids]) => ids)]);
}

/** Widths by column that are others than usual at a width. */
export function narrower(width_ch: number, wall: boolean): ReadonlyMap<string, string> {
  if (wall && width_ch > WALL_WIDE_CH) return new Map([["hash", "22ch"]]);
  const chip: [string, string][] = wall ? [["status", WALL_STATUS]] : [];
  return new Map([...NARROW.flatMap(([ch, widths]) => (width_ch <= ch ? Object.entries(widths) : [])), ...chip]);
}

/** Hidden until somebody shows them. */
const RARE = ["cause", "type"];

/** A counter, or a parameter of the run, that somebody made a column. */
export const isPromoted = (id: string): boolean => /^(counter|param):/.test(id);

/** Columns that are not to be seen: as a user chose, else the rare ones. */
export const hiddenOf = ({ hidden = RARE }: Remembered): readonly string[] => hidden;

/** What a user made of the columns, as it is remembered. */
export interface Remembered {
  /** Ids in order; columns that are not among them come last, in their usual order. */
  order?: readonly string[];
  hidden?: readonly string[];
  /** Widths in px. */
  widths?: Readonly<Record<string, number>>;
  /** As "counter:Events", "param:beam". */
  counters?: readonly string[];
}

/** What is remembered may be old, or somebody else's: only what can be used is taken. */
export function readRemembered(value: unknown): Remembered {
  if (typeof value !== "object" || value === null) return {};
  const from = value as Record<string, unknown>;
  const texts = (name: string): string[] => (Array.isArray(from[name]) ? [...new Set(from[name].filter((one) => typeof one === "string"))].slice(0, 100) : []);
  // no list is a choice too: that of who never hid a column
  const hidden = Array.isArray(from["hidden"]) ? { hidden: texts("hidden") } : {};
  const widths = typeof from["widths"] === "object" && from["widths"] !== null ? Object.entries(from["widths"]) : [];
  return {
    order: texts("order"), ...hidden, counters: texts("counters").filter(isPromoted).slice(0, 20),
    widths: Object.fromEntries(widths.filter((one): one is [string, number] => typeof one[1] === "number" && one[1] >= 20 && one[1] < 3000)),
  };
}

/** The columns' ids in the order a user gave them. */
export function ordered(columns: readonly GridColumn[], { order = [] }: Remembered): string[] {
  const ids = columns.map(({ id }) => id);
  const known = order.filter((id) => ids.includes(id));
  return [...known, ...ids.filter((id) => !known.includes(id))];
}

/** Order, widths and what is hidden: by the user, or for want of room. */
export function choices(columns: readonly GridColumn[], remembered: Remembered, without: ReadonlySet<string>): ColumnChoice[] {
  const hidden = new Set(hiddenOf(remembered));
  return ordered(columns, remembered).map((id) => {
    const width = remembered.widths?.[id];
    const always = columns.find((one) => one.id === id)?.always;
    return { id, hidden: !always && (hidden.has(id) || without.has(id)), ...(width ? { width } : {}) };
  });
}
