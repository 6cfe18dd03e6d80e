/** The tip at whatever has `data-tip`, on hover and on focus; Esc takes it away. */

import { el } from "../dom";

export class Tip {
  readonly #el = el("div.arp-tip", { role: "tooltip", hidden: true });

  constructor(readonly box: HTMLElement) {
    box.append(this.#el);
    const over = (event: Event): void => {
      const at = (event.target as Element).closest?.<HTMLElement>("[data-tip]");
      if (at) this.#show(at);
      else if (event.type === "mouseover" || event.type === "focusin") this.hide();
    };
    for (const name of ["mouseover", "focusin"]) box.addEventListener(name, over);
    for (const name of ["mouseleave", "focusout", "scroll"]) box.addEventListener(name, () => this.hide());
    box.addEventListener("keydown", (event) => event.key === "Escape" && this.hide());
  }

  hide(): void {
    this.#el.hidden = true;
  }

  #show(at: HTMLElement): void {
    this.#el.textContent = at.dataset["tip"] ?? "";
    this.#el.hidden = false;
    const field = this.box.getBoundingClientRect();
    const from = at.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.#el;
    const middle = from.left - field.left + this.box.scrollLeft + from.width / 2;
    const left = Math.max(4, Math.min(middle - offsetWidth / 2, field.width - offsetWidth - 4));
    const above = from.top - field.top + this.box.scrollTop - offsetHeight - 8;
    const below = above < this.box.scrollTop;
    this.#el.style.left = `${left}px`;
    this.#el.style.top = `${below ? above + offsetHeight + from.height + 16 : above}px`;
    this.#el.style.setProperty("--at", `${middle - left}px`);
    this.#el.classList.toggle("is-below", below);
  }
}
