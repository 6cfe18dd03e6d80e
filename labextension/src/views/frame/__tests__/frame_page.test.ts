import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Frame } from "../../../grid/types";
import { drawFrame, type FramePage } from "../../frame_page";
import { FrameData } from "../data";
import { FakeSource, frameOf } from "./frame_of";

let source: FakeSource;
let data: FrameData;
let page: FramePage;
let box: HTMLElement;
let edits = 0;

beforeEach(() => {
  vi.useFakeTimers();
  edits = 0;
  source = new FakeSource();
  data = new FrameData(source);
  box = document.createElement("div");
  document.body.replaceChildren(box);
  page = drawFrame(box, data, { label: "Runs", height_px: 400, canAdd: true, canDelete: true, edits: () => edits });
});
afterEach(() => {
  page.destroy();
  vi.useRealTimers();
});

const TABLE = {
  run: { type: "i32" as const, values: [7, 8, 9], editor: "number" as const, unit: "no." },
  word: { type: "text" as const, values: ["<img src=x onerror=alert(1)>", null, "b\u202ec"], editor: "text" as const, empty: true },
};
function came(frame: Frame = frameOf(TABLE)): void {
  data.head(frame);
  vi.runOnlyPendingTimers();
}
const state = (): string => box.querySelector("footer [role=status]")!.textContent!;
const texts = (column: string): string[] => page["columns"].filter(({ title }) => title.startsWith(column)).flatMap((one) =>
  Array.from({ length: page["rows"].length }, (_, at) => {
    const drawn = one.draw(page["rows"].row(at));
    return typeof drawn === "string" ? drawn : (drawn?.textContent ?? "");
  }));

test("before the first rows it says what is waited for, and why", () => {
  data.connected({ state: "loading", since: 0, why: "The kernel is busy.", attempt: 0, next: null });
  expect(box.querySelector(".arp-none")!.textContent).toBe("Loading …The kernel is busy.");
});

test("text of others is text, and what it hides is seen", () => {
  came();
  expect(texts("word")).toEqual(["<img src=x onerror=alert(1)>", "no value", "b\\u202ec"]);
  expect(box.querySelector("img")).toBeNull();
});

test("a column in which nothing can be typed says why: on its cells and title, and to who tries", () => {
  const why = "A value of type list cannot be typed here: grid.update(…) sets another.";
  came(frameOf({ ...TABLE, list: { type: "text", values: ["[1]", "[2]", null], was: "list", fixed: why } }));
  const list = page["columns"].find(({ title }) => title === "list")!;
  expect(list.help).toBe(`was list; ${why}`);
  expect((list.draw(0) as HTMLElement).title).toBe(`[1]\n${why}`);
  const said = (): string => box.querySelector("footer [role=alert]")!.textContent!;
  const { events } = page["host"]!;
  const key = (name: string): boolean | undefined => events.key?.(0, list.id, new KeyboardEvent("keydown", { key: name }));
  expect(key("ArrowDown")).toBe(false);
  expect(said()).toBe("");
  expect(key("Enter")).toBe(true);
  expect(said()).toBe(`list: ${why}`);
  page["say"]("");
  expect(key("x")).toBe(true);
  expect(said()).toBe(`list: ${why}`);
  page["say"]("");
  events.press?.(0, list.id, null, new MouseEvent("click", { detail: 2 }));
  expect(said()).toBe(`list: ${why}`);
  page["say"]("");
  events.press?.(0, page["columns"][0]!.id, null, new MouseEvent("click", { detail: 2 }));
  expect(said()).toBe("");
});

test("numbers stand right, with their unit in the title", () => {
  came();
  expect(page["columns"][0]).toMatchObject({ title: "run (no.)", align: "right" });
});

test("the state line counts rows, selected ones and edits", () => {
  came();
  expect(state()).toBe("3 rows");
  edits = 1;
  data.select([[0, 1]]);
  expect(state()).toBe("3 rows, 2 selected, 1 edit");
  expect(source.selected).toEqual([[[0, 1]]]);
});

test("what the kernel selects is not told back to it", () => {
  came();
  data.select([[2, 2]], true);
  expect(source.selected).toEqual([]);
  expect([...page["host"]!.selection]).toEqual([2]);
});

test("rows that are still to come are told", () => {
  came(frameOf(TABLE, { total: 6 }));
  const rows = (): string | null => box.querySelector("[role=grid]")!.getAttribute("aria-rowcount");
  expect(state()).toBe("6 rows, 50 % loaded");
  expect(rows()).toBe("7");
  page["filter"](page["columns"][0]!.id, ">7");
  expect(rows()).toBe("-1");
  page["filter"](page["columns"][0]!.id, "");
  data.chunk(frameOf(TABLE, { total: 6, first: 3 }));
  vi.runOnlyPendingTimers();
  expect(state()).toBe("6 rows");
});

test("a search and conditions hold rows back, and can be dropped where nothing is left", async () => {
  came();
  const field = box.querySelector<HTMLInputElement>(".arp-search input")!;
  field.value = "9";
  field.dispatchEvent(new Event("input"));
  await vi.advanceTimersByTimeAsync(200);
  expect(state()).toBe("1 of 3 rows");
  expect(page["filter"]("c0", ">100")).toBe(true);
  expect(box.querySelector(".arp-none h2")!.textContent).toBe("No row matches");
  box.querySelector<HTMLButtonElement>(".arp-none button")!.click();
  await vi.advanceTimersByTimeAsync(200);
  expect(state()).toBe("3 rows");
});

