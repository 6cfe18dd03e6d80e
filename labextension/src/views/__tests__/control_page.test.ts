import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { drawControlPage, type ControlPage } from "../control_page";
import { el } from "../../dom";
import { PERSISTED } from "../jobs/facts";
import { ASKED, AUTORUN, DEFINITIONS, DRAWER } from "../parts";
import { FakeBoard } from "./fake_board";
import { EXPERIMENT } from "./sample_rows";

const showOnly = vi.hoisted(() => vi.fn());
vi.mock("../jobs_page", () => ({
  drawJobs: (box: HTMLElement) => {
    box.append(el("div.arp-search", {}, el("input")), el("div.arp-body", {}, el("div", { role: "grid" }, el("div", { role: "gridcell", tabindex: 0 }, "a job"))));
    return { destroy: () => box.replaceChildren(), resize() {}, showOnly };
  },
}));
vi.mock("../drawer", () => ({
  drawDrawer: (box: HTMLElement, _board: unknown, _shell: unknown, job: number) => {
    const aside = el("aside", {}, el("button", {}, `job ${job}`));
    box.append(aside);
    aside.querySelector("button")!.focus();
    return { destroy: () => aside.remove(), show: (other: number) => (aside.querySelector("button")!.textContent = `job ${other}`) };
  },
}));

let box: HTMLElement;
let page: ControlPage;
let boards: FakeBoard[];
const opened: string[] = [];
const open = (name: string): FakeBoard => {
  const board = Object.assign(new FakeBoard(), { name });
  opened.push(name);
  boards.push(board);
  return board;
};
const tab = (name: string): HTMLElement => [...box.querySelectorAll<HTMLElement>("[role=tab]")].find((one) => one.textContent!.startsWith(name))!;
const press = (key: string, init: KeyboardEventInit = {}): boolean =>
  document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }));
const cell = (): HTMLElement => box.querySelector(".arp-body [role=gridcell]")!;

// as the page does while it rests
beforeAll(() => Promise.all([ASKED, AUTORUN, DEFINITIONS, DRAWER].map((part) => part.fetch())));
beforeEach(() => {
  boards = [];
  opened.length = 0;
  box = document.createElement("div");
  document.body.append(box);
  page = drawControlPage(box, open, { experiment: "xppi0915" });
});
afterEach(() => {
  page.destroy();
  box.remove();
});

describe("the pages", () => {
  it("are tabs that name their panels, and are drawn when they are first looked at", () => {
    expect(box.querySelectorAll("[role=tab]")).toHaveLength(3);
    const defs = document.getElementById(tab("Batch defs").getAttribute("aria-controls")!)!;
    expect(defs.hidden).toBe(true);
    expect(defs.childElementCount).toBe(0);
    tab("Batch defs").click();
    expect(defs.hidden).toBe(false);
    expect(defs.querySelector("[role=grid]")).not.toBeNull();
    expect(tab("Batch defs").getAttribute("aria-selected")).toBe("true");
    expect(tab("Batch defs").textContent).toBe("Batch defs7");
  });

  it("change by arrows on the tabs and by g and a letter", () => {
    tab("Batch control").focus();
    press("ArrowLeft");
    expect(document.activeElement).toBe(tab("Batch defs"));
    expect(tab("Batch defs").tabIndex).toBe(0);
    press("g");
    press("c");
    expect(tab("Batch control").getAttribute("aria-selected")).toBe("true");
    expect(document.activeElement).toBe(cell());
  });

  it("have their search on /", () => {
    cell().focus();
    press("/");
    expect(document.activeElement!.closest(".arp-search")).not.toBeNull();
  });
});

describe("the drawer", () => {
  it("opens beside the table, and Esc gives the focus back to the cell", () => {
    cell().focus();
    page.shell.openJob(229);
    expect(box.querySelector(".arp-body > aside")!.textContent).toBe("job 229");
    page.shell.openJob(230);
    expect(box.querySelectorAll("aside")).toHaveLength(1);
    press("Escape");
    expect(box.querySelector("aside")).toBeNull();
    expect(document.activeElement).toBe(cell());
  });

  it("closes on Esc before the page drops its selection, wherever the focus is", () => {
    const dropped: string[] = [];
    page.shell.keys([{ keys: "Escape", what: "", do: () => void dropped.push("selection") }]);
    page.shell.openJob(229);
    cell().focus();
    press("Escape");
    expect(box.querySelector("aside")).toBeNull();
    expect(dropped).toEqual([]);
    press("Escape");
    expect(dropped).toEqual(["selection"]);
  });

  it("opens on the page that has the table", () => {
    page.go("defs");
    page.shell.openJob(229);
    expect(tab("Batch control").getAttribute("aria-selected")).toBe("true");
  });
});

