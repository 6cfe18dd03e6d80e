import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { definition } from "../../__tests__/sample_rows";
import { begin, dirty, FIELDS, keepMine, rebased, rest, takeTheirs, typed, undone, value, type Field, type RowEdit } from "../edits";

const base = definition(17, "xgm_corr", { parameters: "--bins 201", executable: "/chen/xgm.sh", version: 3, revision: 30 });
const newer = (changes: Partial<typeof base>): typeof base => ({ ...base, version: 4, revision: 40, changed_by: "bob", ...changes });
const word = fc.constantFrom("a", "b", "c");
const row = fc.record({ name: word, executable: word, parameters: word, trigger: word, location: word });
const typing = fc.array(fc.tuple(fc.constantFrom<Field>(...FIELDS), word), { maxLength: 6 });
const after = (edit: RowEdit, all: readonly (readonly [Field, string])[]): RowEdit => all.reduce((now, [field, text]) => typed(now, field, text), edit);

describe("an edit", () => {
  it("shows what was typed and else what is saved", () => {
    const edit = typed(begin(base), "parameters", "--bins 202");
    expect(FIELDS.map((field) => value(edit, field))).toEqual(["xgm_corr", "/chen/xgm.sh", "--bins 202", "MANUAL", "lsf"]);
  });

  it("is none once everything is as it was", () => {
    const edit = typed(typed(begin(base), "name", "x"), "name", "xgm_corr");
    expect(dirty(edit)).toBe(false);
    expect(dirty(undone(typed(begin(base), "name", "x"), "name"))).toBe(false);
  });

  it("follows what somebody else changed in other fields", () => {
    const edit = rebased(typed(begin(base), "parameters", "--bins 202"), newer({ executable: "/bob/xgm.sh" }));
    expect(edit.conflicts).toEqual([]);
    expect(value(edit, "executable")).toBe("/bob/xgm.sh");
    expect(value(edit, "parameters")).toBe("--bins 202");
    expect(edit.base?.version).toBe(4);
  });

  it("asks where both changed one field, and is settled where both typed the same", () => {
    const mine = typed(typed(begin(base), "parameters", "--bins 202"), "name", "xgm");
    const edit = rebased(mine, newer({ parameters: "--bins 301", name: "xgm" }));
    expect(edit.conflicts).toEqual(["parameters"]);
    expect(edit.values).toEqual({ parameters: "--bins 202" });
    expect(keepMine(edit)).toMatchObject({ conflicts: [], values: { parameters: "--bins 202" } });
    expect(value(takeTheirs(edit), "parameters")).toBe("--bins 301");
  });

  it("follows what was said elsewhere about quoting, and keeps what was said here", () => {
    const edit = typed(begin(base), "parameters", "a;b");
    expect(rebased(edit, newer({ quoted_parameters: true })).quoted).toBe(true);
    expect(rebased({ ...edit, quoted: true }, newer({})).quoted).toBe(true);
  });

  it("leaves nothing unsaved when parameters that were allowed to need quotes are put back", () => {
    const edit = { ...typed(begin(base), "parameters", "a;b"), quoted: true };
    expect(dirty(undone(edit, "parameters"))).toBe(false);
    expect(dirty(takeTheirs(rebased(edit, newer({ parameters: "--bins 301" }))))).toBe(false);
  });

  it("does not go back to an older row", () => {
    const edit = rebased(typed(begin(base), "name", "x"), newer({}));
    expect(rebased(edit, base).base?.version).toBe(4);
  });

  it("keeps what was typed on while it was being saved", () => {
    const sent = { parameters: "--bins 202" };
    const now = typed(typed(begin(base), "parameters", "--bins 2023"), "name", "xgm");
    const saved = newer({ parameters: "--bins 202" });
    expect(rest(now, sent, saved)?.values).toEqual({ parameters: "--bins 2023", name: "xgm" });
    expect(rest(typed(begin(base), "parameters", "--bins 202"), sent, saved)).toBeNull();
  });
});

describe("whatever two people do", () => {
  it("loses nothing: each field shows mine or theirs, and asks if they differ in what both changed", () => {
    fc.assert(fc.property(row, typing, fc.array(row, { minLength: 1, maxLength: 3 }), (start, mine, theirs) => {
      const before = { ...base, ...start };
      let edit = after(begin(before), mine);
      const meant = { ...edit.values };
      theirs.forEach((one, at) => (edit = rebased(edit, { ...base, ...one, revision: 31 + at, version: 4 + at })));
      const last = { ...base, ...theirs.at(-1)! };
      for (const field of FIELDS) {
        const wanted = meant[field];
        // what is still mine is as it was typed; what is not, is theirs or became the same
        if (edit.values[field] !== undefined) expect(edit.values[field]).toBe(wanted);
        else expect(value(edit, field)).toBe(last[field]);
        if (wanted !== undefined && last[field] !== wanted && theirs.every((one) => one[field] !== wanted)) expect(edit.values[field]).toBe(wanted);
        const changed = theirs.some((one) => one[field] !== before[field]);
        if (edit.values[field] !== undefined && !changed) expect(edit.conflicts).not.toContain(field);
        if (edit.values[field] !== undefined && last[field] !== before[field]) expect(edit.conflicts).toContain(field);
      }
      expect(takeTheirs(edit).conflicts).toEqual([]);
      for (const field of edit.conflicts) expect(value(takeTheirs(edit), field)).toBe(last[field]);
      expect(keepMine(edit).values).toEqual(edit.values);
    }));
  });
});
