/** The chip of a status: shape and word, never colour alone. */

import { el } from "../dom";
import { icon, type IconName } from "../icons";

/** How a status is drawn; `model/status.ts` gives it for each word. */
export interface ChipLook {
  hue: "wait" | "run" | "done" | "fail" | "look";
  shape: IconName;
}

/**
 * Draw a status. "Unknown since 14:02" has its second part in small, and what follows a colon
 * ("Request Sent: script running, no bsub yet") is left to the title: both are said in Why.
 */
export function statusChip(word: string, look: ChipLook): HTMLElement {
  const [head = word] = word.split(": ", 1);
  const [name = head, since] = head.split(/ (?=since )/u);
  const dashed = look.shape === "ask" ? ".is-unknown" : "";
  return el(
    `span.arp-st.is-${look.hue}${dashed}`,
    { title: word },
    icon(look.shape),
    el("span.t", {}, name),
    since && " ",
    since && el("small", {}, since),
  );
}
