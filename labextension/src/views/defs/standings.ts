/** How the autorun of each definition stands: asked for again after what can change it, never by the clock. */

import type { DefinitionStanding } from "../../model/autorun";
import { AutorunRequests } from "../../sources/autorun_requests";
import type { Board } from "../../sources/board";

const PAUSE_MS = 500;

export class Standings {
  readonly #of = new Map<number, DefinitionStanding>();
  #timer = 0;
  #turn = 0;

  constructor(
    readonly board: Board,
    readonly changed: () => void,
  ) {}

  get(id: number): DefinitionStanding | undefined {
    return this.#of.get(id);
  }

  /** At once the first time; then what comes meanwhile is gathered. */
  ask(): void {
    this.#timer ||= window.setTimeout(() => {
      this.#timer = 0;
      void this.#read();
    }, this.#turn ? PAUSE_MS : 0);
  }

  destroy(): void {
    window.clearTimeout(this.#timer);
    this.#turn = NaN;
  }

  async #read(): Promise<void> {
    const turn = ++this.#turn;
    const standing = await new AutorunRequests(this.board).standing().catch(() => null); // the page goes on without
    if (!standing || turn !== this.#turn) return;
    this.#of.clear();
    for (const one of standing.definitions) this.#of.set(one.id, one);
    this.changed();
  }
}
