/** What keys and presses on a row do. */

import type { GridHost } from "../../grid/host";
import { plain } from "../../model/plain";
import { DRAWER } from "../parts";
import { applyMenu } from "./apply_menu";
import { EXIT } from "./facts";
import { rowKey, type RowAct } from "./keys";
import type { Presses } from "./presses";
import { askInRow, type RowQuestion } from "./row_question";
import { runOf } from "./rows";

const ENTER = { key: "Enter", ctrlKey: false, metaKey: false, altKey: false };

export class RowActs {
  #question: RowQuestion | null = null;

  /** `over`: the element that holds the table; `opened` is told whose drawer is opened, `fold` which run. */
  constructor(
    readonly host: GridHost,
    readonly actions: Presses,
    readonly over: HTMLElement,
    readonly opened: (id: number) => void,
    readonly fold: (run: number) => void,
  ) {}

  destroy(): void {
    this.#question?.close();
  }

  key(row: number, column: string, event: KeyboardEvent): boolean {
    const act = event.key.length > 1 || this.actions.shell.letters ? rowKey(event, column) : null;
    if (!act || (row < 0 && act !== "apply" && act !== "ledger")) return false;
    // a key that is held down would send a job again and again, or empty the table
    if (!event.repeat) this.#act(act, row);
    return true;
  }

  /** A button of the row, or twice on a cell, which is as Enter. */
  press(row: number, column: string, act: string | null, event: MouseEvent): void {
    const button = (event.target as Element).closest("[data-act]");
    if (button?.getAttribute("aria-disabled")) return;
    const means = act ?? (event.detail === 2 && row >= 0 ? rowKey(ENTER, column) : null);
    if (means) this.#act(means as RowAct, row);
  }

  /** Focus the next failed job above or below; says so if there is none. */
  failure(step: 1 | -1): void {
    const { rows, focusAt } = this.host;
    for (let index = focusAt.index + step; index >= 0 && index < rows.length; index += step) {
      const row = rows.row(index);
      if (row >= 0 && this.actions.facts.group(row) === EXIT) return this.host.focus(rows.key(row), "status");
    }
    this.actions.shell.announce(step > 0 ? "No further failure below." : "No failure above.");
  }

  #act(act: RowAct, row: number): void {
    const { facts, shell } = this.actions;
    const run = row < 0 ? runOf(row) : facts.run(row);
    if (act === "fold") return this.fold(run);
    if (act === "ledger") return shell.openLedger({ run });
    if (act === "apply") {
      const cell = this.#cell(this.host.rows.key(row), "action");
      return void (cell && applyMenu(this.actions, cell.querySelector<HTMLElement>(".arp-pick") ?? cell, run));
    }
    const id = facts.board.jobs.id(row);
    if (act === "kill" || act === "delete" || act === "rerun") return this.#change(act, id, row);
    if (act === "more") return DRAWER.use(shell, ({ askForMore }) => void askForMore(shell, id));
    if (act === "settle" || (act === "log" && facts.text("state", row) === "uncertain")) return DRAWER.use(shell, ({ askUncertain }) => void askUncertain(shell, id));
    this.opened(id);
    shell.openJob(id, act);
  }

  /** What is done with a selected row is done with all that are selected. */
  #change(act: "kill" | "delete" | "rerun", id: number, row: number): void {
    const { actions } = this;
    const { jobs } = actions.facts.board;
    const ids = this.host.selection.has(id) ? [...this.host.selection].filter((one) => jobs.alive(jobs.rowOf(one))) : [id];
    if (act === "delete") actions.remove(ids);
    else if (act === "rerun") actions.rerun(ids.length > 1 ? ids.filter((one) => !actions.facts.live(jobs.rowOf(one))) : ids);
    else if (ids.length > 1 || !actions.facts.live(row) || !actions.facts.mine(row) || actions.facts.liveSubjobs(row)) actions.killAsked(ids);
    else this.#ask(id, row);
  }

  #ask(id: number, row: number): void {
    const { facts } = this.actions;
    this.#question?.close();
    const cell = this.#cell(id, "act");
    if (!cell) return this.actions.killAsked([id]);
    const name = facts.text("native_id", row);
    this.#question = askInRow(this.over, cell, facts.killVerb(row), plain(name || facts.place(row), 60),
      () => this.actions.kill([id]), () => this.host.focus(id));
  }

  #cell(key: number, column: string): HTMLElement | null {
    const { host } = this;
    return host.cells.node({ index: host.rows.indexOf(key), cell: Math.max(0, host.drawn.findIndex(({ id }) => id === column)) });
  }
}
