import fc from "fast-check";
import { expect, test } from "vitest";

import { age, clock, elapsed, minute, ms, when } from "../times";

const at = new Date(2026, 10, 22, 14, 2, 11).getTime();

test("microseconds and the offset of Python's instants are read", () => {
  expect(ms("2026-11-22T14:02:11.123456+00:00")).toBe(Date.UTC(2026, 10, 22, 14, 2, 11, 123));
  expect(ms(null)).toBeNaN();
  expect(ms("yesterday")).toBeNaN();
});

test("times are shown in the reader's zone, to the second or the minute", () => {
  expect([clock(at), minute(at), clock(NaN), minute(NaN)]).toEqual(["14:02:11", "14:02", "", ""]);
});

test("the further back, the less of the time and the more of the day is shown", () => {
  const now = at + 3600e3;
  const daysAgo = (n: number) => at - n * 86400e3;
  expect(when(at, now)).toBe("14:02:11");
  expect(when(daysAgo(2), now)).toBe("20 Nov 14:02");
  expect(when(daysAgo(400), now)).toBe("18 Oct 2025");
  expect(when(NaN, now)).toBe("");
});

test.each([
  [2e3, "0:02"], [1102e3, "18:22"], [3600e3, "1:00:00"], [-5e3, "0:00"], [90061e3, "25:01:01"], [NaN, ""],
])("%d ms have elapsed as %s", (duration, shown) => {
  expect(elapsed(duration)).toBe(shown);
});

test.each([[43e3, "43 s"], [240e3, "4 min"], [3 * 3600e3, "3 h"], [50 * 3600e3, "2 d"], [NaN, ""]])(
  "%d ms are an age of %s",
  (duration, shown) => {
    expect(age(duration)).toBe(shown);
  },
);

test("any duration reads back as whole seconds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e10 }), (duration) => {
      const s = elapsed(duration).split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
      expect(s).toBe(Math.floor(duration / 1000));
    }),
  );
});
