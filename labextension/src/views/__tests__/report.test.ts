import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Report, WideRow } from "../../model/rows";
import { colourStyle, drawReport, items, progress, refit, reportText, spark, timeLeft, valueText, webAddress } from "../report";

const wide = (report: Report, more: Partial<WideRow> = {}): WideRow => ({ id: 1, report, notes: [], spark: [], left_s: null, ...more });
const draw = (report: Report, more: Partial<WideRow> = {}, live = true): HTMLElement => drawReport(wide(report, more), { live, held: "", left_ms: more.left_s ? more.left_s * 1000 : null });

beforeEach(() => document.body.replaceChildren());

describe("counters", () => {
  it("are read in each form they can be posted in", () => {
    const read = items({ counters: { a: 7, b: [8, "red"], c: { value: 9, unit: "Hz", max: 10 }, d: "text", e: true, f: null } });
    expect(read.map(({ key, value, color, unit, max }) => [key, value, color, unit, max])).toEqual([
      ["b", 8, "red", "", null], ["a", 7, "", "", null], ["c", 9, "", "Hz", 10], ["d", "text", "", "", null], ["e", true, "", "", null], ["f", null, "", "", null],
    ]);
  });
  it("numbers are grouped, never cut, and keep their unit", () => {
    expect(valueText({ value: 61000, unit: "frames" })).toBe("61,000 frames");
    expect(valueText({ value: 0.1 + 0.2, unit: "" })).toBe("0.3");
    expect(valueText({ value: 1234567.891, unit: "" })).toBe("1,234,567.891");
    expect(valueText({ value: 1e300, unit: "" })).toBe("1e+300");
    expect(valueText({ value: 1.5e-9, unit: "A" })).toBe("1.5e-9 A");
  });
  it("what a job posts is text, whatever it looks like", () => {
    const cell = draw({ counters: { "<img src=x onerror=alert(1)>": "<b>bold</b>\u202e", long: "x".repeat(100_000) } });
    expect(cell.querySelectorAll("img, script").length).toBe(0);
    expect(cell.textContent).toContain("<img src=x onerror=alert(1)> <b>bold</b>\\u202e");
    expect(cell.textContent.length).toBeLessThan(1000);
  });
  it("no report is an empty cell, and no report that anybody could post breaks it", () => {
    expect(drawReport(undefined, { live: true, held: "", left_ms: null }).textContent).toBe("");
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (counters) => {
      draw({ counters } as Report);
      reportText(wide({ counters } as Report));
    }));
    fc.assert(fc.property(fc.jsonValue(), (counters) => void draw({ counters } as Report)));
  });
});

describe("colours", () => {
  it("named ones are the theme's, others are a bar only, and the rest is none", () => {
    expect(colourStyle("red")).toBe("--v:var(--arp-c-red)");
    expect(colourStyle("#ff0")).toBe("--bar:#ff0");
    expect(colourStyle("teal")).toBe("--bar:teal");
    for (const bad of ["", "inherit", "red;background:url(//x)", "var(--x)", "url(x)", "expression(1)", "nosuchcolour"]) expect(colourStyle(bad), bad).toBe("");
  });
  it("no text makes more than one declaration", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      expect(colourStyle(text)).toMatch(/^(--v:var\(--arp-c-\w+\)|--bar:[#a-z0-9]+)?$/);
    }));
  });
});

