import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import lines from "../defs/expressions.json";
import { codeOf } from "../defs/words";
import { drawDefinitions } from "../defs_page";
import type { Mounted } from "../shell";
import { FakeBoard } from "./fake_board";
import { FakeShell } from "./fake_shell";

let box: HTMLElement;
let board: FakeBoard;
let shell: FakeShell;
let page: Mounted;
const grid = (): HTMLElement => box.querySelector("[role=grid]")!;
const row = (id: number): HTMLElement => grid().querySelector(`[data-id="${id}"]`)!;
const cell = (id: number, column: number): HTMLElement => row(id).querySelector(`[data-stop="${column}"]`)!;
const now = (): HTMLElement => document.activeElement as HTMLElement;
const press = (key: string, init: KeyboardEventInit = {}): boolean =>
  now().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }));
const type = (text: string): void => {
  (now() as HTMLInputElement).value = text;
  now().dispatchEvent(new Event("input", { bubbles: true }));
};
const draw = (with_: FakeBoard): void => {
  board = with_;
  shell = new FakeShell(board);
  page = drawDefinitions(box, board, shell);
};

beforeEach(() => {
  box = document.createElement("div");
  document.body.append(box);
  draw(new FakeBoard());
});
afterEach(() => {
  page.destroy();
  box.remove();
});

describe("the definitions", () => {
  it("are a grid that says how many rows and columns it has", () => {
    expect(grid().getAttribute("aria-rowcount")).toBe("10");
    expect([...grid().querySelectorAll("[role=columnheader]")].map((one) => one.textContent)).toEqual(
      ["ID", "Hash", "Executable", "Parameters", "Trigger", "Location", "Autorun", "Changed by", "Jobs, share done", "Delete"]);
    expect([...grid().querySelectorAll("[role=row]")].map((one) => one.getAttribute("aria-rowindex"))).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  });

  it("show how their jobs stand", () => {
    expect(cell(12, 8).textContent).toBe("11");
    expect(cell(12, 8).querySelector("[role=img]")!.getAttribute("title")).toBe("5 done, 3 failed, 3 not over");
    expect(cell(18, 8).textContent).toBe("none");
  });

  it("say who checked autorun, when, and what it waits for", () => {
    expect(cell(12, 6).getAttribute("aria-description")).toMatch(/^checked by alice, .*\. End of run$/);
    expect(cell(12, 6).closest<HTMLElement>("[data-tip]")!.dataset["tip"]).toMatch(/^checked by alice/);
    expect(box.querySelector(".arp-foot")!.textContent).toContain("2 on autorun");
  });

  it("set everybody's words as text", () => {
    const old = board.definitions.get(12)!;
    board.definitions.set(12, { ...old, executable: "/<img src=x onerror=alert(1)>\u202e.sh", changed_by: "<b>eve</b>" });
    board.tell({ definitions: true });
    expect(box.querySelector("img")).toBeNull();
    expect(cell(12, 2).textContent).toContain("/<img src=x onerror=alert(1)>\\u202e.sh");
    expect(cell(12, 7).textContent).toBe("<b>eve</b>");
  });

  it("give the line of pandas that shows the same, which a test in Python executes", () => {
    box.querySelector<HTMLElement>(".arp-foot .arp-icon")!.click();
    expect(shell.copied).toEqual(lines.map(({ line }) => line));
  });

  it("are found by what is typed, unsaved rows always", () => {
    const search = box.querySelector<HTMLInputElement>("input[type=search]")!;
    const find = (text: string): string[] => {
      search.value = text;
      search.dispatchEvent(new Event("input"));
      return [...grid().querySelectorAll<HTMLElement>("[data-id]")].map((one) => one.dataset["id"]!);
    };
    expect(find("CHEN/ARP")).toEqual(["17", "18", "0"]);
    expect(find("nothing like it")).toEqual(["0"]);
    expect(box.textContent).toContain("No definition holds “nothing like it”");
  });
});

