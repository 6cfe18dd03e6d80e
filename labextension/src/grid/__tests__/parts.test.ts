import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ordered, pixels, shown, widths } from "../column_widths";
import { KeySet } from "../key_set";
import { led, type Shape } from "../keyboard";
import type { GridColumn } from "../types";

const column = (id: string, more: Partial<GridColumn> = {}): GridColumn => ({ id, title: id, width: 50, draw: () => "", text: () => "", ...more });

describe("a set of keys as ranges", () => {
  const keys = fc.array(fc.integer({ min: -20, max: 40 }));

  it("does what a set of numbers does", () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const [one, other] = [KeySet.of(a), KeySet.of(b)];
        const both = new Set([...a, ...b]);
        const rest = new Set(a.filter((key) => !b.includes(key)));
        const up = (set: Iterable<number>): number[] => [...set].sort((x, y) => x - y);
        expect(up(one.with(other))).toEqual(up(both));
        expect(up(one.without(other))).toEqual(up(rest));
        expect(one.without(other).size).toBe(rest.size);
        for (let key = -22; key < 43; key++) expect(one.has(key)).toBe(a.includes(key));
      }),
    );
  });

  it("keeps a million neighbours as one pair", () => {
    const falling = (function* () {
      for (let key = 1_000_000; key > 0; key--) yield key;
    })();
    expect(KeySet.of(falling).ranges()).toEqual([[1, 1_000_000]]);
  });

  it("never holds what lies between two whole numbers", () => {
    expect(KeySet.ofRanges([[1, 5]]).has(2.5)).toBe(false);
  });
});

describe("columns", () => {
  const all = ["a", "b", "c", "d"].map((id) => column(id));

  it("stand as chosen; those unknown to the choice stay behind their neighbour", () => {
    expect(ordered(all, [{ id: "c" }, { id: "a" }]).map(({ id }) => id)).toEqual(["c", "d", "a", "b"]);
    expect(ordered(all, [{ id: "gone" }, { id: "b" }]).map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
  });

  it("are hidden when chosen so, unless they must be there", () => {
    const columns = [column("a", { always: true }), column("b")];
    expect(shown(columns, [{ id: "a", hidden: true }, { id: "b", hidden: true }]).map(({ id }) => id)).toEqual(["a"]);
  });

  it("fill the room to the pixel where one of them grows", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ width: fc.integer({ min: 32, max: 200 }), grow: fc.nat(3) }), { minLength: 1 }), fc.nat(3000), (shapes, free) => {
        const columns = shapes.map((shape, i) => column(String(i), shape));
        const asked = shapes.reduce((sum, { width }) => sum + width, 0);
        const got = widths(columns, [], free, 8);
        const grows = shapes.some(({ grow }) => grow) && free > asked;
        expect(got.reduce((sum, width) => sum + width, 0)).toBe(grows ? free : asked);
        shapes.forEach(({ width }, i) => expect(got[i]).toBeGreaterThanOrEqual(width));
      }),
    );
  });

  it("shrink to their least width before the table scrolls sideways", () => {
    const columns = [column("a", { width: 100, minWidth: 60 }), column("b", { width: 100 })];
    expect(widths(columns, [], 170, 8)).toEqual([70, 100]);
    expect(widths(columns, [], 50, 8)).toEqual([60, 100]);
  });

  it("keep a width that the user set", () => {
    expect(widths([column("a", { grow: 1 }), column("b", { grow: 1 })], [{ id: "a", width: 70 }], 300, 8)).toEqual([70, 230]);
  });

  it("measure in the font's own width", () => {
    expect(pixels("14ch", 7)).toBe(98);
    expect(pixels(30, 7)).toBe(30);
  });
});

describe("a key", () => {
  const shape: Shape = { rows: 100, cells: 5, page: 10, covering: ({ index, cell }) => (index === 7 ? Math.min(cell, 2) : cell) };
  const press = (key: string, index: number, cell: number, ctrlKey = false): unknown => led({ key, ctrlKey, metaKey: false }, { index, cell }, shape);

  it("never leads out of the table", () => {
    const keys = fc.constantFrom("ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown");
    fc.assert(
      fc.property(keys, fc.integer({ min: -1, max: 99 }), fc.nat(4), fc.boolean(), (key, index, cell, ctrl) => {
        const to = led({ key, ctrlKey: ctrl, metaKey: false }, { index, cell }, shape)!;
        expect(to.index).toBeGreaterThanOrEqual(-1);
        expect(to.index).toBeLessThan(100);
        expect(to.cell).toBeGreaterThanOrEqual(0);
        expect(to.cell).toBeLessThan(5);
      }),
    );
  });

  it("leads from the first row to the header and back", () => {
    expect(press("ArrowUp", 0, 3)).toEqual({ index: -1, cell: 3 });
    expect(press("ArrowDown", -1, 3)).toEqual({ index: 0, cell: 3 });
  });

  it("leads by a screen, but not from the rows to the header", () => {
    expect(press("PageDown", 3, 0)).toEqual({ index: 13, cell: 0 });
    expect(press("PageUp", 3, 0)).toEqual({ index: 0, cell: 0 });
  });

  it("leads to the ends of a row, and with Ctrl to those of the table", () => {
    expect(press("End", 7, 0)).toEqual({ index: 7, cell: 2 });
    expect(press("End", 3, 0, true)).toEqual({ index: 99, cell: 4 });
    expect(press("Home", 3, 3, true)).toEqual({ index: 0, cell: 0 });
  });

  it("leads nowhere if it is another", () => {
    expect(press("x", 0, 0)).toBeNull();
  });
});
