import fc from "fast-check";
import { expect, test } from "vitest";

import { filtered } from "../../../grid/order";
import { FrameData } from "../data";
import { condition, search } from "../filter";
import { duration, instant, Reader, unitOf } from "../format";
import { FakeSource, frameOf } from "./frame_of";

const open = (columns: Parameters<typeof frameOf>[0]): Reader[] => {
  const data = new FrameData(new FakeSource());
  data.head(frameOf(columns));
  return data.columns.map((head) => {
    const one = new Reader(data.store, head);
    one.settle();
    return one;
  });
};
const shown = (given: Parameters<typeof frameOf>[0][string]): string[] => {
  const [one] = open({ x: given });
  return given.values.map((_, row) => one!.shown(row));
};
const held = (given: Parameters<typeof frameOf>[0][string], typed: string): number[] | null => {
  const [one] = open({ x: given });
  const filter = condition(one!, typed);
  return filter && [...filtered(one!.store, [filter])];
};

test("numbers of a column have the same number of decimals", () => {
  expect(shown({ values: [0.5, 0.125, null, 2] })).toEqual(["0.500", "0.125", "", "2.000"]);
  expect(shown({ values: [1e-12, 5] })).toEqual(["1e-12", "5"]);
  expect(shown({ values: [1.23456], decimals: 2 })).toEqual(["1.23"]);
  expect(shown({ values: [1, 2], integer: true })).toEqual(["1", "2"]);
});

test("a number that has more decimals than the first rows is not rounded away", () => {
  const values = [...Array<number>(200).fill(0.5), 0.75];
  expect(shown({ values })[200]).toBe("0.75");
});

test("a small number is not shown as nothing", () => {
  const values = [...Array<number>(200).fill(0.5), 0.00123];
  expect(shown({ values })[200]).toBe("0.00123");
});

test("infinite numbers and floats of 32 bits read as they were meant", () => {
  expect(shown({ values: [Infinity, -Infinity] })).toEqual(["∞", "−∞"]);
  expect(shown({ values: [Math.fround(0.1)], digits: 7 })).toEqual(["0.1"]);
});

test("times are shown in their zone, to the microsecond, and whole days as days", () => {
  const at = Date.UTC(2026, 10, 22, 13, 2, 11, 500);
  expect(shown({ type: "time", values: [at + 0.001, null] })).toEqual(["2026-11-22 13:02:11.500001", ""]);
  expect(shown({ type: "time", values: [at], zone: "Europe/Zurich" })).toEqual(["2026-11-22 14:02:11.500"]);
  expect(shown({ type: "time", values: [Date.UTC(2026, 0, 2)], days: true })).toEqual(["2026-01-02"]);
  expect(instant(1e20, null, false)).toBe("100000000000000000000");
});

test("a zone that the browser does not know is shown as UTC, and says so", () => {
  const [one] = open({ x: { type: "time", values: [0], zone: "Mars/Base" } });
  expect([unitOf(one!.head), one!.shown(0)]).toEqual(["UTC", "1970-01-01 00:00:00"]);
});

test("durations read as clocks", () => {
  expect([duration(3600), duration(-1.5), duration(2 * 86400 + 61)]).toEqual(["1:00:00", "−0:00:01.500", "2 days 0:01:01"]);
});

test("what is edited reads back as the same number", () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
    const [one] = open({ x: { values: [value] } });
    expect(Number(one!.exact(0)) + 0).toBe(value + 0);
  }));
});

test.each([
  ["7", [2]], ["3..8", [1, 2]], ["3..", [1, 2, 3]], ["..3", [0, 1]], [">3", [2, 3]], [">=3", [1, 2, 3]],
  ["<3", [0]], ["<=3", [0, 1]], ["empty", [4]], ["not empty", [0, 1, 2, 3]], ["abc", null], ["..", [0, 1, 2, 3]],
])("the condition %s on numbers", (typed, rows) => {
  expect(held({ values: [-1, 3, 7, 9, null] }, typed)).toEqual(rows);
});

const whole = fc.integer({ min: -5, max: 5 });

test("a condition on numbers holds for the rows that it holds for, one by one", () => {
  const compare = { ">": (a: number, b: number) => a > b, ">=": (a: number, b: number) => a >= b, "<": (a: number, b: number) => a < b, "<=": (a: number, b: number) => a <= b };
  const sign = fc.constantFrom(">", ">=", "<", "<=");
  fc.assert(fc.property(fc.array(fc.option(whole)), sign, whole, whole, (values, sign, one, other) => {
    const rows = (holds: (value: number) => boolean): number[] => values.flatMap((value, row) => (value !== null && holds(value) ? row : []));
    expect(held({ values }, `${sign} ${one}`)).toEqual(rows((value) => compare[sign as keyof typeof compare](value, one)));
    expect(held({ values }, `${one}..${other}`)).toEqual(rows((value) => value >= one && value <= other));
  }));
});

test("a condition is read or refused, whatever is typed", () => {
  const typed = fc.oneof(fc.string(), fc.stringMatching(/^[<>=]{0,2}[\d.: Te-]{0,20}$/), fc.stringMatching(/^\d{4}-\d{1,3}(-\d{1,3}( \d\d:\d\d)?)?$/));
  fc.assert(fc.property(typed, (text) => {
    for (const given of [{ values: [1, null] }, { type: "time" as const, values: [0, null] }, { type: "bool" as const, values: [true, null] }, { type: "text" as const, values: ["a", null] }]) {
      const rows = held(given, text);
      expect(rows === null || rows.every((row) => row === 0 || row === 1)).toBe(true);
    }
  }));
});

test.each([
  ["2026", [0, 1, 2]], ["2026-11", [1, 2]], ["2026-11-22", [1]], ["2026-11-22 13:02", [1]], ["2026-11-22 13:01", []],
  [">2026-11-22", [2]], ["<2026-11", [0]], ["2026-01..2026-11-22", [0, 1]], ["soon", null],
])("the condition %s on times", (typed, rows) => {
  const values = [Date.UTC(2026, 0, 5), Date.UTC(2026, 10, 22, 13, 2, 30), Date.UTC(2026, 10, 23), null];
  expect(held({ type: "time", values }, typed)).toEqual(rows);
});

test("a time is meant in the zone of its column", () => {
  const values = [Date.UTC(2026, 10, 22, 13, 2), Date.UTC(2026, 6, 1, 12)];
  const zone = "Europe/Zurich";
  expect(held({ type: "time", zone, values }, "2026-11-22 14:02")).toEqual([0]);
  expect(held({ type: "time", zone, values }, "2026-07-01 14:00")).toEqual([1]);
});

test("a search looks into all columns, and finds numbers by their value", () => {
  const readers = open({ x: { values: [1, 22, 3] }, w: { type: "text", values: ["two", null, "22 dogs"] } });
  const rows = (text: string, ids: number[] = []): number[] => [...filtered(readers[0]!.store, [search(readers, text, new Set(ids))])];
  expect(rows("22")).toEqual([1, 2]);
  expect(rows("TWO")).toEqual([0]);
  expect(rows("boom", [2])).toEqual([2]);
});
