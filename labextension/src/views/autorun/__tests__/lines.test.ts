import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";

import type { EntryRow } from "../../../model/rows";
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

/** A ledger of so many lines, two to a page. */
function pages(of: () => EntryRow[]): void {
  board.addresses.set(LEDGER, (_body, query) => {
    const left = of().filter(({ id }) => id! < Number(query.get("before_id") ?? Infinity));
    return { entries: left.slice(0, 2), more: left.length > 2 };
  });
}

test("all that is shown is read again once the line is back, as far as it was read and no further", async () => {
  let now = [5, 4, 3, 2, 1].map((id) => waiting(id, id));
  pages(() => now);
  await lines.ask(ALL);
  await lines.older();
  expect(ids()).toEqual([5, 4, 3, 2]);
  now = [waiting(6, 6), ...now.map((one) => ({ ...one, outcome: "fired", revision: 90 }))];
  await lines.again();
  expect(lines.entries.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(["6 waiting", "5 fired", "4 fired", "3 fired", "2 fired", "1 fired"]);
  expect(lines.more).toBe(false);
  now = [9, 8, 7, 6, 5, 4, 3, 2, 1].map((id) => waiting(id, id, { revision: 91 }));
  await lines.ask(ALL);
  const asked = board.asked("json").length;
  await lines.again();
  expect(board.asked("json")).toHaveLength(asked + 1);
});

test("what no longer fits is gone once the line is back, and what was only told is gone where it is decided", async () => {
  let now = [waiting(5, 12), waiting(4, 12), waiting(3, 12)];
  const told = entry(null, 12, { outcome: "none", definition_id: 13, hash: "cube", job_id: null });
  pages(() => now);
  await lines.ask({ ...ALL, outcome: "waiting" });
  await lines.older();
  now = [waiting(4, 12)];
  await lines.again();
  expect(ids()).toEqual([4]);
  board.addresses.set(LEDGER, () => ({ entries: [entry(9, 12), told], more: false }));
  await lines.ask({ ...ALL, run: 12 });
  board.addresses.set(LEDGER, () => ({ entries: [waiting(10, 12, { definition_id: 13, hash: "cube" }), entry(9, 12)], more: false }));
  await lines.again();
  expect(ids()).toEqual([10, 9]);
});

test("what comes while all is read again stays", async () => {
  await lines.ask(ALL);
  let answer: (page: unknown) => void = () => undefined;
  board.addresses.set(LEDGER, () => new Promise((come) => (answer = come)));
  const read = lines.again();
  lines.take([waiting(10, 13), entry(8, 11, { revision: 50 })]);
  answer({ entries: [entry(9, 12)], more: false });
  await read;
  expect(lines.entries.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(["10 waiting", "9 fired", "8 fired"]);
});

test("a line that goes while all is read again does not come back", async () => {
  let answer: (page: unknown) => void = () => undefined;
  board.addresses.set(LEDGER, () => new Promise((come) => (answer = come)));
  const read = lines.ask({ ...ALL, outcome: "waiting" });
  lines.take([entry(9, 12, { revision: 99 })]);
  answer({ entries: [waiting(9, 12), waiting(8, 11)], more: false });
  await read;
  expect(ids()).toEqual([8]);
});

test("what is shown stays where it cannot be read again", async () => {
  await lines.ask(ALL);
  board.addresses.delete(LEDGER);
  await lines.again();
  expect(ids()).toEqual([9, 8]);
});

test("whatever has changed meanwhile, what is shown is what the manager has, without a gap", async () => {
  const outcomes = fc.array(fc.constantFrom("waiting", "fired"), { minLength: 1, maxLength: 12 });
  await fc.assert(fc.asyncProperty(outcomes, outcomes, fc.nat(5), async (first, then, olders) => {
    let now = first;
    pages(() => now.map((outcome, at) => waiting(at + 1, at + 1, { outcome, revision: now === first ? 1 : 2 })).filter(({ outcome }) => outcome === "waiting").reverse());
    const some = new Lines(board, () => undefined);
    await some.ask({ ...ALL, outcome: "waiting" });
    for (let page = 0; page < olders; page++) await some.older();
    const oldest = some.entries.at(-1)?.id ?? Infinity;
    now = [...first.map((outcome, at) => then[at] ?? outcome), ...then.slice(first.length)];
    await some.again();
    const expected = now.flatMap((outcome, at) => (outcome === "waiting" ? at + 1 : [])).reverse();
    const here = some.entries.map(({ id }) => id!);
    expect(here).toEqual(expected.slice(0, here.length));
    expect(here.length).toBeGreaterThanOrEqual(expected.filter((id) => id >= oldest).length);
    expect(some.more).toBe(here.length < expected.length);
  }));
});
