import fc from "fast-check";
import { expect, test } from "vitest";
import type { LogPiece } from "../../../model/rows";
import { LogWindow, MOST_BYTES, utf8Length } from "../log_text";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A piece as the server cuts it: never through a character. */
function piece(log: Uint8Array, offset: number, limit: number): LogPiece {
  const goesOn = (at: number): boolean => at > 0 && at < log.length && ((log[at] ?? 0) & 0xc0) === 0x80;
  let from = offset < 0 ? Math.max(0, log.length + offset) : Math.min(offset, log.length);
  let to = Math.min(log.length, from + limit);
  while (goesOn(from)) from++;
  while (to > from && goesOn(to)) to--;
  const text = new TextDecoder().decode(log.subarray(from, to));
  return { text, offset: from, next_offset: to, size_bytes: log.length, missing: "", source: "" };
}

const text = fc.array(
  fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.constantFrom("\n", "é", "😀", "日本\n", "error\n")),
  { maxLength: 60 },
).map((parts) => parts.join(""));

/** What the window holds, checked against the log it was cut from. */
function check(window: LogWindow, log: Uint8Array): void {
  const whole = new TextDecoder("utf-8", { ignoreBOM: true });
  const held = whole.decode(log.subarray(window.from, window.to));
  const raws = held.split("\n");
  if (raws.at(-1) === "") raws.pop();
  expect(window.lines.map(({ raw }) => raw)).toEqual(raws);
  window.lines.forEach((line, index) => {
    const before = log.subarray(0, line.at);
    if (line.exact && index > 0) expect(log[line.at - 1]).toBe(10);
    const number = window.number(index);
    if (number !== null) expect(number).toBe(before.filter((byte) => byte === 10).length + 1);
  });
}

test("pieces of any size, read forward, give the lines, places and numbers of the log", () => {
  fc.assert(fc.property(text, fc.integer({ min: 4, max: 40 }), (said, limit) => {
    const log = bytesOf(said);
    const window = new LogWindow();
    window.open(piece(log, 0, limit));
    while (window.to < log.length) window.append(piece(log, window.to, limit));
    check(window, log);
    if (log.length) expect(window.number(0)).toBe(1);
  }));
});

test("read from the end backward there are no numbers until the beginning is seen", () => {
  fc.assert(fc.property(text, fc.integer({ min: 4, max: 40 }), (said, limit) => {
    const log = bytesOf(said);
    const window = new LogWindow();
    window.open(piece(log, -limit, limit));
    check(window, log);
    while (window.from > 0) {
      expect(window.number(0)).toBeNull();
      const begin = Math.max(0, window.from - limit);
      // a piece that is longer than asked for must not double what is there
      window.prepend(piece(log, begin, window.from - begin + 3));
      check(window, log);
    }
  }));
});

test("no more than the bound is kept, and numbers stay true when the beginning is given up", () => {
  const line = `${"x".repeat(99)}\n`;
  const log = bytesOf(line.repeat(60_000));
  const window = new LogWindow();
  window.open(piece(log, 0, 250_000));
  while (window.to < log.length) window.append(piece(log, window.to, 250_000));
  expect(window.to - window.from).toBeLessThanOrEqual(MOST_BYTES);
  expect(window.number(window.lines.length - 1)).toBe(60_000);
  while (window.from > 0) {
    const begin = Math.max(0, window.from - 250_000);
    window.prepend(piece(log, begin, window.from - begin));
  }
  expect(window.number(0)).toBe(1);
  expect(window.to - window.from).toBeLessThanOrEqual(MOST_BYTES);
  expect(window.atEnd).toBe(false);
});

test("bytes that are no text leave the places of lines unsaid, never wrong", () => {
  const log = new Uint8Array([0xff, 10, 97, 10, 98, 10]);
  const window = new LogWindow();
  window.open(piece(log, 0, 100));
  expect(window.lines.map(({ exact }) => exact)).toEqual([true, false, false]);
  expect(window.number(2)).toBe(3);
});

test("a line is found by any byte of it", () => {
  const log = bytesOf("one\nzwölf\nthree");
  const window = new LogWindow();
  window.open(piece(log, 0, 100));
  expect([0, 3, 4, 10, 11, 99].map((at) => window.indexAt(at))).toEqual([0, 0, 1, 1, 2, -1]);
});

test("errors and warnings are told apart, and 'no errors' is neither", () => {
  const kinds = (said: string): string[] => {
    const window = new LogWindow();
    window.open(piece(bytesOf(said), 0, 10_000));
    return window.lines.map(({ kind }) => kind);
  };
  expect(kinds("MemoryError: x\nWARNING: cannot x\nfinished with 0 errors\nWithout exceptions\nzoom in\nlong_term_memory: 5\nTERM_MEMLIMIT: x")).toEqual(
    ["error", "warning", "", "", "", "", "error"],
  );
});

test("bytes of a text are counted as UTF-8 has them", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (said) => {
    expect(utf8Length(said)).toBe(bytesOf(said).length);
  }));
});
