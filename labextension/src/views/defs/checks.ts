/** What can be told of a field before the server is asked: the same rules, in the same words. */

import type { DefinitionRow } from "../../model/rows";
import { FIELDS, value, type Field, type RowEdit } from "./edits";

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;
/** Characters that a path may have. */
const MOST_PATH = 4096;

/** What is wrong with each field; `others` are all rows of the experiment. */
export function problems(edit: RowEdit, others: Iterable<DefinitionRow>): Partial<Record<Field, string>> {
  const found: Partial<Record<Field, string>> = {};
  for (const field of FIELDS) {
    const said = problem(edit, field, value(edit, field).trim(), others);
    if (said) found[field] = said;
  }
  return found;
}

/** Only the server can say which path was meant: it is asked even so. */
export function blocks(found: Partial<Record<Field, string>>, edit: RowEdit): boolean {
  const { executable, ...others } = found;
  return Object.keys(others).length > 0 || (executable !== undefined && !value(edit, "executable").trim());
}

function problem(edit: RowEdit, field: Field, text: string, others: Iterable<DefinitionRow>): string {
  if (field === "name") return ofName(edit, text, others);
  if (field === "executable") return ofPath(text);
  return field === "parameters" && !edit.quoted ? ofParameters(text) : "";
}

function ofName(edit: RowEdit, text: string, others: Iterable<DefinitionRow>): string {
  if (!text) return "A hash is missing.";
  if (!NAME.test(text)) return text.length > 64 ? "At most 64 characters." : "Letters, digits, _ and - only.";
  for (const one of others) {
    if (one.name === text && one.id !== edit.base?.id) return `Is taken by definition ${one.id}.`;
  }
  return "";
}

function ofPath(text: string): string {
  if (!text) return "The script's path is missing.";
  if (text.length > MOST_PATH) return "Too long for a path.";
  return text.startsWith("/") ? "" : "Must be an absolute path.";
}

function ofParameters(text: string): string {
  const bad = text.split(/\s+/).find((word) => word && !WORD.test(word));
  const letter = bad && [...bad].find((one) => !WORD.test(one));
  return letter
    ? `“${letter}” means something to a shell, and scripts pass parameters on to one: letters, digits and _@%+=:,./- only.`
    : "";
}

/** Which field the server's words are about; null: the whole row. */
export function fieldOf(message: string): Field | null {
  if (/hash|^Is taken/.test(message)) return "name";
  if (/parameters? |quotes/i.test(message)) return "parameters";
  if (/\blocation\b/.test(message)) return "location";
  if (/path|executable/i.test(message)) return "executable";
  return null;
}

/** The path that the server guesses was meant; "" if it does not. */
export function meant(message: string): string {
  return /Did you mean (\/.*)\?$/.exec(message)?.[1] ?? "";
}
