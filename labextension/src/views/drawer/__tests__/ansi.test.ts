import fc from "fast-check";
import { expect, test } from "vitest";
import { plainText, spans } from "../ansi";

const looks = (raw: string): string[][] => spans(raw).map(({ text, look }) => [look, text]);

test("the sixteen colours become hues, and a reset ends them", () => {
  expect(looks("\x1b[31mred\x1b[0m plain \x1b[92;1mgreen\x1b[m.")).toEqual([
    ["a1", "red"], ["", " plain "], ["a2 s1", "green"], ["", "."],
  ]);
  expect(looks("\x1b[90mgrey\x1b[37mwhite\x1b[30mblack")).toEqual([["a8", "grey"], ["", "white"], ["", "black"]]);
});

test("256 colours and true colours become the nearest hue, in both ways of writing", () => {
  const hue = (codes: string): string => spans(`\x1b[${codes}mx`)[0]?.look ?? "";
  expect(hue("38;5;196")).toBe("a1");
  expect(hue("38;5;46")).toBe("a2");
  expect(hue("38;5;244")).toBe("a8");
  expect(hue("38;5;15")).toBe("");
  expect(hue("38;2;30;60;250;1")).toBe("a4 s1");
  expect(hue("38:2::255:0:255")).toBe("a5");
  expect(hue("38:5:51")).toBe("a6");
  expect(hue("48;5;226")).toBe("b3");
});

test("text on a coloured ground keeps the colour of text, so that it can be read", () => {
  expect(looks("\x1b[31;41mx")).toEqual([["b1", "x"]]);
  expect(looks("\x1b[7mx\x1b[27my")).toEqual([["b8", "x"], ["", "y"]]);
});

test("moves, titles and links are dropped, and an unfinished escape is seen", () => {
  expect(plainText("a\x1b[2Kb\x1b]0;title\x07c\x1b]8;;http://x\x1b\\d\x1b(Be\x1b[?25lf")).toBe("abcdef");
  expect(plainText("end\x1b[3")).toBe("end^[[3");
});

test("control characters and marks that turn the reading direction are seen", () => {
  expect(plainText("a\0b\x08\x7f")).toBe("a^@b^H^?");
  expect(plainText("safe\u202egpj.exe\u2066x\u200b")).toBe("safe⟨202E⟩gpj.exe⟨2066⟩x⟨200B⟩");
  expect(plainText("tab\tכן 😀 <img onerror>")).toBe("tab\tכן 😀 <img onerror>");
});

test("of progress that writes over itself the last is shown", () => {
  expect(plainText("10 %\r50 %\r\x1b[32m100 %\x1b[0m\r")).toBe("100 %");
  expect(plainText("windows\r")).toBe("windows");
});

const noise = fc.array(
  fc.oneof(
    fc.string(),
    fc.constantFrom("\x1b[", "\x1b[31m", "\x1b[38;5;", "48;2;1;2;3m", "\x1b]0;", "\x07", "\r", "\u202e", ";", "m"),
  ),
).map((parts) => parts.join("").replaceAll("\n", ""));

test("whatever comes, spans hold the plain text and known looks only", () => {
  fc.assert(fc.property(noise, (raw) => {
    const found = spans(raw);
    expect(found.map(({ text }) => text).join("")).toBe(plainText(raw));
    for (const { look } of found) expect(look).toMatch(/^$|^(?:[abs]\d ?)+$/);
    expect(plainText(raw)).not.toMatch(/[\0-\x08\n-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
  }));
});

// one that went back for each of them would not end within the tests' limit
test("a long line of broken escapes is read as a short one is", () => {
  const broken = (count: number, escape: string): string => `${escape}]`.repeat(count) + `${escape}[`.repeat(count) + ";".repeat(count);
  for (const count of [3, 200_000]) expect(plainText(broken(count, "\x1b"))).toBe(broken(count, "^["));
  expect(spans("\x1b[1m".repeat(100_000))).toEqual([]);
});
