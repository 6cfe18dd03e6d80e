/** The lines below a row: what is wrong with it, in whose words, and what can be done. */

import { sumOf } from "../../model/autorun";
import { checked } from "../../model/check";
import { plain } from "../../model/plain";
import type { DefinitionRow } from "../../model/rows";
import { ms, when } from "../../model/times";
import { TRIGGERS } from "../../model/triggers";
import { el } from "../../dom";
import { codeLine } from "../code_line";
import type { Shell } from "../shell";
import { meant } from "./checks";
import { BLANK, type Desk } from "./desk";
import { value, type Field, type RowEdit } from "./edits";
import { codeOf, pauseWords, TITLES } from "./words";

/** More of them are one line that opens their list. */
const MOST_WARNINGS = 2;

export interface Note {
  /** Cell it belongs to; null: the row. */
  field: Field | null;
  kind: "bad" | "warn";
  message: string;
  /** Values set in code, after the message. */
  values?: readonly (readonly [label: string, value: string])[];
  actions: readonly { label: string; do(): void }[];
}

/** Was the script looked at, and is it fine? */
export function notes(desk: Desk, id: number): Note[] {
  const edit = desk.edit(id);
  if (edit.gone) return [gone(desk, id, edit)];
  if (edit.conflicts.length) return [conflict(desk, id, edit)];
  const found = desk.problems(id);
  const lines: Note[] = [];
  for (const field of edit.left) {
    const message = found[field];
    const missing = id === BLANK && !value(edit, field).trim();
    if (message && !missing && edit.refused?.field !== field) lines.push({ field, kind: "bad", message, actions: help(desk, id, field, message) });
  }
  if (edit.refused) lines.push(refused(desk, id, edit.refused));
  return lines.length || !edit.base ? lines : [...autorun(desk, edit.base), ...script(desk, edit.base)];
}

/** Why it starts nothing although its box is checked. */
function autorun(desk: Desk, row: DefinitionRow): Note[] {
  const paused = pauseWords(row);
  const standing = desk.standings.get(row.id);
  const [problem, waiting] = [standing?.problem ?? "", sumOf(standing)];
  const waits = waiting ? ` ${waiting.toLocaleString("en")} ${waiting === 1 ? "run waits" : "runs wait"}.` : "";
  const lines: Note[] = [];
  if (paused) {
    const act = row.paused_why === "user" ? { label: "Resume…", do: () => void desk.unpause(row.id) } : { label: "What changed…", do: () => desk.consent(row.id) };
    lines.push({ field: null, kind: "warn", message: `Autorun: ${paused[0]!.toLowerCase()}${paused.slice(1)}${waits}`, actions: [act] });
  }
  if (row.autorun && problem) lines.push({ field: "trigger", kind: "warn", message: problem, actions: [{ label: "Change when…", do: () => desk.when(row.id) }] });
  return lines;
}

/** Quotes help against what a shell would do with parameters, not against their length. */
function help(desk: Desk, id: number, field: Field, message: string): Note["actions"] {
  const quotes = field === "parameters" && message.includes("shell");
  return quotes ? [{ label: "My script quotes them: allow", do: () => void desk.allowQuotes(id) }] : [];
}

function refused(desk: Desk, id: number, { field, message }: NonNullable<RowEdit["refused"]>): Note {
  const path = field === "executable" ? meant(message) : "";
  const use = (): void => {
    desk.type(id, "executable", path);
    void desk.save(id);
  };
  const again = { label: "Save again", do: () => void desk.save(id) };
  return { field, kind: "bad", message, actions: path ? [{ label: "Use it", do: use }] : field ? help(desk, id, field, message) : [again] };
}

function conflict(desk: Desk, id: number, { base, conflicts, values }: RowEdit): Note {
  const who = base?.changed_by ?? "Somebody";
  const shown = conflicts.flatMap((field) => [
    [`${TITLES[field]}: theirs`, worded(field, base?.[field] ?? "")] as const,
    ["yours", worded(field, values[field] ?? "")] as const,
  ]);
  return {
    field: conflicts[0] ?? null, kind: "warn", values: shown,
    message: `${who} changed it too, ${when(ms(base?.changed_at))}.`,
    actions: [
      { label: "Keep mine", do: () => void desk.choose(id, true) },
      { label: "Take theirs", do: () => void desk.choose(id, false) },
    ],
  };
}

const worded = (field: Field, text: string): string => (field === "trigger" ? (TRIGGERS[text] ?? text) : text);

function gone(desk: Desk, id: number, { deleted }: RowEdit): Note {
  const who = deleted ? `${plain(deleted.deleted_by ?? "Somebody", 40)} deleted it, ${when(ms(deleted.deleted_at))},` : "It was deleted";
  return {
    field: null, kind: "warn", message: `${who} while you changed it.`,
    actions: [
      { label: "Restore it with my change", do: () => void desk.choose(id, true) },
      { label: "Drop my change", do: () => void desk.choose(id, false) },
    ],
  };
}

function script(desk: Desk, row: DefinitionRow): Note[] {
  const { problem, warnings } = row.check;
  const again = { label: "Check again", do: () => void desk.check(row.id) };
  const command = /\b(chmod \+x .+)$/.exec(problem)?.[1] ?? problem;
  const copy = { label: "Copy", do: () => desk.shell.copy(command) };
  const lines: Note[] = (warnings.length > MOST_WARNINGS ? warnings.slice(0, 1) : warnings).map((message) => {
    const [, code] = codeOf(message);
    return { field: "executable", kind: "warn", message, actions: code ? [{ label: "Copy", do: () => desk.shell.copy(code) }] : [] };
  });
  if (warnings.length > MOST_WARNINGS) lines[0] = { ...lines[0]!, actions: [...lines[0]!.actions, { label: `All ${warnings.length} warnings`, do: () => listWarnings(desk.shell, row) }] };
  const last = lines.at(-1);
  if (last) lines[lines.length - 1] = { ...last, actions: [...last.actions, again] };
  if (checked(row) === "bad") lines.unshift({ field: "executable", kind: "bad", message: problem, actions: [copy, again] });
  return lines;
}

/** Each with the line that helps, where there is one. */
function listWarnings(shell: Shell, { name, executable, check }: DefinitionRow): void {
  shell.dialog(`Warnings about ${plain(name, 60)}`, (box, close) => {
    const done = el("button.arp-btn.is-main", { type: "button", onclick: close }, "Close");
    box.append(
      el("div.arp-ask", {}, el("p.arp-mono", {}, plain(executable, 4096)), el("ol.arp-warnings", {}, ...check.warnings.map((message) => {
        const [, code] = codeOf(message);
        return el("li", {}, el("p", {}, plain(message, 2000)), code && codeLine(shell, "Copy this line", code).el);
      }))),
      el("footer", {}, el("span.arp-grow"), done));
    done.focus();
  });
}
