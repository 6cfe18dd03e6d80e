/** What can be done with jobs, as the page holds it: the code that does it comes late, or when somebody presses. */

import type { ApplyAsked } from "../../sources/board";
import { ASKED } from "../parts";
import type { Shell } from "../shell";
import type { Actions } from "./actions";
import type { ApplyStart } from "./apply_dialog";
import type { Facts } from "./facts";

/** Each as in `Actions`. */
export class Presses {
  constructor(
    readonly shell: Shell,
    readonly facts: Facts,
  ) {}

  killAsked(ids: readonly number[]): void {
    this.#do((actions) => actions.killAsked(ids));
  }
  kill(ids: readonly number[]): void {
    this.#do((actions) => void actions.kill(ids));
  }
  remove(ids: readonly number[]): void {
    this.#do((actions) => void actions.remove(ids));
  }
  rerun(ids: readonly number[]): void {
    this.#do((actions) => void actions.rerun(ids));
  }
  apply(asked: ApplyAsked): void {
    this.#do((actions) => void actions.apply(asked));
  }
  applyAsked(start: ApplyStart): void {
    this.#do((actions) => actions.applyAsked(start));
  }

  #do(act: (actions: Actions) => void): void {
    ASKED.use(this.shell, ({ Actions }) => act(new Actions(this.shell, this.facts)));
  }
}