describe("the keyboard", () => {
  it("finds one tab stop, and goes by arrows over rows and the lines below them", () => {
    expect(grid().querySelectorAll("[tabindex='0']")).toHaveLength(1);
    cell(18, 1).focus();
    press("ArrowDown");
    expect(now()).toBe(cell(21, 1));
    press("ArrowDown");
    expect(now().textContent).toBe("Copy");
    press("ArrowRight");
    expect(now().textContent).toBe("Check again");
    press("ArrowDown");
    expect(now()).toBe(cell(23, 1));
    press("End");
    expect(now()).toBe(cell(23, 9));
    press("Home", { ctrlKey: true });
    expect(now()).toBe(cell(12, 0));
    expect(grid().querySelectorAll("[tabindex='0']")).toHaveLength(1);
  });

  it("edits with Enter, saves with Enter, and stays at the cell", async () => {
    cell(12, 3).focus();
    press("Enter");
    expect(now().getAttribute("aria-label")).toBe("Parameters of smd");
    type("-n 128");
    press("Enter");
    await vi.waitFor(() => expect(board.definitions.get(12)!.parameters).toBe("-n 128"));
    await vi.waitFor(() => expect(now()).toBe(cell(12, 3)));
    expect(cell(12, 3).textContent).toBe("-n 128");
  });

  it("puts the cell back with Esc, and the row with Esc again", () => {
    cell(12, 1).focus();
    press("Enter");
    type("smd2");
    press("Tab");
    expect(now().getAttribute("aria-label")).toBe("Executable of smd2");
    type("/a.sh");
    press("Escape");
    expect(now()).toBe(cell(12, 2));
    expect(cell(12, 2).textContent).toContain("submit_smd.sh");
    expect(cell(12, 1).textContent).toContain("smd2");
    press("Escape");
    expect(cell(12, 1).textContent).toBe("smd");
    expect(board.asked("changeDefinition")).toEqual([]);
  });

  it("saves a row as soon as the focus is in another", async () => {
    cell(12, 3).focus();
    press("Enter");
    type("-n 1");
    press("ArrowDown");
    expect(now()).toBe(cell(13, 3));
    await vi.waitFor(() => expect(board.definitions.get(12)!.parameters).toBe("-n 1"));
  });

  it("saves a row when the focus leaves the grid, and not while a menu of it is open", async () => {
    const menu = document.createElement("button");
    const holder = document.createElement("div");
    holder.className = "arp-menu";
    holder.append(menu);
    box.append(holder);
    cell(12, 3).focus();
    press("Enter");
    type("-n 1");
    menu.focus();
    await new Promise((done) => setTimeout(done, 1));
    expect(board.asked("changeDefinition")).toEqual([]);
    cell(12, 4).focus();
    box.querySelector<HTMLElement>("input[type=search]")!.focus();
    await vi.waitFor(() => expect(board.definitions.get(12)!.parameters).toBe("-n 1"));
  });

  it("makes a definition of the last row as one types", async () => {
    cell(23, 1).focus();
    press("ArrowDown");
    expect(now().getAttribute("aria-label")).toBe("Hash of the new definition");
    type("fit");
    press("Enter");
    expect(now().getAttribute("aria-label")).toBe("Executable of fit");
    type("/a/fit.sh");
    press("Enter");
    await vi.waitFor(() => expect(board.definitions.get(24)?.name).toBe("fit"));
    await vi.waitFor(() => expect(now()).toBe(cell(24, 2)));
    expect(cell(0, 1).textContent).toBe("new hash");
  });

  it("deletes with Delete", async () => {
    cell(21, 1).focus();
    press("Delete");
    await vi.waitFor(() => expect(board.definitions.has(21)).toBe(false));
    expect(grid().contains(now())).toBe(true);
  });

  it("opens the triggers, of which those that need a value ask for it below", async () => {
    cell(18, 4).focus();
    press("Enter");
    const { items } = shell.menus[0]!;
    expect(items.find((item) => item.on)!.label).toBe("Only by hand");
    expect(items).toHaveLength(8);
    items.find((item) => item.label === "Start of run")!.do("");
    await vi.waitFor(() => expect(board.definitions.get(18)!.trigger).toBe("START_OF_RUN"));
    items.find((item) => item.label === "After another batch def")!.do("");
    await vi.waitFor(() => expect(now().getAttribute("aria-label")).toBe("After which batch def"));
    expect(board.definitions.get(18)!.trigger).toBe("AFTER");
  });

  it("opens the locations, each with why it is offered, or is not", async () => {
    Object.assign(board, { status: { ...board.status, locations: { lsf: "bsub is /opt/lsf/bin/bsub", local: "always here" }, not_offered: { slurm: "sbatch is not on the PATH", lsf: "" } } });
    expect(cell(18, 5).getAttribute("aria-label")).toBe("Location of scan_fit: LSF");
    cell(18, 5).focus();
    press("Enter");
    const { items } = shell.menus[0]!;
    expect(items.map(({ label, note, off, on }) => [label, note ?? off, on])).toEqual([
      ["LSF (usual)", undefined, false], ["LSF", "bsub is /opt/lsf/bin/bsub", true], ["Local", "always here", false], ["Slurm", "sbatch is not on the PATH", false]]);
    expect(items.map(({ off }) => off !== undefined)).toEqual([false, false, false, true]);
    items[2]!.do("");
    await vi.waitFor(() => expect(board.asked("changeDefinition")).toEqual([[18, 1, { location: "local" }]]));
  });

  it("keeps a location listed that is not offered any more, and shows the usual one of a new definition", () => {
    board.definitions.set(18, { ...board.definitions.get(18)!, location: "slurm" });
    board.tell({ definitions: true });
    cell(18, 5).click();
    expect(shell.menus[0]!.items.at(-1)).toMatchObject({ label: "Slurm", on: true, off: "not offered here" });
    expect(cell(0, 5).getAttribute("aria-label")).toBe("Location of the new definition: LSF");
  });
});

