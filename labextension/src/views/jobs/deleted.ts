/** Jobs that were taken off the page: who did, when, and how to bring them back. */

import { plain } from "../../model/plain";
import { shown } from "../../model/status";
import type { JobRow } from "../../model/rows";
import { ms, when } from "../../model/times";
import { words } from "../../model/error_words";
import { el, fill } from "../../dom";
import type { Shell } from "../shell";
import { statusChip } from "../status_chip";

/** Jobs that are listed; whoever took more off the page finds the rest in Python. */
const MOST = 200;

export function openDeleted(shell: Shell): void {
  shell.dialog("Deleted jobs", (box, close) => {
    const list = el("div.arp-ask", { "aria-live": "polite" }, el("p", {}, "Loading …"));
    const done = el("button.arp-btn", { type: "button", onclick: close }, "Close");
    box.append(list, el("footer", {}, el("span.arp-muted", {}, "Kept for some weeks, then forgotten."), el("span.arp-grow"), done));
    done.focus();
    shell.board.deleted(MOST).then(
      (rows) => fill(list, ...(rows.length ? table(shell, rows) : [el("p", {}, "No job was taken off the page.")])),
      (error: unknown) => fill(list, el("p", { role: "alert" }, plain(words(error), 500))));
  });
}

function table(shell: Shell, rows: readonly JobRow[]): HTMLElement[] {
  const newest = [...rows].sort((one, other) => ms(other.deleted_at) - ms(one.deleted_at));
  const heads = ["Run", "Hash", "Job", "Status", "Deleted"].map((name) => el("th", {}, name));
  return [
    el("div.arp-killed", {}, el("table.arp-tbl", {},
      el("thead", {}, el("tr", {}, ...heads, el("th", {}, el("span.arp-sr", {}, "Actions")))),
      el("tbody", {}, ...newest.map((row) => line(shell, row))))),
    ...(rows.length < MOST ? [] : [el("p.arp-muted", {}, `The newest ${MOST} jobs that were deleted.`)]),
  ];
}

function line(shell: Shell, row: JobRow): HTMLElement {
  const word = shown(row, shell.board.health);
  const place = `run ${row.run}, ${plain(row.hash, 60)}`;
  const said = el("td", { role: "status" });
  const back = el("button.arp-btn", { type: "button", "aria-label": `Bring back ${place}`, onclick: () => void bring() }, "Bring back");
  let asked = false;
  const bring = async (): Promise<void> => {
    if (asked) return;
    asked = true;
    const refused = await shell.board.restore([row.id]).then(([one]) => (one?.ok ? "" : one?.message ?? ""), words);
    asked = !refused;
    if (!refused) return brought(said, back);
    shell.toast({ kind: "bad", title: `${place.replace(/^r/, "R")} was not brought back`, said: plain(refused, 2000) });
  };
  fill(said, back);
  return el("tr", {},
    ...[String(row.run), row.hash, row.native_id ?? ""].map((one) => el("td", {}, plain(one, 60))),
    el("td", {}, statusChip(word)),
    el("td", {}, `${when(ms(row.deleted_at), Date.now())}, ${plain(row.deleted_by ?? "", 40)}`), said);
}

/** The focus goes on to the next job that can be brought back, or to the button that closes. */
function brought(said: HTMLElement, back: HTMLElement): void {
  const dialog = said.closest(".arp-dialog");
  const all = [...(dialog?.querySelectorAll<HTMLElement>("tbody button, footer button") ?? [])];
  if (document.activeElement === back) all[all.indexOf(back) + 1]?.focus();
  fill(said, "Back on the page");
}