describe("the experiment", () => {
  it("is chosen from a list, and its board takes the place of the former", async () => {
    const told: string[] = [];
    page.destroy();
    page = drawControlPage(box, open, { experiment: "xppi0915", onExperiment: (name) => told.push(name) });
    const former = boards.at(-1)!;
    box.querySelector<HTMLElement>(".arp-exp")!.click();
    await vi.waitFor(() => expect(box.querySelector("[role=option]")).not.toBeNull());
    [...box.querySelectorAll<HTMLElement>("[role=option]")].find((one) => one.textContent!.includes("xppx4921"))!.click();
    expect(opened.at(-1)).toBe("xppx4921");
    expect(former.listening).toBe(0);
    expect(told).toEqual(["xppi0915", "xppx4921"]);
    expect(box.querySelector(".arp")!.getAttribute("aria-label")).toBe("ARP board, experiment xppx4921");
  });

  it("that is none is answered with near names, and can be created", async () => {
    const board = boards[0]!;
    Object.assign(board, { name: "xppi0951", experiment: null });
    board.setConnection({ state: "closed", why: "There is no experiment 'xppi0951'." });
    await vi.waitFor(() => expect(box.textContent).toContain("There is no experiment “xppi0951”"));
    expect(box.querySelector<HTMLElement>(".arp-banner")!.hidden).toBe(true);
    const button = (text: string): HTMLElement => [...box.querySelectorAll("button")].find((one) => one.textContent === text)!;
    button("Create xppi0951…").click();
    expect(box.querySelector<HTMLInputElement>("[role=dialog] input")!.value).toBe("xppi0951");
    press("Escape");
    button("xppi0915").click();
    expect(opened.at(-1)).toBe("xppi0915");
    expect(box.querySelector<HTMLElement>(".arp-none")!.closest<HTMLElement>(".arp-page")!.hidden).toBe(true);
  });

  it("is not taken for none while only the server is away", async () => {
    const board = boards[0]!;
    Object.assign(board, { experiment: null });
    board.answers.experiments = () => Promise.resolve([EXPERIMENT]);
    board.setConnection({ state: "down", why: "Nobody answered." });
    await vi.waitFor(() => expect(board.asked("experiments")).toHaveLength(1));
    expect(box.querySelector("[role=alert]")!.textContent).toContain("The server has not answered since");
    expect(box.textContent).not.toContain("There is no experiment");
  });
});

describe("the top bar", () => {
  it("says as whom one acts", () => {
    expect(box.querySelector(".arp-who")!.textContent).toBe("acts as alice");
  });

  it("opens all that the pill sums up, and Esc closes it", () => {
    const pill = box.querySelector<HTMLElement>(".arp-pill")!;
    pill.click();
    const panel = box.querySelector("[aria-label=Connection]")!;
    expect([...panel.querySelectorAll("dt")].map((one) => one.textContent)).toEqual(["Live updates", "Batch client", "LSF", "Kept"]);
    press("Escape");
    expect(box.querySelector("[aria-label=Connection]")).toBeNull();
    expect(document.activeElement).toBe(pill);
  });
});

it("shows what is kept, from whichever page, and gives the table the focus", () => {
  page.go("defs");
  const [board] = boards;
  board!.setHealth({ ...board!.health!, client: { ok: false, since: "2026-11-22T14:02:00+00:00" } });
  [...box.querySelectorAll<HTMLElement>(".arp-banner button")].find((one) => one.textContent === "Show the 2 kept")!.click();
  expect(box.querySelector("[role=tabpanel]:not([hidden]) .arp-body")).not.toBeNull();
  expect(showOnly).toHaveBeenCalledExactlyOnceWith(PERSISTED);
  expect(document.activeElement).toBe(cell());
});

it("connects again at once when asked to", () => {
  const [board] = boards;
  board!.setConnection({ state: "down", why: "offline", next: Date.now() + 9000 });
  [...box.querySelectorAll<HTMLElement>(".arp-banner button")].find((one) => one.textContent === "Try now")!.click();
  expect(board!.asked("retry")).toHaveLength(1);
});

it("leaves nothing behind", () => {
  page.shell.openJob(229);
  page.destroy();
  expect(box.childNodes).toHaveLength(0);
  expect(boards[0]!.listening).toBe(0);
});
