/**
 * Which lines are shown: repetition and the inside of tracebacks fold to one row each.
 *
 * A warning or an error never disappears: of a traceback only its frames fold, and the row in
 * their place is marked like an error.
 */

import type { LogLine } from "./log_text";

/** Lines `first` to `last`, both included, in one row. */
export interface Fold {
  first: number;
  last: number;
  said: string;
  /** It stands for the frames of an error. */
  bad: boolean;
  open: boolean;
}
/** An index of a line, or a fold; of an open fold its lines follow. */
export type Row = number | Fold;

/** Lines alike, one after the other, from which on they fold. */
const LEAST = 4;
/** A repetition may be of up to so many lines, as of three lines for each event. */
const MOST_PERIOD = 3;
/** Of a longer line only so many characters are compared. */
const COMPARED = 500;
const NOT_OWN = /site-packages|dist-packages|[\\/]lib(?:64)?[\\/]python|^</;

function alike(line: LogLine): string {
  return (line.alike ??= line.text.slice(0, COMPARED).replace(/0x[\da-f]+|\d[\d.,:]*(?:e[+-]?\d+)?/gi, "0"));
}

/** Index after the last line that repeats what stands `period` lines before it. */
function runEnd(lines: readonly LogLine[], start: number, period: number): number {
  let end = start + period;
  for (; end < lines.length; end++) {
    const line = lines[end] as LogLine;
    const before = lines[end - period] as LogLine;
    if (line.kind || before.kind || alike(line) !== alike(before)) break;
  }
  return end;
}

function repetition(lines: readonly LogLine[], at: number): Omit<Fold, "open"> | null {
  for (let period = 1; period <= MOST_PERIOD; period++) {
    const end = runEnd(lines, at, period);
    // the last line stays: of progress it is the newest
    if (end - at < Math.max(LEAST, 3 * period)) continue;
    const [first, last] = [at + period, end - 2];
    const like = period > 1 ? `the ${period} above` : "the one above";
    return { first, last, said: `${(last - first + 1).toLocaleString("en")} more lines like ${like}`, bad: false };
  }
  return null;
}

/** The frames of a traceback that begins at a line; its last line, the error, is not among them. */
function traceback(lines: readonly LogLine[], at: number): Omit<Fold, "open"> | null {
  const head = /^(.{0,200}?)Traceback \(most recent call last\)/.exec(lines[at]?.text ?? "");
  if (!head) return null;
  let own = "";
  let other = "";
  let end = at + 1;
  for (; lines[end]?.text.startsWith(`${head[1]} `); end++) {
    const frame = /File "(.*)", line (\d+), in (.*)/.exec((lines[end] as LogLine).text.slice(0, COMPARED));
    if (!frame) continue;
    const [, path = "", line, where] = frame;
    other = `${path.split("/").at(-1)}:${line} in ${where}`;
    if (!NOT_OWN.test(path)) own = other;
  }
  if (end - at < 2) return null;
  const frame = own ? `. Last own frame: ${own}` : other && `. Last frame: ${other}`;
  return { first: at, last: end - 1, said: `Traceback, ${(end - at).toLocaleString("en")} lines${frame}`, bad: true };
}

/** Rows of the lines; `opened` holds the first byte of each fold that was opened. */
export function foldRows(lines: readonly LogLine[], opened: ReadonlySet<number>): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < lines.length; ) {
    const found = traceback(lines, at) ?? repetition(lines, at);
    const to = found ? found.last + 1 : at + 1;
    while (at < (found?.first ?? to)) rows.push(at++);
    if (!found) continue;
    const open = opened.has(lines[found.first]?.at ?? -1);
    rows.push({ ...found, open });
    for (; at < to; at++) if (open) rows.push(at);
  }
  return rows;
}
