/** What a view may ask of the page around it: one set of toasts, dialogs and announcements. */

import type { Board } from "../sources/board";

/** Of the board's pages: "Batch defs", "Batch control" and "Autorun". */
export type PageName = "defs" | "control" | "autorun";
export type DrawerTab = "log" | "details" | "snapshot" | "history";

/** Of what the ledger is shown; {}: of everything. */
export interface LedgerOf {
  run?: number;
  hash?: string;
}

export interface Toast {
  kind: "good" | "bad" | "plain";
  title: string;
  text?: string;
  /** The machine's own words, shown in a box as they are. */
  said?: string;
  /** One labelled "Undo" is what Ctrl+Z does, also when the toast is gone. */
  actions?: readonly { label: string; do(): void }[];
  /** Seconds on screen; bad ones stay until dismissed. */
  stay_s?: number;
}

export interface Question {
  title: string;
  /** Built with `el` of dom.ts; text from others is text. */
  body: HTMLElement | string;
  /** As "Kill 12 jobs". */
  yes: string;
  /** As "Keep"; has the first focus of a dangerous question. */
  no: string;
  dangerous?: boolean;
  /** What must be typed before `yes` can be pressed. */
  type?: string;
}

export interface MenuItem {
  label: string;
  note?: string;
  /** Heading above the first item that has it. */
  group?: string;
  /** Why it cannot be used; it stays listed. */
  off?: string;
  /** The one that is chosen now: marked, and where the menu opens. */
  on?: boolean;
  /** Listed whatever is typed; `do` gets what was typed. */
  always?: boolean;
  do(typed: string): void;
  /** What Shift+Enter does instead, as "change parameters first…". */
  shift?: { label: string; do(): void };
}

/** A key that works wherever the focus is in the board and not in a field. */
export interface Key {
  /** As "a", "Escape", "Ctrl+z"; several that are alike as "n p", each given to `do`. */
  keys: string;
  /** What it does, in the list that `?` shows; empty: not listed. */
  what: string;
  /** "table": only listed, the table sees to it itself. */
  place?: "table";
  /** False: not now, let others have it. */
  do?(key: string): boolean | void;
}

export interface Shell {
  readonly board: Board;
  /** Single letters act: the user may have turned them off. */
  readonly letters: boolean;
  toast(toast: Toast): void;
  /** True if `yes` was pressed. Traps focus; Esc is no; focus returns to where it was. */
  ask(question: Question): Promise<boolean>;
  /** A dialog of a view's own: gets its element and how to close it. */
  dialog(title: string, draw: (el: HTMLElement, close: () => void) => void): void;
  /** A menu below an element; with `search` items are filtered as one types, also before they have come. Focus returns to `at`. */
  menu(at: HTMLElement, items: readonly MenuItem[] | Promise<readonly MenuItem[]>, search?: string): void;
  /** Keys of a page; returns how to take them away. `/` and `g` are the shell's: the first goes to `.arp-search input`. */
  keys(keys: readonly Key[]): () => void;
  /** What was asked for is on its way: until the returned function is called keys do not act on the page, but Esc gives it up. */
  hold(giveUp: () => void): () => void;
  /** Something that Ctrl+Z puts back, newest first. */
  undoable(undo: () => void): void;
  /** Open the drawer in `.arp-body` of the page. */
  openJob(job: number, tab?: DrawerTab): void;
  /** Close the drawer, as its cross and Esc do; the focus goes back to where it was. */
  closeJob(): void;
  /** Go to a page of the board. */
  go(page: PageName): void;
  /** Show what autorun decided, of a run or of a batch def. */
  openLedger(of: LedgerOf): void;
  /** Read aloud politely; gathered to at most one sentence each 5 s. */
  announce(text: string): void;
  /** Copy to the clipboard and say so. */
  copy(text: string): void;
}

/** A mounted view: told of changes by its owner, and taken down once. */
export interface Mounted {
  destroy(): void;
  /** Its container got another size. */
  resize?(): void;
}
