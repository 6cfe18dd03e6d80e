/** What is being edited, and everything that the page asks for: saving, deleting, consent. */

import type { DefinitionRow } from "../../model/rows";
import { TRIGGERS } from "../../model/triggers";
import { sumOf, type Missed, type Seen } from "../../model/autorun";
import { ApiError } from "../../sources/api";
import { AutorunRequests } from "../../sources/autorun_requests";
import type { Board, DefinitionDraft } from "../../sources/board";
import { askMissed, askReason } from "../autorun/stop";
import { shares } from "../job_shares";
import type { Shell } from "../shell";
import { blocks, fieldOf, problems } from "./checks";
import { begin, dirty, keepMine, left, rebased, rest, takeTheirs, typed, undone, FIELDS, type Field, type RowEdit, type Values } from "./edits";
import { showConsent } from "./consent";
import type { Standings } from "./standings";
import { whenWords } from "./words";

/** Id of the blank row. */
export const BLANK = 0;
/** Saves tried anew because somebody else's came between. */
const TRIES = 3;

export class Desk {
  readonly #edits = new Map<number, RowEdit>();
  readonly #saving = new Set<number>();

  constructor(
    readonly board: Board,
    readonly shell: Shell,
    readonly changed: () => void,
    readonly standings: Pick<Standings, "get"> = { get: () => undefined },
  ) {}

  /** Where it is said when a definition runs by itself. */
  when: (id: number) => void = () => undefined;

