import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBoard } from "../../__tests__/fake_board";
import { el } from "../../../dom";
import { ASKED } from "../../parts";
import { Overlays } from "../overlays";

let root: HTMLElement;
let board: FakeBoard;
let shell: Overlays;
const press = (key: string, init: KeyboardEventInit = {}): void =>
  void root.querySelector("button")!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }));
const undo = (): void => press("z", { ctrlKey: true });

beforeAll(() => ASKED.fetch()); // as the page does while it rests
beforeEach(() => {
  root = el("section.arp", {}, el("button", {}, "first"));
  document.body.append(root);
  board = new FakeBoard();
  shell = new Overlays(root, { board: () => board, openJob() {}, closeJob() {}, go() {}, openLedger() {} });
});
afterEach(() => {
  shell.destroy();
  root.remove();
});

describe("Ctrl and z", () => {
  it("puts back what was done last, each once", () => {
    const did: string[] = [];
    shell.undoable(() => did.push("edit"));
    shell.toast({ kind: "plain", title: "Took it off", actions: [{ label: "Undo", do: () => did.push("delete") }] });
    undo();
    undo();
    undo();
    expect(did).toEqual(["delete", "edit"]);
    expect(root.querySelector(".arp-toast")).toBeNull();
  });

  it("does not put back again what the toast's button did", () => {
    const back = vi.fn();
    shell.toast({ kind: "plain", title: "Took it off", actions: [{ label: "Undo", do: back }] });
    root.querySelector<HTMLElement>(".arp-row-btns button")!.click();
    undo();
    expect(back).toHaveBeenCalledOnce();
  });

  it("leaves alone what was done to the experiment shown before", () => {
    const back = vi.fn();
    shell.undoable(back);
    shell.toast({ kind: "plain", title: "Took it off", actions: [{ label: "Undo", do: back }] });
    shell.forget();
    undo();
    expect(back).not.toHaveBeenCalled();
    expect(root.querySelector(".arp-toast")).toBeNull();
  });
});

describe("the list of keys", () => {
  it("opens on ? and holds those of the pages", () => {
    shell.keys([{ keys: "w", what: "wall view", do() {} }, { keys: "k", what: "kill, asks first", place: "table" }]);
    press("?");
    const [board_, table] = root.querySelectorAll(".arp-keys > div");
    expect(board_!.textContent).toContain("wall view");
    expect(table!.textContent).toContain("kill, asks first");
  });

  it("turns single letters off, and they stay off", () => {
    shell.help();
    const box = root.querySelector<HTMLInputElement>(".arp-dialog input[type=checkbox]")!;
    box.click();
    expect(board.preferences.get("keys.letters")).toBe(false);
    expect(shell.letters).toBe(false);
  });
});

describe("copying", () => {
  it("tells when it is done", async () => {
    vi.stubGlobal("navigator", { clipboard: { writeText: vi.fn(() => Promise.resolve()) } });
    shell.copy("board.jobs.df");
    await vi.waitFor(() => expect(root.querySelector(".arp-toast b")!.textContent).toBe("Copied"));
    expect(navigator.clipboard.writeText).toHaveBeenCalledWith("board.jobs.df");
    vi.unstubAllGlobals();
  });

  it("falls back where the page has no clipboard, and else shows the text to select", async () => {
    vi.stubGlobal("navigator", {});
    const copies: string[] = [];
    document.execCommand = () => copies.push((document.activeElement as HTMLTextAreaElement).value) > 0;
    shell.copy("board.jobs.df");
    await vi.waitFor(() => expect(copies).toEqual(["board.jobs.df"]));
    document.execCommand = () => false;
    shell.copy("board.definitions.df");
    await vi.waitFor(() => expect(root.querySelector("blockquote")?.textContent).toBe("board.definitions.df"));
    vi.unstubAllGlobals();
  });
});
