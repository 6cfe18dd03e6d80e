/** The columns of a DataFrame as the grid draws and edits them. */

import type { CellEdit, EditAnswer, GridColumn } from "../../grid/types";
import { plain } from "../../model/plain";
import { el } from "../../dom";
import type { FrameData } from "./data";
import { Reader, unitOf, type FrameColumn } from "./format";

const NARROWEST_CH = 5;
const WIDEST_CH = 36;
/** Rows that a column's width is taken from. */
const SAMPLE = 60;
const LONGEST = 300;
const LONGEST_TITLE = 2000;

export function readers(data: FrameData): Reader[] {
  return data.columns.map((head) => {
    const reader = new Reader(data.store, head);
    reader.settle();
    return reader;
  });
}

export function gridColumns(data: FrameData, all: readonly Reader[]): GridColumn[] {
  const grows = (one: Reader): boolean => ["text", "remote", "dict"].includes(one.head.type);
  return all.map((one, at) => ({
    id: one.head.name,
    title: titled(one.head),
    width: `${one.head.width ?? widthOf(one)}ch`,
    ...(grows(one) && !one.head.index ? { grow: 1 } : {}),
    ...(one.isNumber || one.head.duration ? { align: "right" as const } : {}),
    sortable: one.head.type !== "remote",
    ...(one.head.index ? { cssClass: "is-index" } : {}),
    help: [one.head.help, one.head.was && `was ${one.head.was}`, one.head.fixed].filter(Boolean).join("; "),
    draw: (row: number) => draw(one, row),
    text: (row: number) => one.exact(row),
    ...(one.head.editor ? { edit: editing(data, one, all[at]!.head) } : {}),
  }));
}

function titled(head: FrameColumn): string {
  const unit = unitOf(head);
  return plain(unit ? `${head.title} (${unit})` : head.title, 200);
}

function widthOf(one: Reader): number {
  if (one.head.type === "remote") return WIDEST_CH; // long, and not here yet
  let longest = titled(one.head).length + 2;
  for (let row = 0; row < Math.min(SAMPLE, one.store.rows); row++) longest = Math.max(longest, one.shown(row).length);
  return Math.max(NARROWEST_CH, Math.min(WIDEST_CH, longest + 2));
}

function draw(one: Reader, row: number): HTMLElement | string {
  if (one.waits(row)) return el("span.arp-muted", {}, "…");
  if (one.isEmpty(row)) return el("span.arp-sr", {}, "no value");
  const shown = one.shown(row);
  if (one.isNumber && shown === one.exact(row)) return shown;
  const exact = plain(one.exact(row), LONGEST_TITLE);
  return el("span.t", { title: one.head.fixed ? `${exact}\n${one.head.fixed}` : exact, dir: "auto" }, plain(shown, LONGEST));
}

/** Text that was typed goes to the kernel as it is: it knows the dtype, and says what is wrong. */
function editing(data: FrameData, one: Reader, head: FrameColumn): CellEdit {
  const read = new Map<number, number>();
  const { empty } = head;
  return {
    kind: head.editor!,
    ...(head.choices ? { choices: empty ? ["", ...head.choices] : head.choices } : {}),
    can: (row) => !one.waits(row),
    get: (row) => {
      read.set(row, data.seq);
      return one.exact(row);
    },
    check: (_row, typed) => wrong(head, typed),
    save: async (row, typed, over): Promise<EditAnswer> => {
      const version = over ?? read.get(row) ?? data.seq;
      const answer = await data.source.edit({ id: data.store.id(row), column: head.name, value: typed, version });
      if (answer.ok || answer.theirs === undefined) return answer;
      return { ...answer, theirs: one.exactly(answer.theirs) };
    },
  };
}

function wrong(head: FrameColumn, typed: string): string {
  const text = typed.trim();
  if (!text && !head.empty && head.editor !== "text") return `${head.title} cannot be empty.`;
  if (!text || head.editor !== "number" || !isNaN(Number(text)) || /^[+-]?(nan|inf(inity)?)$/i.test(text)) return "";
  return `'${plain(text, 60)}' is not a number.`;
}
