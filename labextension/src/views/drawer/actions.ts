/** What can be done with one job only; what can be done with several is in `jobs/actions.ts`. */

import type { JobRow } from "../../model/rows";
import { title } from "../../model/status";
import { plain } from "../../model/plain";
import { words } from "../../model/error_words";
import type { Board } from "../../sources/board";
import { el } from "../../dom";
import type { Shell } from "../shell";
import { rerun as rerunLine } from "./lines";
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
      el("footer", {}, line, button("Cancel", close), el("button.arp-btn.is-main", { type: "submit" }, "Rerun")),
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

/** The question that only a person can answer. */
export function drawUncertain(board: Board, shell: Shell, job: JobRow): HTMLElement {
  const input: HTMLInputElement = el("input", { "aria-label": `Job id in ${title(job.location)}`, size: 8 });
  const settle = async (answer: { native_id: string } | { submit_again: true }): Promise<void> => {
    try {
      const row = await board.resolve(job.id, answer);
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