test("a condition that cannot be read changes nothing", () => {
  came();
  expect(page["filter"]("c0", "about 7")).toBe(false);
  expect(state()).toBe("3 rows");
});

test("an edit carries the version that was read when it began", async () => {
  came();
  const { edit } = page["columns"][0]!;
  expect(edit!.get(1)).toBe("8");
  data.delta({ ids: [1], columns: { c0: [80] }, removed: [], seq: 2 });
  await edit!.save(1, "81");
  await edit!.save(1, "82", 2);
  expect(source.edits.map(({ value, version }) => [value, version])).toEqual([["81", 1], ["82", 2]]);
});

test("what is no number is refused before it is sent", () => {
  came();
  const [run, word] = page["columns"];
  expect(run!.edit!.check(0, "abc")).toBe("'abc' is not a number.");
  expect(run!.edit!.check(0, " ")).toBe("run cannot be empty.");
  expect([run!.edit!.check(0, "1e3"), word!.edit!.check(0, "")]).toEqual(["", ""]);
});

test("rows are deleted after a question only, and refusals are read aloud", async () => {
  came();
  data.select([[0, 1]]);
  box.querySelector<HTMLButtonElement>(".arp-tools button[aria-label^=Delete]")!.click();
  expect(source.removed).toEqual([]);
  const pop = box.querySelector(".arp-pop")!;
  expect(pop.textContent).toContain("Delete 2 rows from this table?");
  expect(document.activeElement!.textContent).toBe("Keep");
  source.answer = { ok: false, message: "Rows cannot be deleted here." };
  pop.querySelector<HTMLButtonElement>(".is-bad")!.click();
  await vi.advanceTimersByTimeAsync(10);
  expect(source.removed).toEqual([[[0, 1]]]);
  expect(box.querySelector("[role=alert]:not(.arp-cellnote)")!.textContent).toBe("Rows cannot be deleted here.");
});

test("a change of the sorted column waits a moment, a change of a cell does not", () => {
  came();
  page["sort"] = { column: "c0", descending: true };
  page["arrange"]();
  expect(texts("run")).toEqual(["9", "8", "7"]);
  data.delta({ ids: [0], columns: { c0: [100] }, removed: [], seq: 2 });
  expect(texts("run")).toEqual(["9", "8", "100"]);
  vi.advanceTimersByTime(500);
  expect(texts("run")).toEqual(["100", "9", "8"]);
});

test("another table with the same columns keeps the grid, another one does not", () => {
  came();
  const first = page["host"];
  came(frameOf(TABLE, { seq: 5 }));
  expect(page["host"]).toBe(first);
  came(frameOf({ other: { values: [1] } }, { seq: 6 }));
  expect(page["host"]).not.toBe(first);
  expect(texts("other")).toEqual(["1"]);
});

test("tables without rows or columns say so", () => {
  came(frameOf({ x: { values: [] } }));
  expect(box.querySelector(".arp-none h2")!.textContent).toBe("No rows");
  came(frameOf({}));
  expect(box.querySelector(".arp-none h2")!.textContent).toBe("This table has no columns");
});

test("what another one saved is told as the column shows it", async () => {
  const at = Date.UTC(2026, 10, 22, 14, 2);
  came(frameOf({ when: { type: "time", values: [at], editor: "text" }, took: { type: "f64", duration: true, values: [1], editor: "text" } }));
  const [when, took] = page["columns"].map(({ edit }) => edit!);
  source.answer = { ok: false, message: "", theirs: at + 60_000 };
  expect(await when!.save(0, "x")).toMatchObject({ theirs: "2026-11-22 14:03:00" });
  source.answer = { ok: false, message: "", theirs: 90 };
  expect(await took!.save(0, "x")).toMatchObject({ theirs: "0:01:30" });
  source.answer = { ok: false, message: "", theirs: null };
  expect(await took!.save(0, "x")).toMatchObject({ theirs: "" });
});

test("how it looks and what may be done follows the program", () => {
  came();
  data.select([[0, 0]]);
  const shown = (name: string): boolean => !box.querySelector<HTMLElement>(`.arp-tools button[aria-label^=${name}]`)!.hidden;
  expect([shown("Add"), shown("Delete")]).toEqual([true, true]);
  page.set({ label: "Hits", height_px: 150, canAdd: false, canDelete: false, edits: () => 0 });
  expect([shown("Add"), shown("Delete")]).toEqual([false, false]);
  const root = box.querySelector<HTMLElement>(".arp")!;
  expect([root.getAttribute("aria-label"), root.style.height]).toEqual(["Hits", "150px"]);
  expect(box.querySelector("[role=grid]")!.getAttribute("aria-label")).toBe("Hits");
});

test("a column of long texts is wide before they are there", () => {
  came(frameOf({ log: { type: "remote", values: [null, null] } }));
  expect(page["columns"][0]!.width).toBe("36ch");
});
