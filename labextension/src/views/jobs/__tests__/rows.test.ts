import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { FakeBoard } from "../../__tests__/fake_board";
import { job, RUNS } from "../../__tests__/sample_rows";
import { Facts } from "../facts";
import { JobRows, runRow, type Arrangement } from "../rows";
import { emptyRuns } from "../runs";
import { sorter } from "../sorting";

const BY_RUN: Arrangement = { keep: null, flat: null, rising: false, empty: [], folded: new Set() };

function arranged(board: FakeBoard, how: Partial<Arrangement> = {}): { rows: JobRows; keys: number[]; facts: Facts } {
  const facts = new Facts(board);
  facts.refresh();
  const rows = new JobRows(facts, { ...BY_RUN, ...how }, () => "hash", () => -1);
  return { rows, facts, keys: Array.from({ length: rows.length }, (_, index) => rows.key(rows.row(index))) };
}
const three = (): FakeBoard => new FakeBoard([job(1, 10, "smd"), job(2, 12, "smd"), job(3, 10, "cube")]);

describe("rows by run", () => {
  it("come newest run first, and older jobs of a run first", () => {
    expect(arranged(three()).keys).toEqual([2, 1, 3]);
    expect(arranged(three(), { rising: true }).keys).toEqual([1, 3, 2]);
  });
  it("those that are still to come are counted as long as nothing is filtered", () => {
    const board = three();
    expect(arranged(board).rows.coming).toBe(0);
    board.complete = false;
    Object.defineProperty(board, "total", { value: 214_033, configurable: true });
    expect(arranged(board).rows.coming).toBe(214_030);
    expect(arranged(board, { keep: () => true }).rows.coming).toBeNaN();
    Object.defineProperty(board, "total", { value: 0 });
    expect(arranged(board).rows.coming).toBeNaN();
  });
  it("a job that came since stands with its run", () => {
    const board = three();
    board.change(job(4, 12, "cube"), job(5, 11, "smd"));
    expect(arranged(board).keys).toEqual([2, 4, 5, 1, 3]);
  });
  it("runs without jobs stand where their number puts them", () => {
    expect(arranged(three(), { empty: [9, 11, 13] }).keys).toEqual([runRow(13), 2, runRow(11), 1, 3, runRow(9)]);
    expect(arranged(three(), { empty: [9, 11, 13], rising: true }).keys).toEqual([runRow(9), 1, 3, runRow(11), 2, runRow(13)]);
  });
  it("a folded run is one row, and its jobs still count", () => {
    const { rows, keys } = arranged(three(), { folded: new Set([10, 12]) });
    expect(keys).toEqual([2, runRow(10)]);
    expect(rows.jobs).toBe(3);
    expect(rows.awayOf(10)).toHaveLength(2);
  });
  it("say which is the first and the last of its run", () => {
    const { rows } = arranged(three());
    expect([0, 1, 2].map((index) => rows.rowClass(rows.row(index)))).toEqual(["is-first is-last", "is-first", "is-last"]);
  });
  it("are found again by their key, and know how many jobs are above", () => {
    const { rows, keys } = arranged(three(), { empty: [11] });
    keys.forEach((key, index) => expect(rows.indexOf(key)).toBe(index));
    expect(rows.indexOf(77)).toBe(-1);
    expect(rows.jobsBefore(4)).toBe(3);
  });
  it("agree with a plain sort, whatever came in whichever order", () => {
    const some = fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 500 }), run: fc.integer({ min: 1, max: 2_000_000 }) }), { selector: ({ id }) => id, maxLength: 40 });
    fc.assert(fc.property(some, some, fc.boolean(), (first, later, rising) => {
      const board = new FakeBoard(first.map(({ id, run }) => job(id, run, "smd")));
      board.change(...later.map(({ id, run }) => job(id, run, "smd")));
      const all = [...board.rows.values()].sort((a, b) => (rising ? a.run - b.run : b.run - a.run) || a.id - b.id);
      expect(arranged(board, { rising }).keys).toEqual(all.map(({ id }) => id));
    }), { numRuns: 60 });
  });
  it("nothing to show is no error", () => {
    expect(arranged(new FakeBoard([], [], []), {}).keys).toEqual([]);
    expect(arranged(three(), { keep: () => false }).keys).toEqual([]);
  });
});

describe("a flat list", () => {
  const keysBy = (column: string, descending: boolean): number[] => {
    const board = new FakeBoard();
    const facts = new Facts(board);
    facts.refresh();
    return arranged(board, { flat: sorter(facts, column, descending, Date.UTC(2026, 10, 22, 14, 7)) }).keys;
  };
  it("is sorted by a column, and what has no value comes last either way", () => {
    const board = new FakeBoard();
    const idsBy = keysBy("job", false).map((id) => board.rows.get(id)!.native_id);
    expect(idsBy.filter(Boolean)).toEqual([...idsBy.filter(Boolean)].sort());
    expect(idsBy.slice(-3)).toEqual([null, null, null]);
    expect(keysBy("job", true).map((id) => board.rows.get(id)!.native_id).slice(-3)).toEqual([null, null, null]);
  });
  it("keeps the order of equal ones", () => {
    const board = new FakeBoard([job(3, 1, "b"), job(1, 1, "a"), job(2, 1, "a"), job(4, 1, "b")]);
    const facts = new Facts(board);
    facts.refresh();
    expect(arranged(board, { flat: sorter(facts, "hash", true, 0) }).keys).toEqual([3, 4, 1, 2]);
  });
  it("has every job once, for every column", () => {
    for (const column of ["hash", "job", "status", "user", "submitted", "elapsed", "why", "run"]) {
      expect([...keysBy(column, true)].sort((a, b) => a - b), column).toEqual([...new FakeBoard().rows.keys()].sort((a, b) => a - b));
    }
  });
});

describe("runs without jobs", () => {
  it("are all that no job belongs to", () => {
    expect(emptyRuns(new Facts(new FakeBoard()), null)).toEqual([2897, 2900, 2903, 2908, 2914]);
    expect(emptyRuns(new Facts(new FakeBoard()), [[2900, 2905]])).toEqual([2900, 2903]);
  });
  it("are not guessed while older jobs are still to come", () => {
    const board = new FakeBoard([job(1, 2913, "smd", { requested: "2026-11-22T13:59:00+00:00" })], RUNS);
    board.complete = false;
    expect(emptyRuns(new Facts(board), null)).toEqual([2914]);
  });
});
