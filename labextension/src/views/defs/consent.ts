/** What changed since Autorun was checked: fields, and the script as a unified diff; then check it again, or uncheck it. */

import type { ConsentDiff, Missed, Seen } from "../../model/autorun";
import { words } from "../../model/error_words";
import { plain } from "../../model/plain";
import type { DefinitionRow } from "../../model/rows";
import { ms, when } from "../../model/times";
import { AutorunRequests } from "../../sources/autorun_requests";
import { el, fill } from "../../dom";
import { valueText } from "../autorun/outcomes";
import type { Shell } from "../shell";
import { pauseWords } from "./words";

/** Lines of a diff that are drawn. */
const MOST_LINES = 2000;

/** `check`: consent again, to what was shown, or not. */
export function showConsent(shell: Shell, row: DefinitionRow, check: (on: boolean, missed?: Missed, seen?: Seen) => void): void {
  let seen: Seen | undefined;
  shell.dialog(`What changed in ${plain(row.name, 64)} since Autorun was checked`, (box, close) => {
    const body = el("div.arp-ask", {}, el("p.arp-muted", { role: "status" }, "Loading …"));
    const missed = el("input", { type: "checkbox" });
    const waits = el("label.arp-check", { hidden: true });
    // where nothing was found to wait nobody was asked: what comes until then is not skipped
    const chosen = (): Missed => (missed.checked || waits.hidden ? "run" : "skip");
    const go = (on: boolean) => () => (close(), on ? check(on, chosen(), seen) : check(on));
    const again = el("button.arp-btn.is-main", { type: "button", disabled: true, onclick: go(true) }, "Check again");
    const cancel = el("button.arp-btn", { type: "button", onclick: close }, "Close");
    box.append(body, el("footer", {},
      waits, el("span.arp-grow"), cancel, el("button.arp-btn", { type: "button", onclick: go(false) }, "Uncheck"), again));
    cancel.focus();
    const requests = new AutorunRequests(shell.board);
    Promise.all([requests.consent(row.id), requests.standing()]).then(([found, { definitions }]) => {
      const waiting = definitions.find(({ id }) => id === row.id)?.waiting ?? 0;
      fill(waits, missed, `Run the ${waiting.toLocaleString("en")} that wait${waiting === 1 ? "s" : ""}, else skip`);
      waits.hidden = !waiting;
      fill(body, ...drawDiff(row, found));
      seen = { version: found.now_version, script: found.script_sha256 };
      again.disabled = false; // only what was seen can be consented to
    }, (error: unknown) => fill(body, el("p", { role: "alert" }, plain(words(error), 500))));
  });
}

function drawDiff(row: DefinitionRow, { by, at, version, now_version, changes, script_diff, script_missing }: ConsentDiff): (HTMLElement | null)[] {
  const paused = pauseWords(row);
  const nothing = !changes.length && !script_diff && !script_missing;
  return [
    el("p", {}, paused && el("b", {}, `${paused} `), by ? `${plain(by, 40)} checked version ${version ?? "?"}${at ? `, ${when(ms(at))}` : ""}. Now it is version ${now_version}.` : ""),
    nothing ? el("p", {}, "Nothing differs now from what was checked.") : null,
    changes.length ? el("table.arp-tbl.arp-changes", {},
      el("thead", {}, el("tr", {}, ...["Field", "Was", "Is now"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...changes.map((one) => el("tr", {}, el("th", { scope: "row" }, plain(one.field.replaceAll("_", " "), 60)),
        el("td.arp-mono.is-was", {}, shown(one.was)), el("td.arp-mono.is-now", {}, shown(one.now)))))) : null,
    script_missing ? el("p", {}, plain(script_missing, 500)) : null,
    script_diff ? el("h3", {}, "The script") : null,
    script_diff ? drawScript(script_diff) : null,
  ];
}

const shown = (value: unknown): string => (value === "" ? "nothing" : typeof value === "string" ? plain(value, 2000) : valueText(value));

/** Each line as text, with a sign that says in words what its colour says. */
function drawScript(diff: string): HTMLElement {
  const lines = diff.replace(/\n$/, "").split("\n");
  const kind = (line: string): string => (/^(\+\+\+|---)/.test(line) ? "head" : line.startsWith("@@") ? "at" : line.startsWith("+") ? "in" : line.startsWith("-") ? "out" : "");
  const drawn = lines.slice(0, MOST_LINES).map((line) => el("span", { class: kind(line) }, `${plain(line, 2000)}\n`));
  if (lines.length > MOST_LINES) drawn.push(el("span.at", {}, `… and ${(lines.length - MOST_LINES).toLocaleString("en")} lines more`));
  return el("pre.arp-diff", { tabindex: 0, role: "region", "aria-label": "How the script's text differs" }, ...drawn);
}
