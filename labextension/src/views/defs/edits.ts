/**
 * What somebody has typed into a row and not saved: kept apart from the row, so that a change
 * that comes meanwhile neither overwrites it nor is overwritten. Pure: rows in, edits out.
 */

import type { DefinitionRow } from "../../model/rows";

export const FIELDS = ["name", "executable", "parameters", "trigger", "location"] as const;
export type Field = (typeof FIELDS)[number];
export type Values = Readonly<Partial<Record<Field, string>>>;

export interface RowEdit {
  /** The row as it is known now; null: the blank row. */
  base: DefinitionRow | null;
  /** What was typed, where it differs from `base`. */
  values: Values;
  /** Somebody else changed these since they were typed: a choice is due. */
  conflicts: readonly Field[];
  /** Somebody deleted the row meanwhile. */
  gone: boolean;
  /** By whom and when, once that is known: as it is kept deleted. */
  deleted: DefinitionRow | null;
  /** Fields that were left once: what is wrong with them is shown. */
  left: readonly Field[];
  /** The server's words, at a field or at the whole row. */
  refused: { field: Field | null; message: string } | null;
  quoted: boolean;
}

export function begin(base: DefinitionRow | null): RowEdit {
  return { base, values: {}, conflicts: [], gone: false, deleted: null, left: [], refused: null, quoted: base?.quoted_parameters ?? false };
}

/** What a field shows: what was typed, else what is saved. */
export function value(edit: RowEdit, field: Field): string {
  return edit.values[field] ?? (edit.base ? edit.base[field] : field === "trigger" ? "MANUAL" : "");
}

export function typed(edit: RowEdit, field: Field, text: string): RowEdit {
  const { [field]: _, ...others } = edit.values;
  const same = text === (edit.base ? edit.base[field] : field === "trigger" ? "MANUAL" : "");
  const refused = edit.refused?.field === field || edit.refused?.field === null ? null : edit.refused;
  return {
    ...edit, refused, values: same ? others : { ...others, [field]: text },
    conflicts: same ? without(edit.conflicts, field) : edit.conflicts,
  };
}

/** Put a field back as it is saved; with the parameters, what was said about quoting them. */
export function undone(edit: RowEdit, field: Field): RowEdit {
  const { [field]: _, ...values } = edit.values;
  const quoted = field === "parameters" ? (edit.base?.quoted_parameters ?? false) : edit.quoted;
  return { ...edit, values, quoted, conflicts: without(edit.conflicts, field), refused: null, left: edit.left.filter((one) => one !== field) };
}

/** A field was left: what is wrong with it is shown from now on. */
export function left(edit: RowEdit, field: Field): RowEdit {
  return edit.left.includes(field) ? edit : { ...edit, left: [...edit.left, field] };
}

/**
 * A newer row came. What was not touched follows it; what both changed, to different values,
 * becomes a conflict; what both changed alike is settled.
 */
export function rebased(edit: RowEdit, row: DefinitionRow): RowEdit {
  const old = edit.base;
  if (!old || row.revision < old.revision) return edit;
  const values: Partial<Record<Field, string>> = {};
  const conflicts: Field[] = [];
  for (const field of FIELDS) {
    const mine = edit.values[field];
    if (mine === undefined || mine === row[field]) continue;
    values[field] = mine;
    if (row[field] !== old[field] || edit.conflicts.includes(field)) conflicts.push(field);
  }
  const quoted = edit.quoted === old.quoted_parameters ? row.quoted_parameters : edit.quoted;
  return { ...edit, base: row, values, conflicts, quoted, gone: false, deleted: null };
}

/** Both values were seen and mine is wanted. */
export function keepMine(edit: RowEdit): RowEdit {
  return { ...edit, conflicts: [], refused: null };
}

export function takeTheirs(edit: RowEdit): RowEdit {
  return edit.conflicts.reduce(undone, edit);
}

export function dirty(edit: RowEdit): boolean {
  return Object.keys(edit.values).length > 0 || (edit.base !== null && edit.quoted !== edit.base.quoted_parameters);
}

/** What was typed on while `sent` was being saved as `row`; null: nothing. */
export function rest(edit: RowEdit, sent: Values, row: DefinitionRow): RowEdit | null {
  const values: Partial<Record<Field, string>> = {};
  for (const field of FIELDS) {
    const now = edit.values[field];
    if (now !== sent[field] && now !== undefined && now !== row[field]) values[field] = now;
  }
  return Object.keys(values).length ? { ...begin(row), values } : null;
}

function without(fields: readonly Field[], field: Field): readonly Field[] {
  return fields.filter((one) => one !== field);
}
