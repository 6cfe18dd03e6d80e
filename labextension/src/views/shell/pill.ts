/** The connection pill: the worst of three, and on a press all three and what is kept. */

import type { Board } from "../../sources/board";
import { counted } from "../counted";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import { kept } from "../job_shares";
import { health } from "./health";
import { elsewhere, place } from "./place";

export class Pill {
  readonly el = el("button.arp-pill", { type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => this.#toggle() });
  #panel: HTMLElement | null = null;
  #stop: () => void = () => {};

  constructor(
    readonly root: HTMLElement,
    readonly board: () => Board,
  ) {}

  draw(): void {
    const now = health(this.board());
    this.el.className = `arp-pill is-${now.mood}`;
    fill(this.el, icon(now.icon), el("b", {}, now.word), now.text && el("span.arp-hide-s", {}, now.text));
    if (this.#panel) this.#fill(this.#panel);
  }

  /** True if it was open. */
  close(refocus = true): boolean {
    if (!this.#panel) return false;
    this.#stop();
    this.#panel.remove();
    this.#panel = null;
    this.el.setAttribute("aria-expanded", "false");
    if (refocus) this.el.focus();
    return true;
  }

  #toggle(): void {
    if (this.close()) return;
    const panel = el("div.arp-menu.arp-health", {
      role: "dialog", "aria-label": "Connection", tabindex: -1,
      onkeydown: (event: KeyboardEvent) => {
        event.stopPropagation();
        if (event.key === "Escape") this.close();
      },
    });
    this.#panel = panel;
    this.#fill(panel);
    this.root.append(panel);
    this.el.setAttribute("aria-expanded", "true");
    place(this.root, this.el, panel);
    panel.focus();
    this.#stop = elsewhere([panel, this.el], () => this.close(false));
  }

  #fill(panel: HTMLElement): void {
    const board = this.board();
    const { parts } = health(board);
    const number = kept(board.jobs);
    const lines = parts.flatMap(({ name, mood, word, text }) => [
      el("dt", {}, name),
      el("dd", {}, el(`b.is-${{ ok: "done", busy: "look", down: "fail" }[mood]}`, {}, word), text && `, ${text}`),
    ]);
    const waiting = number ? `${counted(number, "request")}, sent in order${board.health?.client.ok ? "" : " when it is back"}` : "nothing";
    fill(panel, el("dl.arp-kv", {}, ...lines, el("dt", {}, "Kept"), el("dd", {}, waiting)));
  }
}
