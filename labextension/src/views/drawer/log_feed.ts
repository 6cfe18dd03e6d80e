/**
 * Reads a log in pieces: its end first, then what is asked for, never all of it.
 *
 * One request at a time; what was asked for another part of the log meanwhile is dropped.
 */

import type { LogPiece } from "../../model/rows";
import { words } from "../../model/error_words";
import { ApiError } from "../../sources/api";
import type { Board } from "../../sources/board";
import { LogWindow } from "./log_text";

/** Bytes of one request. */
const PIECE_BYTES = 256_000;
/** So far behind the end, in bytes, following leaves out what lies between. */
const FAR_BYTES = 2_000_000;
/** Bytes shown before a place that was jumped to. */
const BEFORE_BYTES = 64_000;
/** Places so near to each other are seen at once where one of them was jumped to. */
const NEAR_BYTES = 128_000;

export type What = { text: string } | "error";
export type GoOn = (reached: number) => boolean;

export class LogFeed {
  readonly window = new LogWindow();
  /** Why there is no log, in the server's words. */
  missing = "";
  /** Where it comes from: a path, or a scheduler. */
  source = "";
  /** What went wrong with the last request; "" if nothing did. */
  problem = "";
  /** There is no such job: asking again is of no use. */
  gone = false;
  /** Something was read at least once. */
  known = false;
  #last: Promise<unknown> = Promise.resolve();
  readonly #board: Board;
  readonly #job: number;
  readonly #native: string;

  /** `native`: the scheduler job, or element, whose log it is; "": the job's own. */
  constructor(board: Board, job: number, native: string) {
    this.#board = board;
    this.#job = job;
    this.#native = native;
  }

  /** Show the end of the log. */
  end(): Promise<void> {
    return this.#next(async () => this.#open(-PIECE_BYTES));
  }

  /** Read on after what is in memory; far behind, go to the end. True: there was more. */
  more(): Promise<boolean> {
    return this.#next(async () => {
      const { window } = this;
      const piece = await this.#read(window.to, PIECE_BYTES);
      const other = piece.size_bytes < window.to;
      if (other || piece.size_bytes - piece.next_offset > FAR_BYTES) await this.#open(-PIECE_BYTES);
      else window.append(piece);
      return other || piece.next_offset > piece.offset;
    }, false);
  }

  /** Read what follows, however far the end is. */
  later(): Promise<void> {
    return this.#next(async () => this.window.append(await this.#read(this.window.to, PIECE_BYTES)));
  }

  /** Read what stands before. The server may answer with less than asked for: then again. */
  earlier(): Promise<void> {
    return this.#next(async () => {
      const { from } = this.window;
      const pieces: LogPiece[] = [];
      for (let at = Math.max(0, from - PIECE_BYTES); at < from; ) {
        const piece = await this.#read(at, from - at);
        if (piece.next_offset <= at) return;
        pieces.unshift(piece);
        at = piece.next_offset;
      }
      for (const piece of pieces) this.window.prepend(piece);
    });
  }

  /** Have a byte of the log in memory. */
  reach(offset: number): Promise<void> {
    return this.#next(async () => {
      if (this.window.indexAt(offset) < 0) await this.#open(Math.max(0, offset - BEFORE_BYTES));
    });
  }

  /** The first place from `offset` on, in the whole log; -1: none. `goOn` as in `Board`. */
  async find(what: What, offset: number, goOn: GoOn): Promise<number> {
    return (await this.#board.findInLog(this.#job, what, offset, goOn, this.#native))?.offset ?? -1;
  }

  /**
   * A place before `offset` with no other, or only near ones, between: the server looks
   * forward only, so look from further and further back, then halve what is left. -1: none.
   */
  async findBefore(what: What, offset: number, goOn: GoOn): Promise<number> {
    let found = -1;
    let high = offset;
    for (let reach = PIECE_BYTES; found < 0 && high > 0; reach *= 4) {
      const low = Math.max(0, offset - reach);
      const at = await this.find(what, low, goOn);
      if (at >= 0 && at < high) found = at;
      else high = low;
    }
    while (found >= 0 && high - found > NEAR_BYTES) {
      const middle = Math.floor((found + high) / 2);
      const at = await this.find(what, middle, goOn);
      if (at >= 0 && at < high) found = at;
      else high = middle;
    }
    return found;
  }

  async #open(offset: number): Promise<void> {
    this.window.open(await this.#read(offset, PIECE_BYTES));
  }

  async #read(offset: number, limit: number): Promise<LogPiece> {
    const piece = await this.#board.log(this.#job, offset, limit, this.#native);
    this.known = true;
    this.missing = piece.missing;
    this.source = piece.source;
    return piece;
  }

  #next(act: () => Promise<void>): Promise<void>;
  #next<T>(act: () => Promise<T>, otherwise: T): Promise<T>;
  #next<T>(act: () => Promise<T>, otherwise?: T): Promise<T | undefined> {
    const done = this.#last.then(act).then(
      (answer) => {
        this.problem = "";
        this.gone = false;
        return answer;
      },
      (error: unknown) => {
        this.problem = words(error);
        this.gone = error instanceof ApiError && error.status === 404;
        return otherwise;
      },
    );
    this.#last = done;
    return done;
  }
}
