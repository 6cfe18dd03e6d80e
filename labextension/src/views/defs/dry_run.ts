/** "What smd will run": the command and its variables for the newest run, before anybody applies it. */

import { plain } from "../../model/plain";
import type { DefinitionRow, DryRun } from "../../model/rows";
import { ApiError } from "../../sources/api";
import type { Board } from "../../sources/board";
import { commandLine, quoted } from "../command";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import type { Shell } from "../shell";
import type { Desk } from "./desk";

const SHOWN = ["BATCH_UPDATE_URL", "EXPERIMENT", "RUN_NUM"];
const CALLS = ["experiment, run, parameters", "parameters only"];

export class DryRunPanel {
  readonly el = el("section.arp-dry", { "aria-label": "What will run", hidden: true });
  readonly #head = el("header");
  readonly #body = el("pre", { tabindex: 0 });
  readonly #options = el("div.arp-row-btns");
  #asked = "";
  /** Nobody answered: asked again once somebody does. */
  #unheard = false;
  #all = false;

  constructor(
    readonly board: Board,
    readonly shell: Shell,
    readonly desk: Desk,
  ) {
    this.el.append(this.#head, this.#body, this.#options);
  }

  /** The other side can be reached again. */
  linked(): void {
    if (this.#unheard) this.#asked = "";
  }

  /** Ask again only if the definition or the newest run is another one. */
  draw(row: DefinitionRow | undefined): void {
    this.el.hidden = !row;
    let run = -Infinity;
    for (const number of this.board.runs.keys()) run = Math.max(run, number);
    const key = row ? `${row.id} ${row.version} ${run} ${this.board.status?.user}` : "";
    if (!row || key === this.#asked) return;
    this.#asked = key;
    this.#unheard = false;
    this.#options_(row);
    if (Number.isFinite(run)) void this.#ask(row, run, key);
    else this.#show(row, "", null, "No run yet: it is shown here as soon as there is one.");
  }

  async #ask(row: DefinitionRow, run: number, key: string): Promise<void> {
    let answer: DryRun | null = null;
    let said = "";
    try {
      answer = await this.board.dryRun({ definition: row.name, runs: [run], existing: "again" });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#unheard = error.kind === "Unreachable";
      // a dry run changes nothing: that it may have been done is of no interest
      said = this.#unheard ? "Nobody answers now. This is asked again by itself." : error.message;
    }
    if (key === this.#asked) this.#show(row, ` as ${this.board.status?.user ?? "you"}, for run ${run} (the newest)`, answer, said);
  }

  #show(row: DefinitionRow, whom: string, answer: DryRun | null, said: string): void {
    const one = answer?.dry_run[0];
    const argv = one?.argv ?? [];
    const command = commandLine(argv);
    const again = (): void => {
      this.#asked = "";
      this.draw(this.board.definitions.get(row.id));
    };
    const all = el("button.arp-btn", {
      type: "button", "aria-pressed": String(this.#all), onclick: () => {
        this.#all = !this.#all;
        this.#show(row, whom, answer, said);
      },
    }, "All variables");
    fill(this.#head, el("h3", {}, "What ", el("i", {}, row.name), " will run"), el("span.arp-muted", {}, whom),
      one && all, el("button.arp-btn", { type: "button", onclick: again }, "Dry run"),
      command && el("button.arp-icon", { type: "button", "aria-label": "Copy command", title: "Copy command", onclick: () => this.shell.copy(command) }, icon("copy")));
    const variables = Object.entries(one?.environment ?? {}).filter(([name]) => this.#all || SHOWN.includes(name));
    const lines = variables.map(([name, value]) => plain(`${name}=${value}`, 2000)).join(this.#all ? "\n" : "  ");
    const head = argv[1] === this.board.name ? 3 : 1;
    fill(this.#body, lines && el("span.arp-muted", {}, `${lines}\n`),
      argv[0] && quoted(argv[0]), head === 3 && el("b", {}, ` ${commandLine(argv.slice(1, 3))}`), argv.length > head && ` ${plain(commandLine(argv.slice(head)), 8000)}`,
      ...(answer?.warnings ?? []).map((warning) => el("span.arp-warned", {}, `\n${plain(warning, 2000)}`)), said && el("span.arp-warned", {}, plain(said, 2000)));
  }

  /** What has no column: how the script is called. */
  #options_(row: DefinitionRow): void {
    const now = (): DefinitionRow => this.board.definitions.get(row.id) ?? row;
    const called = el("button.arp-btn", { type: "button", "aria-haspopup": "listbox", "aria-expanded": "false" },
      el("span.arp-muted", {}, "Called with"), " ", row.arguments, icon("down", 12));
    called.onclick = () => this.shell.menu(called, CALLS.map((call) => ({
      label: call, on: call === now().arguments, do: () => void this.desk.set(now(), { arguments: call }),
    })));
    const check = el("input", { type: "checkbox", checked: row.quoted_parameters, onchange: () => void this.desk.set(now(), { quoted_parameters: check.checked }) });
    fill(this.#options,
      called,
      el("label.arp-check", {}, check, "The script quotes its parameters: spaces and signs may be in them"));
  }
}
