/** What stands in place of rows: bones while loading, and words where there are none yet. */

import { el } from "../../dom";
import { icon } from "../../icons";
import type { Shell } from "../shell";

const BONES = 22;

/** Grey bars where rows will be, below these heads of columns; nothing jumps when they come. */
export function bones(heads: Iterable<HTMLElement>): HTMLElement {
  const shares = [0.7, 0.54, 0.82, 0.61];
  // not offsetLeft: SlickGrid moves its row of heads far to the left, and each head back
  const [first, ...others] = [...heads].map((head) => head.getBoundingClientRect());
  const places = others.map(({ left, width }) => [Math.round(left - first!.left) + 6, Math.round(width) - 12] as const);
  return el("div.arp-bones", { "aria-hidden": "true" }, ...Array.from({ length: BONES }, (_, row) =>
    el("div.arp-row", {}, ...places.map(([left_px, width_px], cell) =>
      el("span.arp-bone", { style: `left:${left_px}px;width:${Math.round(width_px * shares[(row * 3 + cell) % 4]!)}px` })))));
}

/** Nothing was ever applied here. */
export function empty(shell: Shell): HTMLElement {
  const none = !shell.board.definitions.size;
  return el("div.arp-none", {}, icon("arp", 32), el("h2", {}, "No runs yet"),
    el("p", {}, none ? "Make a batch def first: it gives a script of yours a short name." : "Runs appear here as they are taken. Apply a batch def to one, and its job is listed."),
    none && el("button.arp-btn.is-main", { type: "button", onclick: () => shell.go("defs") }, "Make a batch def"));
}
