import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Toasts } from "../toasts";

let root: HTMLElement;
let toasts: Toasts;
const copy = vi.fn();
const shown = (): string[] => [...root.querySelectorAll(".arp-toast:not([hidden]) b")].map((one) => one.textContent ?? "");

beforeEach(() => {
  vi.useFakeTimers();
  root = document.createElement("section");
  document.body.append(root);
  toasts = new Toasts(root, copy);
});
afterEach(() => {
  toasts.destroy();
  root.remove();
  vi.useRealTimers();
});

describe("toasts", () => {
  it("take a success away after six seconds and keep a failure", () => {
    toasts.show({ kind: "good", title: "Sent 10 jobs of smd" });
    toasts.show({ kind: "bad", title: "Job 581198 was not killed" });
    vi.advanceTimersByTime(5999);
    expect(shown()).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(shown()).toEqual(["Job 581198 was not killed"]);
    vi.advanceTimersByTime(3600e3);
    expect(shown()).toHaveLength(1);
  });

  it("stay while the focus is in them", async () => {
    toasts.show({ kind: "good", title: "Took run 2904 off the page", actions: [{ label: "Details", do: () => {} }] });
    [...root.querySelectorAll("button")].find((one) => one.textContent === "Details")!.focus();
    vi.advanceTimersByTime(60e3);
    expect(shown()).toHaveLength(1);
    (document.activeElement as HTMLElement).blur();
    await Promise.resolve();
    vi.advanceTimersByTime(10e3);
    expect(shown()).toHaveLength(0);
  });

  it("stay while the pointer is over them", () => {
    toasts.show({ kind: "good", title: "Saved" });
    const card = root.querySelector(".arp-toast")!;
    card.dispatchEvent(new MouseEvent("mouseenter"));
    vi.advanceTimersByTime(60e3);
    expect(shown()).toHaveLength(1);
    card.dispatchEvent(new MouseEvent("mouseleave"));
    vi.advanceTimersByTime(6e3);
    expect(shown()).toHaveLength(0);
  });

  it("show three at most and the older ones behind one button", () => {
    for (let n = 1; n <= 7; n++) toasts.show({ kind: "bad", title: `failure ${n}` });
    expect(shown()).toEqual(["failure 5", "failure 6", "failure 7"]);
    const more = [...root.querySelectorAll("button")].find((one) => one.textContent === "4 more")!;
    more.click();
    expect(shown()).toHaveLength(7);
  });

  it("say a failure at once and a success politely", () => {
    toasts.show({ kind: "good", title: "a" });
    toasts.show({ kind: "bad", title: "b" });
    expect([...root.querySelectorAll(".arp-toast")].map((one) => one.getAttribute("role"))).toEqual(["status", "alert"]);
  });

  it("set the machine's words as text and offer to copy them", () => {
    toasts.show({ kind: "bad", title: "<img onerror=x>", said: "Job <581198>: User permission denied" });
    expect(root.querySelector("img")).toBeNull();
    expect(root.querySelector("blockquote")!.textContent).toBe("Job <581198>: User permission denied");
    [...root.querySelectorAll("button")].find((one) => one.textContent === "Copy")!.click();
    expect(copy).toHaveBeenCalledWith("Job <581198>: User permission denied");
    expect(shown()).toHaveLength(1);
  });

  it("go away when their action was pressed", () => {
    const undo = vi.fn();
    toasts.show({ kind: "plain", title: "Took run 2904, smd off the page", actions: [{ label: "Undo", do: undo }] });
    root.querySelector<HTMLElement>(".arp-row-btns button")!.click();
    expect(undo).toHaveBeenCalledOnce();
    expect(shown()).toHaveLength(0);
  });

  it("lie below the counts", () => {
    const counts = document.createElement("div");
    counts.className = "arp-counts";
    counts.getBoundingClientRect = () => ({ bottom: 94 }) as DOMRect;
    root.append(counts);
    toasts.show({ kind: "good", title: "a" });
    expect(root.querySelector<HTMLElement>(".arp-toasts")!.style.top).toBe("102px");
  });
});
