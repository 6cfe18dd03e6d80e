/** What the user made of the columns, remembered for them wherever they log in. */

import type { ColumnChoice, GridColumn } from "../../grid/types";
import type { Board } from "../../sources/board";
import type { ColumnsMenu } from "../columns_menu";
import { items } from "../report";
import { choices, hiddenOf, isPromoted, narrower, noRoom, ordered, readRemembered, type Remembered } from "./layout";

/** Name under which it is kept. */
const NAME = "jobs";

export interface Habits extends Remembered {
  mine?: boolean;
}

export class ColumnChooser implements ColumnsMenu {
  habits: Habits = {};
  /** Columns without room now. */
  #out: ReadonlySet<string> = new Set();
  readonly #usual: ReadonlyMap<string, number | string>;

  /** `all`: the grid's own list, to which counters are added. */
  constructor(
    readonly board: Board,
    readonly all: GridColumn[],
    readonly inView: () => readonly number[],
    readonly changed: () => void,
    readonly columnsOf: (counters: readonly string[]) => GridColumn[],
    readonly deleted: () => void,
  ) {
    this.#usual = new Map(all.map(({ id, width }) => [id, width]));
    this.read();
  }

  /** Take what is remembered, at first and when it came from elsewhere. */
  read(): void {
    const kept = this.board.preferences.get<Habits>(NAME);
    this.habits = { ...readRemembered(kept), mine: kept?.mine === true };
    this.#setCounters(this.habits.counters ?? [], false);
  }

  columns(): readonly GridColumn[] {
    const all = new Map(this.all.map((one) => [one.id, one]));
    return ordered(this.all, this.habits).map((id) => all.get(id)!);
  }
  isHidden(id: string): boolean {
    return hiddenOf(this.habits).includes(id);
  }
  isOut(id: string): boolean {
    return this.#out.has(id);
  }
  /** Is it drawn now? */
  isShown(id: string): boolean {
    return !this.isHidden(id) && !this.isOut(id);
  }
  choices(): ColumnChoice[] {
    return choices(this.all, this.habits, this.#out);
  }
  /** The first column behind Run and Action: there a run without jobs says so. */
  note(): string {
    return this.choices().find(({ id, hidden }) => !hidden && id !== "run" && id !== "action")?.id ?? "status";
  }
  /** True if other columns have room now than before, or have more or less of it. */
  fit(width_ch: number, wall: boolean): boolean {
    const fitted = (): string => [...this.#out, ...this.all.map(({ width }) => width)].join();
    const before = fitted();
    this.#out = noRoom(width_ch, wall, this.all);
    const narrow = narrower(width_ch, wall);
    for (const column of this.all) column.width = narrow.get(column.id) ?? this.#usual.get(column.id) ?? column.width;
    return fitted() !== before;
  }

  hide(id: string, hidden: boolean): void {
    const others = hiddenOf(this.habits).filter((one) => one !== id);
    if (hidden && isPromoted(id)) return this.#setCounters((this.habits.counters ?? []).filter((one) => one !== id), true);
    this.keep({ hidden: hidden ? [...others, id] : others });
  }
  move(id: string, before: string | null): void {
    const order = ordered(this.all, this.habits).filter((one) => one !== id);
    order.splice(before === null ? order.length : order.indexOf(before), 0, id);
    this.keep({ order });
  }
  /** The grid's columns were dragged or widened. What had no room is not hidden by the user. */
  taken(given: readonly ColumnChoice[]): void {
    const widths = Object.fromEntries(given.flatMap(({ id, width }) => (width ? [[id, Math.round(width)]] : [])));
    this.keep({ order: given.map(({ id }) => id), widths });
  }
  counters(): readonly string[] {
    const names = new Set<string>();
    for (const id of this.inView()) {
      for (const item of items(this.board.wide(id)?.report ?? {})) if (typeof item.value === "number") names.add(item.key);
    }
    return [...names].filter((name) => !this.habits.counters?.includes(`counter:${name}`)).sort().slice(0, 30);
  }
  parameters(): readonly string[] {
    const names = new Set<string>();
    for (const { parameters } of this.board.runs.values()) for (const name of Object.keys(parameters)) names.add(name);
    return [...names].filter((name) => !this.habits.counters?.includes(`param:${name}`)).sort().slice(0, 100);
  }
  promote(id: string): void {
    this.#setCounters([...(this.habits.counters ?? []), id], true);
  }
  reset(): void {
    this.habits = { mine: this.habits.mine === true };
    this.#setCounters([], true);
  }
  keep(habits: Habits): void {
    this.habits = { ...this.habits, ...habits };
    this.board.preferences.set(NAME, this.habits);
    this.changed();
  }

  #setCounters(counters: readonly string[], chosen: boolean): void {
    const usual = this.all.filter(({ id }) => !isPromoted(id));
    const asked = counters.filter((id) => id.startsWith("counter:"));
    this.all.splice(0, this.all.length, ...usual, ...this.columnsOf(counters));
    if (asked.join() !== this.board.promoted.join()) this.board.promote(asked);
    if (chosen) this.keep({ counters });
  }
}
