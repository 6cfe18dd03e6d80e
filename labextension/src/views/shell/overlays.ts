/** One set of toasts, dialogs, menus and keys for everything inside one `.arp` root. */

import type { Board } from "../../sources/board";
import { ASKED } from "../parts";
import type { DrawerTab, Key, LedgerOf, MenuItem, Mounted, PageName, Question, Shell, Toast } from "../shell";
import { Announcer } from "./announce";
import { copied } from "./clipboard";
import type { DialogOptions } from "./dialogs";
import { Keys } from "./keys";
import type { Menu } from "./menus";
import { Toasts } from "./toasts";

const LETTERS = "keys.letters";
/** Undos that are remembered. */
const UNDOS = 30;

/** What only the owner of the page knows. */
export interface Places {
  board(): Board;
  openJob(job: number, tab?: DrawerTab): void;
  closeJob(): void;
  go(page: PageName): void;
  openLedger(of: LedgerOf): void;
}

export class Overlays implements Shell, Mounted {
  readonly #toasts: Toasts;
  readonly #announcer: Announcer;
  readonly #keys: Keys;
  #menu: Menu | null = null;
  #undos: (() => void)[] = [];
  /** How to take away what offers to undo. */
  readonly #offers = new Set<() => void>();

  constructor(
    readonly root: HTMLElement,
    readonly places: Places,
  ) {
    this.#announcer = new Announcer(root);
    this.#toasts = new Toasts(root, (text) => this.copy(text));
    this.#keys = new Keys(root, () => this.letters);
    this.#keys.add([
      { keys: "/", what: "search", do: () => this.#search() },
      { keys: "Ctrl+z", what: "undo delete or edit", do: () => this.#undo() },
      { keys: "?", what: "this list", do: () => this.help() },
    ]);
  }

  get board(): Board {
    return this.places.board();
  }

  /** Single letters act: remembered for the user. */
  get letters(): boolean {
    return this.board.preferences.get<boolean>(LETTERS) ?? true;
  }

  toast(toast: Toast): void {
    const undo = (toast.actions ?? []).find((one) => one.label === "Undo");
    if (!undo) return void this.#toasts.show(toast);
    // undone by Ctrl+Z, too, it offers it no longer
    const once = this.#once(() => (offer(), undo.do()));
    const away = this.#toasts.show({ ...toast, actions: toast.actions!.map((one) => (one === undo ? { ...one, do: once } : one)) });
    const offer = (): void => (away(), void this.#offers.delete(offer));
    this.#offers.add(offer);
  }

  ask(question: Question): Promise<boolean> {
    return new Promise((answer) => {
      ASKED.use(this, ({ Dialogs }) => {
        this.#menu?.close(false);
        void new Dialogs(this.root).ask(question).then(answer);
      });
    });
  }

  dialog(title: string, draw: (el: HTMLElement, close: () => void) => void): void {
    this.#dialog(title, draw);
  }

  menu(at: HTMLElement, items: readonly MenuItem[] | Promise<readonly MenuItem[]>, search?: string): void {
    const open = this.#menu?.open && this.#menu.owner === at;
    this.#menu?.close();
    if (!open) ASKED.use(this, ({ Menu }) => (this.#menu = new Menu(this.root, at, items, search)));
  }

  openJob(job: number, tab?: DrawerTab): void {
    this.places.openJob(job, tab);
  }

  closeJob(): void {
    this.places.closeJob();
  }

  go(page: PageName): void {
    this.places.go(page);
  }

  openLedger(of: LedgerOf): void {
    this.places.openLedger(of);
  }

  announce(text: string): void {
    this.#announcer.say(text);
  }

  copy(text: string): void {
    void copied(text, this.root).then((done) => {
      if (done) this.toast({ kind: "plain", title: "Copied", stay_s: 2 });
      else this.toast({ kind: "plain", title: "This page may not copy: select it here", said: text, stay_s: 30 });
    });
  }

  keys(keys: readonly Key[], urgent = false): () => void {
    return this.#keys.add(keys, urgent);
  }

  hold(giveUp: () => void): () => void {
    return this.#keys.hold(giveUp);
  }

  /** The board's keys act also while nothing has the focus. */
  keysBesides(): void {
    this.#keys.besides();
  }

  /** Keys that `draw` registers act only while `shown`. */
  during<T>(shown: () => boolean, draw: () => T): T {
    const before = this.#keys.shown;
    this.#keys.shown = shown;
    try {
      return draw();
    } finally {
      this.#keys.shown = before;
    }
  }

  undoable(undo: () => void): void {
    this.#undos = [...this.#undos, undo].slice(-UNDOS);
  }

  /** Another experiment is shown: what was done to the former one stays done. */
  forget(): void {
    this.#menu?.close(false);
    for (const away of this.#offers) away();
    this.#undos = [];
  }

  help(): void {
    const set = (on: boolean): void => this.board.preferences.set(LETTERS, on);
    ASKED.use(this, ({ drawHelp }) => this.#dialog("Keyboard", (box) => drawHelp(box, this.#keys.list, this.letters, set), { width_px: 640 }));
  }

  resize(): void {
    this.#toasts.place();
  }

  destroy(): void {
    this.#menu?.close(false);
    this.#keys.destroy();
    this.#toasts.destroy();
    this.#announcer.destroy();
  }

  #dialog(title: string, draw: (box: HTMLElement, close: () => void) => void, options?: DialogOptions): void {
    ASKED.use(this, ({ Dialogs }) => {
      this.#menu?.close(false);
      new Dialogs(this.root).open(title, draw, options);
    });
  }

  /** What was undone by its button is not undone again by Ctrl+Z. */
  #once(undo: () => void): () => void {
    const once = (): void => {
      if (!this.#undos.includes(once)) return;
      this.#undos = this.#undos.filter((one) => one !== once);
      undo();
    };
    this.undoable(once);
    return once;
  }

  #undo(): boolean {
    const undo = this.#undos.at(-1);
    if (!undo) return false;
    undo();
    this.#undos = this.#undos.filter((one) => one !== undo);
    return true;
  }

  #search(): boolean {
    const field = this.root.querySelector<HTMLInputElement>(".arp-page:not([hidden]) .arp-search input");
    field?.select();
    field?.focus();
    return field !== null;
  }
}
