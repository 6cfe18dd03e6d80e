import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { filtered, holds, placesOf, sorted, type Filter } from "../order";
import { ColumnStore } from "../store";
import type { Value } from "../types";
import { frameOf } from "./frames";

const NAMES = ["d", "t", "i", "f", "w", "b"] as const;
const rowArbitrary = fc.tuple(
  fc.option(fc.constantFrom("RUN", "run 2", "run 10", "", "É")),
  fc.option(fc.string({ maxLength: 3 })),
  fc.option(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -(2 ** 31) + 1 }))),
  fc.option(fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1.5))),
  fc.option(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n })),
  fc.option(fc.boolean()),
);
type Row = [string | null, string | null, number | null, number | null, bigint | null, boolean | null];

function storeOf(rows: readonly Row[], removed: readonly number[]): ColumnStore {
  const store = new ColumnStore();
  const at = (i: number): Value[] => rows.map((row) => row[i] ?? null);
  store.load(
    frameOf([
      { name: "id", type: "i32", values: rows.map((_, i) => i) },
      { name: "d", type: "dict", values: at(0) },
      { name: "t", type: "text", values: at(1) },
      { name: "i", type: "i32", values: at(2) },
      { name: "f", type: "f64", values: at(3) },
      { name: "w", type: "i64", values: at(4) },
      { name: "b", type: "bool", values: at(5) },
    ]),
  );
  store.apply({ ids: [], columns: {}, removed });
  return store;
}

const collator = new Intl.Collator("en", { numeric: true });

function compare(a: Value, b: Value, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const side = typeof a === "string" ? collator.compare(a, b as string) : a < b ? -1 : a > b ? 1 : 0;
  return descending ? -side : side;
}

const filterArbitrary: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small" },
    fc.record({ column: fc.constantFrom("d", "t", "i"), in: fc.array(fc.option(fc.constantFrom("RUN", "", "3"))).map((words) => new Set(words)) }),
    fc.record({ column: fc.constantFrom("d", "t", "f"), contains: fc.constantFrom("", "r", "UN", "1", "é") }),
    fc.record({ column: fc.constantFrom("i", "f"), min: fc.integer({ min: -5, max: 5 }) }),
    fc.record({ column: fc.constantFrom("i", "f", "none"), min: fc.constant(-2), max: fc.constant(2) }),
    fc.record({ ids: fc.array(fc.nat(30)) }),
    fc.record({ any: fc.array(tie("filter"), { maxLength: 3 }) }),
    fc.record({ not: tie("filter") }),
  ),
})).filter;

describe("the order of rows", () => {
  it("is that of a stable comparison by every key, null last either way", () => {
    const keys = fc.array(fc.record({ column: fc.constantFrom(...NAMES, "none"), descending: fc.boolean() }), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(rowArbitrary, { maxLength: 40 }), keys, (rows, by) => {
        const store = storeOf(rows, []);
        const all = filtered(store, []);
        const naive = [...all].sort((a, b) => {
          for (const { column, descending } of by) {
            const side = compare(store.value(column, a), store.value(column, b), descending);
            if (side) return side;
          }
          return a - b;
        });
        expect([...sorted(store, all, by)]).toEqual(naive);
      }),
      { numRuns: 300 },
    );
  });

  it("does not change the rows it is given", () => {
    const store = storeOf([["b", "", 2, 2, 2n, true], ["a", "", 1, 1, 1n, false]], []);
    const rows = filtered(store, []);
    expect([...sorted(store, rows, [{ column: "d", descending: false }])]).toEqual([1, 0]);
    expect([...rows]).toEqual([0, 1]);
  });

  it("puts times to the millisecond in order, and numbers too far apart to count", () => {
    const values = [1.7e12 + 3, 1.7e12 + 1, null, -1.7e12, 1.7e12 + 2, 0.5];
    const store = new ColumnStore();
    store.load(frameOf([{ name: "at", type: "time", values }]));
    expect([...sorted(store, filtered(store, []), [{ column: "at", descending: true }])]).toEqual([0, 4, 1, 5, 3, 2]);
  });

  it("orders many words of digits by number", () => {
    const values = Array.from({ length: 20_001 }, (_, i) => String((i * 7919) % 20_001));
    const store = new ColumnStore();
    store.load(frameOf([{ name: "n", type: "dict", values }]));
    const order = sorted(store, filtered(store, []), [{ column: "n", descending: false }]);
    expect([...order].map((row) => Number(store.value("n", row)))).toEqual(Array.from(values.keys()));
  });
});

describe("a filter", () => {
  it("holds for a row whether all rows are asked or that one", () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { maxLength: 25 }), fc.array(filterArbitrary, { maxLength: 3 }), fc.array(fc.nat(25)), (rows, filters, removed) => {
        const store = storeOf(rows, removed);
        const naive = rows.map((_, row) => row).filter((row) => store.alive(row) && filters.every((one) => holds(store, one, row)));
        expect([...filtered(store, filters)]).toEqual(naive);
      }),
      { numRuns: 300 },
    );
  });

  it("finds words, parts of text, ranges and ids", () => {
    const store = storeOf([["RUN", "Alpha", 1, 1.5, 1n, true], ["PEND", "beta", 5, null, null, null], [null, null, null, 3, 2n, false]], []);
    const found = (filter: Filter): number[] => [...filtered(store, [filter])];
    expect(found({ column: "d", in: new Set(["RUN", null]) })).toEqual([0, 2]);
    expect(found({ column: "t", contains: "ALPH" })).toEqual([0]);
    expect(found({ column: "i", min: 1, max: 4 })).toEqual([0]);
    expect(found({ column: "f", min: 3 })).toEqual([2]);
    expect(found({ ids: [2, 99] })).toEqual([2]);
    expect(found({ any: [{ column: "b", in: new Set(["true"]) }, { ids: [1] }] })).toEqual([0, 1]);
    expect(found({ column: "none", contains: "" })).toEqual([]);
  });
});

describe("places", () => {
  it("say where each row stands, and -1 for the others", () => {
    expect([...placesOf(Int32Array.of(3, 1), 5)]).toEqual([-1, 1, -1, 0, -1]);
  });
});
