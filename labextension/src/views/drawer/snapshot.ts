/** What was run, as it was then, and where today's definition differs. */

import type { DefinitionRow, JobRow } from "../../model/rows";
import { ms, when } from "../../model/times";
import type { Board } from "../../sources/board";
import { el, fill } from "../dom";
import type { Shell } from "../shell";
import { rerun } from "./actions";
import { rerun as rerunLine } from "./lines";
import type { Page } from "./page";
import { button, failure, heading, iconButton, mono, note, pairs, python, raw } from "./parts";

/** What the manager keeps. */
interface Kept {
  argv?: readonly string[];
  definition?: DefinitionRow;
}

/** Names of a definition's fields, and what they are called. */
const FIELDS: readonly (readonly [string, (one: DefinitionRow) => string])[] = [
  ["Executable", (one) => one.executable],
  ["Parameters", (one) => one.parameters || "none"],
  ["Arguments", (one) => one.arguments],
  ["Trigger", (one) => one.trigger],
  ["Location", (one) => one.location],
  ["Script, sha256", (one) => one.check.sha256 ?? "not recorded"],
];

/** An argument as a shell would need it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

export function drawSnapshot(host: HTMLElement, board: Board, shell: Shell, job: number): Page {
  const pad = el("div.arp-dbody.arp-pad", {}, el("p.arp-muted", { role: "status" }, "Loading…"));
  let gone = false;
  let asked = false;
  host.append(pad);
  const draw = async (row: JobRow): Promise<void> => {
    try {
      const kept = (await board.snapshot(job)) as Kept;
      if (!gone) fill(pad, ...drawKept(board, shell, row, kept));
    } catch (error) {
      if (!gone) fill(pad, failure(error));
    }
  };
  return {
    destroy: () => void (gone = true),
    job(row) {
      if (!asked) void draw(row);
      asked = true;
    },
  };
}

function drawKept(board: Board, shell: Shell, job: JobRow, kept: Kept): (HTMLElement | null)[] {
  const argv = kept.argv ?? [];
  const command = argv.map(quoted).join(" ");
  const then = kept.definition;
  const today = board.definitions.get(job.definition_id);
  return [
    then ? drawVersions(then, today) : null,
    ...(then ? [drawThen(then, today, job)] : []),
    heading("Command", "", iconButton("copy", "Copy the command", () => shell.copy(command))),
    raw("Command", command || "Not recorded."),
    el("div.arp-row-btns", {}, button("Rerun…", () => rerun(board, shell, job), "rerun", ".is-main")),
    python(shell, rerunLine(job.id, "")),
  ];
}

function drawVersions(then: DefinitionRow, today: DefinitionRow | undefined): HTMLElement | null {
  if (today?.version === then.version) return null;
  const now = today ? `; today’s is version ${today.version}. What differs is marked.` : ", which is deleted today.";
  return note(false, el("span", {}, "This job ran ", el("b", {}, `version ${then.version}`), ` of ${then.name}${now}`));
}

function drawThen(then: DefinitionRow, today: DefinitionRow | undefined, job: JobRow): HTMLElement {
  const { check } = then;
  return pairs("arp-kv", [
    ["Definition", `${then.name}, version ${then.version}, by ${then.changed_by}, ${when(ms(then.changed_at))}`],
    ...FIELDS.map(([name, of]): readonly [string, HTMLElement] => {
      const [was, is] = [of(then), today ? of(today) : of(then)];
      if (was === is) return [name, mono(was)];
      return [name, el("div.is-changed", {}, mono(was), el("small.arp-muted", {}, "today: ", mono(is)))];
    }),
    ["Job parameters", job.parameters && mono(job.parameters)],
    ["Ran as", `${job.user}${check.host ? ` on ${check.host}` : ""}`],
    ["Script looked at", when(ms(check.checked_at))],
    ["Found", check.problem === "ok" ? "" : check.problem],
    ["Notes", job.notes.join("\n")],
  ]);
}
