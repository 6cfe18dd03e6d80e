import fc from "fast-check";
import { expect, test } from "vitest";
import { foldRows, type Fold, type Row } from "../folding";
import { LogWindow, type LogLine } from "../log_text";

function linesOf(...said: string[]): LogLine[] {
  const text = said.join("\n");
  const window = new LogWindow();
  const size = new TextEncoder().encode(text).length;
  window.open({ text, offset: 0, next_offset: size, size_bytes: size, missing: "", source: "" });
  return window.lines;
}
const folds = (rows: readonly Row[]): Fold[] => rows.filter((row): row is Fold => typeof row !== "number");
const NONE = new Set<number>();

test("lines alike but for their numbers fold, the first and the newest stay", () => {
  const lines = linesOf("start", ...Array.from({ length: 9 }, (_, n) => `event ${n * 1000}, ${n / 7} Hz`), "end");
  const rows = foldRows(lines, NONE);
  expect(rows.map((row) => (typeof row === "number" ? row : row.said))).toEqual(
    [0, 1, "7 more lines like the one above", 9, 10],
  );
});

test("three lines alike do not fold, four do", () => {
  expect(folds(foldRows(linesOf("a 1", "a 2", "a 3"), NONE))).toEqual([]);
  expect(folds(foldRows(linesOf("a 1", "a 2", "a 3", "a 4"), NONE))).toHaveLength(1);
});

test("a pattern of a few lines folds too", () => {
  const lines = linesOf(...Array.from({ length: 6 }, (_, n) => [`read ${n}`, `fit ${n}`]).flat());
  expect(folds(foldRows(lines, NONE)).map(({ said }) => said)).toEqual(["9 more lines like the 2 above"]);
});

const TRACEBACK = [
  "[rank 3] Traceback (most recent call last):",
  '[rank 3]   File "/home/a/cube.py", line 212, in accumulate',
  "[rank 3]     raise ValueError(x)",
  '[rank 3]   File "/opt/lib/python3.11/site-packages/numpy/core.py", line 7, in add',
  "[rank 3]     return error",
  "[rank 3] MemoryError: Unable to allocate",
];

test("a traceback folds to its last own frame, and its error stays", () => {
  const lines = linesOf("before", ...TRACEBACK, "after");
  const rows = foldRows(lines, NONE);
  expect(rows.filter((row) => typeof row === "number")).toEqual([0, 6, 7]);
  expect(folds(rows)[0]).toMatchObject({
    bad: true, said: "Traceback, 5 lines. Last own frame: cube.py:212 in accumulate",
  });
});

test("an opened fold shows its lines", () => {
  const lines = linesOf(...TRACEBACK);
  expect(foldRows(lines, new Set([0])).filter((row) => typeof row === "number")).toEqual([0, 1, 2, 3, 4, 5]);
});

test("each line is there once, in order, and no warning or error folds away outside a traceback", () => {
  const some = fc.constantFrom("event 1", "event 22", "", "fit 3", "WARNING 4", "Error 5", ...TRACEBACK);
  fc.assert(fc.property(fc.array(some, { maxLength: 60 }), fc.boolean(), (said, all) => {
    const lines = linesOf(...said);
    const rows = foldRows(lines, all ? new Set(lines.map(({ at }) => at)) : NONE);
    const covered = rows.flatMap((row) =>
      typeof row === "number" ? [row]
      : row.open ? []
      : Array.from({ length: row.last - row.first + 1 }, (_, n) => row.first + n));
    expect(covered).toEqual(lines.map((_, index) => index));
    for (const fold of folds(rows)) {
      const kinds = lines.slice(fold.first, fold.last + 1).map(({ kind }) => kind).filter(Boolean);
      if (!fold.bad) expect(kinds).toEqual([]);
      else expect(lines[fold.last + 1]?.text ?? "").not.toMatch(/^\[rank 3\] {2}/);
    }
  }));
});
