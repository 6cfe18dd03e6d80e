import fc from "fast-check";
import { expect, test } from "vitest";

import { findHits, MOST_HITS } from "../log_hits";
import type { LogLine } from "../log_text";

const lineOf = (text: string): LogLine => ({ at: 0, exact: true, raw: text, text, kind: "" });
const text = fc.string({ unit: fc.constantFrom("a", "B", ".", "*", "(", "\\", "é", "🚀") });

test("every line that holds the text is hit, in order, whatever signs are in it", () => {
  fc.assert(fc.property(fc.array(text), text, (texts, wanted) => {
    const hits = findHits(texts.map(lineOf), wanted);
    for (const { line, start, end } of hits) expect(texts[line]!.slice(start, end).toLowerCase()).toBe(wanted.toLowerCase());
    const found = new Set(hits.map(({ line }) => line));
    texts.forEach((one, line) => expect(found.has(line)).toBe(wanted !== "" && one.toLowerCase().includes(wanted.toLowerCase())));
    hits.slice(1).forEach((hit, at) => {
      const before = hits[at]!;
      expect(hit.line > before.line || hit.start >= before.end).toBe(true);
    });
  }));
});

test("a text that stands everywhere is counted up to a bound", () => {
  const lines = Array.from({ length: 200 }, () => lineOf("a".repeat(100)));
  expect(findHits(lines, "a").length).toBe(MOST_HITS);
});
