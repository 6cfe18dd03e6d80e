import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { el } from "../../../dom";
import type { MenuItem } from "../../shell";
import { Menu } from "../menus";

let root: HTMLElement;
let owner: HTMLButtonElement;
const did = vi.fn();
const items = (): MenuItem[] => [
  { label: "smd", note: "-q psanaq", do: () => did("smd"), shift: { label: "change parameters first…", do: () => did("shift smd") } },
  { label: "cube", do: () => did("cube") },
  { label: "index", off: "script not executable", do: () => did("index") },
  { label: "calib_mon", do: () => did("calib_mon") },
];
const press = (key: string, init: KeyboardEventInit = {}): void =>
  void document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }));
const at = (): string => root.querySelector(".is-at span")?.textContent ?? "";
const type = (text: string): void => {
  const field = root.querySelector("input")!;
  field.value = text;
  field.dispatchEvent(new Event("input"));
};

beforeEach(() => {
  did.mockReset();
  root = document.createElement("section");
  owner = el("button", { "aria-label": "Apply to run 2908" });
  root.append(owner, el("button", { id: "other" }));
  document.body.append(root);
});
afterEach(() => root.remove());

describe("a menu whose items are still to come", () => {
  it("takes what is typed meanwhile, and filters by it", async () => {
    let come: (items: MenuItem[]) => void = () => undefined;
    new Menu(root, owner, new Promise((done) => (come = done)), "Find an experiment");
    expect(document.activeElement!.tagName).toBe("INPUT");
    expect(root.querySelector("[role=listbox]")!.textContent).toBe("Loading …");
    type("cal");
    press("Enter");
    expect(did).not.toHaveBeenCalled();
    come(items());
    await vi.waitFor(() => expect(at()).toBe("calib_mon"));
    press("Enter");
    expect(did).toHaveBeenCalledWith("calib_mon");
  });

  it("closes if they do not come", async () => {
    const menu = new Menu(root, owner, Promise.reject(new Error("gone")), "Find an experiment");
    await vi.waitFor(() => expect(menu.open).toBe(false));
    expect(document.activeElement).toBe(owner);
  });
});

describe("a menu", () => {
  it("moves by arrows over what can be used, round its ends", () => {
    new Menu(root, owner, items());
    const seen = [at()];
    for (let n = 0; n < 3; n++) press("ArrowDown"), seen.push(at());
    press("ArrowUp");
    expect([...seen, at()]).toEqual(["smd", "cube", "calib_mon", "smd", "calib_mon"]);
    expect(root.querySelector("[role=menu]")!.getAttribute("aria-activedescendant")).toBe(root.querySelector(".is-at")!.id);
  });

  it("acts on Enter, closes, and gives the focus back", () => {
    new Menu(root, owner, items());
    expect(owner.getAttribute("aria-expanded")).toBe("true");
    press("ArrowDown");
    press("Enter");
    expect(did).toHaveBeenCalledWith("cube");
    expect(root.querySelector(".arp-menu")).toBeNull();
    expect(document.activeElement).toBe(owner);
    expect(owner.getAttribute("aria-expanded")).toBe("false");
  });

  it("does the other thing on Shift and Enter, and says so", () => {
    new Menu(root, owner, items());
    expect(root.querySelector(".arp-menu > p")!.textContent).toContain("change parameters first…");
    press("Enter", { shiftKey: true });
    expect(did).toHaveBeenCalledWith("shift smd");
  });

  it("keeps what cannot be used, with the reason, and does not do it", () => {
    new Menu(root, owner, items());
    const off = root.querySelector<HTMLElement>("[aria-disabled=true]")!;
    expect(off.textContent).toContain("script not executable");
    off.click();
    expect(did).not.toHaveBeenCalled();
  });

  it("goes to what begins with the letters typed", () => {
    new Menu(root, owner, items());
    press("c");
    expect(at()).toBe("cube");
    press("a");
    expect(at()).toBe("calib_mon");
  });

  it("closes on Esc and when the focus goes elsewhere", () => {
    const menu = new Menu(root, owner, items());
    press("Escape");
    expect(menu.open).toBe(false);
    const second = new Menu(root, owner, items());
    root.querySelector<HTMLElement>("#other")!.focus();
    expect(second.open).toBe(false);
    expect(document.activeElement!.id).toBe("other");
  });

  it("is a list where one is chosen, and opens there", () => {
    new Menu(root, owner, items().map((item) => ({ ...item, on: item.label === "cube" })));
    expect(root.querySelector("[role=listbox] [aria-selected=true]")!.textContent).toBe("cube");
    expect(at()).toBe("cube");
  });
});

describe("a menu with a search field", () => {
  it("lists what holds the words typed, and always what is for all of them", () => {
    new Menu(root, owner, [...items(), { label: "New experiment…", always: true, do: (typed) => did(typed) }], "Find");
    type("CALIB");
    expect([...root.querySelectorAll("[role=option] span")].map((one) => one.textContent)).toEqual(["calib_mon", "New experiment…"]);
    type("xppi09");
    press("Enter");
    expect(did).toHaveBeenCalledWith("xppi09");
  });

  it("is a combobox that names the option it is at", () => {
    new Menu(root, owner, items(), "Apply to run 2908");
    const field = root.querySelector("[role=combobox]")!;
    press("ArrowDown");
    expect(root.querySelector(`#${field.getAttribute("aria-activedescendant")}`)!.textContent).toBe("cube");
    type("nothing like it");
    expect(field.hasAttribute("aria-activedescendant")).toBe(false);
    expect(root.textContent).toContain("Nothing matches.");
  });

  it("shows a heading once above its group", () => {
    new Menu(root, owner, [{ label: "a", group: "Active", do: did }, { label: "b", group: "Active", do: did }, { label: "c", group: "Recent", do: did }], "Find");
    expect([...root.querySelectorAll("h3")].map((one) => one.textContent)).toEqual(["Active", "Recent"]);
  });
});
