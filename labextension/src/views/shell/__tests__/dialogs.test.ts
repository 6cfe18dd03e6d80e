import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { el } from "../../../dom";
import { Dialogs } from "../dialogs";

let root: HTMLElement;
let dialogs: Dialogs;
let opener: HTMLButtonElement;
const press = (key: string, init: KeyboardEventInit = {}): boolean =>
  document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }));
const button = (text: string): HTMLButtonElement => [...root.querySelectorAll("button")].find((one) => one.textContent === text)!;

beforeEach(() => {
  root = document.createElement("section");
  opener = el("button", {}, "open");
  root.append(opener);
  document.body.append(root);
  dialogs = new Dialogs(root);
  opener.focus();
});
afterEach(() => root.remove());

describe("a question", () => {
  const kill = { title: "Kill 3 jobs?", body: "A kill cannot be undone.", yes: "Kill 3 jobs", no: "Keep them", dangerous: true };

  it("focuses what changes nothing if it is dangerous", async () => {
    const answer = dialogs.ask(kill);
    expect(document.activeElement).toBe(button("Keep them"));
    button("Keep them").click();
    expect(await answer).toBe(false);
  });

  it("is answered no by Esc, and the focus returns", async () => {
    const answer = dialogs.ask(kill);
    press("Escape");
    expect(await answer).toBe(false);
    expect(document.activeElement).toBe(opener);
    expect(root.querySelector(".arp-veil")).toBeNull();
  });

  it("keeps the focus when one presses beside it", () => {
    void dialogs.ask(kill);
    const pressed = (at: Element): boolean => at.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true }));
    expect(pressed(root.querySelector(".arp-veil")!)).toBe(false);
    expect(pressed(button("Kill 3 jobs"))).toBe(true);
  });

  it("hears Esc also after its focused button went away", async () => {
    const answer = dialogs.ask(kill);
    (document.activeElement as HTMLElement).remove();
    press("Escape");
    expect(await answer).toBe(false);
    const again = dialogs.ask(kill);
    press("Escape");
    await again;
    expect(press("Escape")).toBe(true);
  });

  it("is answered yes by its button", async () => {
    const answer = dialogs.ask(kill);
    button("Kill 3 jobs").click();
    expect(await answer).toBe(true);
  });

  it("wants the number typed before its button acts", async () => {
    const answer = dialogs.ask({ ...kill, yes: "Kill 57 jobs", type: "57" });
    const yes = button("Kill 57 jobs");
    expect(yes.disabled).toBe(true);
    const field = root.querySelector("input")!;
    field.value = "56";
    field.dispatchEvent(new Event("input"));
    expect(yes.disabled).toBe(true);
    field.value = " 57 ";
    field.dispatchEvent(new Event("input"));
    yes.click();
    expect(await answer).toBe(true);
  });

  it("says what it asks to who cannot see it", () => {
    void dialogs.ask(kill);
    const dialog = root.querySelector("[role=alertdialog]")!;
    expect(root.querySelector(`#${dialog.getAttribute("aria-labelledby")}`)!.textContent).toBe("Kill 3 jobs?");
    expect(root.querySelector(`#${dialog.getAttribute("aria-describedby")}`)!.textContent).toContain("A kill cannot be undone.");
  });
});

describe("a dialog", () => {
  it("keeps Tab inside, both ways round, and what is behind out of reach", () => {
    dialogs.open("Columns", (box) => box.append(el("button", {}, "one"), el("button", {}, "last")));
    expect(document.activeElement).toBe(button("one"));
    expect(opener.inert).toBe(true);
    button("last").focus();
    press("Tab");
    expect(document.activeElement!.getAttribute("aria-label")).toBe("Close");
    press("Tab", { shiftKey: true });
    expect(document.activeElement).toBe(button("last"));
  });

  it("gives back what another dialog below it had", () => {
    dialogs.open("one", (box) => box.append(el("button", {}, "of one")));
    dialogs.open("two", (box) => box.append(el("button", {}, "of two")));
    press("Escape");
    expect(document.activeElement).toBe(button("of one"));
    expect(opener.inert).toBe(true);
    press("Escape");
    expect(opener.inert).toBe(false);
  });

  it("keeps its keys from the page", () => {
    let seen = 0;
    root.addEventListener("keydown", () => seen++);
    dialogs.open("one", (box) => box.append(el("input")));
    press("k");
    expect(seen).toBe(0);
  });
});
