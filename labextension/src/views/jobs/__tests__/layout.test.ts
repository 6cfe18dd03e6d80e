import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { GridColumn } from "../../../grid/types";
import { choices, narrower, noRoom, ordered, readRemembered } from "../layout";

describe("columns by the width of the table", () => {
  it("fewer have room the narrower it is, and those that name a job always do", () => {
    let before = 0;
    for (let width_ch = 220; width_ch > 20; width_ch--) {
      const out = noRoom(width_ch, false, []);
      expect(out.size).toBeGreaterThanOrEqual(before);
      for (const kept of ["run", "hash", "status"]) expect(out.has(kept)).toBe(false);
      before = out.size;
    }
  });
  it("the wall shows less, and a narrow one no more than has room", () => {
    const columns = ["run", "action", "hash", "status", "report", "elapsed", "why"].map((id) => ({ id }) as GridColumn);
    const shown = (width_ch: number): string[] => columns.map(({ id }) => id).filter((id) => !noRoom(width_ch, true, columns).has(id));
    expect(shown(150)).toEqual(["run", "hash", "status", "report", "elapsed"]);
    expect(shown(50)).toEqual(["run", "hash", "status"]);
  });
  it("a wide table leaves every column its usual width, and a wide wall cuts no name", () => {
    expect(narrower(200, false).size).toBe(0);
    expect([...narrower(120, true).keys()]).toEqual(["hash"]);
    expect([...narrower(60, false).keys()]).toEqual(["run", "hash", "status"]);
  });
});

describe("what is remembered of the columns", () => {
  const ids = ["run", "hash", "status", "why"];
  const columns = ids.map((id) => ({ id, always: id === "status" }) as GridColumn);
  const kept = fc.record({
    order: fc.oneof(fc.array(fc.constantFrom(...ids, "gone")), fc.anything()), hidden: fc.oneof(fc.subarray(ids), fc.anything()),
    widths: fc.oneof(fc.dictionary(fc.constantFrom(...ids), fc.anything()), fc.anything()), counters: fc.anything(),
  });

  it("is taken as far as it can be used, whatever it is", () => {
    fc.assert(fc.property(fc.oneof(fc.anything(), kept), (value) => {
      const read = readRemembered(value);
      expect(readRemembered(read)).toMatchObject(read);
      for (const width of Object.values(read.widths ?? {})) expect(width >= 20 && width < 3000).toBe(true);
    }));
  });
  it("puts columns in order, and loses or doubles none", () => {
    fc.assert(fc.property(kept, (value) => {
      const read = readRemembered(value);
      expect([...ordered(columns, read)].sort()).toEqual([...ids].sort());
      const made = choices(columns, read, new Set(["status"]));
      expect(made.map(({ id }) => id)).toEqual(ordered(columns, read));
      expect(made.find(({ id }) => id === "status")!.hidden).toBe(false);
    }));
  });
});