describe("warnings about a script", () => {
  const SSH = "Line 12 calls ssh, which drops the address for reports. Write ssh -o SendEnv=BATCH_UPDATE_URL host";
  const warn = (...warnings: string[]): void => {
    const old = board.definitions.get(18)!;
    board.definitions.set(18, { ...old, check: { ...old.check, warnings } });
    board.tell({ definitions: true });
  };
  const lines = (): string[] => [...grid().querySelectorAll("[data-of='18']")].map((one) => one.textContent);
  const press_button = (name: string): void => [...grid().querySelectorAll<HTMLElement>("[data-of='18'] button")].find((one) => one.textContent === name)!.click();

  it("stand below it, with the line that helps to copy, and one button to check again", () => {
    warn(SSH, "Calls no bsub that could be found.");
    expect(lines()).toEqual([`${SSH}Copy`, "Calls no bsub that could be found.Check again"]);
    press_button("Copy");
    expect(shell.copied).toEqual(["ssh -o SendEnv=BATCH_UPDATE_URL host"]);
    expect(row(18).querySelector(".arp-warned")!.getAttribute("title")).toContain("2 warnings: Line 12 calls ssh");
  });
  it.each([
    ["Line 4: -env none leaves BATCH_UPDATE_URL behind: its job cannot report. Write -env BATCH_UPDATE_URL.", "-env BATCH_UPDATE_URL"],
    ["Line 4: the path goes past our bsub: its job's id is then known from its output only. Write bsub alone.", "bsub"],
    ["Line 1: bash -l reads the login files again. Begin with #!/bin/bash.", "#!/bin/bash"],
    ['Line 7: over ssh the environment stays behind. Write ssh HOST "A=$A bsub …", or let the admin set a command_prefix.', 'ssh HOST "A=$A bsub …"'],
    ["Not executable for dana: mode is 0644. Run chmod +x /a/b.sh", "chmod +x /a/b.sh"],
    ["Must be an absolute path. Did you mean /home/alice/smd.sh?", "/home/alice/smd.sh"],
    ["Is a folder, not a script.", ""],
  ])("have set apart what is to be written, and nothing else: %s", (message, code) => {
    expect(codeOf(message)[1]).toBe(code);
    expect(codeOf(message).join("")).toBe(message);
  });
  it("of which there are many are one line, that opens their list", () => {
    warn(SSH, "Uses bash -l.", "Calls /opt/lsf/bin/bsub. Write bsub");
    expect(lines()).toEqual([`${SSH}CopyAll 3 warningsCheck again`]);
    press_button("All 3 warnings");
    const { el, title } = shell.dialogs[0]!;
    expect(title).toBe("Warnings about scan_fit");
    expect([...el.querySelectorAll("li p")].map((one) => one.textContent)).toEqual([SSH, "Uses bash -l.", "Calls /opt/lsf/bin/bsub. Write bsub"]);
    expect([...el.querySelectorAll("li code")].map((one) => one.textContent)).toEqual(["ssh -o SendEnv=BATCH_UPDATE_URL host", "bsub"]);
  });
});

