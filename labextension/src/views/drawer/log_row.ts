/** One row of the log as elements: its place, its text with colours, and what was searched. */

import { el } from "../../dom";
import { icon } from "../../icons";
import { spans } from "./ansi";
import { bytes } from "../../model/bytes";
import type { Fold } from "./folding";
import type { Hit } from "./log_hits";
import { utf8Length, type LogLine } from "./log_text";

/** Characters of a line that are drawn, and from which length on it is cut to that. */
const SHOWN = 2_000;
const LONG = 20_000;

export interface LineLook {
  /** Its number, or its place in bytes. */
  label: string;
  hits: readonly Hit[];
  /** The one that was jumped to. */
  now: Hit | undefined;
  /** The line that was jumped to. */
  spot: boolean;
  whole: boolean;
}

/** `more` is called when the rest of a cut line is wanted. */
export function drawLine(line: LogLine, look: LineLook, more: () => void): HTMLElement {
  const { kind, text } = line;
  const cut = text.length > LONG && !look.whole;
  const said = el("span", {}, ...marked(line, look, cut ? SHOWN : text.length));
  if (cut) {
    const size = bytes(utf8Length(line.raw));
    said.prepend(el("button.arp-btn", { type: "button", onclick: more }, `Long line, show all ${size}`));
    said.append("…");
  }
  const sign = kind ? `${kind[0]?.toUpperCase()} ` : "";
  const classes = `${kind && kind[0]}${look.spot ? " at" : ""}`;
  return el("div", { class: classes, title: kind || null }, el("i", {}, sign + look.label), said);
}

/** The text up to a length, cut where its look or a hit begins or ends. */
function marked(line: LogLine, { hits, now }: LineLook, length: number): Node[] {
  const nodes: Node[] = [];
  let at = 0;
  let next = 0;
  for (const { text, look } of spans(line.raw)) {
    const end = Math.min(at + text.length, length);
    const begin = at;
    while (at < end) {
      const hit = hits[next];
      const inside = hit !== undefined && hit.start <= at;
      const to = Math.min(end, hit ? (inside ? hit.end : hit.start) : end);
      const piece = text.slice(at - begin, to - begin);
      const holder = inside ? el("mark", { class: `${look}${hit === now ? " now" : ""}` }) : look ? el("span", { class: look }) : null;
      holder?.append(piece);
      nodes.push(holder ?? document.createTextNode(piece));
      at = to;
      if (inside && at >= hit.end) next++;
    }
  }
  return nodes;
}

/** A row that stands for lines; `hits` of them match what is searched. */
export function drawFold(fold: Fold, hits: number, toggle: () => void): HTMLElement {
  const found = hits ? `; ${hits.toLocaleString("en")} ${hits > 1 ? "matches" : "match"} inside` : "";
  return el(
    "button.fold",
    { type: "button", class: fold.bad ? "e" : "", "aria-expanded": String(fold.open), onclick: toggle },
    icon(fold.open ? "down" : "right"),
    el("span", {}, fold.said + found),
  );
}
