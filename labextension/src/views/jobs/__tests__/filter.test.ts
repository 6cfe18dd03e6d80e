import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { FakeBoard } from "../../__tests__/fake_board";
import { HEALTH, job, JOBS } from "../../__tests__/sample_rows";
import { EXIT, Facts, groupOf, GROUPS } from "../facts";
import { compile, NOTHING, parseRuns, runsMeant, type Filter } from "../filter";
import { count } from "../counts";

function found(filter: Partial<Filter>, board = new FakeBoard(), reported: ReadonlySet<number> | null = null): number[] {
  const facts = new Facts(board);
  facts.refresh();
  const test = compile({ ...NOTHING, ...filter }, facts, reported);
  return [...board.rows.keys()].filter((id) => !test || test(board.jobs.rowOf(id)));
}
const ids = (pass: (one: (typeof JOBS)[number]) => boolean): number[] => JOBS.filter(pass).map(({ id }) => id);

describe("runs as people write them", () => {
  it.each([
    ["12, 20-32", [[12, 12], [20, 32]]],
    ["20-", [[20, Infinity]]],
    [" 7 ", [[7, 7]]],
    ["3–5;9", [[3, 5], [9, 9]]],
  ])("reads %s", (text, ranges) => expect(parseRuns(text)).toEqual(ranges));

  it.each(["", "smd", "5-1", "1 2", "12,x", "-3"])("takes %j for no list of runs", (text) => expect(parseRuns(text)).toBeNull());

  it("reads back whatever ranges were written", () => {
    const ranges = fc.array(fc.tuple(fc.nat(9999), fc.nat(50)).map(([first, more]) => [first, first + more] as const), { minLength: 1, maxLength: 8 });
    fc.assert(fc.property(ranges, (all) => {
      const text = all.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(", ");
      expect(parseRuns(text)).toEqual(all);
    }));
  });

  it("never throws at what is typed", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseRuns(text)));
  });

  it("a number alone is a run if there is one, else part of a job id", () => {
    expect(runsMeant("2911", () => true)).toEqual([[2911, 2911]]);
    expect(runsMeant("581240", () => false)).toBeNull();
    expect(runsMeant("1, 581240", () => false)).not.toBeNull();
  });
});

describe("what of all jobs is shown", () => {
  it("several statuses add up", () => {
    const groups = new Set([EXIT, groupOf("PEND")]);
    expect(found({ groups })).toEqual(ids(({ status }) => status === "EXIT" || status === "PEND"));
  });
  it("finds runs, hashes, job ids, users, and text of Why", () => {
    expect(found({ text: "2910-2911" })).toEqual(ids(({ run }) => run === 2910 || run === 2911));
    expect(found({ text: "XGM" })).toEqual(ids(({ hash }) => hash === "xgm_corr"));
    expect(found({ text: "581240" })).toEqual([240]);
    expect(found({ text: "chen" })).toEqual(ids(({ user }) => user === "chen"));
    expect(found({ text: "jungfrau" })).toEqual([211]);
  });
  it("finds reports that the other side found", () => {
    expect(found({ text: "pedestal" }, undefined, new Set([238]))).toEqual([238]);
  });
  it("knows what is mine", () => {
    expect(found({ mine: true })).toEqual(ids(({ user }) => user === "alice"));
  });
  it("filters single columns, all at once", () => {
    expect(found({ columns: new Map([["hash", "cube"], ["user", "bob"], ["run", "2899-2906"]]) })).toEqual([197, 219]);
  });
  it("finds a status by the word shown, not by the one stored", () => {
    const board = new FakeBoard();
    board.health = { ...HEALTH, client: { ok: false, since: "2026-11-22T14:02:00+00:00" } };
    expect(found({ text: "persisted" }, board)).toEqual([222, 235]);
  });
  it("agrees with a plain search in each row, whatever is searched", () => {
    const board = new FakeBoard();
    fc.assert(fc.property(fc.constantFrom("s", "MD", "ali", "58122", "term", "Job slot", "no such thing"), fc.boolean(), (text, mine) => {
      const low = text.toLowerCase();
      const plain = ids((one) => (!mine || one.user === "alice")
        && [one.hash, one.user, one.native_id ?? "", one.reason, one.status].some((part) => part.toLowerCase().includes(low)));
      expect(found({ text, mine }, board)).toEqual(plain);
    }));
  });
});

describe("the counts", () => {
  it("put each job into one tile", () => {
    const { groups, words } = count(new Facts(new FakeBoard()));
    expect(groups.reduce((all, one) => all + one)).toBe(JOBS.length);
    expect([...words.values()].reduce((all, one) => all + one)).toBe(JOBS.length);
    expect(groups[EXIT]).toBe(ids(({ status }) => status === "EXIT").length);
  });
  it("follow changes, removals and health without another pass over texts", () => {
    const board = new FakeBoard();
    const facts = new Facts(board);
    const before = count(facts);
    board.change(job(240, 2913, "smd", { state: "done", status: "DONE" }));
    void board.remove([241]);
    const after = count(facts);
    const of = (name: string): number => GROUPS.findIndex((group) => group.name === name);
    expect(after.groups[of("DONE")]).toBe(before.groups[of("DONE")]! + 1);
    expect(after.groups[of("PEND")]).toBe(before.groups[of("PEND")]! - 1);
    board.setHealth({ ...HEALTH, client: { ok: false, since: "2026-11-22T14:02:00+00:00" } });
    const down = count(facts);
    expect(down.groups[of("RUN")]).toBe(0);
    expect(down.groups[of("Persisted")]).toBe(2);
    expect(down.groups[of("DONE")]).toBe(after.groups[of("DONE")]);
  });
  it("know a tile for every word there can be", () => {
    for (const word of ["PEND", "Slurm_Slow", "Submit failed", "Lost: not in LSF's history", "Unknown since 14:02", "ZOMBI", "Withdrawn", "PSUSP", "never heard of"]) {
      expect(GROUPS[groupOf(word)], word).toBeDefined();
    }
    expect(GROUPS[groupOf("Withdrawn")]!.name).toBe("Withdrawn");
    expect(GROUPS[groupOf("Persisted")]!.name).toBe("Persisted");
  });
});
