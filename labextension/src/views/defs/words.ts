/** Words of the definitions page. */

import { plain } from "../../model/plain";
import type { DefinitionRow } from "../../model/rows";
import { ms, when } from "../../model/times";
import { TRIGGERS } from "../../model/triggers";

export const TITLES = {
  name: "Hash", executable: "Executable", parameters: "Parameters", trigger: "Trigger", location: "Location",
} as const;

/** What words say is to be run or written, as in "… Run chmod +x /a.sh" and `arp_nb/batch_client/script_warnings.py`; "": nothing. */
export const codeOf = (message: string): readonly [before: string, code: string, after: string] => {
  const [, before = message, code = "", after = ""] = /^(.*(?:Run|Write|Begin with|Did you mean) )(.+?)((?: alone|, or .*)?[.?]?)$/s.exec(message) ?? [];
  return [before, code, after];
};

type When = Pick<DefinitionRow, "trigger" | "after" | "run_param" | "run_value" | "predicate" | "run_types" | "most_at_once" | "most_per_hour">;

/** The trigger with what it waits for: "After smd is DONE", "When beam is on". */
export function triggerWords({ trigger, after, run_param, run_value }: When): string {
  if (trigger === "AFTER" && after) return `After ${plain(after, 64)} is DONE`;
  if (trigger === "RUN_PARAM_IS_VALUE" && run_param) return `When ${plain(run_param, 60)} is ${plain(run_value, 60) || "empty"}`;
  return TRIGGERS[trigger] ?? plain(trigger, 60);
}

/** "End of run, for DATA, if beam > 0.5, 2 jobs at once": when it starts by itself. */
export function whenWords(row: When): string {
  if (row.trigger === "MANUAL") return "Only by hand";
  return [
    triggerWords(row), row.run_types && `for runs of type ${plain(row.run_types, 100)}`, row.predicate && `if ${plain(row.predicate, 200)}`,
    row.most_at_once > 0 && `at most ${row.most_at_once.toLocaleString("en")} at once`, row.most_per_hour > 0 && `at most ${row.most_per_hour.toLocaleString("en")} an hour`,
  ].filter(Boolean).join(", ");
}

/** Who checked it, when, and what it waits for: on hover and focus. */
export function autorunTip(row: DefinitionRow | null): string {
  if (!row) return "Save the definition first";
  const paused = pauseWords(row);
  const who = row.autorun ? `checked by ${plain(row.autorun_by ?? "somebody", 40)}, ${when(ms(row.autorun_at))}. ` : "Not checked: nothing starts by itself. ";
  return `${who}${paused ? `${paused} ` : ""}${row.autorun ? whenWords(row) : ""}`.trim();
}

/** "Paused by bob since 13:40: “moving”."; "": it is not. */
export function pauseWords({ paused_why, paused_by, paused_at, paused_said, autorun }: DefinitionRow): string {
  if (!paused_why || !autorun) return "";
  const since = paused_at ? ` since ${when(ms(paused_at))}` : "";
  const said = plain(paused_said, 300);
  if (paused_why === "user") return `Paused by ${plain(paused_by ?? "somebody", 40)}${since}${said ? `: “${said}”` : ""}.`;
  return `Paused${since}: ${said || (paused_why === "edit" ? "it was edited after it was checked." : "the script has changed since it was checked.")}`;
}
