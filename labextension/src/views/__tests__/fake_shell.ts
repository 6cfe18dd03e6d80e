/** A shell that notes what views ask of it, and answers as told. */

import type { Board } from "../../sources/board";
import type { DrawerTab, Key, LedgerOf, MenuItem, PageName, Question, Shell, Toast } from "../shell";

export class FakeShell implements Shell {
  readonly toasts: Toast[] = [];
  readonly questions: Question[] = [];
  readonly dialogs: { title: string; el: HTMLElement; closed: boolean }[] = [];
  readonly menus: { at: HTMLElement; items: readonly MenuItem[]; search: string | undefined }[] = [];
  readonly opened: { job: number; tab: DrawerTab | undefined }[] = [];
  readonly said: string[] = [];
  readonly copied: string[] = [];
  page: PageName = "control";
  readonly ledgers: LedgerOf[] = [];
  letters = true;
  /** What `ask` answers. */
  yes = true;

  constructor(readonly board: Board) {}

  toast(toast: Toast): void {
    this.toasts.push(toast);
  }
  ask(question: Question): Promise<boolean> {
    this.questions.push(question);
    return Promise.resolve(this.yes);
  }
  dialog(title: string, draw: (el: HTMLElement, close: () => void) => void): void {
    const made = { title, el: document.createElement("div"), closed: false };
    this.dialogs.push(made);
    document.body.append(made.el);
    draw(made.el, () => {
      made.closed = true;
      made.el.remove();
    });
  }
  menu(at: HTMLElement, items: readonly MenuItem[], search?: string): void {
    this.menus.push({ at, items, search });
  }
  readonly registered = new Set<Key>();
  readonly undos: (() => void)[] = [];
  keys(keys: readonly Key[]): () => void {
    for (const key of keys) this.registered.add(key);
    return () => keys.forEach((key) => this.registered.delete(key));
  }
  hold(): () => void {
    return () => {};
  }
  undoable(undo: () => void): void {
    this.undos.push(undo);
  }
  openJob(job: number, tab?: DrawerTab): void {
    this.opened.push({ job, tab });
  }
  closeJob(): void {
    this.opened.length = 0;
  }
  go(page: PageName): void {
    this.page = page;
  }
  openLedger(of: LedgerOf): void {
    this.ledgers.push(of);
  }
  announce(text: string): void {
    this.said.push(text);
  }
  copy(text: string): void {
    this.copied.push(text);
  }
}
