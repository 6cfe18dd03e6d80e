/** What was run, as it was then, and where today's definition differs. */

import { plain } from "../../model/plain";
import type { DefinitionRow, EnvironmentRow, JobRow, ScriptRow } from "../../model/rows";
import { title } from "../../model/status";
import { clock, ms, when } from "../../model/times";
import { TRIGGERS } from "../../model/triggers";
import type { Board } from "../../sources/board";
import { commandLine } from "../command";
import { el, fill } from "../../dom";
import type { Shell } from "../shell";
import { rerun } from "./actions";
import { bytes } from "../../model/bytes";
import { ask } from "./lines";
import type { Page } from "./page";
import { button, failure, heading, iconButton, mono, note, pairs, python, raw } from "./parts";

/** What the manager keeps; what it started with is null for a job that has not started. */
interface Kept {
  argv?: readonly string[];
  definition?: DefinitionRow;
  script?: ScriptRow | null;
  environment?: EnvironmentRow | null;
  host?: string | null;
  started_in?: string | null;
  ran_as?: string | null;
  umask?: string | null;
}

/** Names of a definition's fields, and what they are called. */
const FIELDS: readonly (readonly [string, (one: DefinitionRow) => string])[] = [
  ["Executable", (one) => one.executable],
  ["Parameters", (one) => one.parameters || "none"],
  ["Arguments", (one) => one.arguments],
  ["Trigger", (one) => TRIGGERS[one.trigger] ?? one.trigger],
  ["Location", (one) => (one.location ? title(one.location) : "the usual one")],
];

export function drawSnapshot(host: HTMLElement, board: Board, shell: Shell, job: number): Page {
  const pad = el("div.arp-dbody.arp-pad", {}, el("p.arp-muted", { role: "status" }, "Loading …"));
  let gone = false;
  /** State of the job at which it was asked for; empty once all is known. */
  let asked: string | null = null;
  host.append(pad);
  const draw = async (row: JobRow): Promise<void> => {
    try {
      const kept = (await board.snapshot(job)) as Kept;
      if (gone) return;
      if (kept.script) asked = "";
      fill(pad, ...drawKept(board, shell, row, kept));
    } catch (error) {
      if (!gone) fill(pad, failure(error));
    }
  };
  return {
    destroy: () => void (gone = true),
    job(row) {
      if (asked === "" || asked === row.state) return;
      asked = row.state;
      void draw(row);
    },
  };
}

function drawKept(board: Board, shell: Shell, job: JobRow, kept: Kept): (HTMLElement | null)[] {
  const command = commandLine(kept.argv ?? []);
  const { definition: then, script, environment } = kept;
  const today = board.definitions.get(job.definition_id);
  return [
    then ? drawVersions(then, today) : null,
    script?.changed_since_check ? note(false, el("span", {}, "The script had changed since somebody last checked it in its definition.")) : null,
    ...(then ? [drawThen(then, today, job, kept)] : []),
    heading("Command", "", iconButton("copy", "Copy the command", () => shell.copy(command))),
    raw("Command", command || "Not recorded."),
    ...(script ? drawScript(shell, script, kept.argv?.[0] ?? "") : [el("p.arp-muted", {}, notKept(job))]),
    ...(environment ? drawEnvironment(environment) : []),
    el("div.arp-row-btns", {}, button("Rerun…", () => rerun(board, shell, job), "rerun", ".is-main")),
    python(shell, ask(job.id, "snapshot")),
  ];
}

const notKept = (job: JobRow): string =>
  job.submitted === null && job.ended === null
    ? "Its script and environment are kept when it starts."
    : "Its script and environment were not kept.";

function drawVersions(then: DefinitionRow, today: DefinitionRow | undefined): HTMLElement | null {
  if (today?.version === then.version) return null;
  const now = today ? `; today’s is version ${today.version}. What differs is marked.` : ", which is deleted today.";
  return note(false, el("span", {}, "This job ran ", el("b", {}, `version ${then.version}`), ` of ${then.name}${now}`));
}

function drawThen(then: DefinitionRow, today: DefinitionRow | undefined, job: JobRow, kept: Kept): HTMLElement {
  const { check } = then;
  const { script } = kept;
  const host = kept.host ?? check.host;
  return pairs("arp-kv", [
    ["Definition", `${then.name}, version ${then.version}, by ${then.changed_by}, ${when(ms(then.changed_at))}`],
    ...FIELDS.map(([name, of]): readonly [string, HTMLElement] => {
      const [was, is] = [of(then), today ? of(today) : of(then)];
      if (was === is) return [name, mono(was)];
      return [name, el("div.is-changed", {}, mono(was), el("small.arp-muted", {}, "today: ", mono(is)))];
    }),
    ["Job parameters", job.parameters && mono(job.parameters)],
    ["Script", script && script.sha256 !== null && mono(figures(script))],
    ["Ran as", `${kept.ran_as ?? job.user}${host ? ` on ${host}` : ""}${kept.umask ? `, umask ${kept.umask}` : ""}`],
    ["Started in", kept.started_in && mono(kept.started_in)],
    ["Found", check.problem === "ok" ? "" : check.problem],
    ["Notes", job.notes.join("\n")],
  ]);
}

/** Its digest in groups that can be compared by eye, its size and its permissions. */
function figures({ sha256, size_bytes, mode }: ScriptRow): string {
  const digest = sha256 && `sha256 ${sha256.replace(/(.{8})(?=.)/g, "$1 ")}`;
  return [digest, size_bytes !== null && bytes(size_bytes), mode && `mode ${mode}`].filter(Boolean).join(", ");
}

function drawScript(shell: Shell, script: ScriptRow, path: string): HTMLElement[] {
  const name = path.slice(path.lastIndexOf("/") + 1) || "The script";
  const read = script.read_at ? ` as it was at ${clock(ms(script.read_at))}` : "";
  const copy = script.text ? iconButton("copy", "Copy the script", () => shell.copy(script.text)) : null;
  return [
    heading(plain(`${name}${read}`, Infinity), script.cut ? "Only its first 64 kB are kept." : "", copy),
    script.missing ? el("p.arp-muted", {}, plain(script.missing, Infinity)) : raw("Script", script.text),
  ];
}

/** What we gave it at once; of the login environment on demand, which is long. */
function drawEnvironment({ ours, login, names, others }: EnvironmentRow): HTMLElement[] {
  const values = (some: Record<string, string>): [string, HTMLElement][] =>
    Object.entries(some).map(([name, value]) => [plain(name, Infinity), mono(value)]);
  const hidden = names.length + others;
  const count = Object.keys(ours).length + Object.keys(login).length + hidden;
  const more = el("div.arp-dfacts", { hidden: true }, pairs("arp-kv", values(login)),
    names.length > 0 && el("p.arp-muted", {}, "Of the login environment, without values: ", mono(names.join(" ")), others ? ` and ${others} more` : ""));
  const all = button("Show all", () => {
    more.hidden = !more.hidden;
    all.setAttribute("aria-expanded", String(!more.hidden));
    all.textContent = more.hidden ? "Show all" : "Show fewer";
  });
  all.setAttribute("aria-expanded", "false");
  return [heading("Environment", `${count} variables, ${hidden} values not kept`, all), pairs("arp-kv", values(ours)), more];
}
