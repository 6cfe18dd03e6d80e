/** The chip of a status: shape and word, never colour alone. */

import { el } from "../dom";
import { icon } from "../icons";
import { plain } from "../model/plain";
import { look } from "../model/status";

/** Longer than any word that a scheduler has. */
const LONGEST = 60;

/**
 * Draw a status. "Unknown since 14:02" has its second part in small, and what follows a colon
 * ("Request Sent: script running, no bsub yet") is left to the title: both are said in Why.
 */
export function statusChip(given: string): HTMLElement {
  const word = plain(given, LONGEST);
  const { hue, shape } = look(given);
  const [head = word] = word.split(": ", 1);
  const [name = head, since] = head.split(/ (?=since )/u);
  const dashed = shape === "ask" ? ".is-unknown" : "";
  return el(
    `span.arp-st.is-${hue}${dashed}`,
    { title: word },
    icon(shape),
    el("span.t", {}, name),
    since && " ",
    since && el("small", {}, since),
  );
}