describe("links and pictures", () => {
  it("are http or https, and open without telling from where", () => {
    const cell = draw({ counters: { plot: { value: 3, url: "https://example.org/a?b" } } });
    const link = cell.querySelector("a")!;
    expect(link.getAttribute("href")).toBe("https://example.org/a?b");
    expect(link.rel).toBe("noopener noreferrer");
  });
  it("anything else is shown as text", () => {
    for (const url of ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//example.org", "https://", "ftp://x"]) {
      expect(webAddress(url), url).toBeNull();
      expect(draw({ counters: { plot: { value: 3, url } } }).querySelector("a")).toBeNull();
    }
  });
  it("a picture of this host is fetched when one points at it, and only then", () => {
    const board = document.createElement("div");
    board.className = "arp";
    document.body.append(board);
    board.append(draw({ counters: { fit: { value: 1, image: `${location.origin}/fit.png` } } }));
    const link = board.querySelector("a")!;
    expect(board.querySelector("img")).toBeNull();
    link.dispatchEvent(new Event("mouseenter"));
    const img = board.querySelector("img")!;
    expect(img.getAttribute("src")).toBe(`${location.origin}/fit.png`);
    expect(img.getAttribute("referrerpolicy")).toBe("no-referrer");
    link.dispatchEvent(new Event("mouseleave"));
    expect(board.querySelector("img")).toBeNull();
    link.dispatchEvent(new Event("focus"));
    expect(board.querySelector("img")).not.toBeNull();
  });
  it("a picture of another host stays a link", () => {
    const board = document.createElement("div");
    board.className = "arp";
    document.body.append(board);
    board.append(draw({ counters: { fit: { value: 1, image: "https://example.org/fit.png" } } }));
    board.querySelector("a")!.dispatchEvent(new Event("mouseenter"));
    expect(board.querySelector("img")).toBeNull();
  });
});

describe("progress", () => {
  it("says the share done and the time left", () => {
    const bar = draw({ counters: { Events: { value: 62, max: 100 } } }, { left_s: 240 }).querySelector("[role=progressbar]")!;
    expect(bar.getAttribute("aria-valuenow")).toBe("62");
    expect(bar.getAttribute("aria-valuetext")).toBe("62 %, 4 min");
    expect(bar.getAttribute("aria-label")).toBe("Progress");
  });
  it("makes no estimate where there is none, and says what holds it", () => {
    const all = items({ counters: { Events: { value: 40, max: 100 } } });
    expect(progress(all, null, "")).toEqual({ percent: 40, words: "no estimate" });
    expect(progress(all, 3, "paused")).toEqual({ percent: 40, words: "paused" });
  });
  it("counts the time left on from the last report, and makes no estimate once it has passed", () => {
    expect(timeLeft(10, 1000, 1000)).toBe(10_000);
    expect(timeLeft(10, 1000, 5000)).toBe(6000);
    expect(timeLeft(10, 1000, 11_000)).toBeNull();
    expect(timeLeft(10, NaN, 11_000)).toBeNull();
    expect(timeLeft(10, 5000, 1000)).toBe(10_000); // clocks of two machines differ
    expect(timeLeft(0, 1000, 90_000)).toBe(0); // it is there
    expect(timeLeft(null, 1000, 1000)).toBeNull();
  });
  it("is never less than nothing nor more than all, and rounds down", () => {
    const percent = (value: number): number => progress(items({ counters: { a: { value, max: 100 } } }), 1, "")!.percent;
    expect([percent(-5), percent(99.9), percent(500)]).toEqual([0, 99, 100]);
  });
  it("is not shown of a job that is over", () => {
    expect(draw({ counters: { Events: { value: 62, max: 100 } } }, {}, false).querySelector("[role=progressbar]")).toBeNull();
  });
});

it("a course needs two points, and stays within its box", () => {
  expect(spark([1])).toBeNull();
  expect(spark([3, 3, 3])!.querySelector("polyline")!.getAttribute("points")).toBe("0.0,16.0 26.0,16.0 52.0,16.0");
  expect(spark([1, 2])!.getAttribute("aria-hidden")).toBe("true");
});

