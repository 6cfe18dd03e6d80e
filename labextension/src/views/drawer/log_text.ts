/**
 * The part of a log that is in memory: pieces that follow each other, and their lines.
 *
 * Where a piece begins and ends in the log is what the server said. Where a line begins is
 * counted from there in bytes of UTF-8, and is not told where bytes were no UTF-8. Lines have
 * numbers only if everything before them was seen.
 */

import type { LogPiece } from "../../model/rows";
import { plainText } from "./ansi";

/** Bytes kept, and lines kept: the other end is given up for more. */
export const MOST_BYTES = 4_000_000;
const MOST_LINES = 200_000;
/** A last piece shorter than this, in characters, is made longer instead of adding one. */
const SHORT = 100_000;

export type Kind = "" | "warning" | "error";

export interface LogLine {
  /** First byte in the log. */
  at: number;
  /** False: bytes before it in its piece were no UTF-8, so `at` is not certain. */
  exact: boolean;
  /** As it came, escapes included. */
  raw: string;
  text: string;
  kind: Kind;
  /** For folding: what makes it alike to others, made when first asked for. */
  alike?: string;
}

interface Part {
  at: number;
  exact: boolean;
  raw: string;
  line?: LogLine;
}
interface Piece {
  from: number;
  to: number;
  text: string;
  /** Split at newlines: the first goes on from the piece before, the last into the next. */
  parts: Part[];
}

/** As `arp_nb/error_lines.py` has it, so that what is marked is what is jumped to. */
const ERROR =
  /error|exception|traceback|fatal|segmentation fault|core dumped|killed|abort|denied|no such file|not found|cannot |can't |out of memory|\boom\b/i;
/** What LSF says of a job that it ended; only in capitals, for `long_term_memory` is none. */
const ENDED = /TERM_/;
const NO_ERROR = /\b(?:0|no|without) (?:errors?|exceptions?)\b/gi;
const WARNING = /\bwarn(?:ing)?s?\b|deprecat/i;
/** A line is judged by its beginning, in characters. */
const JUDGED = 4000;

function kindOf(text: string): Kind {
  const begin = text.slice(0, JUDGED).replace(NO_ERROR, "");
  const warning = begin.search(WARNING);
  const errors = [begin.search(ERROR), begin.search(ENDED)].filter((at) => at >= 0);
  if (!errors.length) return warning < 0 ? "" : "warning";
  return warning >= 0 && warning < Math.min(...errors) ? "warning" : "error";
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // a surrogate is half of a character of four bytes
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/** The text without its bytes from `bytes` on. */
function cutBytes(text: string, bytes: number): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text).subarray(0, bytes));
}

function parse(from: number, to: number, text: string): Piece {
  const exact = utf8Length(text) === to - from;
  const ascii = text.length === to - from;
  let at = from;
  const parts = text.split("\n").map((raw, index) => {
    const part: Part = { at, exact: exact || index === 0, raw };
    at += (ascii ? raw.length : utf8Length(raw)) + 1;
    return part;
  });
  return { from, to, text, parts };
}

function lineOf(part: Part, raw: string): LogLine {
  const text = plainText(raw);
  return { at: part.at, exact: part.exact, raw, text, kind: kindOf(text) };
}

export class LogWindow {
  lines: LogLine[] = [];
  /** Number of `lines[0]`, from 1; null: not known. */
  first: number | null = null;
  /** Bytes of the whole log when it was last read. */
  size = 0;
  #pieces: Piece[] = [];

  /** First byte in memory. */
  get from(): number {
    return this.#pieces[0]?.from ?? 0;
  }
  /** First byte after those in memory. */
  get to(): number {
    return this.#pieces.at(-1)?.to ?? 0;
  }
  get atEnd(): boolean {
    return this.to >= this.size;
  }

  /** Begin anew with a piece. */
  open(piece: LogPiece): void {
    this.#pieces = [];
    this.first = null;
    this.append(piece);
  }

  /** Add what follows; the beginning is given up if it is too much. */
  append(piece: LogPiece): void {
    const last = this.#pieces.at(-1);
    this.size = piece.size_bytes;
    if (piece.next_offset > piece.offset) {
      if (last && last.text.length < SHORT && last.to === piece.offset) {
        this.#pieces[this.#pieces.length - 1] = parse(last.from, piece.next_offset, last.text + piece.text);
      } else this.#pieces.push(parse(piece.offset, piece.next_offset, piece.text));
    }
    this.#bound(true);
  }

  /** Add what stands before; the end is given up if it is too much. */
  prepend(piece: LogPiece): void {
    const to = Math.min(piece.next_offset, this.from);
    if (to <= piece.offset) return;
    const text = to < piece.next_offset ? cutBytes(piece.text, to - piece.offset) : piece.text;
    const made = parse(piece.offset, to, text);
    this.#pieces.unshift(made);
    if (this.first !== null) this.first -= made.parts.length - 1;
    this.#bound(false);
  }

  /** The number of a line, or null where nobody can know it. */
  number(index: number): number | null {
    return this.first === null ? null : this.first + index;
  }

  /** Index of the line that holds a byte of the log; -1 if it is not in memory. */
  indexAt(offset: number): number {
    if (offset < this.from || offset >= this.to) return -1;
    let low = 0;
    let high = this.lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.lines[middle]?.at ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #bound(fromFront: boolean): void {
    const pieces = this.#pieces;
    let lines = pieces.reduce((sum, piece) => sum + piece.parts.length - 1, 0);
    while (pieces.length > 1 && (this.to - this.from > MOST_BYTES || lines > MOST_LINES)) {
      const gone = fromFront ? pieces.shift() : pieces.pop();
      const count = (gone?.parts.length ?? 1) - 1;
      lines -= count;
      if (fromFront && this.first !== null) this.first += count;
    }
    if (pieces.length && this.from === 0) this.first = 1;
    this.#join();
  }

  /** Make lines of parts; those that lie in one piece are kept as they are. */
  #join(): void {
    const lines: LogLine[] = [];
    let open: Part | null = null;
    let held: string[] = [];
    const close = (): void => {
      if (open) lines.push(held.length > 1 ? lineOf(open, held.join("")) : (open.line ??= lineOf(open, open.raw)));
    };
    for (const piece of this.#pieces) {
      piece.parts.forEach((part, index) => {
        if (index === 0 && open) {
          held.push(part.raw);
          return;
        }
        close();
        open = part;
        held = [part.raw];
      });
    }
    if (held.some((raw) => raw)) close();
    this.lines = lines;
  }
}
