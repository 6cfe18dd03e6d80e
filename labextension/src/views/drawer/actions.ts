/** What can be done with one job only; what can be done with several is in `jobs/actions.ts`. */

import type { JobRow } from "../../model/rows";
import { title } from "../../model/status";
import { plain } from "../../model/plain";
import { words } from "../../model/error_words";
import type { Board } from "../../sources/board";
import { el } from "../../dom";
import type { Shell } from "../shell";
import { rerun as rerunLine } from "./lines";
import { askForMore } from "./more_dialog";
import { button, note, python } from "./parts";

const nameOf = (job: JobRow): string => `run ${job.run}, ${plain(job.hash, 60)}`;
const idOf = (job: JobRow): string => plain(job.native_id ?? String(job.id), 64);

function refused(shell: Shell, title: string, job: JobRow, said: string): void {
  shell.toast({
    kind: "bad", title, text: `R${nameOf(job).slice(1)}, submitted by ${plain(job.user, 60)}.`, said,
    actions: [{ label: "Copy", do: () => shell.copy(said) }],
  });
}

/** Ask for more parameters, and make a new job like this one. */
export function rerun(board: Board, shell: Shell, job: JobRow): void {
  shell.dialog(`Rerun ${nameOf(job)}`, (box, close) => {
    const input: HTMLInputElement = el("input.arp-mono", { "aria-label": "Extra parameters", placeholder: "--mem 16G" });
    const line = el("div.arp-grow", {}, python(shell, rerunLine(job.id, "")));
    input.addEventListener("input", () => line.replaceChildren(python(shell, rerunLine(job.id, input.value.trim()))));
    const form = el(
      "form", {
        onsubmit: (event: Event) => {
          event.preventDefault();
          close();
          void again(board, shell, job, input.value.trim());
        },
      },
      el(
        "div.arp-form", {},
        el("span.l", {}, "Parameters"), el("span.arp-mono", {}, plain(job.parameters, 2000) || "none"),
        el("span.l", {}, "Extra"), el("div.arp-field", {}, input),
        el("span.l", {}, "Definition"), el("span", {}, `${plain(job.hash, 60)}, as it is today`),
      ),
      el("footer", {}, line, button("With more…", () => (close(), void askForMore(shell, job.id))), button("Cancel", close), el("button.arp-btn.is-main", { type: "submit" }, "Rerun")),
    );
    box.append(form);
    input.focus();
  });
}

async function again(board: Board, shell: Shell, job: JobRow, extra: string): Promise<void> {
  try {
    const made = await board.rerun(job.id, extra);
    shell.toast({
      kind: "good", title: `Sent ${nameOf(job)} again`, text: `It is job ${made.id}.`, stay_s: 6,
      actions: [{ label: "Open", do: () => shell.openJob(made.id) }],
    });
  } catch (error) {
    refused(shell, `Job ${idOf(job)} was not rerun`, job, words(error));
  }
}

/** The same question in a dialog, for a row of the table. */
export async function askUncertain(shell: Shell, id: number): Promise<void> {
  const { board } = shell;
  const job = await board.job(id).catch((error: unknown) => words(error));
  if (shell.board !== board) return;
  if (typeof job === "string") return shell.toast({ kind: "bad", title: `Job ${id} could not be read`, said: plain(job, 2000) });
  shell.dialog(`What became of ${nameOf(job)}?`, (box, close) => {
    box.append(el("div.arp-ask", {}, drawUncertain(board, shell, job, close), el("p.arp-muted", {}, `Look for it in ${title(job.location)} first: a job that is there would run twice.`)),
      el("footer", {}, el("span.arp-grow"), button("Not now", close)));
    box.querySelector("input")?.focus();
  });
}

/** The question that only a person can answer; `done` is told of an answer that was taken. */
export function drawUncertain(board: Board, shell: Shell, job: JobRow, done = (): void => {}): HTMLElement {
  const input: HTMLInputElement = el("input", { "aria-label": `Job id in ${title(job.location)}`, size: 8 });
  const settle = async (answer: { native_id: string } | { submit_again: true }): Promise<void> => {
    try {
      const row = await board.resolve(job.id, answer);
      done();
      if (row.id !== job.id) shell.openJob(row.id);
    } catch (error) {
      refused(shell, `Job ${job.id} is still uncertain`, job, words(error));
    }
  };
  return note(
    false,
    el("span", {}, `${title(job.location)} may or may not have this job. It is job`),
    el("span.arp-field", {}, input),
    button("Use this id", () => void (input.value.trim() ? settle({ native_id: input.value.trim() }) : input.focus())),
    button("Submit again", () => void settle({ submit_again: true })),
  );
}
