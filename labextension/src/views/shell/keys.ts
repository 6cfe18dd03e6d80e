/**
 * The board's keys, seen to in one place: they work wherever the focus is in the board and
 * not in a field, are stopped there, so that Lab's command mode does not see them, and
 * single letters can be turned off (WCAG 2.1.4).
 */

import type { Key } from "../shell";

/** Pause after which `g` is forgotten, in ms. */
const PAIR_MS = 1500;
const PRESSED = "button, a, input";
const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable=true]";

export class Keys {
  readonly #all: { keys: readonly Key[]; shown: () => boolean }[] = [];
  /** Whether what registers keys now is on screen: those of a hidden page neither act nor are listed. */
  shown: () => boolean = () => true;
  /** How many sets come before all others. */
  #urgent = 0;
  /** How to give up what is on its way. */
  readonly #held = new Set<() => void>();
  #first = "";
  #timer = 0;
  readonly #listen = (event: KeyboardEvent): void => this.#key(event);
  readonly #listenBeside = (event: KeyboardEvent): void => {
    if (event.target !== document.body || this.root.querySelector("[aria-modal]")) return;
    this.#typedAhead(event);
    this.#key(event);
  };
  readonly #listenAhead = (event: KeyboardEvent): void => this.#typedAhead(event);

  constructor(
    readonly root: HTMLElement,
    readonly letters: () => boolean,
  ) {
    root.addEventListener("keydown", this.#listen);
    root.addEventListener("keydown", this.#listenAhead, true); // before the table's own
  }

  /** Act also while nothing has the focus: for a board that has its window to itself. */
  besides(): void {
    document.addEventListener("keydown", this.#listenBeside);
  }

  /** Those added last come first, after those that are `urgent`. */
  add(keys: readonly Key[], urgent = false): () => void {
    const set = { keys, shown: this.shown };
    const at = urgent ? 0 : this.#urgent;
    if (urgent) this.#urgent++;
    this.#all.splice(at, 0, set);
    return () => {
      const at = this.#all.indexOf(set);
      if (at < 0) return;
      this.#all.splice(at, 1);
      if (urgent) this.#urgent--;
    };
  }

  /** What was asked for is on its way: what is typed is meant for it. Esc gives it up. */
  hold(giveUp: () => void): () => void {
    this.#held.add(giveUp);
    return () => void this.#held.delete(giveUp);
  }

  /** All of them, the board's own first, as they were given. */
  get list(): readonly Key[] {
    return this.#sets.reverse().flat();
  }

  get #sets(): (readonly Key[])[] {
    return this.#all.filter((set) => set.shown()).map((set) => set.keys);
  }

  destroy(): void {
    window.clearTimeout(this.#timer);
    this.root.removeEventListener("keydown", this.#listen);
    this.root.removeEventListener("keydown", this.#listenAhead, true);
    document.removeEventListener("keydown", this.#listenBeside);
  }

  #typedAhead(event: KeyboardEvent): void {
    const { key } = event;
    const at = event.target as Element;
    if (!this.#held.size || event.altKey || event.ctrlKey || event.metaKey || (event.shiftKey && key === "Enter")) return;
    const own = at.matches(FIELDS) || ((key === "Enter" || key === " ") && at.matches(PRESSED));
    if (key !== "Escape" && (own || (key.length > 1 && key !== "Enter" && key !== "Delete"))) return;
    event.preventDefault();
    event.stopPropagation();
    if (key !== "Escape") return;
    for (const giveUp of this.#held) giveUp();
    this.#held.clear();
  }

  #key(event: KeyboardEvent): void {
    const held = event.ctrlKey || event.metaKey;
    // Lab's and the browser's; Shift+Enter runs the cell
    if (event.altKey || (held && event.key.toLowerCase() !== "z") || (event.shiftKey && event.key === "Enter")) return;
    event.stopPropagation();
    if (event.defaultPrevented) return;
    const field = (event.target as Element).matches(FIELDS);
    const single = event.key.length === 1 && !held;
    if (field ? event.key !== "Escape" : single && !this.letters()) return;
    const name = this.#first + (held ? "Ctrl+" : "") + (held ? event.key.toLowerCase() : event.key);
    this.#first = "";
    if (this.#pairs(name)) {
      this.#first = `${name}-`;
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => (this.#first = ""), PAIR_MS);
    } else if (!this.#act(name)) return;
    event.preventDefault();
  }

  #pairs(name: string): boolean {
    return this.#sets.some((keys) => keys.some((key) => key.keys.split(" ").some((one) => one.startsWith(`${name}-`))));
  }

  #act(name: string): boolean {
    for (const key of this.#sets.flat()) {
      if (key.do && key.keys.split(" ").includes(name) && key.do(name) !== false) return true;
    }
    return false;
  }
}
