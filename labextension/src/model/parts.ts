/** What a job consists of, in words: elements of arrays, subjobs, extra jobs (`arp_nb/parts.py`). */

import { plain } from "./plain";
import type { JobParts } from "./rows";
import { look } from "./status";

/** Longer than any word that a scheduler has. */
const LONGEST = 40;

/** What a cell of the column "parts" says; "" and "{}": nothing. */
export function partsOf(text: string): JobParts {
  return text.length > 2 ? (JSON.parse(text) as JobParts) : {};
}

/** Over, well or not: a kill would end nothing. */
export function isOver(word: string): boolean {
  return /^(done|fail)$/.test(look(word).hue);
}

/** How many subjobs there are, and how many of them go on. */
export function subjobs({ subjobs: counts = {} }: JobParts): { all: number; live: number } {
  const made = { all: 0, live: 0 };
  for (const [word, number] of Object.entries(counts)) {
    made.all += number;
    if (!isOver(word)) made.live += number;
  }
  return made;
}

/** Each as it is shown in the cell of the status: `3 RUN`, `5 PEND`, `2/5 subjobs`, `1 extra`. */
export function partsSaid(parts: JobParts): string[] {
  const elements = Object.entries(parts.elements ?? {});
  const { all, live } = subjobs(parts);
  return [
    parts.extra ? `${parts.extra} extra` : "",
    ...elements.map(([word, number]) => `${number.toLocaleString("en")} ${plain(word, LONGEST)}`),
    all ? `${all - live}/${all} subjob${all === 1 ? "" : "s"}` : "",
  ].filter(Boolean);
}
