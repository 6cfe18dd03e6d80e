/** Where a text occurs in the lines in memory, whatever its case. */

import type { LogLine } from "./log_text";

export interface Hit {
  /** Index of the line. */
  line: number;
  /** Characters of the line's text, from the first up to, but not with, the last. */
  start: number;
  end: number;
}

/** No more are counted or marked. */
export const MOST_HITS = 10_000;

export function findHits(lines: readonly LogLine[], text: string): Hit[] {
  const hits: Hit[] = [];
  if (!text) return hits;
  const pattern = new RegExp(text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"), "giu");
  for (let line = 0; line < lines.length && hits.length < MOST_HITS; line++) {
    for (const found of (lines[line] as LogLine).text.matchAll(pattern)) {
      hits.push({ line, start: found.index, end: found.index + found[0].length });
    }
  }
  return hits;
}
