/**
 * What can be done with jobs: asked for as the rules of dangerous actions say, and answered
 * with a toast that says who, what, and the scheduler's own words.
 */

import { plain } from "../../model/plain";
import { title } from "../../model/status";
import type { Outcome } from "../../model/rows";
import { words } from "../../model/error_words";
import type { ApplyAsked } from "../../sources/board";
import { counted } from "../counted";
import { el } from "../../dom";
import type { Shell, Toast } from "../shell";
import { openApplyDialog, skippedText, type ApplyStart } from "./apply_dialog";
import type { Facts } from "./facts";
import { askToKill } from "./kill_dialog";
import { whenGone } from "./when_gone";

/** Reruns sent at a time. */
const AT_ONCE = 4;
/** Reasons shown of what was refused; the rest is counted. */
const MOST_REASONS = 5;

const jobs = (n: number): string => counted(n, "job");

interface Named {
  /** "" before the scheduler gave one. */
  native: string;
  user: string;
  /** "run 2910, cube" */
  place: string;
  job: string;
  scheduler: string;
}

export class Actions {
  constructor(
    readonly shell: Shell,
    readonly facts: Facts,
  ) {}

  #row(id: number): number {
    return this.facts.board.jobs.rowOf(id);
  }
  /** Those of `ids` that are not over. */
  live(ids: readonly number[]): number[] {
    return ids.filter((id) => this.facts.live(this.#row(id)));
  }

  /** Several jobs, or somebody else's: the dialog decides which. */
  killAsked(ids: readonly number[]): void {
    const live = this.live(ids);
    if (!live.length) return this.shell.toast({ kind: "plain", title: "Nothing to kill", text: ids.length === 1 ? "This job has ended." : "All of these jobs have ended." });
    void askToKill(this.shell, this.facts, live, ids.length).then(({ chosen, subjobs }) => {
      if (chosen.length) void this.kill(chosen, subjobs);
    });
  }

  /** Ask which runs, with what is known already. */
  applyAsked(start: ApplyStart): void {
    openApplyDialog(this.shell, this, start);
  }

  /** What was answered of each; null: nobody answered. */
  async kill(ids: readonly number[], subjobs = true): Promise<readonly Outcome[] | null> {
    const names = this.#names(ids);
    const [first] = ids.length === 1 ? names.values() : [];
    // nobody answered: it may have been done all the same
    const failed = `The kill of ${!first ? jobs(ids.length) : first.native ? `job ${first.native}` : first.place} was not confirmed`;
    const answers = await this.#try(failed, () => this.facts.board.kill(ids, subjobs));
    const [one] = answers ?? [];
    if (answers?.length === 1 && one) this.shell.toast(this.#killed(one, names.get(one.id)!));
    else if (answers) this.#several(answers, names, (good) => (good === answers.length ? `${jobs(good)} are being killed` : `Killed ${good} of ${answers.length}`));
    return answers;
  }

  /** How jobs are called now: when the answer comes, their rows may be gone. */
  #names(ids: readonly number[]): ReadonlyMap<number, Named> {
    return new Map(ids.map((id) => {
      const row = this.#row(id);
      const [native, user] = [this.facts.text("native_id", row), this.facts.text("user", row)].map((one) => plain(one, 40));
      return [id, { native: native!, user: user!, place: plain(this.facts.place(row)), job: plain(this.facts.jobName(row), 60), scheduler: title(this.facts.text("location", row)) }];
    }));
  }

  #killed({ id, ok, message }: Outcome, { native, place, user, scheduler }: Named): Toast {
    const who = native ? `Job ${native}` : capital(place);
    const text = `${native ? capital(place) : ""}${ok || !user ? "" : `, submitted by ${user}`}`;
    const said = plain(message, 2000);
    const says = said && native ? `. ${scheduler} says:` : said && ":";
    const shared = { title: `${who} ${ok ? (native ? "is being killed" : "is being withdrawn") : "was not killed"}`, text: `${text}${says}`.replace(/^[,.:\s]+/, ""), ...(said ? { said } : {}) };
    if (ok) return { kind: "good", stay_s: 6, ...shared };
    return {
      kind: "bad", ...shared,
      actions: [{ label: "Copy", do: () => this.shell.copy(message) }, { label: "Details", do: () => this.shell.openJob(id, "details") }],
    };
  }

  /** Take rows off the page. Of a job that is not over it is asked what is meant. */
  async remove(ids: readonly number[]): Promise<void> {
    const live = this.live(ids);
    const meant = live.length ? await this.#meant(ids, live) : "delete";
    if (meant === "delete") return this.#remove(ids, ids.length === 1 ? "The job itself was not touched." : "The jobs themselves were not touched.");
    if (meant === "keep") return;
    const killed = await this.kill(live);
    const refused = new Set(killed?.filter((one) => !one.ok).map((one) => one.id));
    // what goes on running must not go out of sight
    const gone = killed ? ids.filter((id) => !refused.has(id)) : [];
    if (gone.length) await this.#remove(gone, gone.length === 1 ? "Undo brings the row back, not the job." : "Undo brings the rows back, not the jobs that were killed.");
  }

  async #remove(ids: readonly number[], text: string): Promise<void> {
    const names = this.#names(ids);
    const [first] = ids.length === 1 ? names.values() : [];
    const answers = await this.#try(`${first ? capital(first.place) : jobs(ids.length)} ${ids.length > 1 ? "were" : "was"} not taken off the page`, () => this.facts.board.remove(ids));
    if (!answers) return;
    const gone = answers.filter((one) => one.ok).map((one) => one.id);
    if (gone.length < answers.length) this.#several(answers, names, (good) => `Took ${good} of ${jobs(answers.length)} off the page`);
    if (!gone.length) return;
    const undo = (): void => void this.#try("Not brought back", () => this.facts.board.restore(gone));
    const what = gone.length === 1 ? names.get(gone[0]!)!.place : jobs(gone.length);
    this.shell.toast({ kind: "plain", title: `Took ${what} off the page`, stay_s: 10, text, actions: [{ label: "Undo", do: undo }] });
  }

  #goesOn(ids: readonly number[]): string {
    const running = ids.every((id) => this.facts.text("state", this.#row(id)) === "running");
    const one = ids.length === 1;
    return running ? `${one ? "is" : "are"} still running` : `${one ? "has" : "have"} not ended`;
  }

  #meant(ids: readonly number[], live: readonly number[]): Promise<"keep" | "delete" | "kill"> {
    return new Promise((answer) => {
      const one = ids.length === 1;
      this.shell.dialog(one ? `Take ${plain(this.facts.place(this.#row(ids[0]!)))} off the page?` : `Take ${jobs(ids.length)} off the page?`, (box, close) => {
        let meant: "keep" | "delete" | "kill" = "keep";
        const say = (what: typeof meant) => () => {
          meant = what;
          close();
        };
        const keep = el("button.arp-btn", { type: "button", onclick: close }, "Keep");
        box.append(
          el("div.arp-ask", {}, el("p", {}, `${one ? "The job" : `${live.length} of them`} ${this.#goesOn(live)}, and will not be killed by this.`)),
          el("footer", {}, el("span.arp-grow"), keep,
            el("button.arp-btn.is-bad", { type: "button", onclick: say("kill") }, "Kill and delete"),
            el("button.arp-btn.is-main", { type: "button", onclick: say("delete") }, "Delete only")));
        keep.focus();
        whenGone(box, () => answer(meant));
      });
    });
  }

  /** Apply jobs' definitions to their runs again; asks once if they are several. */
  async rerun(ids: readonly number[]): Promise<void> {
    if (!ids.length) return this.shell.toast({ kind: "plain", title: "Nothing to rerun", text: "None of these jobs has ended." });
    const names = this.#names(ids);
    let extra = "";
    if (ids.length > 1) {
      const field = el("input.arp-mono", { "aria-label": "Extra parameters", autocomplete: "off", spellcheck: "false", placeholder: "as they were" });
      const body = el("div", {},
        el("p", {}, `${jobs(ids.length)} will be sent again, ${this.#hashes(ids)}. Each makes a new job; the old ones stay as they are.`),
        el("label.arp-check", {}, "Extra parameters, this time only ", el("span.arp-field.arp-grow", {}, field)));
      if (!(await this.shell.ask({ title: `Rerun ${jobs(ids.length)}?`, body, yes: `Rerun ${jobs(ids.length)}`, no: "Cancel" }))) return;
      extra = field.value.trim();
    }
    const answers: Outcome[] = [];
    const left = [...ids];
    const worker = async (): Promise<void> => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        const now = id;
        const done = this.facts.board.rerun(now, extra || undefined);
        answers.push(await done.then(() => ({ id: now, ok: true, message: "" }), (error: unknown) => ({ id: now, ok: false, message: words(error) })));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const [one] = ids.length === 1 ? names.values() : [];
    this.#several(answers, names, one ? (good) => (good ? `Sent ${one.place} again` : `${capital(one.place)} was not sent again`)
      : (good) => (good === answers.length ? `Sent ${jobs(good)} again` : `Sent ${good} of ${jobs(answers.length)} again`));
  }

  #hashes(ids: readonly number[]): string {
    const counts = new Map<string, number>();
    for (const id of ids) {
      const hash = this.facts.text("hash", this.#row(id));
      counts.set(hash, (counts.get(hash) ?? 0) + 1);
    }
    return [...counts].map(([hash, n]) => `${n} of ${plain(hash, 60)}`).join(", ");
  }

  /** True if jobs were made. */
  async apply(asked: ApplyAsked): Promise<boolean> {
    const made = await this.#try(`${plain(asked.definition, 60)} was not applied`, () => this.facts.board.apply(asked));
    if (!made) return false;
    const hash = plain(asked.definition, 60);
    const text = [skippedText(made.skipped), ...made.warnings.map((one) => plain(one, 500))].filter(Boolean).join(" ");
    const sent = made.jobs.length;
    this.shell.toast({
      kind: sent ? "good" : "plain", title: sent ? `Sent ${jobs(sent)} of ${hash}` : `No job of ${hash} was sent`, ...(text ? { text } : {}),
    });
    return true;
  }

  #several(answers: readonly Outcome[], names: ReadonlyMap<number, Named>, say: (good: number) => string): void {
    const bad = answers.filter((one) => !one.ok);
    const lines = bad.slice(0, MOST_REASONS).map(({ id, message }) => `${names.get(id)?.job ?? id}: ${plain(message, 500)}`);
    if (bad.length > MOST_REASONS) lines.push(`and ${bad.length - MOST_REASONS} more`);
    const said = lines.join("\n");
    this.shell.toast({
      kind: bad.length ? "bad" : "good", title: say(answers.length - bad.length),
      ...(bad.length ? { said, actions: [{ label: "Copy", do: () => this.shell.copy(said) }] } : {}),
    });
  }

  async #try<T>(failed: string, act: () => Promise<T>): Promise<T | null> {
    try {
      return await act();
    } catch (error) {
      const said = plain(words(error), 2000);
      this.shell.toast({ kind: "bad", title: failed, said, actions: [{ label: "Copy", do: () => this.shell.copy(said) }] });
      return null;
    }
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
