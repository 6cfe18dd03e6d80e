/** What is read aloud: politely, and gathered to at most one sentence each five seconds. */

import { el } from "../../dom";

const EVERY_MS = 5000;

export class Announcer {
  readonly #box = el("div.arp-sr", { "aria-live": "polite" });
  #waiting: string[] = [];
  #timer = 0;

  constructor(root: HTMLElement) {
    root.append(this.#box);
  }

  say(text: string): void {
    if (!this.#waiting.includes(text)) this.#waiting.push(text);
    if (!this.#timer) this.#speak();
  }

  destroy(): void {
    window.clearTimeout(this.#timer);
    this.#box.remove();
  }

  #speak(): void {
    this.#timer = 0;
    if (!this.#waiting.length) return;
    // older news than the last three are visible, and no longer worth interrupting anybody
    this.#box.textContent = this.#waiting.slice(-3).join("; ");
    this.#waiting = [];
    this.#timer = window.setTimeout(() => this.#speak(), EVERY_MS);
  }
}
