/**
 * What tables are made of: how columns travel, what a source gives, what the grid draws.
 *
 * Bytes stay as they came. A column is a typed array, or codes and a dictionary, never an
 * array of row objects: a million rows are a handful of buffers.
 */

/**
 * How a column travels and is kept. Little-endian, each buffer at a multiple of 8 bytes.
 *
 * | type   | buffers                                   | null               |
 * | ------ | ----------------------------------------- | ------------------ |
 * | bool   | u8: 0, 1                                  | 2                  |
 * | i32    | i32                                       | -2^31              |
 * | f64    | f64                                       | NaN                |
 * | i64    | i64                                       | -2^63              |
 * | time   | f64, ms since 1970 UTC                    | NaN                |
 * | dict   | codes (u8, u16 or u32), u32 offsets, UTF-8 | the codes' highest |
 * | text   | u32 offsets (rows + 1), UTF-8, u8 valid?  | valid[row] = 0     |
 * | remote | none: asked for the rows in view          |                    |
 */
export type ColumnType = "bool" | "i32" | "f64" | "i64" | "time" | "dict" | "text" | "remote";

export interface ColumnHead {
  name: string;
  type: ColumnType;
  /** Indexes of its buffers in the frame's list, in the order of the table above. */
  buffers: readonly number[];
  /** Bytes of a code of a dict: 1, 2 or 4. */
  code_bytes?: 1 | 2 | 4;
  /** f64 that holds whole numbers only. */
  integer?: boolean;
  /** What a text column held before it became text (Decimal, list, object), for its title. */
  was?: string;
}

/** Rows as they travel: over HTTP `u32 header length, JSON header, padding, buffers`. */
export interface FrameHead {
  /** Number of rows in this frame, and in the whole table. */
  rows: number;
  total: number;
  columns: readonly ColumnHead[];
  /** Bytes of each buffer. */
  sizes: readonly number[];
  epoch?: string;
  revision?: number;
  /** What to ask for next: `before` of the jobs route; null or absent: this was the last. */
  next_before?: number | null;
  /** Number of this message, on a source that counts them. */
  seq?: number;
  /** Rows of the table that it brings, removed ones counted too: from this one, up to before that one. */
  from?: number;
  to?: number;
  /** Column that holds the row ids; absent: "id"; null: rows are numbered from 0 as they come. */
  id?: string | null;
}

export interface Frame {
  head: FrameHead;
  buffers: readonly Uint8Array[];
}

export type Value = string | number | bigint | boolean | null;

/** Changed rows: new values of some columns, by row id. Unknown ids are new rows. */
export interface Delta {
  ids: readonly number[];
  /** Column → one value per id. */
  columns: Readonly<Record<string, readonly Value[]>>;
  removed: readonly number[];
  seq?: number;
}

/** Which rows and columns changed, so that only those cells are drawn again. */
export interface Changed {
  /** Physical rows; "all" after a head or when that is cheaper. */
  rows: readonly number[] | "all";
  columns: ReadonlySet<string>;
  /** Rows were added or removed, or a column that orders or filters changed. */
  order: boolean;
}

export type ConnectionState = "loading" | "live" | "reconnecting" | "down" | "closed";

export interface Connection {
  state: ConnectionState;
  /** ms since 1970: since when it is so. */
  since: number;
  /** What went wrong, in the words of whoever said it; "" if nothing did. */
  why: string;
  /** Attempts so far, and ms since 1970 of the next; while reconnecting. */
  attempt: number;
  next: number | null;
}

/** `{row id, column, value, version}`: acknowledged, or refused with a message at the cell. */
export interface Edit {
  id: number;
  column: string;
  value: Value;
  /** The version or revision of the row as it was read. */
  version: number;
}
export type EditAnswer =
  | { ok: true; version: number }
  | { ok: false; message: string; /** what another one saved meanwhile */ theirs?: Value; version?: number };

