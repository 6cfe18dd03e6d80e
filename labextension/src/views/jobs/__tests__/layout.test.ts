import { describe, expect, it } from "vitest";

import type { GridColumn } from "../../../grid/types";
import { narrower, noRoom } from "../layout";

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
