/** "Try on last runs…": on which of them it would have fired, and what that would have cost. Nothing is changed. */

import type { Backtest, TriedRun } from "../../model/autorun";
import { words } from "../../model/error_words";
import { plain } from "../../model/plain";
import { ms, when } from "../../model/times";
import { AutorunRequests } from "../../sources/autorun_requests";
import type { DefinitionDraft } from "../../sources/board";
import { codeLine } from "../code_line";
import { counted } from "../counted";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import { seenText } from "../autorun/outcomes";
import { python } from "../jobs/expression";
import { whenGone } from "../jobs/when_gone";
import type { Shell } from "../shell";

const PAUSE_MS = 300;
const USUAL = 50;
const MOST = 1000;

/** `changes`: what is typed and not saved; `check`: checks the box, where it is not. */
export function openBacktest(shell: Shell, hash: string, changes: Partial<DefinitionDraft>, check: (() => void) | null): void {
  shell.dialog(`Try ${plain(hash, 64)} on the last runs`, (box, close) => {
    const last = el("input", { type: "number", min: 1, max: MOST, value: USUAL, "aria-label": "How many runs", oninput: () => soon(PAUSE_MS) });
    const said = el("div.arp-preview", { "aria-live": "polite" });
    const table = el("div.arp-tried", { tabindex: 0, role: "region", "aria-label": "Each run" });
    const line = codeLine(shell, "Copy Python");
    let timer = 0;
    let turn = 0;
    const soon = (wait_ms: number): void => {
      window.clearTimeout(timer);
      const asked = ++turn;
      const number = Number(last.value);
      if (!Number.isInteger(number) || number < 1 || number > MOST) return fill(said, el("p", {}, `From 1 to ${MOST.toLocaleString("en")} runs.`));
      line.set(backtestExpression(hash, number, changes));
      timer = window.setTimeout(() => {
        new AutorunRequests(shell.board).backtest(hash, changes, number).then((found) => {
          if (asked !== turn) return;
          fill(said, ...drawSums(found));
          fill(table, drawRuns(found.runs));
        }, (error: unknown) => asked === turn && (fill(said, el("p", { role: "alert" }, plain(words(error), 500))), fill(table)));
      }, wait_ms);
    };
    fill(said, el("p", {}, "Loading …"));
    box.append(
      el("div.arp-ask", {}, el("label.arp-check", {}, "The last ", el("span.arp-field.arp-number", {}, last), " runs, newest first. Nothing is started or changed.",
        Object.keys(changes).length > 0 && el("b", {}, "As if what is typed were saved.")), said, table),
      el("footer", {}, line.el, el("span.arp-grow"), el("button.arp-btn", { type: "button", onclick: close }, "Close"),
        check && el("button.arp-btn.is-main", { type: "button", onclick: () => (close(), check()) }, "Check Autorun")));
    whenGone(box, () => (window.clearTimeout(timer), turn++));
    last.focus();
    last.select();
    soon(0);
  });
}

/** So that nobody has to count zeros; the server's words do the same. */
function amount(core_hours: number): string {
  const [value, unit] = core_hours < 0.01 ? [core_hours * 3600, "seconds"] : [core_hours, "hours"];
  return `${value.toLocaleString("en", { maximumSignificantDigits: 3 })} core ${unit}`;
}

function drawSums({ runs, fires, jobs, core_hours, core_hours_per_job, based_on }: Backtest): HTMLElement[] {
  const cost = core_hours === null ? "what they cost is not known: no job of it has ended yet"
    : `about ${amount(core_hours)} (${amount(core_hours_per_job ?? 0)} a job, mean of ${counted(based_on, "past job")})`;
  return [el("p", {}, el("b", {}, `${fires.toLocaleString("en")} of ${counted(runs.length, "run")}`), " would have started it."),
    el("p", {}, el("b", {}, counted(jobs, "job")), `, ${cost}.`)];
}

function drawRuns(runs: readonly TriedRun[]): HTMLElement {
  return el("table.arp-tbl", {},
    el("thead", {}, el("tr", {}, ...["Run", "Starts", "Why", "It saw", "When"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...runs.map((one) => el("tr", {}, el("th", { scope: "row" }, one.run),
      el("td", {}, el(`span.arp-st.is-${one.fires ? "done" : "wait"}`, {}, icon(one.fires ? "tick" : "skip"), el("span.t", {}, one.fires ? "yes" : "no"))),
      el("td", {}, plain(one.said, 500)), el("td.arp-mono", {}, seenText(one.seen)), el("td", {}, when(ms(one.event_at)))))));
}

/** The Python that does the same. */
export function backtestExpression(hash: string, last: number, changes: Partial<DefinitionDraft>): string {
  const given = Object.entries(changes).map(([name, value]) => `, ${name}=${typeof value === "string" ? python(value) : value === true ? "True" : value === false ? "False" : value}`);
  return `board.autorun.backtest(${python(hash)}, last=${last}${given.join("")})`;
}
