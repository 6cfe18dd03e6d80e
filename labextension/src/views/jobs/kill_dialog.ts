/** The question before several jobs are killed, or one that is somebody else's. */

import { plain } from "../../model/plain";
import { elapsed } from "../../model/times";
import { counted } from "../counted";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import type { Shell } from "../shell";
import { statusChip } from "../status_chip";
import type { Facts } from "./facts";
import { whenGone } from "./when_gone";

/** Rows listed; the rest is counted. */
const MOST_LISTED = 100;
/** More than this must be typed. */
const MOST_UNTYPED = 50;

/** Ids to be killed, those that were agreed to or none, and whether their subjobs are too. `selected`: how many were chosen, ended ones included. */
export function askToKill(shell: Shell, facts: Facts, live: readonly number[], selected: number): Promise<{ chosen: number[]; subjobs: boolean }> {
  const row = (id: number): number => facts.board.jobs.rowOf(id);
  const mine = live.filter((id) => facts.mine(row(id)));
  return new Promise((answer) => {
    let chosen: number[] = [];
    const name = live.length === 1 ? `job ${plain(facts.jobName(row(live[0]!)), 40)}` : counted(live.length, "job");
    shell.dialog(`Kill ${name}?`, (box, close) => {
      whenGone(box, () => answer({ chosen, subjobs: tree.checked }));
      const only = el("input", { type: "checkbox", onchange: () => show() });
      const tree = el("input", { type: "checkbox" });
      const made = el("label.arp-check", {}, tree, el("span"));
      tree.checked = true;
      const keep = el("button.arp-btn", { type: "button", onclick: close }, live.length === 1 ? "Keep" : "Keep them");
      const go = el("button.arp-btn.is-bad", { type: "submit" });
      const typed = el("input", { autocomplete: "off", inputmode: "numeric", oninput: () => show() });
      const typing = el("label.arp-check", {}, el("span"), el("span.arp-field", {}, typed));
      const list = el("tbody");
      const left = el("p.arp-note");
      only.checked = mine.length > 0;
      const those = (): readonly number[] => (only.checked ? mine : live);
      const show = (): void => {
        const ids = those();
        const within = ids.reduce((sum, id) => sum + facts.liveSubjobs(row(id)), 0);
        made.hidden = !within;
        fill(made.lastElementChild!, `and ${within === 1 ? "the subjob" : `the ${within} subjobs`} submitted inside ${ids.length === 1 ? "it" : "them"}`);
        const verb = ids.length && ids.every((id) => facts.killVerb(row(id)).endsWith("force")) ? "Kill by force:" : "Kill";
        fill(go, `${verb} ${counted(ids.length, "job")}`);
        typing.hidden = ids.length <= MOST_UNTYPED;
        fill(typing.firstElementChild!, `Type ${ids.length} to go on`);
        go.disabled = !ids.length || (!typing.hidden && typed.value.trim() !== String(ids.length));
        fill(list, ...live.slice(0, MOST_LISTED).map((id) => line(facts, row(id), !ids.includes(id))));
        const others = live.length - mine.length;
        left.hidden = !others || live.length === 1;
        fill(left, icon("user"), `${others === 1 ? "1 job is" : `${others} jobs are`} not yours${only.checked ? " and left out" : ""}.`);
      };
      const submit = (event: Event): void => {
        event.preventDefault();
        if (go.disabled) return;
        chosen = [...those()];
        close();
      };
      show();
      box.append(el("form", { onsubmit: submit },
        el("div.arp-ask", {}, el("p", {}, sum(live.length, mine.length, selected), el("b", {}, " A kill cannot be undone.")),
          el("div.arp-killed", {}, el("table.arp-tbl", {}, head(), list), live.length > MOST_LISTED && el("p", {}, `and ${live.length - MOST_LISTED} more`)), left, made, typing),
        el("footer", {}, mine.length > 0 && mine.length < live.length && el("label.arp-check", {}, only, `Only mine (${mine.length})`), el("span.arp-grow"), keep, go)));
      keep.focus();
    });
  });
}

function sum(live: number, mine: number, selected: number): string {
  const others = selected - live;
  const of = selected > 1 ? `${live} of the ${selected} selected jobs ${live === 1 ? "has" : "have"} not ended, ${mine} of them yours.` : mine ? "" : "It is not yours.";
  return others ? `${of} The other ${others === 1 ? "one is left as it is" : `${others} are left as they are`}.` : of;
}

const head = (): HTMLElement => el("thead", {}, el("tr", {}, ...["Job", "Run", "Hash", "Status", "User"].map((name) => el("th", {}, name)), el("th.r", {}, "Elapsed")));

function line(facts: Facts, row: number, out: boolean): HTMLElement {
  return el("tr", { class: out ? "is-out" : "" },
    ...[facts.jobName(row), String(facts.run(row)), facts.text("hash", row)].map((one) => el("td", {}, plain(one, 60))),
    el("td", {}, statusChip(facts.word(row))), el("td", {}, plain(facts.text("user", row), 40)), el("td.r", {}, elapsed(facts.elapsed(row, Date.now()))));
}