  /** Ids of rows with something unsaved. */
  get edited(): readonly number[] {
    return [...this.#edits.keys()];
  }

  edit(id: number): RowEdit {
    return this.#edits.get(id) ?? begin(this.board.definitions.get(id) ?? null);
  }

  problems(id: number): Partial<Record<Field, string>> {
    return problems(this.edit(id), this.board.definitions.values());
  }

  type(id: number, field: Field, text: string): void {
    this.#put(id, typed(this.edit(id), field, text));
  }

  /** A cell was left: from now on what is wrong with it is shown. */
  leave(id: number, field: Field): void {
    if (this.#edits.has(id)) this.#put(id, left(this.edit(id), field));
  }

  /** Put a field back, or the whole row; false if there was nothing to put back. */
  putBack(id: number, field?: Field): boolean {
    if (!this.#edits.has(id)) return false;
    if (field) this.#put(id, undone(this.edit(id), field));
    else this.#edits.delete(id);
    this.changed();
    return true;
  }

  /** The answer to why the row was not saved: so it is saved now. */
  async allowQuotes(id: number): Promise<void> {
    this.#put(id, { ...this.edit(id), quoted: true, refused: null });
    await this.leaveRow(id);
  }

  /** Both values were seen, and one was chosen. */
  async choose(id: number, mine: boolean): Promise<void> {
    const edit = this.edit(id);
    if (!mine) return this.#put(id, edit.gone ? begin(null) : takeTheirs(edit));
    if (edit.gone && !(await this.#try(`${edit.base?.name} was not restored`, () => this.board.restoreDefinition(id)))) return;
    this.#put(id, keepMine({ ...this.edit(id), gone: false }));
    await this.save(id);
  }

  /** Rows came from elsewhere: what is being typed follows them, or asks. */
  came(): void {
    for (const [id, edit] of this.#edits) {
      const row = this.board.definitions.get(id);
      if (row) this.#put(id, rebased(edit, row), false);
      else if (edit.base && !edit.gone) {
        this.#edits.set(id, { ...edit, gone: true });
        void this.#askWhoDeleted(id);
      }
    }
  }

  /** Whoever changed it wants to know whom to ask; without an answer it is deleted all the same. */
  async #askWhoDeleted(id: number): Promise<void> {
    const deleted = await this.board.definition(id).catch(() => null);
    const edit = this.#edits.get(id);
    if (deleted?.deleted_at && edit?.gone) this.#put(id, { ...edit, deleted });
  }

  /** Save a row, if it can be, and give its id; else what is wrong is shown at its cells. */
  async save(id: number, tries = TRIES): Promise<number | null> {
    const edit = this.#edits.get(id);
    if (!edit || this.#saving.has(id)) return null;
    this.#put(id, { ...edit, left: FIELDS });
    if (edit.conflicts.length || edit.gone || blocks(this.problems(id), edit)) return null;
    this.#saving.add(id);
    const { values: sent, base } = edit;
    try {
      const row = await (base ? this.board.changeDefinition(base.id, base.version, changes(edit)) : this.board.addDefinition(draft(edit)));
      this.#saved(id, sent, row, base);
      return row.id;
    } catch (error) {
      this.#saving.delete(id);
      if (!(error instanceof ApiError)) throw error;
      if (this.#conflict(id, error) && tries > 1) return this.save(id, tries - 1);
    } finally {
      this.#saving.delete(id);
      this.changed();
    }
    return null;
  }

  /** The blank row is saved when it is left only if somebody could mean it. */
  async leaveRow(id: number): Promise<void> {
    const { values } = this.edit(id);
    if (id !== BLANK || (values.name && values.executable)) await this.save(id);
  }

  async remove(id: number): Promise<void> {
    const row = this.board.definitions.get(id);
    if (!row || !(await this.#maySo(row))) return;
    const gone = await this.#try(`${row.name} was not deleted`, () => this.board.removeDefinition(id));
    if (!gone) return;
    this.#edits.delete(id);
    this.changed();
    const back = (): void => void this.#try(`${row.name} was not brought back`, () => this.board.restoreDefinition(id));
    this.shell.toast({
      kind: "plain", title: `Deleted ${row.name}`, text: "Its jobs and what they ran stay.", stay_s: 10, actions: [{ label: "Undo", do: back }],
    });
  }

  /** `seen`: what was shown; what is there by now is not consented to unseen. */
  async autorun(id: number, on: boolean, missed?: Missed, seen?: Seen): Promise<void> {
    const row = this.board.definitions.get(id);
    if (!row) return;
    const now = await this.#try(`Autorun of ${row.name} is as it was`, () => this.board.autorun(id, seen?.version ?? row.version, on, missed, seen?.script ?? undefined));
    this.changed();
    if (!now) return;
    const moved = now.trigger === row.trigger ? "" : `Its trigger is now “${TRIGGERS[now.trigger] ?? now.trigger}”. `;
    const runs = `From now on it runs by itself, as ${now.autorun_by ?? "you"}: ${whenWords(now)}.`;
    if (on) this.shell.toast({ kind: "plain", title: `Autorun of ${row.name} is checked`, text: moved + runs });
    else this.shell.announce(`Autorun of ${row.name} is off`);
  }

  /** Let its autorun wait, with a reason. */
  async pause(id: number): Promise<void> {
    const row = this.board.definitions.get(id);
    if (!row) return;
    const said = await askReason(this.shell, `Pause autorun of ${row.name}?`, "Runs that come meanwhile wait: when it goes on you say whether they are run or skipped.", "Pause it", "Cancel");
    if (said === null) return;
    if (await this.#try(`Autorun of ${row.name} goes on`, () => new AutorunRequests(this.board).pause(id, said))) this.shell.announce(`Autorun of ${row.name} is paused`);
    this.changed();
  }

  /** Let it go on; what waits is run or skipped, as is asked. */
  async unpause(id: number): Promise<void> {
    const row = this.board.definitions.get(id);
    if (!row) return;
    const [requests, failed] = [new AutorunRequests(this.board), `Autorun of ${row.name} is as it was`];
    // counted anew: by now more may wait than the page has heard of
    const now = await this.#try(failed, () => requests.standing());
    if (!now) return;
    const runs = sumOf(now.definitions.find((one) => one.id === id));
    // what comes after that count is run: nobody said that it is skipped
    const missed = runs ? await askMissed(this.shell, { title: `Let autorun of ${row.name} go on?`, runs, more: false }) : "run";
    if (!missed) return;
    if (await this.#try(failed, () => requests.unpause(id, missed))) this.shell.announce(`Autorun of ${row.name} goes on`);
    this.changed();
  }

  /** What changed since it was checked; then it is checked again, or not. */
  consent(id: number): void {
    const row = this.board.definitions.get(id);
    if (row) showConsent(this.shell, row, (on, missed, seen) => void this.autorun(id, on, missed, seen));
  }

  async check(id: number): Promise<void> {
    const row = await this.#try("The script could not be looked at", () => this.board.checkDefinition(id));
    this.changed();
    if (row) this.shell.announce(`${row.name}: ${row.check.problem || "ok"}`);
  }

  /** Change what has no cell: how the script is called, and where. */
  async set(row: DefinitionRow, change: Partial<DefinitionDraft>): Promise<void> {
    await this.#try(`${row.name} is as it was`, () => this.board.changeDefinition(row.id, row.version, change));
  }

  #put(id: number, edit: RowEdit, tell = true): void {
    if (dirty(edit) || edit.refused) this.#edits.set(id, edit);
    else this.#edits.delete(id);
    if (tell) this.changed();
  }

  #saved(id: number, sent: Values, row: DefinitionRow, before: DefinitionRow | null): void {
    const more = rest(this.edit(id), sent, row);
    this.#edits.delete(id);
    if (more) this.#edits.set(row.id, more);
    this.shell.announce(`${row.name} saved`);
    this.shell.undoable(() => void this.#unsave(row, before));
  }

  async #unsave(row: DefinitionRow, before: DefinitionRow | null): Promise<void> {
    const said = `${row.name} was not put back`;
    if (!before) return void (await this.#try(said, () => this.board.removeDefinition(row.id)));
    const { name, executable, parameters, trigger, location, quoted_parameters } = before;
    await this.#try(said, () => this.board.changeDefinition(row.id, row.version, { name, executable, parameters, trigger, location, quoted_parameters }));
  }

  /** True if the same can be tried again: theirs came between, and touches nothing of mine. */
  #conflict(id: number, error: ApiError): boolean {
    const theirs = error.status === 409 ? (error.more["theirs"] as DefinitionRow | undefined) : undefined;
    if (!theirs) {
      this.#put(id, { ...this.edit(id), refused: { field: error.status === 422 || error.status === 409 ? fieldOf(error.message) : null, message: error.message } });
      return false;
    }
    const next = rebased(this.edit(id), theirs);
    this.#put(id, next);
    return !next.conflicts.length;
  }

  async #maySo(row: DefinitionRow): Promise<boolean> {
    const live = shares(this.board.jobs).get(row.id)?.live ?? 0;
    if (!live && !row.autorun) return true;
    const jobs = live ? `${live.toLocaleString("en")} ${live === 1 ? "job of it has" : "jobs of it have"} not ended: they go on, and keep what they ran. ` : "";
    const auto = row.autorun ? `Its autorun was checked by ${row.autorun_by ?? "somebody"}. ` : "";
    return this.shell.ask({
      title: `Delete ${row.name}?`, body: `${jobs}${auto}The definition can be brought back.`, yes: `Delete ${row.name}`, no: "Keep it", dangerous: true,
    });
  }

  async #try<T>(title: string, ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.shell.toast({ kind: "bad", title, said: error.message });
      return null;
    }
  }
}

function changes(edit: RowEdit): Partial<DefinitionDraft> {
  const quoted = edit.quoted === edit.base?.quoted_parameters ? {} : { quoted_parameters: edit.quoted };
  return { ...trimmed(edit.values), ...quoted };
}

function draft(edit: RowEdit): DefinitionDraft {
  const { name = "", executable = "", ...others } = trimmed(edit.values);
  return { name, executable, ...others, ...(edit.quoted ? { quoted_parameters: true } : {}) };
}

function trimmed(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([field, text]) => [field, text.trim()]));
}
