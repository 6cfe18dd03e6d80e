/** The page of batch defs: what may run, edited in place, shared by all who see the experiment. */

import { checked } from "../model/check";
import { plain } from "../model/plain";
import type { DefinitionRow, StatusRow } from "../model/rows";
import { title } from "../model/status";
import { TRIGGERS } from "../model/triggers";
import type { Board, BoardChange } from "../sources/board";
import { codeLine } from "./code_line";
import { BLANK, Desk } from "./defs/desk";
import { DryRunPanel } from "./defs/dry_run";
import { value } from "./defs/edits";
import { DefsGrid } from "./defs/grid";
import { drawTeaching } from "./defs/teach";
import { Standings } from "./defs/standings";
import { WhenPanel } from "./defs/when";
import { el, fill } from "../dom";
import { icon } from "../icons";
import { shares } from "./job_shares";
import type { MenuItem, Mounted, Shell } from "./shell";

const PANDAS = "board.definitions.df";
/** Counts of jobs are drawn again at most this often, in ms. */
const COUNT_MS = 1000;

/** Draw the definitions of a board. */
export function drawDefinitions(box: HTMLElement, board: Board, shell: Shell): Mounted {
  return new DefsPage(box, board, shell);
}

class DefsPage implements Mounted {
  readonly #desk: Desk;
  readonly #grid: DefsGrid;
  readonly #dry: DryRunPanel;
  readonly #when: WhenPanel;
  readonly #standings: Standings;
  readonly #teach: HTMLElement;
  readonly #search = el("input", { type: "search", "aria-label": "Search definitions", placeholder: "Search hash, path, parameters", oninput: () => this.#draw() });
  readonly #tools: HTMLElement;
  readonly #hint = el("span.arp-muted.arp-hide-s");
  readonly #none = el("p.arp-muted.arp-nothing", { role: "status" });
  readonly #counts = el("span");
  readonly #look = el("span.arp-said", { role: "status" });
  #at = BLANK;
  /** How autorun stands is to be asked for. */
  #due = false;
  #timer = 0;
  #first = true;
  readonly #stop: (() => void)[];

