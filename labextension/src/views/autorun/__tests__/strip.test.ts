import { beforeEach, expect, test } from "vitest";

import type { Standing } from "../../../model/autorun";
import type { SourceRow } from "../../../model/rows";
import { FakeBoard } from "../../__tests__/fake_board";
import { at } from "../../__tests__/sample_rows";
import { Strip } from "../strip";
import { STOP } from "./entries";

const LONG = `There is no experiment ${Array.from({ length: 60 }, (_, index) => `mfx${index}`).join(", ")} here.`;
const source = (changes: Partial<SourceRow> = {}): SourceRow =>
  ({ name: "mfx", kind: "logbook", ok: true, since: at("13:40:00"), said: "", gives: ["START_OF_RUN", "END_OF_RUN"], experiments: [], ...changes });
let board: FakeBoard;
let strip: Strip;
const draw = (sources: readonly SourceRow[], standing: Partial<Standing> = {}): void => {
  board.autorunNow = { stopped: null, sources: [...sources] };
  strip.draw(board, { cannot: [], caveats: [], ...standing } as Standing);
};
const items = (): HTMLElement[] => [...strip.el.querySelectorAll<HTMLElement>("li")];
const line = (): string => strip.el.querySelector("summary")!.textContent;

beforeEach(() => {
  board = new FakeBoard();
  strip = new Strip();
  document.body.replaceChildren(strip.el);
});

test("what a working source could not read stands beside its name, marked as worth a look", () => {
  draw([source({ said: "mfx: did not answer" }), source({ name: "ffb" })]);
  expect(line()).toBe("mfxlogbook: mfx: did not answer");
  expect(items().map((one) => one.className)).toEqual(["is-look", "is-done"]);
});

test("what is down says since when, and what it said", () => {
  draw([source({ ok: false, said: "HTTP 502" })]);
  expect(line()).toMatch(/^mfxlogbook, down since .*\d\d:40.*: HTTP 502$/);
  expect(items()[0]!.className).toBe("is-fail");
});

test("long words are cut, and all of them can be unfolded by keyboard, with what the source tells of", () => {
  draw([source({ said: LONG })]);
  expect(line()).toMatch(/There is no experiment mfx0.*…$/);
  expect(line().length).toBeLessThan(220);
  expect(strip.el.querySelector("details p")!.textContent).toBe(LONG);
  expect(strip.el.querySelector("details")!.textContent).toContain("Tells of: Start of run, End of run.");
  expect(strip.el.querySelector("[title]")).toBeNull();
});

test("what a source says is text, with what it hides", () => {
  draw([source({ said: "<img src=x>\u202e" })]);
  expect(line()).toContain("<img src=x>\\u202e");
  expect(strip.el.querySelector("img")).toBeNull();
});

test("what stands beside a source's name is not said once more", () => {
  const caveats = ["The run source mfx is down since 13:40: HTTP 502", "The run source ffb: 2 folders.", "The run source amo is slow.", "Awake."];
  draw([source({ ok: false, said: "HTTP 502" }), source({ name: "ffb", said: "2 folders." }), source({ name: "amo" })], { caveats });
  expect([...strip.el.querySelectorAll(":scope > p")].map((one) => one.textContent)).toEqual(["Autorun acts.", "The run source amo is slow.", "Awake."]);
});

test("it is read aloud politely, and only what has changed of it", () => {
  draw([source()], { caveats: ["Awake."] });
  expect(["role", "aria-live", "aria-atomic"].map((name) => strip.el.getAttribute(name))).toEqual(["status", "polite", "false"]);
  const [awake, item] = [strip.el.querySelector("p.is-wait"), items()[0]];
  draw([source({ said: "mfx: did not answer" })], { caveats: ["Awake."], cannot: ["The batch client is not there."] });
  expect(strip.el.querySelector("p.is-wait")).toBe(awake);
  expect(items()[0]).toBe(item);
  expect(strip.el.querySelector("p")!.textContent).toBe("The batch client is not there.");
});

test("it says once that all autorun is stopped: by whom stands above", () => {
  board.autorunNow = { stopped: STOP, sources: [] };
  strip.draw(board, { cannot: ["bob stopped all autorun at 13:40. “moving”"], caveats: [] as string[] } as Standing);
  expect(strip.el.textContent).toBe("All autorun is stopped: nothing starts by itself.");
});

test("what is unfolded stays so, with the focus, whatever it says by then; a source that is gone goes", () => {
  draw([source({ said: "one" }), source({ name: "ffb" })]);
  strip.el.querySelector("details")!.open = true;
  strip.el.querySelector("summary")!.focus();
  draw([source({ said: "two" })]);
  expect(strip.el.querySelector("details")!.open).toBe(true);
  expect(document.activeElement).toBe(strip.el.querySelector("summary"));
  expect(line()).toContain("two");
  expect(items()).toHaveLength(1);
});
