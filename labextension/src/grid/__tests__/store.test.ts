import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DictColumn, RemoteColumn } from "../columns";
import { ColumnStore, joined } from "../store";
import type { ColumnType, Value } from "../types";
import { decodeComm, decodeHttp } from "../wire";
import { bodyOf, frameOf, type PlainColumn } from "./frames";

const TYPES: ColumnType[] = ["bool", "i32", "f64", "i64", "time", "dict", "text"];
const CELL: Record<string, fc.Arbitrary<Value>> = {
  bool: fc.option(fc.boolean()),
  i32: fc.option(fc.integer({ min: -(2 ** 31) + 1 })),
  f64: fc.option(fc.double({ noNaN: true })),
  i64: fc.option(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n })),
  time: fc.option(fc.integer({ min: -8.64e15, max: 8.64e15 })),
  dict: fc.option(fc.string({ unit: "binary" })),
  text: fc.option(fc.string({ unit: "binary" })),
};

/** All columns, with ids that fall from `top`. */
function table(rows: readonly (readonly Value[])[], top: number): PlainColumn[] {
  const ids = rows.map((_, i) => top - i);
  return [{ name: "id", type: "i32", values: ids }, ...TYPES.map((type, i) => ({ name: type, type, values: rows.map((row) => row[i]!) }))];
}

const rowArbitrary = fc.tuple(...TYPES.map((type) => CELL[type]!));

