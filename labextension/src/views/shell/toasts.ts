/** Short messages over the page: three at most, older ones behind one "2 more". */

import { el } from "../../dom";
import { icon } from "../../icons";
import type { Toast } from "../shell";

const AT_ONCE = 3;
const LOOKS = { good: ["tick", "done"], bad: ["cross", "fail"], plain: ["info", "wait"] } as const;

export class Toasts {
  /** Newest last. */
  readonly #cards: HTMLElement[] = [];
  readonly #more: HTMLButtonElement;
  readonly #box: HTMLElement;
  readonly #timers = new Map<HTMLElement, () => void>();
  #all = false;

  constructor(
    readonly root: HTMLElement,
    readonly copy: (text: string) => void,
  ) {
    this.#more = el("button.arp-btn", { type: "button", onclick: () => this.#open() });
    this.#box = el("div.arp-toasts", { hidden: true }, this.#more);
    root.append(this.#box);
  }

  /** Returns how to take it away before its time. */
  show(toast: Toast): () => void {
    const card = el(`div.arp-toast.is-${LOOKS[toast.kind][1]}`, { role: toast.kind === "bad" ? "alert" : "status" });
    const away = (): void => this.#drop(card);
    card.append(icon(LOOKS[toast.kind][0]), el("b", {}, toast.title));
    card.append(el("button.arp-icon", { type: "button", "aria-label": `Dismiss: ${toast.title}`, onclick: away }, icon("x")));
    if (toast.text) card.append(el("p.arp-muted", {}, toast.text));
    if (toast.said) card.append(el("blockquote", {}, toast.said));
    const actions = actionsOf(toast, this.copy).map(({ label, stays, run }) =>
      el("button.arp-btn", { type: "button", onclick: () => (run(), stays || away()) }, label, ...keysOf(label)),
    );
    if (actions.length) card.append(el("div.arp-row-btns", {}, ...actions));
    this.#cards.push(card);
    this.#box.append(card);
    if (toast.kind !== "bad" || toast.stay_s) this.#leave(card, toast.stay_s ?? (actions.length ? 10 : 6));
    this.#arrange();
    return away;
  }

  /** Below the counts, however high they are: nothing that passes may cover them. */
  place(): void {
    const top = this.root.getBoundingClientRect().top;
    const over = [...this.root.querySelectorAll(".arp-top, .arp-banner, .arp-counts, .arp-tools")];
    const low = Math.max(0, ...over.map((one) => one.getBoundingClientRect().bottom - top));
    this.#box.style.top = `${low + 8}px`;
  }

  destroy(): void {
    for (const stop of this.#timers.values()) stop();
    this.#box.remove();
  }

  /** Take it away after some seconds, which begin anew when the pointer or the focus leaves it. */
  #leave(card: HTMLElement, stay_s: number): void {
    let timer = 0;
    const hold = (): void => window.clearTimeout(timer);
    const go = (): void => {
      hold();
      if (card.matches(":hover") || card.contains(document.activeElement)) return;
      timer = window.setTimeout(() => this.#drop(card), stay_s * 1000);
    };
    for (const name of ["mouseenter", "focusin"]) card.addEventListener(name, hold);
    card.addEventListener("mouseleave", go);
    card.addEventListener("focusout", () => queueMicrotask(go));
    this.#timers.set(card, hold);
    go();
  }

  #drop(card: HTMLElement): void {
    const at = this.#cards.indexOf(card);
    if (at < 0) return;
    const focused = card.contains(document.activeElement);
    this.#timers.get(card)?.();
    this.#timers.delete(card);
    this.#cards.splice(at, 1);
    card.remove();
    this.#arrange();
    const next = this.#cards[Math.min(at, this.#cards.length - 1)] ?? this.root.querySelector(".arp-page:not([hidden])");
    if (focused) next?.querySelector<HTMLElement>("button, [tabindex='0']")?.focus();
  }

  #open(): void {
    this.#all = true;
    this.#arrange();
    this.#cards[0]?.querySelector("button")?.focus();
  }

  #arrange(): void {
    const older = this.#cards.length - AT_ONCE;
    if (older <= 0) this.#all = false;
    this.#cards.forEach((card, at) => (card.hidden = !this.#all && at < older));
    this.#more.hidden = this.#all || older <= 0;
    this.#more.textContent = `${older} more`;
    this.#box.hidden = !this.#cards.length;
    this.place();
  }
}

/** Whatever the machine said can be copied; a toast whose words were copied stays. */
function actionsOf(toast: Toast, copy: (text: string) => void): { label: string; stays: boolean; run(): void }[] {
  const given = (toast.actions ?? []).map((one) => ({ label: one.label, stays: one.label === "Copy", run: () => one.do() }));
  const said = toast.kind === "bad" && toast.said && !given.some((one) => one.stays) ? toast.said : "";
  return said ? [{ label: "Copy", stays: true, run: () => copy(said) }, ...given] : given;
}

function keysOf(label: string): HTMLElement[] {
  return label === "Undo" ? [el("kbd", {}, "Ctrl"), el("kbd", {}, "z")] : [];
}