/** Inclusive ranges of row ids: a selection of a million rows is one pair. */
export type IdRange = readonly [first: number, last: number];

/** Where a source tells what came. Calls come in order, at most 30 deltas a second. */
export interface TableSink {
  /** The first rows; everything known before is void. */
  head(frame: Frame): void;
  /** More rows of the same table. */
  chunk(frame: Frame): void;
  delta(delta: Delta): void;
  /** Values of remote columns for some rows; undefined: what was known of it is not true any more. */
  wide(column: string, values: ReadonlyMap<number, unknown>): void;
  connection(connection: Connection): void;
}

/** What a table needs of the other side. `ServerSource` and `CommSource` are held to one suite. */
export interface TableSource {
  start(sink: TableSink): void;
  /** Drop everything and begin with a head again. */
  resync(): void;
  /** Rows now in view: their remote columns are wanted, and only theirs. */
  view(ids: readonly number[]): void;
  edit(edit: Edit): Promise<EditAnswer>;
  add(values: Readonly<Record<string, Value>>): Promise<EditAnswer & { id?: number }>;
  remove(ids: readonly IdRange[]): Promise<EditAnswer>;
  select(ranges: readonly IdRange[]): void;
  /** Ids of rows whose remote text holds `text`. */
  search(text: string): Promise<ReadonlySet<number>>;
  close(): void;
}

/** A column as the grid draws it. */
export interface GridColumn {
  id: string;
  title: string;
  /** More about it, shown when the pointer rests on the title. */
  help?: string;
  /** In px or in `ch` of the grid's font, as "14ch". */
  width: number | string;
  minWidth?: number;
  /** Takes what is left of the width, in proportion. */
  grow?: number;
  align?: "right";
  sortable?: boolean;
  /** May not be hidden. */
  always?: boolean;
  cssClass?: string;
  /** A string is set as text. An element is put in as it is; never HTML. */
  draw(row: number): HTMLElement | string | null;
  /** What is copied, searched, and read aloud. */
  text(row: number): string;
  /** How it is changed in place; absent: not at all. */
  edit?: CellEdit;
}

export interface CellEdit {
  kind: "text" | "number" | "bool" | "choice";
  choices?: readonly string[];
  can?(row: number): boolean;
  /** The value as the editor shows it. */
  get(row: number): string;
  /** "" if what was typed is good, else what is wrong with it. */
  check(row: number, typed: string): string;
  /** What was probably meant, offered beside what `check` says; "" for nothing. */
  suggest?(row: number, typed: string): string;
  /** `over`: the version that may be written over, once the user has seen what it holds. */
  save(row: number, typed: string, over?: number): Promise<EditAnswer>;
}

/** The rows in the order shown. `row(i)` is opaque to the grid: a view gives it meaning. */
export interface GridRows {
  readonly length: number;
  /** Rows that are still to come; NaN: there are some, and nobody knows how many. */
  readonly coming?: number;
  row(index: number): number;
  /** Stays the same while its row lives: for focus, selection and scroll position. */
  key(row: number): number;
  indexOf(key: number): number;
  /** Extra classes of a row, as "is-first is-open". */
  rowClass?(row: number): string;
  /** May it be selected? */
  selectable?(row: number): boolean;
  /** From which column on one cell spans the rest; null: none does. */
  span?(row: number): string | null;
}

export interface GridEvents {
  /** Enter, double click, or a letter key on the focused cell. */
  key(row: number, column: string, event: KeyboardEvent): boolean;
  /** A press inside a cell; `target` may be a button with `data-act`. */
  press(row: number, column: string, act: string | null, event: MouseEvent): void;
  selection(keys: ReadonlySet<number>): void;
  sort(column: string, descending: boolean): void;
  columns(shown: readonly ColumnChoice[]): void;
  /** First and last index in view, inclusive. */
  view(first: number, last: number): void;
}

/** What a user made of the columns: remembered per user. */
export interface ColumnChoice {
  id: string;
  width?: number;
  hidden?: boolean;
}
