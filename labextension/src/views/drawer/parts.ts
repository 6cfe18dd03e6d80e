/** What the drawer's pages are made of. */

import { plain } from "../../model/plain";
import { words } from "../../model/error_words";
import { codeLine } from "../code_line";
import { el, type Attributes } from "../../dom";
import { icon, type IconName } from "../../icons";
import type { Shell } from "../shell";

type Content = Node | string | false | null | undefined;

export function button(say: string, act: () => void, picture?: IconName, more = ""): HTMLButtonElement {
  return el(`button.arp-btn${more}`, { type: "button", onclick: act }, picture ? icon(picture) : null, say);
}

export function iconButton(picture: IconName, say: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return el("button.arp-icon", { type: "button", "aria-label": say, title: say, onclick: act, ...attributes }, icon(picture));
}

export function heading(title: string, said: string, ...actions: Content[]): HTMLElement {
  return el("div.arp-dline", {}, el("h3", {}, title), el("span.arp-muted", {}, said), el("span.arp-grow"), ...actions);
}

/** A box that says what to look at; crimson if something failed. */
export function note(failed: boolean, ...content: Content[]): HTMLElement {
  return el(`div.arp-note${failed ? ".is-bad" : ""}`, {}, icon(failed ? "cross" : "warn"), ...content);
}

/** What went wrong, in the words of whoever refused. */
export const failure = (error: unknown): HTMLElement => note(true, el("span", {}, words(error)));

/** Words of a machine or a script, as they are, in a box that scrolls. */
export function raw(label: string, text: string): HTMLElement {
  return el("pre.arp-raw", { tabindex: 0, role: "region", "aria-label": label }, plain(text, Infinity));
}

/** Names and values; pairs without a value are left out. Texts are made safe to look at. */
export function pairs(kind: "arp-kv" | "arp-facts", some: readonly (readonly [string, Content])[]): HTMLElement {
  const list = el("dl", { class: kind });
  for (const [name, value] of some) {
    if (!value) continue;
    const pair = [el("dt", {}, name), el("dd", {}, typeof value === "string" ? plain(value, Infinity) : value)];
    if (kind === "arp-kv") list.append(...pair);
    else list.append(el("div", {}, ...pair));
  }
  return list;
}

export const mono = (text: string): HTMLElement => el("span.arp-mono", {}, plain(text, Infinity));

export function table(names: readonly string[], rows: readonly (readonly Content[])[]): HTMLElement {
  return el(
    "table.arp-tbl", {}, el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, cell))))),
  );
}

/** A line of Python to copy. */
export function python(shell: Shell, line: string): HTMLElement {
  return codeLine(shell, "Copy this line of Python", line).el;
}
