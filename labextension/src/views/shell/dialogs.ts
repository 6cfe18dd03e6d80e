/** Dialogs: the focus stays in them, Esc closes them, and then it is where it was. */

import { el, unique } from "../../dom";
import { icon } from "../../icons";
import type { Question } from "../shell";

const FOCUSABLE = "button:not(:disabled), input:not(:disabled), select, textarea, a[href], [tabindex='0']";

export interface DialogOptions {
  role?: "dialog" | "alertdialog";
  /** No cross in its head: it is left by its buttons, or Esc. */
  plain?: boolean;
  width_px?: number;
  closed?(): void;
}

export class Dialogs {
  constructor(readonly root: HTMLElement) {}

  open(title: string, draw: (box: HTMLElement, close: () => void) => void, options: DialogOptions = {}): void {
    const before = document.activeElement as HTMLElement | null;
    const id = unique("arp-dialog");
    const body = el("div.arp-dbox", { id: `${id}-text` });
    // a press beside the dialog would take the focus out of it, and Esc with it
    const veil: HTMLElement = el("div.arp-veil", { onmousedown: (event: Event) => event.target === veil && event.preventDefault() });
    const close = (): void => {
      if (!veil.isConnected) return;
      veil.remove();
      document.removeEventListener("keydown", beside);
      for (const one of behind) one.inert = false;
      back(before, this.root);
      options.closed?.();
    };
    const cross = el("button.arp-icon", { type: "button", "aria-label": "Close", onclick: close }, icon("x"));
    const dialog = el(
      "div.arp-dialog",
      {
        role: options.role ?? "dialog", "aria-modal": "true", "aria-labelledby": id, tabindex: -1,
        "aria-describedby": options.role ? `${id}-text` : null,
        style: options.width_px ? `width:${options.width_px}px` : null,
        onkeydown: (event: KeyboardEvent) => trap(event, dialog, close),
      },
      el("header", {}, el("h2", { id }, title), el("span.arp-grow"), options.plain ? null : cross),
      body,
    );
    // a button that is disabled or taken away by its own press leaves the focus to nobody
    const beside = (event: KeyboardEvent): void => {
      if (event.target === document.body) trap(event, dialog, close);
    };
    document.addEventListener("keydown", beside);
    // what lies behind can neither be reached nor read meanwhile, except what is said aloud
    const behind = ([...this.root.children] as HTMLElement[]).filter((one) => !one.inert && !one.matches("[aria-live], .arp-toasts"));
    veil.append(dialog);
    this.root.append(veil);
    for (const one of behind) one.inert = true;
    draw(body, close);
    if (!dialog.contains(document.activeElement)) first(body, dialog).focus();
  }

  ask(question: Question): Promise<boolean> {
    return new Promise((answer) => {
      let said = false;
      const options: DialogOptions = { role: "alertdialog", plain: true, width_px: 560, closed: () => answer(said) };
      const draw = (box: HTMLElement, close: () => void): void => {
        const { no, field } = ask(box, question, close, () => ((said = true), close()));
        (question.dangerous ? no : (field ?? first(box, no))).focus();
      };
      this.open(question.title, draw, options);
    });
  }
}

function ask(box: HTMLElement, question: Question, close: () => void, agree: () => void): { no: HTMLElement; field: HTMLElement | null } {
  const { type } = question;
  const no = el("button.arp-btn", { type: "button", onclick: close }, question.no);
  const yes = el(`button.arp-btn.${question.dangerous ? "is-bad" : "is-main"}`, { type: "submit", disabled: type !== undefined }, question.yes);
  const field = type === undefined ? null : el("input", {
    "aria-label": `Type ${type} to go on`, autocomplete: "off",
    oninput: () => (yes.disabled = field?.value.trim() !== type),
  });
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!yes.disabled) agree();
  };
  box.append(
    el("form", { onsubmit: submit },
      el("div.arp-ask", {},
        typeof question.body === "string" ? el("p", {}, question.body) : question.body,
        field && el("label.arp-check", {}, `Type ${type} to go on`, el("span.arp-field", {}, field))),
      el("footer", {}, el("span.arp-grow"), no, yes)),
  );
  return { no, field };
}

function first(box: HTMLElement, otherwise: HTMLElement): HTMLElement {
  return box.querySelector<HTMLElement>("input, select, textarea") ?? box.querySelector<HTMLElement>(FOCUSABLE) ?? otherwise;
}

function trap(event: KeyboardEvent, dialog: HTMLElement, close: () => void): void {
  event.stopPropagation();
  if (event.key === "Escape") {
    event.preventDefault();
    close();
  }
  if (event.key !== "Tab") return;
  const stops = [...dialog.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((one) => !one.closest("[hidden]") && one.tabIndex >= 0);
  const at = stops.indexOf(document.activeElement as HTMLElement);
  const out = event.shiftKey ? at <= 0 : at === stops.length - 1;
  if (!out) return;
  event.preventDefault();
  (stops[event.shiftKey ? stops.length - 1 : 0] ?? dialog).focus();
}

/** Focus what had it, or the page's table if that is gone meanwhile. */
function back(before: HTMLElement | null, root: HTMLElement): void {
  if (before?.isConnected && before !== document.body) before.focus();
  else root.querySelector<HTMLElement>(".arp-page:not([hidden]) [role=grid] [tabindex='0']")?.focus();
}
