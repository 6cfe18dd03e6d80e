/** A line of code with its copy button. */

import { el } from "../dom";
import { icon } from "../icons";
import type { Shell } from "../shell";

export interface CodeLine {
  el: HTMLElement;
  set(code: string): void;
}

/** `name` says what is copied, as "Copy pandas expression". */
export function codeLine(shell: Shell, name: string): CodeLine {
  const code = el("code");
  const made = el("div.arp-code", {}, code,
    el("button.arp-icon", { type: "button", "aria-label": name, title: name, onclick: () => shell.copy(code.textContent) }, icon("copy")));
  return {
    el: made,
    set(text) {
      if (code.textContent === text) return;
      code.textContent = text;
      code.title = text;
    },
  };
}
