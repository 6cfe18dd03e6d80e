import fc from "fast-check";
import { expect, test } from "vitest";

import { el } from "../../../dom";
import { marked } from "../columns";

const text = fc.string({ unit: fc.constantFrom("a", "A", "b", "ß", "İ", " ", "<") });

test("marking what was searched for loses nothing of a text, and marks every place", () => {
  fc.assert(fc.property(text, text, (whole, needle) => {
    const made = el("span", {});
    made.append(...marked(whole, needle));
    expect(made.textContent).toBe(whole);
    const marks = [...made.querySelectorAll("mark")].map((one) => one.textContent!.toLowerCase());
    expect(new Set(marks).size).toBeLessThanOrEqual(1);
    if (marks.length) expect(marks[0]).toBe(needle.toLowerCase());
    else if (whole.toLowerCase().length === whole.length && needle) expect(whole.toLowerCase()).not.toContain(needle.toLowerCase());
  }));
});
