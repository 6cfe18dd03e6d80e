import { beforeEach, expect, test } from "vitest";

import { FakeBoard } from "../../__tests__/fake_board";
import { ALL, keyOf, Lines, LineRows } from "../lines";
import { entry, skipped, waiting } from "./entries";

const LEDGER = "GET /experiments/xppi0915/autorun/ledger";
let board: FakeBoard;
let lines: Lines;
const ids = (): (number | null)[] => lines.entries.map(({ id }) => id);

beforeEach(() => {
  board = new FakeBoard();
  board.addresses.set(LEDGER, () => ({ entries: [entry(9, 12), skipped(8, 11)], more: false }));
  lines = new Lines(board, () => undefined);
});

test("what comes goes in its place by its id, the newest first", async () => {
  await lines.ask(ALL);
  lines.take([waiting(11, 13), waiting(10, 12)]);
  expect(ids()).toEqual([11, 10, 9, 8]);
});

test("an older word on a line does not undo a newer one", async () => {
  await lines.ask(ALL);
  lines.take([entry(8, 11, { revision: 50 })]);
  lines.take([waiting(8, 11, { revision: 40 })]);
  expect(lines.entries.at(-1)!.outcome).toBe("fired");
});

test("a line that no longer fits the filter goes, and others never come", async () => {
  board.addresses.set(LEDGER, () => ({ entries: [waiting(9, 12)], more: false }));
  await lines.ask({ ...ALL, outcome: "waiting" });
  lines.take([entry(9, 12, { revision: 99 }), entry(10, 13)]);
  expect(ids()).toEqual([]);
});

test("of one run also what has no line is asked for, and a line takes the place of what was only told", async () => {
  const told = entry(null, 12, { outcome: "none", definition_id: 13, hash: "cube", job_id: null });
  board.addresses.set(LEDGER, (_body, query) => ({ entries: query.get("complete") ? [entry(9, 12), told] : [], more: false }));
  await lines.ask({ ...ALL, run: 12 });
  expect(ids()).toEqual([9, null]);
  lines.take([waiting(10, 12, { definition_id: 13, hash: "cube" })]);
  expect(ids()).toEqual([10, 9]);
});

test("older ones are asked for from the last on, and what is older still is left alone", async () => {
  board.addresses.set(LEDGER, (_body, query) => (query.get("before_id") ? { entries: [entry(3, 5)], more: false } : { entries: [entry(9, 12), entry(8, 11)], more: true }));
  await lines.ask(ALL);
  lines.take([entry(2, 4)]);
  expect(ids()).toEqual([9, 8]);
  await lines.older();
  expect(ids()).toEqual([9, 8, 3]);
  expect(board.asked("json").at(-1)![1]).toContain("before_id=8");
  await lines.older();
  expect(board.asked("json")).toHaveLength(2);
});

test("an answer to an earlier question is not shown", async () => {
  let late: (answer: unknown) => void = () => undefined;
  board.addresses.set(LEDGER, (_body, query) => (query.get("run") === "1" ? new Promise((come) => (late = come)) : { entries: [entry(9, 12)], more: false }));
  const first = lines.ask({ ...ALL, run: 1 });
  await lines.ask(ALL);
  late({ entries: [entry(1, 1)], more: false });
  await first;
  expect(ids()).toEqual([9]);
});

test("a refusal is kept in its words", async () => {
  board.addresses.delete(LEDGER);
  await lines.ask(ALL);
  expect(lines.failed).toContain("is not faked");
  expect(lines.loading).toBe(false);
});

test("rows keep their key whatever their order, and only what waits can be selected", () => {
  const some = [waiting(10, 12), entry(9, 12), entry(null, 12, { outcome: "none" })];
  const rows = new LineRows(some, 0, 9);
  expect(some.map((one) => rows.indexOf(keyOf(one)))).toEqual([0, 1, 2]);
  expect([0, 1, 2].map((row) => rows.selectable(row))).toEqual([true, false, false]);
  expect(rows.rowClass(1)).toBe("is-open");
  expect(new Set(some.map(keyOf)).size).toBe(3);
});
