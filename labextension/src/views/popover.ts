/** A box below a button of the toolbar, closed by Esc, by the button, and by a press elsewhere. */

import { el } from "../dom";

/** Press the button again to close it. The focus returns to the button. */
export function popover(button: HTMLElement, name: string, draw: (box: HTMLElement, close: () => void) => void): void {
  const parent = button.parentElement!;
  const open = parent.querySelector<HTMLElement>(":scope > .arp-menu");
  if (open) {
    const mine = open.dataset["of"] === name;
    open.dispatchEvent(new Event("arp-close"));
    if (mine) return;
  }
  const close = (): void => {
    document.removeEventListener("pointerdown", outside, true);
    box.remove();
    button.setAttribute("aria-expanded", "false");
    if (box.dataset["kept"] !== "no") button.focus();
  };
  const outside = (event: Event): void => {
    const target = event.target as Node;
    if (box.contains(target) || button.contains(target)) return;
    box.dataset["kept"] = "no";
    close();
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  const box = el("div.arp-menu.arp-pop", { role: "dialog", "aria-label": name, "data-of": name, onkeydown: keys });
  box.addEventListener("arp-close", close);
  const right = parent.getBoundingClientRect().right - button.getBoundingClientRect().right;
  box.style.cssText = `right:${Math.max(4, right)}px`;
  button.setAttribute("aria-expanded", "true");
  parent.append(box);
  draw(box, close);
  document.addEventListener("pointerdown", outside, true);
}
