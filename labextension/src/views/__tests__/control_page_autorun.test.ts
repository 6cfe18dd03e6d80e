/** The control page and autorun: its switch, its banner, its page, and a job beside its ledger. */

import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { entry, STOP, waiting } from "../autorun/__tests__/entries";
import { drawControlPage, type ControlPage } from "../control_page";
import { ASKED, AUTORUN, DEFINITIONS, DRAWER } from "../parts";
import { FakeBoard } from "./fake_board";

vi.mock("../jobs_page", () => ({ drawJobs: (box: HTMLElement) => ({ destroy: () => box.replaceChildren(), resize() {} }) }));

const LEDGER = "GET /experiments/xppi0915/autorun/ledger";
let box: HTMLElement;
let page: ControlPage;
let board: FakeBoard;
const button = (text: string): HTMLElement | undefined => [...box.querySelectorAll("button")].find((one) => one.textContent === text);
const banner = (): HTMLElement => box.querySelector<HTMLElement>(".arp-banner")!;
const tab = (name: string): HTMLElement => [...box.querySelectorAll<HTMLElement>(".arp-top [role=tab]")].find((one) => one.textContent.startsWith(name))!;

beforeAll(() => Promise.all([ASKED, AUTORUN, DEFINITIONS, DRAWER].map((part) => part.fetch())));
beforeEach(() => {
  board = new FakeBoard();
  board.addresses.set(LEDGER, () => ({ entries: [waiting(3, 2912), waiting(2, 2913), entry(1, 2911, { job_id: 229 })], more: false }));
  board.addresses.set("POST /autorun:resume", () => ({ stopped: null, waiting: 2, held: 0 }));
  for (const address of ["GET /autorun", "GET /experiments/xppi0915/autorun"]) board.addresses.set(address, () => ({ waiting: 2, held: 0 }));
  box = document.body.appendChild(document.createElement("div"));
  page = drawControlPage(box, () => board, { experiment: "xppi0915" });
});
afterEach(() => {
  page.destroy();
  box.remove();
});

it("a stop of all autorun is told on every page, with what has come since and what can be done", async () => {
  board.setStopped(STOP);
  await vi.waitFor(() => expect(banner().textContent).toContain("2 runs have ended since"));
  expect(banner().textContent).toContain("bob stopped all autorun at");
  expect(banner().getAttribute("role")).toBe("status");
  button("Resume and run these 2")!.click();
  await vi.waitFor(() => expect(board.asked("json").at(-1)).toEqual(["POST", "/autorun:resume", { missed: "run" }]));
  board.setStopped(null);
  expect(banner().hidden).toBe(true);
});

it("the switch stands in the top bar and stops all at a press", async () => {
  board.addresses.set("POST /autorun:stop", () => ({ stopped: STOP, waiting: 0, held: 0 }));
  box.querySelector<HTMLElement>(".arp-top [role=switch]")!.click();
  await vi.waitFor(() => expect(box.querySelector("[role=alertdialog]")).not.toBeNull());
  expect(board.asked("json")).toEqual([["POST", "/autorun:stop", { said: "" }]]);
});

it("the page Autorun is a tab, and comes by g and a", () => {
  tab("Batch control").focus();
  for (const key of ["g", "a"]) document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  expect(tab("Autorun").getAttribute("aria-selected")).toBe("true");
  expect(box.querySelector("[role=tabpanel]:not([hidden]) .arp-ledger")).not.toBeNull();
});

it("the ledger of one run is shown from elsewhere, before and after it was drawn", async () => {
  page.shell.openLedger({ run: 2912 });
  await vi.waitFor(() => expect(board.asked("json").some(([, path]) => String(path).includes("/ledger?run=2912&complete=true"))).toBe(true));
  page.go("control");
  page.shell.openLedger({ hash: "smd" });
  expect(tab("Autorun").getAttribute("aria-selected")).toBe("true");
  await vi.waitFor(() => expect(board.asked("json").some(([, path]) => String(path).includes("/ledger?hash=smd"))).toBe(true));
});

it("a job opens beside the ledger, and beside the table once one is there", () => {
  page.go("autorun");
  page.openJob(229, "details");
  const shown = (): string | null | undefined => box.querySelector("aside.arp-drawer")?.closest("[role=tabpanel]")?.querySelector(".arp-ledger") ? "ledger" : "table";
  expect(shown()).toBe("ledger");
  page.go("control");
  page.openJob(240, "details");
  expect(shown()).toBe("table");
  expect(box.querySelectorAll("aside.arp-drawer")).toHaveLength(1);
});

it("another experiment begins anew, with nothing of the former's ledger", async () => {
  board.setStopped(STOP);
  await vi.waitFor(() => expect(banner().textContent).toContain("2 runs"));
  const former = board;
  board = new FakeBoard();
  page.show("xppi0915");
  expect(banner().hidden).toBe(true);
  expect(former.listening).toBe(0);
});
