/**
 * Code that a page can do without at first: it comes while the page rests, or when it is needed.
 *
 * Once it is there, whatever needs it is drawn at once, as if it had always been there. Until
 * then a place says that it is coming; if it does not come, the place says why, and tries again
 * when asked to.
 */

import { plain } from "../model/plain";
import { words } from "../model/error_words";
import { el } from "../dom";
import type { Mounted, Shell } from "./shell";

/** ms after the page was drawn before more is fetched: its rows come first. */
const FIRST_MS = 1000;
const ADVICE = "Nothing is lost. If this goes on, reload the page: the server may have been updated.";

export class Later<Module> {
  #module: Module | null = null;
  #coming: Promise<Module> | null = null;
  #turn = 0;

  /** `what`: as "The drawer", for the sentence that says that it could not be loaded. */
  constructor(
    readonly what: string,
    readonly load: () => Promise<Module>,
  ) {}

  /** The code if it is there. */
  get now(): Module | null {
    return this.#module;
  }

  /** The code when it is there: fetched once, and once more after it failed. */
  fetch(): Promise<Module> {
    this.#coming ??= this.load().then((module) => (this.#module = module), (error: unknown) => {
      this.#coming = null;
      throw error;
    });
    return this.#coming;
  }

  /**
   * Do something with the code: at once, or when it is there. Of several presses meanwhile the
   * last one counts, and none does once another experiment is shown. What is typed ahead does
   * not act on the page. A failure is a toast.
   */
  use(shell: Pick<Shell, "toast" | "board" | "hold">, act: (module: Module) => void): void {
    if (this.#module) return act(this.#module);
    const turn = ++this.#turn;
    const { board } = shell;
    const wanted = (): boolean => turn === this.#turn && shell.board === board;
    const come = shell.hold(() => void this.#turn++);
    this.fetch().then((module) => (come(), wanted() && act(module)), (error: unknown) => {
      come();
      if (!wanted()) return;
      shell.toast({
        kind: "bad", title: `${this.what} could not be loaded`, text: ADVICE, said: plain(words(error), 500),
        actions: [{ label: "Try again", do: () => this.use(shell, act) }],
      });
    });
  }
}

/** Fetch these one after the other while the page rests; returns how to leave it. */
export function fetchAtRest(parts: readonly Later<unknown>[]): () => void {
  const left = [...parts];
  const next = (): void => void left.shift()?.fetch().then(next, next); // who needs it is told of a failure
  const rest = (): void => void (typeof requestIdleCallback === "undefined" ? next() : requestIdleCallback(next));
  const timer = window.setTimeout(rest, FIRST_MS);
  return () => {
    window.clearTimeout(timer);
    left.length = 0;
  };
}

/** A view whose code may still have to come. */
export class Place<Module, View extends Mounted> implements Mounted {
  view: View | null = null;
  #gone = false;
  readonly #waits = el("div.arp-none", { tabindex: -1 });

  /** `drawn` is told when the view came late, and whether the focus waited for it. */
  constructor(
    readonly box: HTMLElement,
    readonly part: Later<Module>,
    readonly draw: (module: Module) => View,
    readonly drawn: (focused: boolean) => void = () => {},
  ) {
    if (part.now) this.view = draw(part.now);
    else this.#wait();
  }

  /** Put the focus where the view will be; false: it is there already. */
  focus(): boolean {
    if (!this.view) this.#waits.focus();
    return !this.view;
  }

  resize(): void {
    this.view?.resize?.();
  }

  destroy(): void {
    this.#gone = true;
    this.#waits.remove();
    this.view?.destroy();
  }

  #wait(): void {
    const focused = this.#waits.contains(document.activeElement);
    this.#waits.replaceChildren(el("p", { role: "status" }, "Loading …"));
    this.box.append(this.#waits);
    if (focused) this.#waits.focus();
    this.part.fetch().then((module) => this.#gone || this.#came(module), (error: unknown) => this.#gone || this.#failed(error));
  }

  #came(module: Module): void {
    const had = document.activeElement as HTMLElement | null;
    const focused = this.#waits.contains(had);
    this.#waits.remove();
    this.view = this.draw(module);
    if (!this.box.hidden) this.view.resize?.();
    // who went elsewhere meanwhile stays there
    if (!focused && had?.isConnected && had !== document.body) had.focus();
    this.drawn(focused);
  }

  #failed(error: unknown): void {
    this.#waits.replaceChildren(el("div", { role: "alert" },
      el("h2", {}, `${this.part.what} could not be loaded`), el("p", {}, ADVICE), el("p.arp-muted", {}, plain(words(error), 500)),
      el("button.arp-btn.is-main", { type: "button", onclick: () => this.#wait() }, "Try again")));
  }
}
