/** Columns of the ledger, and for which of them there is room. */

import type { ColumnChoice, GridColumn } from "../../grid/types";
import { plain } from "../../model/plain";
import type { EntryRow } from "../../model/rows";
import { ms, when } from "../../model/times";
import { el } from "../../dom";
import { icon, type IconName } from "../../icons";
import { outcomeChip, OUTCOMES, seenText, triggerText } from "./outcomes";

/** Below this width, in `ch` of the table's font, these columns go; what they say stands below the table for the line that has the focus. */
const GO: readonly (readonly [ch: number, ...columns: string[]])[] = [
  [150, "user"], [128, "seen"], [112, "trigger"], [92, "time"], [64, "job"], [52, "act"],
];

/** Below this width buttons are signs only. */
const SIGNS_CH = 128;

export function roomFor(width_ch: number, columns: readonly GridColumn[]): ColumnChoice[] {
  const out = new Set(GO.filter(([ch]) => width_ch <= ch).flatMap(([, ...ids]) => ids));
  return columns.map(({ id }) => ({ id, hidden: out.has(id), ...(id === "act" && width_ch <= SIGNS_CH ? { width: 84 } : {}) }));
}

/** `entry`: the line of a row. */
export function ledgerColumns(entry: (row: number) => EntryRow): GridColumn[] {
  const text = (id: string, title: string, width: string, of: (one: EntryRow) => string, more: Partial<GridColumn> = {}): GridColumn => ({
    id, title, width, text: (row) => of(entry(row)), draw: (row) => said(of(entry(row))), ...more,
  });
  return [
    text("time", "Time", "13ch", (one) => when(ms(one.decided_at ?? one.event_at)), { draw: (row) => drawTime(entry(row)) }),
    text("run", "Run", "8ch", ({ run }) => String(run), { always: true, align: "right", draw: (row) => el("b", {}, entry(row).run) }),
    text("hash", "Hash", "15ch", ({ hash }) => plain(hash, 64), { always: true, draw: (row) => drawHash(entry(row)) }),
    text("trigger", "Trigger", "19ch", triggerText),
    text("outcome", "Outcome", "12ch", ({ outcome }) => OUTCOMES[outcome]?.word ?? outcome, { always: true, draw: (row) => outcomeChip(entry(row)) }),
    text("said", "Why", "30ch", (one) => plain(one.said, 1000), { always: true, grow: 5, minWidth: 120 }),
    text("seen", "It saw", "18ch", ({ seen }) => seenText(seen), {
      grow: 1, help: "Values that the predicate read", draw: (row) => el("span.t.arp-mono", { title: seenText(entry(row).seen) || null }, seenText(entry(row).seen)),
    }),
    text("job", "Job", "10ch", ({ job_id }) => (job_id === null ? "" : String(job_id)), { draw: (row) => drawJob(entry(row)) }),
    text("user", "As", "10ch", ({ user }) => plain(user, 40), { help: "As whom its job runs" }),
    { id: "act", title: "Actions", width: 168, minWidth: 64, text: () => "", draw: (row) => drawActs(entry(row)) },
  ];
}

const said = (text: string): HTMLElement => el("span.t", { title: text || null }, text);

/** When it was decided; the tooltip has when that happened which it is about. */
function drawTime({ event_at, decided_at }: EntryRow): HTMLElement {
  const [at, event] = [ms(decided_at), ms(event_at)];
  const title = [!isNaN(at) && `decided ${when(at)}`, !isNaN(event) && `happened ${when(event)}`].filter(Boolean).join(", ");
  return el("span.t", { title: title || null }, when(isNaN(at) ? event : at));
}

function drawHash({ hash, version }: EntryRow): HTMLElement {
  return el("span.arp-tied", { title: plain(hash, 64) }, el("span.t", {}, plain(hash, 64)), version > 1 && el("span.v", {}, `v${version}`));
}

function drawJob({ job_id, run, hash }: EntryRow): HTMLElement | null {
  if (job_id === null) return null;
  return el("button.arp-link", { type: "button", tabindex: -1, "data-act": "job", "aria-label": `Job ${job_id}, run ${run}, ${plain(hash, 64)}` }, job_id);
}

/** What can be done with a line that has no job. */
function drawActs({ outcome, run, hash }: EntryRow): HTMLElement | null {
  if (outcome === "fired") return null;
  const who = `${plain(hash, 64)} on run ${run}`;
  const button = (act: string, shape: IconName, name: string): HTMLElement =>
    el("button.arp-btn", { type: "button", tabindex: -1, "data-act": act, "aria-label": `${name}: ${who}`, title: `${name}: ${who}` }, icon(shape, 14), el("span", {}, name));
  return el("span.arp-acts", {}, button("run", "run", "Run it now"), outcome === "waiting" && button("skip", "skip", "Skip"));
}
