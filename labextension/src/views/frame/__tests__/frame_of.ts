/** A kernel's frame made of plain columns, and a source that remembers what it was asked. */

import { frameOf as plainFrame } from "../../../grid/__tests__/frames";
import type { Edit, EditAnswer, Frame, IdRange, TableSource, Value } from "../../../grid/types";
import type { FrameColumn } from "../format";

type Given = Partial<FrameColumn> & { values: readonly Value[] };

export function frameOf(columns: Readonly<Record<string, Given>>, more: { seq?: number; total?: number; first?: number } = {}): Frame {
  const given = Object.entries(columns).map(([title, { values, type = "f64", ...head }], at) => ({ title, head, values, type, name: `c${at}` }));
  const ids = (given[0]?.values ?? []).map((_, row) => row + (more.first ?? 0));
  const { head, buffers } = plainFrame([{ name: "id", type: "i32", values: ids }, ...given], { seq: more.seq ?? 1, ...(more.total === undefined ? {} : { total: more.total }) });
  const [id, ...others] = head.columns;
  return { buffers, head: { ...head, columns: [{ ...id!, title: "" } as FrameColumn, ...others.map((one, at) => ({ ...one, title: given[at]!.title, ...given[at]!.head }))] } };
}

export class FakeSource implements TableSource {
  readonly edits: Edit[] = [];
  readonly selected: (readonly IdRange[])[] = [];
  readonly removed: (readonly IdRange[])[] = [];
  added = 0;
  viewed: readonly number[] = [];
  found: ReadonlySet<number> = new Set();
  answer: EditAnswer = { ok: true, version: 2 };
  start(): void {}
  resync(): void {}
  view(ids: readonly number[]): void {
    this.viewed = ids;
  }
  edit(edit: Edit): Promise<EditAnswer> {
    this.edits.push(edit);
    return Promise.resolve(this.answer);
  }
  add(): Promise<EditAnswer & { id?: number }> {
    this.added++;
    return Promise.resolve(this.answer);
  }
  remove(ids: readonly IdRange[]): Promise<EditAnswer> {
    this.removed.push(ids);
    return Promise.resolve(this.answer);
  }
  select(ranges: readonly IdRange[]): void {
    this.selected.push(ranges);
  }
  search(): Promise<ReadonlySet<number>> {
    return Promise.resolve(this.found);
  }
  close(): void {}
}
