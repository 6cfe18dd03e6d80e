import fc from "fast-check";
import { describe, expect, it } from "vitest";

import looks from "../looks.json";
import { isOver, partsOf, partsSaid, subjobs } from "../parts";

describe("what a job consists of", () => {
  it("is nothing of most jobs, however the cell says so", () => {
    for (const text of ["", "{}"]) expect(partsSaid(partsOf(text))).toEqual([]);
  });
  it("is said in the order of what to look at first", () => {
    const parts = partsOf('{"elements": {"RUN": 3, "PEND": 5, "DONE": 2}, "subjobs": {"DONE": 2, "RUN": 3}, "extra": 1}');
    expect(partsSaid(parts)).toEqual(["1 extra", "3 RUN", "5 PEND", "2 DONE", "2/5 subjobs"]);
    expect(subjobs(parts)).toEqual({ all: 5, live: 3 });
  });
  it("counts an only subjob by its name", () => {
    expect(partsSaid({ subjobs: { COMPLETED: 1 } })).toEqual(["1/1 subjob"]);
  });
  it("groups large numbers, and shows what a word hides", () => {
    expect(partsSaid({ elements: { RUN: 10_000, "X\u202e": 1 } })).toEqual(["10,000 RUN", "1 X\\u202e"]);
  });
  it("is over by the looks of its word, of whatever scheduler", () => {
    const over = Object.keys(looks.words).filter(isOver);
    expect(over).toEqual(expect.arrayContaining(["DONE", "EXIT", "COMPLETED", "CANCELLED", "OUT_OF_MEMORY"]));
    for (const word of ["RUN", "PEND", "RUNNING", "COMPLETING", "SSUSP", "UNKWN", "something else"]) expect(isOver(word)).toBe(false);
  });
  it("never has more that go on than there are", () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.nat()), (counts) => {
      const { all, live } = subjobs({ subjobs: counts });
      expect(live).toBeLessThanOrEqual(all);
    }));
  });
});
