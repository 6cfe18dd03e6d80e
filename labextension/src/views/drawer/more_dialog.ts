/** Rerun with more: what a job asked for, doubled where it was too little, to be sent again. */

import { memoryMb, memoryText, timeS, timeText } from "../../model/amounts";
import { plain } from "../../model/plain";
import type { JobRow } from "../../model/rows";
import { isFinal } from "../../model/status";
import { words } from "../../model/error_words";
import type { RerunMore } from "../../sources/board";
import { el } from "../../dom";
import { codeLine } from "../code_line";
import { memory as used } from "../jobs/why";
import type { Shell } from "../shell";
import { rerunWithMore } from "./lines";

const TWICE = 2;

/** What is put into the fields: twice what was too little, else as it was; "" where nobody knows. */
export function proposed(job: JobRow): { memory: string; time: string } {
  const memory_mb = job.asked_memory_mb ?? job.override_memory_mb;
  const time_s = job.asked_time_s ?? job.override_time_s;
  const most = job.cause === "memory" ? TWICE * Math.max(job.peak_memory_mb ?? 0, memory_mb ?? 0) : memory_mb ?? 0;
  const longest = (time_s ?? 0) * (job.cause === "time" ? TWICE : 1);
  return { memory: most ? memoryText(most) : "", time: longest ? timeText(longest) : "" };
}

/** The job is asked for first: a row of the table does not have all of it. */
export async function askForMore(shell: Shell, id: number): Promise<void> {
  const { board } = shell;
  try {
    const job = await board.job(id);
    if (shell.board !== board) return;
    if (isFinal(job.state)) draw(shell, job);
    else shell.toast({ kind: "plain", title: "Nothing to rerun", text: "This job has not ended." });
  } catch (error) {
    shell.toast({ kind: "bad", title: `Job ${id} could not be read`, said: plain(words(error), 2000) });
  }
}

interface Field {
  row: readonly HTMLElement[];
  input: HTMLInputElement;
  /** The amount; null: left as the script has it; undefined: it cannot be read. */
  read(): number | null | undefined;
}

function field(name: string, text: string, parse: (text: string) => number | string, changed: () => void): Field {
  const said = el("p.arp-warned", { role: "alert", id: `arp-more-${name}` });
  const input: HTMLInputElement = el("input", { "aria-label": name, "aria-describedby": said.id, placeholder: "as the script asks", autocomplete: "off", spellcheck: "false", oninput: () => changed() });
  input.value = text;
  return {
    input, row: [el("span.l", {}, name), el("div", {}, el("div.arp-field", {}, input), said)],
    read() {
      const amount = input.value.trim() ? parse(input.value) : null;
      const bad = typeof amount === "string";
      said.textContent = bad ? amount : "";
      input.setAttribute("aria-invalid", String(bad));
      return bad ? undefined : (amount as number | null);
    },
  };
}

function draw(shell: Shell, job: JobRow): void {
  shell.dialog(`Rerun run ${job.run}, ${plain(job.hash, 60)}, with more`, (box, close) => {
    const begin = proposed(job);
    const line = codeLine(shell, "Copy this line of Python", "");
    const show = (): void => {
      const [a, b] = [memory.read(), time.read()];
      go.disabled = a === undefined || b === undefined || (a === null && b === null);
      line.set(rerunWithMore(job.id, a ? memory.input.value.trim() : "", b ? time.input.value.trim() : ""));
    };
    const memory = field("Memory", begin.memory, memoryMb, show);
    const time = field("Run time", begin.time, timeS, show);
    const go = el("button.arp-btn.is-main", { type: "submit" }, "Rerun");
    const submit = (event: Event): void => {
      event.preventDefault();
      const [memory_mb, time_s] = [memory.read(), time.read()];
      if (go.disabled) return;
      close();
      void again(shell, job, { ...(memory_mb ? { memory_mb } : {}), ...(time_s ? { time_s } : {}) });
    };
    const why = used({ peak: job.peak_memory_mb, asked: job.asked_memory_mb });
    box.append(el("form", { onsubmit: submit },
      el("div.arp-ask", {}, why && el("p.arp-muted", {}, `It ${why}.`),
        el("div.arp-form", {}, ...memory.row, ...time.row),
        el("p.arp-muted", {}, "It takes the place of what the script asks for, in this rerun and in reruns of it.")),
      el("footer", {}, el("div.arp-grow", {}, line.el), el("button.arp-btn", { type: "button", onclick: close }, "Cancel"), go)));
    show();
    const first = job.cause === "time" ? time.input : memory.input;
    first.focus();
    first.select();
  });
}

async function again(shell: Shell, job: JobRow, more: RerunMore): Promise<void> {
  const place = `run ${job.run}, ${plain(job.hash, 60)}`;
  try {
    const made = await shell.board.rerun(job.id, "", more);
    shell.toast({
      kind: "good", title: `Sent ${place} again, with more`, text: `It is job ${made.id}.`, stay_s: 6,
      actions: [{ label: "Open", do: () => shell.openJob(made.id) }],
    });
  } catch (error) {
    const said = plain(words(error), 2000);
    shell.toast({ kind: "bad", title: `R${place.slice(1)} was not sent again`, said, actions: [{ label: "Copy", do: () => shell.copy(said) }] });
  }
}
