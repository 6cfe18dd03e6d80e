import fc from "fast-check";
import { expect, test, vi } from "vitest";

import { arrange, el, fill, unique } from "../dom";

test("text is text, whoever wrote it", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (text, title) => {
    const made = el("p", { title, "aria-label": text }, text, "<img src=x onerror=alert(1)>");
    expect(made.childElementCount).toBe(0);
    expect(made.textContent).toBe(`${text}<img src=x onerror=alert(1)>`);
    expect([made.getAttribute("title"), made.getAttribute("aria-label")]).toEqual([title, text]);
  }));
});

test("what is not there leaves no attribute and no child; a number is written out", () => {
  const made = el("input.a.b", { class: "c", value: null, disabled: false, checked: true, size: 3 });
  expect(made.outerHTML).toBe('<input class="a b c" checked="" size="3">');
  const box = el("div", {}, null, undefined, false, 0, "");
  expect(box.textContent).toBe("0");
  fill(box, el("b"), false);
  expect(box.innerHTML).toBe("<b></b>");
});

test("a function listens to what its name says", () => {
  const press = vi.fn();
  el("button", { onclick: press }).click();
  expect(press).toHaveBeenCalledTimes(1);
});

test("an id is never given twice", () => {
  const ids = Array.from({ length: 50 }, () => unique("x"));
  expect(new Set(ids).size).toBe(50);
});

test("children are those that are wanted, in their order, and what stays behind another is not moved", () => {
  const all = Array.from({ length: 6 }, (_, at) => el("i", { id: String(at) }));
  const some = fc.uniqueArray(fc.nat(5));
  fc.assert(fc.property(some, some, (before, after) => {
    const parent = el("div", {}, ...before.map((at) => all[at]));
    const insert = vi.spyOn(parent, "insertBefore");
    arrange(parent, after.map((at) => all[at]!));
    expect([...parent.children].map(({ id }) => Number(id))).toEqual(after);
    const stay = before.filter((at) => after.includes(at)).join();
    const added = after.filter((at) => !before.includes(at)).length;
    if (after.filter((at) => before.includes(at)).join() === stay) expect(insert).toHaveBeenCalledTimes(added);
  }));
});
