/** The list of keys, and the box that turns single letters off. */

import { el } from "../../dom";
import type { Key } from "../shell";

const NAMES: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", " ": "Space" };

export function drawHelp(box: HTMLElement, keys: readonly Key[], letters: boolean, set: (on: boolean) => void): void {
  const listed = keys.filter((key) => key.what);
  const check = el("input", { type: "checkbox", checked: letters, onchange: () => set(check.checked) });
  box.append(
    el("div.arp-keys", {},
      part("Anywhere on the board", listed.filter((key) => key.place !== "table")),
      part("In the table", listed.filter((key) => key.place === "table"))),
    el("footer", {}, el("label.arp-check", {}, check, "Single letters and signs act. Turned off, only named keys do, such as Esc, Delete and Ctrl+z.")),
  );
}

function part(title: string, keys: readonly Key[]): HTMLElement {
  const lines = keys.flatMap((key) => [el("dt", {}, ...key.keys.split(" ").flatMap(drawn)), el("dd", {}, key.what)]);
  return el("div", {}, el("h3", {}, title), el("dl", {}, ...lines));
}

/** One key, or several pressed together (`Ctrl+z`) or one after the other (`g-d`). */
function drawn(keys: string): (HTMLElement | string)[] {
  return [...keys.split(/(?<=.)[+-](?=.)/u).map((key) => el("kbd", {}, NAMES[key] ?? key)), " "];
}
