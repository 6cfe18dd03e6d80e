/** Values of a DataFrame as people read them, and back as they are edited. */

import { NumberColumn, RemoteColumn } from "../../grid/columns";
import type { ColumnStore } from "../../grid/store";
import type { ColumnHead, Value } from "../../grid/types";

/** What the kernel tells of a column: `arp_nb/widgets/layout.py`. */
export interface FrameColumn extends ColumnHead {
  title: string;
  unit?: string;
  help?: string;
  /** In characters. */
  width?: number;
  hidden?: boolean;
  /** Digits behind the point. */
  decimals?: number;
  editor?: "text" | "number" | "bool" | "choice";
  choices?: readonly string[];
  /** Why nothing can be typed in it. */
  fixed?: string;
  /** Its cells can be empty. */
  empty?: boolean;
  /** A level of the index. */
  index?: boolean;
  /** Time zone of times; absent: naive. */
  zone?: string;
  /** Significant digits of what was a float with less than 64 bits. */
  digits?: number;
  /** Times of which most are whole days. */
  days?: boolean;
  /** Seconds that are a duration. */
  duration?: boolean;
}

const FIGURES = 6;
const LARGE = 1e6;
const MOST_PLACES = 6;
/** Rows that the number of decimals is taken from. */
const SAMPLE = 100;

/** Reads the cells of one column. */
export class Reader {
  private readonly zone: Intl.DateTimeFormat | null;
  private places: number | null;

  constructor(readonly store: ColumnStore, readonly head: FrameColumn) {
    this.zone = head.zone ? zoned(head.zone) : null;
    this.places = head.decimals ?? null;
  }

  /** Rows came: numbers of a column show the same number of decimals. */
  settle(): void {
    if (this.head.decimals !== undefined || this.head.type !== "f64" || this.head.integer) return;
    let places = 0;
    for (let row = 0; row < Math.min(SAMPLE, this.store.rows); row++) {
      const value = this.store.value(this.head.name, row);
      if (value === null || !isFinite(Number(value))) continue;
      const short = figures(Number(value), this.head.digits);
      if (short.includes("e")) return void (this.places = null);
      places = Math.max(places, (short.split(".")[1] ?? "").length);
    }
    this.places = Math.min(places, MOST_PLACES);
  }

  /** Is the value still to come? */
  waits(row: number): boolean {
    const column = this.store.column(this.head.name);
    return column instanceof RemoteColumn && !column.has(row);
  }

  isEmpty(row: number): boolean {
    return this.store.value(this.head.name, row) === null;
  }

  /** As it is shown; "" for null. */
  shown(row: number): string {
    const value = this.store.value(this.head.name, row);
    if (value === null) return "";
    const { head } = this;
    if (head.type === "time") return instant(Number(value), this.zone, head.days === true);
    if (head.duration) return duration(Number(value));
    if (typeof value !== "number" || Number.isInteger(value) && this.places === null) return this.exact(row);
    if (!isFinite(value)) return value < 0 ? "−∞" : "∞";
    const tiny = this.places !== null && value !== 0 && Math.abs(value) < 10 ** -this.places && head.decimals === undefined;
    const short = figures(value, head.digits);
    if (this.places === null || tiny) return short;
    // later rows may have more decimals than those that the number of decimals was taken from
    const more = head.decimals === undefined ? Math.min(decimals(short), MOST_PLACES) : 0;
    return value.toFixed(Math.max(this.places, more));
  }

  /** With nothing rounded: as it is copied and edited. */
  exact(row: number): string {
    return this.exactly(this.store.value(this.head.name, row));
  }

  /** A value that came otherwise, as it would be edited. */
  exactly(value: Value): string {
    const { head } = this;
    if (value === null) return "";
    if (head.type === "time") return instant(Number(value), this.zone, head.days === true);
    if (head.duration) return duration(Number(value));
    if (head.digits && typeof value === "number") return String(Number(value.toPrecision(head.digits)));
    return String(value);
  }

  get isNumber(): boolean {
    return this.store.column(this.head.name) instanceof NumberColumn && !["bool", "time"].includes(this.head.type);
  }

  /** ms since 1970 UTC of a time as it is typed in this column's zone; NaN: it is none. */
  instantOf(text: string): number {
    const utc = Date.parse(`${text.trim().replace(" ", "T")}${text.includes(":") ? "Z" : ""}`);
    if (!this.zone || isNaN(utc)) return utc;
    return utc - (Date.parse(`${this.zone.format(utc).replace(" ", "T")}Z`) - utc);
  }
}

/** Six figures, or as many as the number has before the point. */
function figures(value: number, digits = FIGURES): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  if (size >= LARGE && size < 1e15) return String(Number(value.toFixed(1)));
  return String(Number(value.toPrecision(Math.min(digits, FIGURES))));
}

const decimals = (text: string): number => /\.(\d+)$/.exec(text)?.[1]?.length ?? 0;

/** `2026-11-22 14:02:11.500`, to the microsecond; in UTC unless a zone is given. */
export function instant(at_ms: number, zone: Intl.DateTimeFormat | null, days: boolean): string {
  if (!(Math.abs(at_ms) <= 8.64e15)) return String(at_ms);
  const whole = Math.floor(at_ms / 1000) * 1000;
  const text = zone ? zone.format(whole) : new Date(whole).toISOString().slice(0, -5).replace("T", " ");
  const micros = Math.round((at_ms - whole) * 1000);
  return days && !micros && text.endsWith(" 00:00:00") ? text.slice(0, -9) : text + fraction(micros);
}

/** Of a second, in milliseconds or microseconds: digits that come and go make a column hard to read. */
const fraction = (micros: number): string => (micros ? `.${String(micros).padStart(6, "0").replace(/000$/, "")}` : "");

/** `2 days 1:30:00.500`. */
export function duration(s: number): string {
  const size = Math.abs(s);
  const days = Math.floor(size / 86_400);
  const whole = Math.floor(size % 86_400);
  const micros = Math.round((size % 1) * 1e6);
  const two = (n: number): string => String(n).padStart(2, "0");
  const clock = `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return `${s < 0 ? "−" : ""}${days ? `${days} day${days > 1 ? "s" : ""} ` : ""}${clock}${fraction(micros)}`;
}

/** null: this browser does not know the zone, and UTC is shown. */
function zoned(zone: string): Intl.DateTimeFormat | null {
  try {
    const timeZone = zone.replace(/^UTC(?=[+-])/, "");
    return new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  } catch {
    return null;
  }
}

/** What stands beside the title: the unit, or the zone of times. */
export function unitOf(head: FrameColumn): string {
  if (head.unit) return head.unit;
  if (!head.zone) return "";
  return zoned(head.zone) ? head.zone : "UTC";
}
