/** Which job goes where in the panel: its tile, its section, its words. */

import { plain } from "../../model/plain";
import type { HealthRow, JobRow } from "../../model/rows";
import { isFinal, look, shown, title, type Hue, type Shape } from "../../model/status";
import { ms } from "../../model/times";

/** The nine tiles, by the shape of the word shown. */
export const TILES: readonly (readonly [shape: Shape, hue: Hue, word: string])[] = [
  ["request", "wait", "Request Sent"],
  ["tray", "look", "Persisted"],
  ["hourglass", "look", "LSF_Slow"],
  ["clock", "wait", "PEND"],
  ["run", "run", "RUN"],
  ["pause", "look", "SSUSP"],
  ["tick", "done", "DONE"],
  ["cross", "fail", "EXIT"],
  ["ask", "look", "Unknown"],
];

export type Section = "alerts" | "running" | "waiting" | "over";

/** A job with what is said of it now. */
export interface Placed {
  job: JobRow;
  word: string;
  hue: Hue;
  shape: Shape;
  section: Section;
}

/** Place jobs, newest first. One that was withdrawn asks for nobody's look: it has no tile. */
export function place(jobs: Iterable<JobRow>, health: HealthRow | null): Placed[] {
  const placed: Placed[] = [];
  for (const job of jobs) {
    const word = shown(job, health);
    const { hue, shape } = look(word);
    if (shape === "tray" && hue === "wait") continue;
    placed.push({ job, word, hue, shape, section: section(shape, job.state) });
  }
  return placed.sort((one, other) => other.job.id - one.job.id);
}

function section(shape: Shape, state: string): Section {
  // one that somebody killed on purpose alerts nobody
  if ((shape === "cross" && state !== "killed") || shape === "ask") return "alerts";
  if (isFinal(state)) return "over";
  return shape === "run" ? "running" : "waiting";
}

/** The word of a tile; "LSF_Slow" goes by the scheduler that the jobs are at, or the first that there is. */
export function tileWord(shape: Shape, word: string, placed: readonly Placed[], health: HealthRow | null): string {
  if (shape !== "hourglass") return word;
  const location = placed[0]?.job.location ?? Object.keys(health?.schedulers ?? {})[0];
  return location ? `${title(location)}_Slow` : word;
}

/** How long it runs, ran, or has been waiting, in ms. */
export function lasting_ms(job: JobRow, now_ms: number): number {
  const since = ms(job.started ?? job.submitted ?? job.requested);
  return (job.ended ? ms(job.ended) : now_ms) - since;
}

/** "2911 smd": how people call a job. */
export function call(job: JobRow): string {
  return `${job.run} ${plain(job.hash, 60)}`;
}

/** Why it stands as it does, in whoever's words; "" if nobody said. */
export function why(job: JobRow): string {
  return plain(job.reason || job.notes[0] || "", 300);
}
