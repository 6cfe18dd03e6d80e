/**
 * What can be done with jobs: asked for as the rules of dangerous actions say, and answered
 * with a toast that says who, what, and the scheduler's own words.
 */

import { plain } from "../../model/plain";
import { title } from "../../model/status";
import type { Outcome } from "../../model/rows";
import type { ApplyAsked } from "../../sources/board";
import { el } from "../dom";
import { ASKED } from "../parts";
import type { Shell, Toast } from "../shell";
import type { ApplyStart } from "./apply_dialog";
import type { Facts } from "./facts";

/** Reruns sent at a time. */
const AT_ONCE = 4;
/** Reasons shown of what was refused; the rest is counted. */
const MOST_REASONS = 5;

const jobs = (n: number): string => `${n.toLocaleString("en")} job${n === 1 ? "" : "s"}`;

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
    if (!live.length) return this.shell.toast({ kind: "plain", title: "Nothing to kill", text: "All of these jobs have ended." });
    ASKED.use(this.shell, async ({ askToKill }) => {
      const chosen = await askToKill(this.shell, this.facts, live, ids.length);
      if (chosen.length) await this.kill(chosen);
    });
  }

  /** Ask which runs, with what is known already. */
  applyAsked(start: ApplyStart): void {
    ASKED.use(this.shell, ({ openApplyDialog }) => openApplyDialog(this.shell, this, start));
  }

  async kill(ids: readonly number[]): Promise<void> {
    const answers = await this.#try("Not killed", () => this.facts.board.kill(ids));
    if (!answers) return;
    const [one] = answers;
    if (answers.length === 1 && one) this.shell.toast(this.#killed(one));
    else this.#several(answers, (good) => (good === answers.length ? `${jobs(good)} are being killed` : `Killed ${good} of ${answers.length}`));
  }

  #killed({ id, ok, message }: Outcome): Toast {
    const row = this.#row(id);
    const name = this.facts.text("native_id", row);
    const [place, user] = [this.facts.place(row), this.facts.text("user", row)];
    const who = name ? `Job ${plain(name, 40)}` : capital(plain(place));
    const text = `${name ? capital(plain(place)) : ""}${ok || !user ? "" : `, submitted by ${plain(user, 40)}`}`;
    const said = plain(message, 2000);
    const says = said && name ? `. ${title(this.facts.text("location", row))} says:` : said && ":";
    const shared = { title: `${who} ${ok ? (name ? "is being killed" : "is being withdrawn") : "was not killed"}`, text: `${text}${says}`.replace(/^[,.:\s]+/, ""), ...(said ? { said } : {}) };
    if (ok) return { kind: "good", stay_s: 6, ...shared };
    return {
      kind: "bad", ...shared,
      actions: [{ label: "Copy", do: () => this.shell.copy(message) }, { label: "Details", do: () => this.shell.openJob(id, "details") }],
    };
  }

  /** Take rows off the page. Of a job that is not over it is asked what is meant. */
  async remove(ids: readonly number[]): Promise<void> {
    const live = this.live(ids);
    if (live.length && !(await this.#removeLive(ids, live))) return;
    const place = ids.length === 1 ? plain(this.facts.place(this.#row(ids[0]!))) : jobs(ids.length);
    const answers = await this.#try("Not taken off the page", () => this.facts.board.remove(ids));
    if (!answers) return;
    const gone = answers.filter((one) => one.ok).map((one) => one.id);
    if (gone.length < answers.length) this.#several(answers, (good) => `Took ${good} of ${jobs(answers.length)} off the page`);
    if (!gone.length) return;
    const undo = (): void => void this.#try("Not brought back", () => this.facts.board.restore(gone));
    this.shell.toast({
      kind: "plain", title: `Took ${gone.length === ids.length ? place : jobs(gone.length)} off the page`, stay_s: 10,
      text: ids.length === 1 ? "The job itself was not touched." : "The jobs themselves were not touched.", actions: [{ label: "Undo", do: undo }],
    });
  }

  #running(ids: readonly number[]): boolean {
    return ids.every((id) => this.facts.text("state", this.#row(id)) === "running");
  }

  #removeLive(ids: readonly number[], live: readonly number[]): Promise<boolean> {
    return new Promise((answer) => {
      const one = ids.length === 1;
      let answered = false;
      const say = (go: boolean, close: () => void) => () => {
        answered = true;
        close();
        answer(go);
      };
      this.shell.dialog(one ? `Take ${plain(this.facts.place(this.#row(ids[0]!)))} off the page?` : `Take ${jobs(ids.length)} off the page?`, (box, close) => {
        const both = async (): Promise<void> => {
          say(true, close)();
          await this.kill(live);
        };
        const keep = el("button.arp-btn", { type: "button", onclick: say(false, close) }, "Keep");
        box.append(
          el("div.arp-ask", {}, el("p", {}, `${one ? "The job" : `${live.length} of them`} ${this.#running(live) ? `${live.length === 1 ? "is" : "are"} still running` : `${live.length === 1 ? "has" : "have"} not ended`}, and will not be killed by this.`)),
          el("footer", {}, el("span.arp-grow"), keep,
            el("button.arp-btn.is-bad", { type: "button", onclick: () => void both() }, "Kill and delete"),
            el("button.arp-btn.is-main", { type: "button", onclick: say(true, close) }, "Delete only")));
        keep.focus();
        whenGone(box, () => answered || answer(false));
      });
    });
  }

  /** Apply jobs' definitions to their runs again; asks once if they are several. */
  async rerun(ids: readonly number[]): Promise<void> {
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
    this.#several(answers, (good) => (good === answers.length ? `Sent ${jobs(good)} again` : `Sent ${good} of ${jobs(answers.length)} again`));
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
    this.shell.toast({ kind: made.jobs.length ? "good" : "plain", title: made.jobs.length ? `Sent ${jobs(made.jobs.length)} of ${hash}` : `No job of ${hash} was sent`, ...(text ? { text } : {}) });
    return true;
  }

  #several(answers: readonly Outcome[], say: (good: number) => string): void {
    const bad = answers.filter((one) => !one.ok);
    const lines = bad.slice(0, MOST_REASONS).map(({ id, message }) => `${plain(this.facts.jobName(this.#row(id)), 60)}: ${plain(message, 500)}`);
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
      const said = words(error);
      this.shell.toast({ kind: "bad", title: failed, said, actions: [{ label: "Copy", do: () => this.shell.copy(said) }] });
      return null;
    }
  }
}

/** "Skipped 4: 2 already DONE, 1 running."; "" if none was. */
export function skippedText(skipped: readonly { run: number; why: string }[]): string {
  const reasons = new Map<string, number>();
  for (const { why } of skipped) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  return skipped.length ? `Skipped ${skipped.length}: ${[...reasons].map(([why, n]) => `${n} ${plain(why)}`).join(", ")}.` : "";
}

/** Do something when an element was taken off the page, by whichever way its dialog was closed. */
export function whenGone(element: HTMLElement, act: () => void): void {
  const look = new MutationObserver(() => {
    if (element.isConnected) return;
    look.disconnect();
    act();
  });
  look.observe(document.body, { childList: true, subtree: true });
}

const words = (error: unknown): string => plain(error instanceof Error ? error.message : String(error), 2000);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
