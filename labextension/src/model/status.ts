/**
 * What people see of a job's state: `arp_nb/status.py` in the browser.
 *
 * The tables are `looks.json`, written from the Python ones; a test there holds them equal.
 */

import looks from "./looks.json";
import type { HealthRow } from "./rows";
import { minute, ms } from "./times";

export type Hue = "wait" | "run" | "done" | "fail" | "look";
export type Shape =
  | "request" | "tray" | "hourglass" | "clock" | "run" | "pause" | "tick" | "cross" | "ask";

/** How a status is drawn: a hue of the style sheet and an icon's name. */
export interface Look {
  hue: Hue;
  shape: Shape;
}

const LOOKS = looks.words as unknown as Readonly<Record<string, readonly [Hue, Shape]>>;
const FINAL = new Set<string>(looks.final);
const SUBMITTED = new Set<string>(looks.submitted);

/** How people call the scheduler at a location: "LSF" for "lsf"; another as it is. */
export function title(location: string): string {
  return Object.hasOwn(looks.titles, location)
    ? looks.titles[location as keyof typeof looks.titles] : location;
}

/** How to draw a word that is shown. One that nobody knows is drawn as a question. */
export function look(word: string): Look {
  const known = Object.hasOwn(LOOKS, word) ? word : word.split(":", 1)[0] ?? "";
  const found = Object.hasOwn(LOOKS, known) ? LOOKS[known] : undefined;
  if (found) return { hue: found[0], shape: found[1] };
  return { hue: "look", shape: word.endsWith("_Slow") ? "hourglass" : "ask" };
}

/** Over, unless a requeue opens a new attempt. `state` as in `JobRow`. */
export function isFinal(state: string): boolean {
  return FINAL.has(state);
}

/** The scheduler has, or had, a job of it. */
function isSubmitted(state: string): boolean {
  return SUBMITTED.has(state);
}

/** What `shown` needs of a job. */
export interface Standing {
  status: string;
  state: string;
  location: string;
}

/**
 * The word to show now, given who answers: its own, `Persisted` or `Unknown since 14:02`.
 *
 * A guess is never shown as a fact, and no row is changed for it.
 */
export function shown(job: Standing, health: HealthRow | null): string {
  if (!health || isFinal(job.state)) return job.status;
  const { client } = health;
  if (job.state === "requested" || job.state === "leased") {
    return client.ok ? job.status : looks.persisted;
  }
  if (!client.ok) return unknownSince(client.since);
  const scheduler = Object.hasOwn(health.schedulers, job.location)
    ? health.schedulers[job.location] : undefined;
  if (scheduler && !scheduler.ok && isSubmitted(job.state)) return unknownSince(scheduler.since);
  return job.status;
}

function unknownSince(instant: string): string {
  return `Unknown since ${minute(ms(instant))}`;
}