describe("what does not fit", () => {
  /** jsdom has no layout: a counter is 100 px wide, the sparkline 60, +n 20. */
  function room(px: number, counters: NonNullable<Report["counters"]> = { a: 1, b: 2, c: 3 }): HTMLElement {
    const rect = (left: number, right: number): DOMRect => ({ left, right, top: 0, bottom: 20, width: right - left, height: 20, x: left, y: 0, toJSON: () => "" });
    vi.spyOn(Element.prototype, "getBoundingClientRect").mockImplementation(function (this: Element) {
      const list = this.closest(".arp-ctrs")!;
      const cell = list.parentElement!;
      const more = (list.nextElementSibling as HTMLElement).textContent ? 20 : 0;
      const line = cell.querySelector("svg") && !cell.classList.contains("is-tight") ? 60 : 0;
      if (this === list) return rect(0, px - more - line);
      const at = [...list.children].indexOf(this) * 100;
      return rect(at, at + 100);
    });
    const cell = draw({ counters }, { spark: [1, 2] });
    document.body.append(cell);
    return cell;
  }
  const shown = (cell: HTMLElement): (string | null)[] => [...cell.querySelectorAll(".arp-ctr:not([data-out])")].map((one) => one.textContent);

  it.each([
    [400, ["a 1", "b 2", "c 3"], "", false],
    [350, ["a 1", "b 2"], "+1", false],
    [190, ["a 1"], "+2", false],
    [130, ["a 1"], "+2", true],
    [80, [], "+3", true],
  ])("in %i px is counted, never cut, and the line goes before the first number", async (px, all, more, tight) => {
    const cell = room(px);
    await Promise.resolve();
    expect(shown(cell)).toEqual(all);
    expect(cell.querySelector(".arp-more")!.textContent).toBe(more);
    expect(cell.classList.contains("is-tight")).toBe(tight);
    refit(document.body);
    expect(shown(cell)).toEqual(all);
  });
  /** Counters as wide as the px in their name, in lines of a list that has `px`, less 20 for +n and 40 for the line. */
  function flow(px: number, counters: NonNullable<Report["counters"]>): HTMLElement {
    const width = (one: Element): number => (one.getAttribute("data-out") === "wide" ? 0 : Number(/^\d+/.exec(one.textContent)![0]));
    vi.spyOn(Element.prototype, "getBoundingClientRect").mockImplementation(function (this: Element) {
      const list = this.closest(".arp-ctrs")!;
      const taken = ((list.nextElementSibling as HTMLElement).textContent ? 20 : 0) + (list.parentElement!.classList.contains("is-tight") ? 0 : 40);
      if (this === list) return new DOMRect(0, 0, px - taken, 20);
      let [left, top] = [0, 0];
      for (const one of list.children) {
        if (left && left + width(one) > px - taken) [left, top] = [0, top + 20];
        if (one === this) break;
        left += width(one);
      }
      return new DOMRect(left, top, width(this), 20);
    });
    const cell = draw({ counters }, { spark: [1, 2] });
    document.body.append(cell);
    return cell;
  }
  it.each([
    [300, ["100px a", "100px b"], "+1"],
    [150, ["100px a"], "+2"], // not b or c, for want of the line's room
    [80, ["60px c"], "+2"],
  ])("in %i px one that would not fit alone leaves the room to those that do", async (px, all, more) => {
    const cell = flow(px, px === 300 ? { "900px": "x".repeat(100_000), "100px": "a", "100px ": "b" } : { "100px": "a", "120px": "b", "60px": "c" });
    for (let turn = 0; turn < 2; turn++) {
      await Promise.resolve();
      expect(shown(cell).map((one) => one!.replace(/ +/, " "))).toEqual(all);
      expect(cell.querySelector(".arp-more")!.textContent).toBe(more);
      refit(document.body);
    }
  });
  it("of very many only some are drawn, and all are counted", async () => {
    const cell = room(250, Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`c${n}`, n])));
    await Promise.resolve();
    expect(cell.querySelectorAll(".arp-ctr").length).toBeLessThan(50);
    expect(shown(cell)).toEqual(["c0 0"]);
    expect(cell.querySelector(".arp-more")!.textContent).toBe("+299");
  });
});