describe("an error", () => {
  it("is tied to its cell, in words, and the row is said not to be saved", async () => {
    cell(13, 1).click();
    type("smd");
    press("Enter");
    await vi.waitFor(() => expect(now().getAttribute("aria-invalid")).toBe("true"));
    const said = document.getElementById(now().getAttribute("aria-describedby")!)!;
    expect(said.textContent).toBe("Is taken by definition 12.");
    expect(box.querySelector(".arp-foot [role=status]")!.textContent).toBe("2 rows need a look. smd is not saved.");
  });
});

describe("changes from elsewhere", () => {
  it("neither take the focus nor what is being typed", () => {
    cell(12, 3).click();
    const input = now() as HTMLInputElement;
    type("-n 1");
    const old = board.definitions.get(12)!;
    board.definitions.set(12, { ...old, executable: "/new.sh", version: 5, revision: 200 });
    board.definitions.delete(13);
    board.tell({ definitions: true });
    expect(now()).toBe(input);
    expect(input.value).toBe("-n 1");
    expect(cell(12, 2).textContent).toContain("/new.sh");
    expect(row(13)).toBeNull();
  });
});

describe("what will run", () => {
  it("is shown for the row with the focus and the newest run, and can be copied as a command", async () => {
    board.answers.dryRun = (asked) => Promise.resolve({
      understood: "2914", skipped: [], warnings: ["Nobody has seen this route work."],
      dry_run: [{ run: 2914, argv: [`/a/${asked.definition}.sh`, "xppi0915", "2914", "a b"], environment: { RUN_NUM: "2914", PATH: "/usr/bin" } }],
    });
    cell(17, 1).focus();
    const panel = box.querySelector<HTMLElement>(".arp-dry")!;
    await vi.waitFor(() => expect(panel.querySelector("pre")!.textContent).toBe("RUN_NUM=2914\n/a/xgm_corr.sh xppi0915 2914 'a b'\nNobody has seen this route work."));
    expect(panel.querySelector("header")!.textContent).toContain("What xgm_corr will run as alice, for run 2914 (the newest)");
    panel.querySelector<HTMLElement>("[aria-label='Copy command']")!.click();
    expect(shell.copied).toEqual(["/a/xgm_corr.sh xppi0915 2914 'a b'"]);
    [...panel.querySelectorAll("button")].find((one) => one.textContent === "All variables")!.click();
    expect(panel.querySelector("pre")!.textContent).toContain("PATH=/usr/bin");
  });

  it("says what the server says where it cannot be told", async () => {
    const { ApiError } = await import("../../sources/api");
    board.answers.dryRun = () => Promise.reject(new ApiError(503, "ClientAbsent", "The batch client is not there."));
    cell(17, 1).focus();
    await vi.waitFor(() => expect(box.querySelector(".arp-dry pre")!.textContent).toBe("The batch client is not there."));
  });
});

describe("what will run, while nobody answers", () => {
  it("is asked again by itself as soon as somebody does", async () => {
    const { ApiError } = await import("../../sources/api");
    board.answers.dryRun = () => Promise.reject(new ApiError(0, "Unreachable", "It cannot be reached. What was asked may have been done."));
    cell(17, 1).focus();
    const shown = (): string => box.querySelector(".arp-dry pre")!.textContent!;
    await vi.waitFor(() => expect(shown()).toBe("Nobody answers now. This is asked again by itself."));
    board.tell({ definitions: true });
    const asked = board.asked("dryRun").length;
    delete board.answers.dryRun;
    board.tell({ connection: true });
    await vi.waitFor(() => expect(shown()).toContain("xgm_corr.sh"));
    expect(board.asked("dryRun")).toHaveLength(asked + 1);
  });
});

describe("an experiment without definitions", () => {
  it("teaches the first step, and its script can be copied", () => {
    page.destroy();
    draw(new FakeBoard([], [], []));
    expect(box.querySelector(".arp-teach h2")!.textContent).toBe("Nothing runs here yet");
    expect(box.querySelector<HTMLElement>(".arp-tools")!.hidden).toBe(true);
    [...box.querySelectorAll("button")].find((one) => one.textContent === "Copy")!.click();
    expect(shell.copied[0]).toMatch(/^#!\/bin\/bash\n/);
    box.querySelector("a")!.click();
    expect(shell.page).toBe("control");
  });
});

it("leaves nothing behind", () => {
  page.destroy();
  expect(box.childNodes).toHaveLength(0);
  expect(board.listening).toBe(0);
  expect(shell.registered.size).toBe(0);
});
