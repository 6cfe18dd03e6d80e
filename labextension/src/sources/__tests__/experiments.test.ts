import fc from "fast-check";
import { expect, test } from "vitest";

import type { ExperimentRow } from "../../model/rows";
import { newestFirst } from "../experiments";

const rows = fc.uniqueArray(fc.record({ id: fc.nat(99), active: fc.boolean() }), { selector: ({ id }) => id });

test("experiments that take data come first, and of these the newest, in whatever order they came", () => {
  fc.assert(fc.property(rows, (given) => {
    const all = newestFirst(given as ExperimentRow[]);
    expect(new Set(all)).toEqual(new Set(given));
    all.slice(1).forEach((row, at) => {
      const before = all[at]!;
      expect(before.active === row.active ? before.id > row.id : before.active).toBe(true);
    });
  }));
});
