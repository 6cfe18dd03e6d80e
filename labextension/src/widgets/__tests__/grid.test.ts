/** The widget of a DataFrame: what its model says is what is shown, and nothing is left of it. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { viewsOf } from "../../grid/__tests__/frames";
import type { FrameHead } from "../../grid/types";
import { frameOf } from "../../views/frame/__tests__/frame_of";
import widget from "../grid";

type Hear = (...told: never[]) => void;

/** Of an anywidget model: traits, and messages both ways. */
class FakeModel {
  readonly traits: Record<string, unknown> = { label: "Hits", height_px: 300, can_add: true, can_delete: true, edit_count: 0 };
  readonly sent: Record<string, unknown>[] = [];
  readonly hearing = new Map<string, Set<Hear>>();
  get = (name: string): unknown => this.traits[name];
  send = (content: Record<string, unknown>): void => void this.sent.push(content);
  on = (event: string, hear: Hear): void => void (this.hearing.get(event) ?? this.hearing.set(event, new Set()).get(event)!).add(hear);
  off = (event: string, hear: Hear): void => void this.hearing.get(event)?.delete(hear);

  set(name: string, value: unknown): void {
    this.traits[name] = value;
    this.tell(`change:${name}`);
  }

  tell(event: string, ...told: unknown[]): void {
    for (const hear of [...(this.hearing.get(event) ?? [])]) hear(...(told as never[]));
  }
}

const rows = (...values: number[]): { head: FrameHead; buffers: DataView[] } => {
  const frame = frameOf({ run: { type: "i32", values } });
  return { head: frame.head, buffers: viewsOf(frame) };
};

let model: FakeModel;
let box: HTMLElement;
let close: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  box = document.createElement("div");
  document.body.replaceChildren(box);
  close = widget.render({ model: model as never, el: box });
  const { head, buffers } = rows(7, 8, 9);
  model.tell("msg:custom", { type: "head", head }, buffers);
  vi.runOnlyPendingTimers();
});
afterEach(() => vi.useRealTimers());

const state = (): string => box.querySelector("footer [role=status]")!.textContent!;

test("traits that change while it is shown are followed", () => {
  model.set("label", "Misses");
  model.set("height_px", 150);
  model.set("can_add", false);
  model.set("edit_count", 2);
  expect(box.querySelector("[role=grid]")!.getAttribute("aria-label")).toBe("Misses");
  expect(box.querySelector<HTMLElement>(".arp")!.style.height).toBe("150px");
  expect(box.querySelector<HTMLElement>("[aria-label='Add row']")!.hidden).toBe(true);
  expect(state()).toBe("3 rows, 2 edits");
});

test("a selection made in another page or by the kernel is shown, one's own is not taken back", () => {
  model.tell("msg:custom", { type: "select", ranges: [[0, 1]] });
  expect(state()).toBe("3 rows, 2 selected");
  model.tell("msg:custom", { type: "select", ranges: [[0, 0]], page: 1 });
  expect(state()).toBe("3 rows, 1 selected");
  box.querySelector<HTMLElement>(".slick-header-column input")!.click();
  const own = model.sent.find(({ type }) => type === "select")!;
  expect(own["ranges"]).toEqual([[0, 2]]);
  model.tell("msg:custom", { type: "select", ranges: [[0, 0]], page: own["page"] });
  expect(state()).toBe("3 rows, 3 selected");
});

test("rows that came with the widget are there at once, and those of the kernel after them", () => {
  const another = new FakeModel();
  another.traits["_first"] = rows(41, 42);
  const place = document.body.appendChild(document.createElement("div"));
  widget.render({ model: another as never, el: place });
  const said = (where: string): string => place.querySelector(`footer [role=${where}]`)!.textContent!;
  expect(said("status")).toBe("2 rows");
  vi.advanceTimersByTime(5_000);
  expect(said("alert")).toContain("The kernel has not answered yet");
  const { head, buffers } = rows(51, 52, 53);
  another.tell("msg:custom", { type: "head", head }, buffers);
  expect(said("status")).toBe("3 rows");
  expect(said("alert")).toBe("");
});

test("nothing listens, ticks or stands once it is taken off the page", () => {
  close();
  vi.runOnlyPendingTimers();
  const left = [...model.hearing].filter(([event, all]) => all.size && event !== "msg:custom");
  expect(left).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  expect(box.childElementCount).toBe(0);
});