describe("a column store", () => {
  it("holds every value as it came, whatever its type, over HTTP and over a comm", () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { minLength: 1, maxLength: 30 }), fc.nat(30), fc.boolean(), (rows, cut, comm) => {
        const store = new ColumnStore();
        const frames = [rows.slice(0, cut), rows.slice(cut)].map((part, i) =>
          frameOf(table(part, 1000 - i * Math.min(cut, rows.length)), { total: rows.length }),
        );
        const sent = frames.map((frame) => (comm ? overComm(frame) : decodeHttp(bodyOf(frame))));
        store.load(sent[0]!);
        store.append(sent[1]!);
        rows.forEach((row, i) => {
          const at = store.rowOf(1000 - i);
          TYPES.forEach((type, column) => expect(store.value(type, at)).toEqual(utf8(row[column]!)));
        });
        expect(store.live).toBe(rows.length);
      }),
    );
  });

  it("ends up the same as a map of rows, whatever deltas come in whatever order", () => {
    const delta = fc.record({
      ids: fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }),
      word: fc.option(fc.string({ maxLength: 2 })),
      removed: fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 30 }), (deltas) => {
        const store = new ColumnStore();
        const wanted = new Map<number, Value>(Array.from({ length: 20 }, (_, i) => [20 - i, "w"]));
        store.load(frameOf([{ name: "id", type: "i32", values: [...wanted.keys()] }, { name: "word", type: "dict", values: [...wanted.values()] }]));
        for (const { ids, word, removed } of deltas) {
          store.apply({ ids, columns: { word: ids.map(() => word) }, removed });
          ids.forEach((id) => wanted.set(id, word));
          removed.forEach((id) => wanted.delete(id));
        }
        const found = new Map<number, Value>();
        for (let row = 0; row < store.rows; row++) if (store.alive(row)) found.set(store.id(row), store.value("word", row));
        expect(new Map([...found].sort())).toEqual(new Map([...wanted].sort()));
        expect(store.live).toBe(wanted.size);
        for (const id of wanted.keys()) expect(store.value("word", store.rowOf(id))).toBe(wanted.get(id));
      }),
    );
  });

  it("finds rows by id in runs that rise, fall or do neither", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { maxLength: 300 }), (ids) => {
        const store = new ColumnStore();
        store.load(frameOf([{ name: "id", type: "i32", values: ids.slice(0, 100) }]));
        store.append(frameOf([{ name: "id", type: "i32", values: ids.slice(100) }]));
        ids.forEach((id, row) => expect(store.rowOf(id)).toBe(row));
        expect(store.rowOf(-1)).toBe(-1);
      }),
    );
  });

  it("keeps one code per word over all chunks, and widens codes when words outgrow them", () => {
    const store = new ColumnStore();
    const words = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => `w${from + i}`);
    store.load(frameOf([{ name: "d", type: "dict", values: [...words(0, 200), null] }], { total: 1000 }));
    store.append(frameOf([{ name: "d", type: "dict", values: [null, ...words(100, 300)] }]));
    const column = store.column("d") as DictColumn;
    expect(column.codes).toBeInstanceOf(Uint16Array);
    expect(column.words.length).toBe(400);
    expect(store.value("d", 200)).toBeNull();
    expect(store.value("d", 201)).toBeNull();
    expect(column.codes[202]).toBe(column.codes[100]);
  });

  it("reads dictionaries of names, too large to compare, as well", () => {
    const store = new ColumnStore();
    const names = (from: number): string[] => Array.from({ length: 70_000 }, (_, i) => `é${from + i}`);
    store.load(frameOf([{ name: "d", type: "dict", values: [null] }], { total: 70_001 }));
    store.append(frameOf([{ name: "d", type: "dict", values: names(0) }]));
    expect(store.value("d", 0)).toBeNull();
    expect(store.value("d", 70_000)).toBe("é69999");
    store.apply({ ids: [3], columns: { d: ["new"] }, removed: [] });
    expect(store.value("d", 3)).toBe("new");
  });

  it("turns times of a delta into milliseconds, and numbers too large for their column stay whole", () => {
    const store = new ColumnStore();
    store.load(frameOf([{ name: "id", type: "i32", values: [1] }, { name: "at", type: "time", values: [null] }, { name: "n", type: "i32", values: [null] }]));
    store.apply({ ids: [1], columns: { at: ["2026-11-22T14:02:11.123456+00:00"], n: [2 ** 40] }, removed: [] });
    expect(store.value("at", 0)).toBe(Date.UTC(2026, 10, 22, 14, 2, 11, 123));
    expect(store.text("at", 0)).toBe("2026-11-22T14:02:11.123Z");
    expect(store.value("n", 0)).toBe(2 ** 40);
  });

  it("says which rows and columns really changed", () => {
    const store = new ColumnStore();
    store.load(frameOf([{ name: "id", type: "i32", values: [3, 2, 1] }, { name: "a", type: "f64", values: [1, 2, 3] }, { name: "b", type: "dict", values: ["x", "x", "x"] }]));
    const changed = store.apply({ ids: [3, 2], columns: { a: [1, 9], b: ["x", "x"] }, removed: [] });
    expect(changed).toEqual({ rows: [1], columns: new Set(["a"]), order: false });
    expect(store.apply({ ids: [], columns: {}, removed: [1, 77] })).toEqual({ rows: [2], columns: new Set(), order: true });
    expect(joined(changed, { rows: [1, 2], columns: new Set(["b"]), order: true })).toEqual({ rows: [1, 2], columns: new Set(["a", "b"]), order: true });
  });

  it("keeps news of a row that comes later, and fills in what the news did not say", () => {
    const store = new ColumnStore();
    const columns = (ids: number[], a: string): PlainColumn[] => [
      { name: "id", type: "i32", values: ids },
      { name: "a", type: "dict", values: ids.map(() => a) },
      { name: "b", type: "text", values: ids.map((id) => `b${id}`) },
    ];
    store.load(frameOf(columns([9, 8], "old"), { total: 5 }));
    store.apply({ ids: [6], columns: { a: ["new"] }, removed: [5] });
    store.append(frameOf(columns([7, 6, 5], "old")));
    expect(store.live).toBe(4);
    expect(store.alive(store.rowOf(5))).toBe(false);
    expect(store.text("a", store.rowOf(6))).toBe("new");
    expect(store.text("b", store.rowOf(6))).toBe("b6");
  });

  it("brings a removed row back where it was", () => {
    const store = new ColumnStore();
    store.load(frameOf([{ name: "id", type: "i32", values: [2, 1] }]));
    store.apply({ ids: [], columns: {}, removed: [2] });
    expect(store.alive(0)).toBe(false);
    expect(store.apply({ ids: [2], columns: {}, removed: [] }).order).toBe(true);
    expect([store.rowOf(2), store.alive(0), store.live]).toEqual([0, true, 2]);
  });

  it("numbers rows from 0 where no column holds their ids", () => {
    const store = new ColumnStore();
    store.load(frameOf([{ name: "id", type: "dict", values: ["a", "a"] }], { id: null }));
    expect([store.id(1), store.rowOf(1), store.rowOf(2)]).toEqual([1, 1, -1]);
    store.apply({ ids: [2], columns: { id: ["b"] }, removed: [] });
    expect(store.text("id", store.rowOf(2))).toBe("b");
  });

  it("forgets a remote value that is not true any more", () => {
    const store = new ColumnStore();
    const [id, log] = [{ name: "id", type: "i32", buffers: [0] }, { name: "log", type: "remote", buffers: [] }] as const;
    store.load({ head: { rows: 1, total: 1, columns: [id, log], sizes: [4] }, buffers: [new Uint8Array(4)] });
    store.wide("log", new Map([[0, "old"]]));
    expect(store.wide("log", new Map([[0, undefined]])).rows).toEqual([0]);
    expect((store.column("log") as RemoteColumn).has(0)).toBe(false);
    expect(store.wide("log", new Map([[0, undefined]])).rows).toEqual([]);
  });

  it("keeps remote values for the rows asked for", () => {
    const store = new ColumnStore();
    store.load(frameOf([{ name: "id", type: "i32", values: [2, 1] }, { name: "r", type: "remote", values: [] }]));
    expect(store.wide("r", new Map<number, unknown>([[1, { a: 1 }], [9, "none"]]))).toEqual({ rows: [1], columns: new Set(["r"]), order: false });
    expect(store.text("r", 1)).toBe('{"a":1}');
    expect(store.value("r", 0)).toBeNull();
  });

  it("refuses frames that are cut off, in words", () => {
    const body = bodyOf(frameOf([{ name: "id", type: "i32", values: [1, 2, 3] }]));
    expect(() => decodeHttp(body.slice(0, 2))).toThrow("empty");
    expect(() => decodeHttp(body.slice(0, 20))).toThrow("cut off");
    expect(() => decodeHttp(body.slice(0, body.byteLength - 8))).toThrow("cut off");
    const short = frameOf([{ name: "id", type: "i32", values: [1] }]);
    expect(() => new ColumnStore().load({ ...short, head: { ...short.head, rows: 9 } })).toThrow("Column id is cut off");
    const odd = frameOf([{ name: "x", type: "remote", values: [] }]);
    const heads = [{ ...odd.head.columns[0]!, type: "complex" as ColumnType }];
    expect(() => new ColumnStore().load({ ...odd, head: { ...odd.head, columns: heads } })).toThrow("reload the page");
  });
});

/** Lone surrogates cannot travel as UTF-8. */
function utf8(value: Value): Value {
  return typeof value === "string" ? new TextDecoder().decode(new TextEncoder().encode(value)) : value;
}

/** The buffers at odd places of one message, as comms may bring them. */
function overComm({ head, buffers }: ReturnType<typeof frameOf>): ReturnType<typeof frameOf> {
  const message = new Uint8Array(buffers.reduce((sum, { length }) => sum + length + 1, 1));
  let at = 1;
  const views = buffers.map((buffer) => {
    message.set(buffer, at);
    const view = new DataView(message.buffer, at, buffer.length);
    at += buffer.length + 1;
    return view;
  });
  return decodeComm(head, views);
}