  constructor(
    readonly box: HTMLElement,
    readonly board: Board,
    readonly shell: Shell,
  ) {
    this.#standings = new Standings(board, () => this.#draw());
    this.#desk = new Desk(board, shell, () => this.#draw(), this.#standings);
    this.#desk.when = (id) => (this.#look_at(id), this.#when.open("trigger"));
    this.#grid = new DefsGrid(this.#desk, { trigger: (id, at) => this.#triggers(id, at), location: (id, at) => this.#locations(id, at), at: (id) => this.#look_at(id) });
    this.#dry = new DryRunPanel(board, shell, this.#desk);
    this.#when = new WhenPanel(board, shell, this.#desk);
    this.#teach = drawTeaching(shell);
    this.#tools = el("div.arp-tools", {},
      el("div.arp-field.arp-search", { onkeydown: (event: KeyboardEvent) => this.#searchKey(event) }, icon("search"), this.#search, el("kbd", {}, "/")), this.#hint);
    const body = el("div.arp-defs-body", {}, this.#grid.el, this.#none, this.#when.el, this.#dry.el, this.#teach);
    box.append(this.#tools, body, el("footer.arp-foot", {}, this.#counts, this.#look, el("span.arp-grow"),
      el("span.arp-hide-s", {}, "This view:"), codeLine(shell, "Copy pandas expression", PANDAS).el));
    this.#stop = [
      board.on((change) => this.#changed(change)),
      shell.keys([
        { keys: "Enter", what: "edit the cell, and save the row", place: "table" },
        { keys: "Escape", what: "put the cell back, then the row", place: "table" },
        { keys: "Delete", what: "delete the definition, or take the job off the page", place: "table" },
      ]),
    ];
    this.#standings.ask();
    this.#draw();
  }

  /** What nobody looks at is asked for when somebody does. */
  #ask(): void {
    this.#due = Boolean(this.box.hidden);
    if (!this.#due) this.#standings.ask();
  }

  resize(): void {
    if (this.#due) this.#ask();
    this.#draw();
    // a row that waits to be typed into is where to begin, for somebody who came here on purpose
    if (this.#first && !this.#teach.hidden && this.box.closest(".arp")?.contains(document.activeElement)) this.#grid.focus(BLANK);
    this.#first = false;
  }

  destroy(): void {
    window.clearTimeout(this.#timer);
    for (const stop of this.#stop) stop();
    this.#standings.destroy();
    this.#when.destroy();
    this.#grid.destroy();
    fill(this.box);
  }

  #changed(change: BoardChange): void {
    if (change.definitions) this.#desk.came();
    const linked = change.connection && this.board.connection.state === "live";
    if (linked || change.definitions || change.health || change.ledger || change.experiment) this.#ask();
    if (linked) this.#dry.linked();
    if (linked || change.definitions || change.runs || change.experiment || change.health) this.#draw();
    else if (change.jobs && !this.#timer) {
      this.#timer = window.setTimeout(() => {
        this.#timer = 0;
        this.#draw();
      }, COUNT_MS);
    }
  }

  #draw(): void {
    if (this.box.hidden) return;
    const { definitions } = this.board;
    const edited = this.#desk.edited.filter((id) => id !== BLANK);
    const all = [...new Set([...definitions.keys(), ...edited])].sort((one, other) => one - other);
    const needle = this.#search.value.trim().toLowerCase();
    const shown = needle ? all.filter((id) => edited.includes(id) || this.#holds(id, needle)) : all;
    this.#grid.draw(shown, shares(this.board.jobs), this.board.status?.user ?? "");
    const known = this.board.experiment !== null;
    this.#teach.hidden = all.length > 0 || !known;
    this.#tools.hidden = !all.length;
    this.#none.textContent = !known ? "Loading the definitions." : needle && !shown.length ? `No definition holds “${this.#search.value.trim()}”. Esc in the search clears it.` : "";
    this.#below(definitions.get(this.#at) ?? definitions.get(shown[0] ?? BLANK));
    this.#words(all);
  }

  /** What is said of one definition below the table. */
  #below(row: DefinitionRow | undefined): void {
    this.#when.draw(row);
    this.#dry.draw(row);
  }

  #holds(id: number, needle: string): boolean {
    const row = this.board.definitions.get(id);
    return row !== undefined && [row.name, row.executable, row.parameters].some((text) => text.toLowerCase().includes(needle));
  }

  /** Hint above, counts below. */
  #words(all: readonly number[]): void {
    const rows = [...this.board.definitions.values()];
    const auto = rows.filter((row) => row.autorun).length;
    const paused = rows.filter((row) => row.autorun && row.paused_why).length;
    fill(this.#counts, el("b", {}, this.board.experiment ? all.length : "…"), all.length === 1 ? " definition, " : " definitions, ",
      el("b", {}, auto), " on autorun", paused > 0 && el("span.is-look", {}, `, ${paused} paused`));
    const unsaved = this.#desk.edited.filter((id) => id !== BLANK || Object.keys(this.#desk.edit(id).values).length);
    const names = unsaved.map((id) => value(this.#desk.edit(id), "name") || "The new row");
    const bad = new Set([...rows.filter((row) => checked(row) === "bad").map((row) => row.id), ...unsaved.filter((id) => this.#stuck(id))]).size;
    const look = bad ? `${bad} ${bad === 1 ? "row needs" : "rows need"} a look. ` : "";
    const said = `${look}${names.length ? `${names.join(", ")} ${names.length === 1 ? "is" : "are"} not saved.` : ""}`;
    if (this.#look.textContent !== said) this.#look.textContent = said;
    const hint = unsaved.length ? "edit" : "rest";
    if (this.#hint.dataset["hint"] === hint) return;
    this.#hint.dataset["hint"] = hint;
    if (unsaved.length) fill(this.#hint, el("kbd", {}, "Enter"), " saves the row, ", el("kbd", {}, "Esc"), " puts it back.");
    else fill(this.#hint, "Click a cell or press ", el("kbd", {}, "Enter"), " to edit. The last row makes a new definition.");
  }

  #stuck(id: number): boolean {
    const edit = this.#desk.edit(id);
    return edit.gone || edit.refused !== null || edit.conflicts.length > 0 || (edit.left.length > 0 && Object.keys(this.#desk.problems(id)).length > 0);
  }

  #look_at(id: number): void {
    if (id === this.#at || id === BLANK) return;
    this.#at = id;
    this.#below(this.board.definitions.get(id));
  }

  #triggers(id: number, at: HTMLElement): void {
    const now = value(this.#desk.edit(id), "trigger");
    this.shell.menu(at, Object.entries(TRIGGERS).map(([trigger, label]): MenuItem => ({
      label, on: trigger === now, do: () => this.#chooseTrigger(id, trigger),
    })));
  }

  #choose(id: number, field: "trigger" | "location", chosen: string): void {
    this.#desk.type(id, field, chosen);
    if (id !== BLANK) void this.#desk.save(id);
  }

  /** Two of them need to be told what they wait for. */
  #chooseTrigger(id: number, trigger: string): void {
    this.#choose(id, "trigger", trigger);
    const asks = ({ AFTER: "after", RUN_PARAM_IS_VALUE: "run_param" } as const)[trigger];
    if (id === BLANK || !asks) return;
    this.#look_at(id);
    window.setTimeout(() => this.#when.open(asks), 0); // after the menu gave the focus back
  }

  /** Where its jobs can be sent, and why not elsewhere. */
  #locations(id: number, at: HTMLElement): void {
    const { locations = {}, not_offered = {}, default_location = "" } = (this.board.status ?? {}) as Partial<StatusRow>;
    const now = value(this.#desk.edit(id), "location");
    const item = (name: string, why: string, off: boolean): MenuItem => ({
      label: title(name), on: name === now, do: () => this.#choose(id, "location", name), ...(off ? { off: plain(why, 200) } : { note: plain(why, 60) }),
    });
    const here = Object.entries(locations).map(([name, why]) => item(name, why, false));
    const others = Object.entries(not_offered).filter(([name]) => !Object.hasOwn(locations, name)).map(([name, why]) => item(name, why, true));
    const known = [...here, ...others].some(({ on }) => on);
    const usual: MenuItem = { label: `${title(default_location)} (usual)`, on: !now, do: () => this.#choose(id, "location", "") };
    this.shell.menu(at, [usual, ...here, ...others, ...(known || !now ? [] : [item(now, "not offered here", true)])]);
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.#search.value) return;
    event.stopPropagation();
    this.#search.value = "";
    this.#draw();
  }
}
