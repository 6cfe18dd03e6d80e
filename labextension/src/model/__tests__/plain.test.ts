import fc from "fast-check";
import { expect, test } from "vitest";

import { plain } from "../plain";
import cases from "./plain.json";

const EMOJI = ["😀", "👨", "❤\ufe0f", "👩🏽", "♂\ufe0f", "🏳\ufe0f", "💻"];
const OTHERS = ["a", "1", "·", "中", "\ufe0f", "🏽"];
const HIDDEN = ["\u202e", "\u2066", "\u200f", "\u200b", "\x1b", "\u{e0067}"];
const ZWJ = "\u200d";
const pieces = fc.array(fc.constantFrom(...EMOJI, ...OTHERS, ...HIDDEN, ZWJ), { maxLength: 30 });

// the same cases are read by tests/unit/test_client_markup.py
test.each(cases as [string, string][])("%j is shown as %j", (text, shown) => {
  expect(plain(text)).toBe(shown);
});

test("what joins two emoji is shown as it is, whatever stands around them", () => {
  fc.assert(fc.property(fc.constantFrom(...EMOJI), fc.constantFrom(...EMOJI), pieces, pieces, (one, other, before, after) => {
    const joined = `${one}${ZWJ}${other}`;
    expect(plain([...before, " ", joined, " ", ...after].join(""))).toContain(joined);
  }));
});

test("nothing hidden is left beside letters, and what is shown can be told from what was there", () => {
  fc.assert(fc.property(pieces, (text) => {
    const shown = plain(text.join(""));
    for (const one of HIDDEN) expect(shown).not.toContain(one);
    expect(shown).not.toMatch(/[a1·中]\u200d|\u200d[a1·中]/u);
    expect(shown.split(/\u200d|\\u200d/)).toHaveLength(text.filter((one) => one === ZWJ).length + 1);
  }));
});

test("a text is cut between characters, not within one", () => {
  fc.assert(fc.property(pieces, fc.integer({ min: 1, max: 10 }), (text, longest) => {
    expect(plain(text.join(""), longest)).not.toMatch(/\\ud[89a-f]|\\u200d…$/);
  }));
});
