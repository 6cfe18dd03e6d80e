/** The control page while parts of its code still have to come. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { drawControlPage, type ControlPage } from "../control_page";
import { el } from "../../dom";
import { FakeBoard } from "./fake_board";

const loads = vi.hoisted((): Record<string, { come(module: unknown): void; fail(error: Error): void }[]> => ({ DRAWER: [], DEFINITIONS: [], AUTORUN: [], ASKED: [] }));
vi.mock("../parts", async () => {
  const { Later } = await import("../later");
  const part = (name: string) => new Later(name, () => new Promise((come, fail) => loads[name]!.push({ come, fail })));
  return { DRAWER: part("DRAWER"), DEFINITIONS: part("DEFINITIONS"), ASKED: part("ASKED"), AUTORUN: part("AUTORUN") };
});
vi.mock("../jobs_page", () => ({
  drawJobs: (box: HTMLElement) => {
    box.append(el("div.arp-body", {}, el("div", { role: "grid" }, el("div", { role: "gridcell", tabindex: 0 }, "a job"))));
    return { destroy: () => box.replaceChildren(), resize() {} };
  },
}));

let box: HTMLElement;
let page: ControlPage;
const drawn: string[] = [];
const drawer = {
  drawDrawer: (into: HTMLElement, _board: unknown, _shell: unknown, job: number, tab: string) => {
    drawn.push(`${job} ${tab}`);
    const aside = into.appendChild(el("aside", {}, el("button", {}, `job ${job}`)));
    aside.querySelector("button")!.focus();
    return { destroy: () => aside.remove(), show: () => {} };
  },
};
const definitions = {
  drawDefinitions: (into: HTMLElement) => {
    into.append(el("div", { role: "grid" }, el("div.is-def", { tabindex: 0 }, "a definition")));
    return { destroy: () => into.replaceChildren(), resize() {} };
  },
};
const settled = (): Promise<void> => new Promise((done) => setTimeout(done));
const cell = (): HTMLElement => box.querySelector("[role=gridcell]")!;
const escape = (): boolean => document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));

beforeEach(() => {
  vi.stubGlobal("requestIdleCallback", undefined);
  box = document.body.appendChild(document.createElement("div"));
  page = drawControlPage(box, () => new FakeBoard(), { experiment: "xppi0915" });
});
afterEach(() => {
  page.destroy();
  box.remove();
});

// in this order: what came stays
test("the drawer can be closed before its code is there, and is not drawn then", async () => {
  cell().focus();
  page.openJob(229);
  expect(box.querySelector("aside [role=status]")!.textContent).toBe("Loading …");
  expect(box.querySelector("aside")!.contains(document.activeElement)).toBe(true);
  escape();
  expect(box.querySelector("aside")).toBeNull();
  expect(document.activeElement).toBe(cell());
});

test("letters typed ahead of the drawer do not act on the page", () => {
  const acted = vi.fn();
  page.shell.keys([{ keys: "a", what: "", do: acted }]);
  const type = (): boolean => document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true, cancelable: true }));
  cell().focus();
  page.openJob(229);
  type();
  expect(acted).not.toHaveBeenCalled();
  escape();
  expect(document.activeElement).toBe(cell());
  type();
  expect(acted).toHaveBeenCalledOnce();
});

test("a drawer whose code fails says so beside the table, and comes on Try again, for the job asked for last", async () => {
  page.openJob(229);
  loads["DRAWER"]!.at(-1)!.fail(new Error("Failed to fetch"));
  await settled();
  expect(box.querySelector("aside [role=alert]")!.textContent).toContain("Failed to fetch");
  expect(cell().textContent).toBe("a job");
  page.openJob(230, "details");
  [...box.querySelectorAll<HTMLElement>("aside button")].find((one) => one.textContent === "Try again")!.click();
  loads["DRAWER"]!.at(-1)!.come(drawer);
  await settled();
  expect(drawn).toEqual(["230 details"]);
  expect(box.querySelectorAll("aside")).toHaveLength(1);
  expect(document.activeElement!.textContent).toBe("job 230");
});

test("letters typed ahead of a dialog do not act on the page, and Esc gives the dialog up", async () => {
  const acted = vi.fn();
  page.shell.keys([{ keys: "s", what: "", do: acted }]);
  const type = (key: string): boolean => cell().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  cell().focus();
  page.shell.help();
  for (const key of "--fast") type(key);
  expect(acted).not.toHaveBeenCalled();
  escape();
  type("s");
  expect(acted).toHaveBeenCalledOnce();
  const drawHelp = vi.fn();
  loads["ASKED"]!.at(-1)!.come({ drawHelp });
  await settled();
  expect(drawHelp).not.toHaveBeenCalled();
});

test("the page of definitions takes the focus when it comes, if it was asked for by a key", async () => {
  page.go("defs", true);
  page.go("defs", true);
  expect(box.querySelector("[role=tabpanel]:not([hidden]) [role=status]")).not.toBeNull();
  loads["DEFINITIONS"]!.at(-1)!.come(definitions);
  await settled();
  expect(box.querySelectorAll(".is-def")).toHaveLength(1);
  expect(document.activeElement).toBe(box.querySelector(".is-def"));
});
