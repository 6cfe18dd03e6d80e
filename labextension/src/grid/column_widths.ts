/** Which columns are shown, in which order, and how wide: what is asked, and what there is room for. */

import type { ColumnChoice, GridColumn } from "./types";

/** px of the narrowest column. */
export const LEAST_PX = 32;

/** Columns as chosen. Those that the choices do not know stand behind their neighbour. */
export function ordered(columns: readonly GridColumn[], choices: readonly ColumnChoice[]): GridColumn[] {
  const known = new Map(columns.map((column) => [column.id, column]));
  const order = choices.flatMap(({ id }) => known.get(id) ?? []);
  columns.forEach((column, i) => {
    if (order.includes(column)) return;
    const before = columns[i - 1];
    order.splice(before ? order.indexOf(before) + 1 : 0, 0, column);
  });
  return order;
}

/** Those of them that are not hidden. */
export function shown(columns: readonly GridColumn[], choices: readonly ColumnChoice[]): GridColumn[] {
  const hidden = new Set(choices.filter((choice) => choice.hidden).map(({ id }) => id));
  return ordered(columns, choices).filter(({ id, always }) => always || !hidden.has(id));
}

/**
 * Widths in px, in the order of `columns`.
 *
 * What is left of `free_px` goes to those that `grow`, in proportion; what is missing is
 * taken from those that have a smaller `minWidth`. A width that the user set stays.
 */
export function widths(
  columns: readonly GridColumn[],
  choices: readonly ColumnChoice[],
  free_px: number,
  ch_px: number,
): number[] {
  const set = new Map(choices.map(({ id, width }) => [id, width]));
  const asked = columns.map(({ id, width }) => Math.max(LEAST_PX, Math.round(set.get(id) ?? pixels(width, ch_px))));
  const left = free_px - asked.reduce((sum, width) => sum + width, 0);
  const share = columns.map(({ id, grow, minWidth }, i) => {
    if (set.get(id) !== undefined) return 0;
    return left > 0 ? (grow ?? 0) : Math.max(0, asked[i]! - (minWidth ?? asked[i]!));
  });
  const shares = share.reduce((sum, one) => sum + one, 0);
  if (!shares) return asked;
  const change = left > 0 ? left : Math.max(left, -shares);
  let [given, seen] = [0, 0];
  return asked.map((width, i) => {
    seen += share[i]!;
    const upTo = Math.round((change * seen) / shares); // rounded sums: no px is lost
    const mine = upTo - given;
    given = upTo;
    return width + mine;
  });
}

/** A width as px: 120, or "14ch". */
export function pixels(width: number | string, ch_px: number): number {
  return typeof width === "number" ? width : parseFloat(width) * ch_px;
}

/** px of a `ch` of an element's font. */
export function measureCh(el: HTMLElement): number {
  const probe = el.ownerDocument.createElement("div");
  probe.style.cssText = "position:absolute;visibility:hidden;width:100ch";
  el.append(probe);
  const { width } = probe.getBoundingClientRect();
  probe.remove();
  return width / 100 || 8;
}
