import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { memoryMb, memoryText, timeS, timeText } from "../amounts";

describe("memory", () => {
  it.each([["16G", 16_000], [" 500 MB ", 500], ["1.5t", 1.5e6], ["2GiB", 2 * 1073.741824]])("%s is read", (text, mb) => expect(memoryMb(text)).toBeCloseTo(mb as number, 6));
  it.each([
    ["16", "16 what? Write 16G or 16M."], ["a lot", "Write memory as 16G or 500M."], ["", "Write memory as 16G or 500M."],
    ["0G", "Too little memory."], ["1000T", "Too much memory."], ["-1G", "Write memory as 16G or 500M."],
  ])("%s is refused in words", (text, said) => expect(memoryMb(text)).toBe(said));
  it("is written so that it is read again, and never as less", () => {
    fc.assert(fc.property(fc.double({ min: 1, max: 9e7, noNaN: true }), (mb) => {
      const read = memoryMb(memoryText(mb));
      expect(read).toBeGreaterThanOrEqual(mb * (1 - 1e-9));
      expect(read).toBeLessThanOrEqual(Math.max(mb * 1.11, mb + 1));
    }));
  });
});

describe("time", () => {
  it.each([["2h", 7200], ["90 min", 5400], ["90m", 5400], ["1:30", 5400], ["0:01:05", 65], ["1-12:00", 129_600], ["1.5d", 129_600]])("%s is read", (text, s) => expect(timeS(text)).toBe(s));
  it.each([["2", "2 what? Write 2h or 2min."], ["soon", "Write a time as 2h, 90min or 1:30."], ["0:00", "Too little time."], ["9999d", "Too much time."]])(
    "%s is refused in words", (text, said) => expect(timeS(text)).toBe(said));
  it("is written so that it is read again, and never as less", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 3e8 }), (s) => {
      const read = timeS(timeText(s)) as number;
      expect(read).toBeGreaterThanOrEqual(s);
      expect(read - s).toBeLessThan(60);
    }));
  });
});

it("no text makes either fail", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    for (const read of [memoryMb(text), timeS(text)]) expect(typeof read === "string" ? read.length : read).toBeGreaterThan(0);
  }));
});
