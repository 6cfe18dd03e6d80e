/** What a view may ask of the page around it: one set of toasts, dialogs and announcements. */

import type { Board } from "../sources/board";

export type DrawerTab = "log" | "details" | "snapshot" | "history";

export interface Toast {
  kind: "good" | "bad" | "plain";
  title: string;
  text?: string;
  /** The machine's own words, shown in a box as they are. */
  said?: string;
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
  /** Why it cannot be used; it stays listed. */
  off?: string;
  do(): void;
}

export interface Shell {
  readonly board: Board;
  toast(toast: Toast): void;
  /** True if `yes` was pressed. Traps focus; Esc is no; focus returns to where it was. */
  ask(question: Question): Promise<boolean>;
  /** A dialog of a view's own: gets its element and how to close it. */
  dialog(title: string, draw: (el: HTMLElement, close: () => void) => void): void;
  /** A menu below an element; with `search` items are filtered as one types. */
  menu(at: HTMLElement, items: readonly MenuItem[], search?: string): void;
  openJob(job: number, tab?: DrawerTab): void;
  /** Go to a page of the board. */
  go(page: "defs" | "control"): void;
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
