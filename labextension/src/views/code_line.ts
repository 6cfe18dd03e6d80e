/** A line of code with its copy button. */

import { plain } from "../model/plain";
import { el } from "../dom";
import { icon } from "../icons";
import type { Shell } from "./shell";

export interface CodeLine {
  el: HTMLElement;
  set(code: string): void;
}

/** `name` says what is copied, as "Copy pandas expression". */
export function codeLine(shell: Shell, name: string, code = ""): CodeLine {
  let line = "";
  const shown = el("code");
  const set = (text: string): void => {
    if (text === line) return;
    line = text;
    shown.textContent = shown.title = plain(text, Infinity);
  };
  set(code);
  const copy = el("button.arp-icon", { type: "button", "aria-label": name, title: name, onclick: () => shell.copy(line) }, icon("copy"));
  return { el: el("div.arp-code", {}, shown, copy), set };
}
