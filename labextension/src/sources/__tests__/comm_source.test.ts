/** What only a table of a kernel's has to stand: lost chunks, several pages, and limits of messages. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { EditAnswer, IdRange } from "../../grid/types";
import { frameOf, viewsOf } from "../../grid/__tests__/frames";
import { CommSource, type FirstRows } from "../comm_source";
import { FakeKernel } from "./fake_kernel";
import { Recorder } from "./recorder";

let kernel: FakeKernel;
let source: CommSource;
let table: Recorder;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new FakeKernel(11);
  source = new CommSource(kernel);
  table = new Recorder();
});
afterEach(() => {
  source.close();
  vi.useRealTimers();
});

const rest = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1000);
const asked = (type: string): typeof kernel.asked => kernel.asked.filter((one) => one.type === type);

async function losing(chunk: number): Promise<void> {
  kernel.held = true;
  source.start(table);
  let seen = 0;
  for (let i = 0; i < 20; i++) {
    await vi.advanceTimersByTimeAsync(200);
    const at = kernel.waiting.findIndex((one) => "type" in one.content && one.content.type === "chunk");
    if (at >= 0 && seen++ === chunk) kernel.waiting.splice(at, 1);
    while (kernel.step());
  }
}

const early = (): FirstRows => {
  const frame = frameOf([
    { name: "id", type: "i32", values: [0] },
    { name: "hash", type: "dict", values: ["as it was"] },
  ]);
  return { head: frame.head, buffers: viewsOf(frame) };
};

test("rows that came with the widget are shown until the kernel tells how they are", async () => {
  kernel.held = true;
  source.start(table);
  source.preview(early());
  expect(table.rows()).toEqual({ 0: "as it was" });
  expect(table.state).toBe("loading");
  kernel.held = false;
  while (kernel.step());
  await rest();
  expect(table.rows()).toEqual(kernel.truth());
  expect(table.state).toBe("live");
});

test("rows that came with the widget cannot be changed: they may be old", async () => {
  kernel.busy = true;
  source.start(table);
  source.preview(early());
  const edit = { id: 0, column: "hash", value: "mine", version: 0 };
  expect(await source.edit(edit)).toEqual({ ok: false, message: expect.stringContaining("Try again") as string });
  expect(await source.remove([[0, 0]])).toMatchObject({ ok: false });
  expect(asked("edit")).toEqual([]);
  expect(asked("remove")).toEqual([]);
  kernel.busy = false;
  source.resync();
  await rest();
  expect(await source.edit(edit)).toMatchObject({ ok: true });
});

test.each([0, 1])("chunk %i that is lost is missed, and the table begins anew", async (chunk) => {
  await losing(chunk);
  expect(table.rows()).not.toEqual(kernel.truth());
  kernel.held = false;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(table.rows()).toEqual(kernel.truth());
  expect(table.heads).toBe(2);
});

test("a kernel that is busy for long may send chunks twice as fast, and no row is lost or doubled", async () => {
  source.start(table);
  await vi.advanceTimersByTimeAsync(0);
  kernel.held = true;
  await vi.advanceTimersByTimeAsync(25_000);
  expect(asked("more").length).toBeGreaterThan(1);
  kernel.held = false;
  while (kernel.step());
  await rest();
  expect(table.rows()).toEqual(kernel.truth());
  expect(table.heads).toBe(1);
});

test("a second page begins, and both have all rows", async () => {
  source.start(table);
  await rest();
  const other = new CommSource(kernel);
  const beside = new Recorder();
  other.start(beside);
  kernel.put(2, "changed");
  await rest();
  expect(beside.rows()).toEqual(kernel.truth());
  expect(table.rows()).toEqual(kernel.truth());
  other.close();
});

test("a second page takes nothing from the first: it loads no row anew, and goes on where it was", async () => {
  kernel.held = true;
  source.start(table);
  kernel.step();
  expect(Object.keys(table.rows())).toHaveLength(4);
  const other = new CommSource(kernel);
  const beside = new Recorder();
  other.start(beside);
  for (let round = 0; round < 30; round++) {
    kernel.put(round % 13, `round ${round}`);
    if (round === 20) kernel.drop(9);
    kernel.flush();
    await vi.advanceTimersByTimeAsync(50);
    kernel.step();
  }
  kernel.held = false;
  while (kernel.step());
  await rest();
  expect(table.rows()).toEqual(kernel.truth());
  expect(beside.rows()).toEqual(kernel.truth());
  expect([table.heads, beside.heads]).toEqual([1, 1]);
  other.close();
});

test("scrolling asks for long texts ten times a second, and for those it ends at", async () => {
  source.start(table);
  await rest();
  for (let id = 0; id < 10; id++) {
    source.view([id]);
    await vi.advanceTimersByTimeAsync(16);
  }
  await rest();
  expect(asked("view").length).toBeLessThanOrEqual(3);
  expect(asked("view").at(-1)).toMatchObject({ ids: [9], page: source.page });
  expect([...table.wides.keys()]).toContain(9);
});

test("a long text that changed out of view is not known any more", async () => {
  source.start(table);
  await rest();
  source.view([1]);
  await rest();
  const wide = vi.spyOn(table, "wide");
  kernel.stale = { report: [1, 5] };
  kernel.put(5, "x");
  kernel.flush();
  await rest();
  expect(wide.mock.calls.map(([column, values]) => [column, [...values]])).toContainEqual(["report", [[5, undefined]]]);
});

test("a selection that is too much for one message goes in several, and says so", () => {
  source.start(table);
  const ranges = Array.from({ length: 700_000 }, (_, i): IdRange => [10_000_000 + 2 * i, 10_000_000 + 2 * i]);
  source.select(ranges);
  void source.remove(ranges);
  for (const type of ["select", "remove"]) {
    const parts = asked(type);
    expect(parts.map(({ more }) => more === true)).toEqual([true, true, false]);
    expect(parts.flatMap((one) => one.ranges)).toEqual(ranges);
    expect(Math.max(...parts.map((one) => JSON.stringify(one).length))).toBeLessThan(10_000_000);
    expect(parts.map(({ call }) => call !== undefined)).toEqual([false, false, type === "remove"]);
  }
});

test("a text that is too much for one message is refused in words, and not sent", async () => {
  source.start(table);
  const answer: EditAnswer = await source.edit({ id: 1, column: "hash", value: "x".repeat(3_000_001), version: 1 });
  expect(answer).toEqual({ ok: false, message: "This text is longer than a page can send. grid.update(…) sets it in Python." });
  expect(asked("edit")).toEqual([]);
});

test("a kernel that was restarted is told at once, and what is asked is answered so", async () => {
  source.start(table);
  await rest();
  kernel.restart();
  await rest();
  const gone = "Its kernel is gone: run the cell again.";
  expect(table.connections.at(-1)).toMatchObject({ state: "closed", why: gone });
  expect(await source.edit({ id: 1, column: "hash", value: "x", version: 1 })).toEqual({ ok: false, message: gone });
  source.view([1]);
  source.select([[0, 1]]);
  await expect(source.search("x")).rejects.toThrow(gone);
});

test("a way to the kernel that was lost and found brings what was missed meanwhile", async () => {
  source.start(table);
  await rest();
  kernel.held = true;
  kernel.put(3, "missed");
  kernel.flush();
  kernel.waiting.length = 0;
  kernel.held = false;
  for (const hear of kernel.watchers) hear({});
  await rest();
  await rest();
  expect(table.rows()).toEqual(kernel.truth());
  expect(table.rows()[3]).toBe("missed");
});
