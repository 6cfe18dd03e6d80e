/** What autorun decided, as a chip and in words: shape and word, never colour alone. */

import { plain } from "../../model/plain";
import type { EntryRow } from "../../model/rows";
import { TRIGGERS } from "../../model/triggers";
import { el } from "../../dom";
import { icon, type IconName } from "../../icons";

interface Look {
  word: string;
  hue: "wait" | "run" | "done" | "fail" | "look";
  shape: IconName;
}

export const OUTCOMES: Readonly<Record<string, Look>> = {
  fired: { word: "fired", hue: "done", shape: "tick" },
  waiting: { word: "waits", hue: "look", shape: "hourglass" },
  skipped: { word: "skipped", hue: "wait", shape: "skip" },
  none: { word: "not yet", hue: "wait", shape: "clock" },
};

/** Why no job was made, or not yet: `arp_nb/ledger.py` has the same words. */
export const WHYS: Readonly<Record<string, string>> = {
  unchecked: "was not checked then", predicate: "its predicate", paused: "was paused", consent: "changed since it was checked",
  stopped: "all autorun was stopped", excluded: "run left out", limit: "limit of jobs", duplicate: "has a job already",
  inactive: "experiment not active", too_old: "too long ago", run_type: "type of run", refused: "could not be applied",
};

/** Asked for by people: what a person ended lies in nobody's hand but theirs. */
const SHAPES: Readonly<Record<string, Partial<Look>>> = {
  "waiting paused": { shape: "pause" }, "waiting stopped": { shape: "pause" }, "waiting consent": { shape: "ask" },
  "waiting limit": { hue: "wait", shape: "clock" }, "skipped refused": { hue: "fail", shape: "cross" },
};

/** `said`: what follows its word. */
export function outcomeChip({ outcome, why }: Pick<EntryRow, "outcome" | "why">, said = ""): HTMLElement {
  const { word, hue, shape } = { ...(OUTCOMES[outcome] ?? { word: plain(outcome, 40), hue: "wait", shape: "ask" }), ...SHAPES[`${outcome} ${why}`] };
  const more = WHYS[why];
  return el(`span.arp-st.is-${hue}`, { title: more ? `${word}: ${more}` : word }, icon(shape), el("span.t", {}, word + said));
}

/** "End of run"; "After job 17", "When beam=on". */
export function triggerText({ trigger, cause }: Pick<EntryRow, "trigger" | "cause">): string {
  return cause ? `${trigger === "AFTER" ? "After" : "When"} ${plain(cause, 100)}` : (TRIGGERS[trigger] ?? plain(trigger, 60));
}

/** "beam = 0.2, smd.Hits = missing": what a predicate saw. */
export function seenText(seen: Readonly<Record<string, unknown>>, longest?: number): string {
  return Object.entries(seen).map(([name, value]) => `${plain(name, longest ?? 80)} = ${valueText(value, longest)}`).join(", ");
}

export function valueText(value: unknown, longest = 120): string {
  if (value === null || value === undefined) return "missing";
  return plain(typeof value === "string" ? `"${value}"` : typeof value === "object" ? JSON.stringify(value) : String(value), longest);
}
