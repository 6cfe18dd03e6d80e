/** Where a key leads: arrows, Home, End and pages, in a grid whose rows may have spanning cells. */

export interface At {
  /** -1: the header. */
  index: number;
  cell: number;
}

export interface Shape {
  rows: number;
  cells: number;
  /** Rows of a screen. */
  page: number;
  /** The cell which covers this one, in rows where one spans the rest. */
  covering(at: At): number;
}

/** The place that a key leads to from `at`; null: it is no such key. */
export function led(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey">, at: At, shape: Shape): At | null {
  const all = event.ctrlKey || event.metaKey;
  const last = shape.rows - 1;
  const rows: Record<string, number> = {
    ArrowUp: at.index - 1,
    ArrowDown: at.index + 1,
    PageUp: Math.max(at.index < 0 ? -1 : 0, at.index - shape.page),
    PageDown: at.index + shape.page,
  };
  const cells: Record<string, number> = {
    ArrowLeft: at.cell - 1,
    ArrowRight: at.cell + 1,
    Home: 0,
    End: shape.cells - 1,
  };
  const row = rows[event.key];
  const cell = cells[event.key];
  if (row === undefined && cell === undefined) return null;
  let index = row ?? at.index;
  if (all && event.key === "Home") index = 0;
  if (all && event.key === "End") index = last;
  index = Math.max(-1, Math.min(last, index));
  const to = { index, cell: Math.max(0, Math.min(shape.cells - 1, cell ?? at.cell)) };
  return row === undefined ? { index, cell: shape.covering(to) } : to;
}
