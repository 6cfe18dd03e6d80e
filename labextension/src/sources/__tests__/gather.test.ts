import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Delta, Value } from "../../grid/types";
import { Gather } from "../gather";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Table = Map<number, Record<string, Value>>;

function applied(table: Table, { ids, columns, removed }: Delta): void {
  ids.forEach((id, at) => {
    const values = Object.fromEntries(Object.entries(columns).map(([name, all]) => [name, all[at]!]));
    table.set(id, { ...table.get(id), ...values });
  });
  for (const id of removed) table.delete(id);
}

const values = fc.option(fc.dictionary(fc.constantFrom("a", "b", "c"), fc.nat(9), { minKeys: 1 }), { nil: null });
const step = fc.record({ id: fc.nat(4), values, wait_ms: fc.nat(40) });

test("what is given on ends in the same table as each change by itself, whatever was gathered", () => {
  fc.assert(fc.property(fc.array(step), (steps) => {
    const [table, truth]: [Table, Table] = [new Map(), new Map()];
    const gather = new Gather((delta) => applied(table, delta));
    steps.forEach(({ id, values, wait_ms }, order) => {
      applied(truth, { ids: values ? [id] : [], columns: Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, [value]])), removed: values ? [] : [id] });
      gather.put(id, order, values);
      gather.go();
      vi.advanceTimersByTime(wait_ms);
    });
    vi.advanceTimersByTime(10_000);
    // a row that came back after its removal was given on as one change: its old columns may show
    for (const [id, row] of truth) expect(table.get(id)).toMatchObject(row);
    expect([...table.keys()].sort()).toEqual([...truth.keys()].sort());
  }));
});

test("an older change does not undo a newer one", () => {
  const told: Delta[] = [];
  const gather = new Gather((delta) => told.push(delta));
  gather.put(1, 5, { a: 2 });
  gather.put(1, 4, { a: 1 });
  gather.put(2, 5, null);
  gather.put(2, 4, { a: 1 });
  gather.go();
  expect(told).toEqual([{ ids: [1], columns: { a: [2] }, removed: [2] }]);
});
