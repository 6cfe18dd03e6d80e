/** The line that has the focus, in full: what the table cuts or hides is here without a pointer. */

import { plain } from "../../model/plain";
import type { EntryRow } from "../../model/rows";
import { ms, when } from "../../model/times";
import { el, fill } from "../../dom";
import { outcomeChip, seenText, triggerText, WHYS } from "./outcomes";

/** Has its room always, so that nothing moves as lines get the focus. */
export class FullLine {
  /** What does not fit is scrolled to, by keyboard too. */
  readonly el = el("section.arp-full", { tabindex: 0, "aria-label": "The line in full" });
  #drawn: EntryRow | null | undefined;

  constructor() {
    this.draw(null);
  }

  draw(entry: EntryRow | null): void {
    if (entry === this.#drawn) return;
    this.#drawn = entry;
    if (entry) fill(this.el, ...parts(entry));
    else fill(this.el, el("p.arp-muted", {}, "The line that has the focus stands here in full."));
    this.el.scrollTop = 0;
  }
}

function parts(one: EntryRow): HTMLElement[] {
  const seen = seenText(one.seen, Infinity);
  const [at, event] = [ms(one.decided_at), ms(one.event_at)];
  const more = [
    one.job_id !== null && `job ${one.job_id}`, one.user && `as ${plain(one.user, 40)}`,
    !isNaN(event) && `happened ${when(event)}`, !isNaN(at) && `decided ${when(at)}`,
  ].filter(Boolean).join(", ");
  const why = WHYS[one.why];
  return [
    el("p", {}, el("b", {}, `Run ${one.run}, ${plain(one.hash, 64)}${one.version > 1 ? ` v${one.version}` : ""}`), outcomeChip(one, why && `: ${why}`), el("span", {}, triggerText(one)), el("span.arp-muted", {}, more)),
    el("p", {}, plain(one.said, Infinity)),
    ...(seen ? [el("p.arp-muted", {}, "It saw ", el("span.arp-mono", {}, seen))] : []),
  ];
}
