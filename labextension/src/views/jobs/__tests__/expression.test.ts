import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { applyExpression, expression, python, type View } from "../expression";
import lines from "../expressions.json";

const ALL: View = { words: null, user: null, runs: null, text: "", columns: new Map(), sort: null };
const view = (changes: Partial<View>): string => expression({ ...ALL, ...changes });

/** What makes each line of `expressions.json`, which a test in Python executes. */
const MADE: Readonly<Record<string, string>> = {
  "everything": view({}),
  "one status": view({ words: ["EXIT"] }),
  "several statuses": view({ words: ["PEND", "RUN"] }),
  "a status with a quote in it": view({ words: ["Lost: not in LSF's history", "UNKWN"] }),
  "unknown since": view({ words: ["UNKWN", "Unknown since 14:02"] }),
  "mine": view({ user: "alice" }),
  "runs": view({ runs: [[12, 12], [20, 32], [40, Infinity]] }),
  "a search": view({ text: 'jung"frau' }),
  "status, mine and runs": view({ words: ["EXIT"], user: "alice", runs: [[20, 32]] }),
  "everything at once": view({
    words: ["EXIT"], user: "alice", runs: [[20, Infinity]], columns: new Map([["hash", "sm\\d"]]), sort: { column: "submitted", descending: true },
  }),
  "sorted": view({ sort: { column: "hash", descending: false } }),
  "selected": "board.jobs.selected",
  "apply": applyExpression("smd", "12, 20-32", null, false),
  "apply again with other parameters": applyExpression("smd", "all", "-q 'x y' \"z\"", true),
};

describe("the Python that a view offers", () => {
  it.each(lines)("$case", ({ case: name, line }) => expect(MADE[name]).toBe(line));
  it("of every kind is tried in Python", () => expect(Object.keys(MADE)).toEqual(lines.map((one) => one.case)));
  it("leaves out what pandas does not know", () => {
    expect(view({ sort: { column: "elapsed", descending: true }, columns: new Map([["nosuch", "x"]]) })).toBe("board.jobs.df");
  });
  it("is one line of visible characters, whatever was typed", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(view({ text: text || "x" })).toMatch(/^[^\p{C}\u2028\u2029]+$/u);
    }));
  });
  it("no text ends its own quotes", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom("'", '"', "\\", "a", "\n", "{") }), (text) => {
      const made = python(text);
      const body = made.slice(1, -1).replace(/\\u[0-9a-f]{4}|\\./g, "");
      expect(body).not.toContain(made[0]);
      expect(body).not.toContain("\\");
    }));
  });
});
