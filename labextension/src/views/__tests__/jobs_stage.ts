/** The page of jobs on a stage of its own, and hands to press it with. */

import { vi } from "vitest";

import { drawJobs, type JobsPage } from "../jobs_page";
import { ASKED } from "../parts";
import { FakeBoard } from "./fake_board";
import { FakeShell } from "./fake_shell";
import { NOW } from "./sample_rows";

export let mounted: JobsPage | null = null;
export let board: FakeBoard;
export let shell: FakeShell;
export let root: HTMLElement;

/** Before each test. jsdom has no layout: the table is given room for all rows. */
export async function setUp(): Promise<void> {
  await ASKED.fetch(); // as the page does while it rests
  vi.useFakeTimers({ now: NOW });
  for (const [name, value] of [["clientHeight", 2000], ["clientWidth", 1600], ["offsetWidth", 1600], ["offsetHeight", 2000]] as const) {
    vi.spyOn(HTMLElement.prototype, name, "get").mockReturnValue(value);
  }
  const computed = window.getComputedStyle.bind(window);
  vi.spyOn(window, "getComputedStyle").mockImplementation((element) => new Proxy(computed(element), {
    get: (style, name) => (name === "height" ? "2000px" : name === "width" ? "1600px" : typeof style[name as "color"] === "function" ? (style[name as "color"] as unknown as () => void).bind(style) : style[name as "color"]),
  }));
}

/** After each test. */
export function takeDown(): void {
  close();
  document.body.replaceChildren();
  vi.useRealTimers();
}

export function close(): void {
  mounted?.destroy();
  mounted = null;
}

export function open(made = new FakeBoard()): void {
  board = made;
  shell = new FakeShell(board);
  root = document.createElement("section");
  root.className = "arp";
  document.body.append(root);
  mounted = drawJobs(root, board, shell);
  settle();
}
export function settle(): void {
  vi.advanceTimersByTime(200);
}
export async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(400);
}
export const rows = (): string[] => [...root.querySelectorAll<HTMLElement>(".slick-row")].sort((a, b) => Number(a.getAttribute("aria-rowindex")) - Number(b.getAttribute("aria-rowindex")))
  .map((row) => ["c-run", "c-hash", "c-status"].map((name) => row.querySelector(`.${name}`)?.textContent ?? "").join(" ").replace("Why not?", "").trim());

export const cell = (key: number, column: string): HTMLElement =>
  root.querySelector<HTMLElement>(`.slick-row[aria-rowindex="${indexOf(key)}"] .c-${column}`)!;
export function indexOf(id: number): number {
  const name = board.rows.get(id)!;
  const all = [...root.querySelectorAll<HTMLElement>(".slick-row")];
  const found = all.find((row) => row.querySelector(".c-job")?.textContent === name.native_id && row.querySelector(".c-hash")?.textContent.startsWith(name.hash));
  return Number(found?.getAttribute("aria-rowindex") ?? -1);
}
export const press = (element: Element | null | undefined): void => element!.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 })) as unknown as void;
export const act = (id: number, name: string): void => press(cell(id, "act").querySelector(`[data-act=${name}]`));
export const tile = (name: string): HTMLElement => [...root.querySelectorAll<HTMLElement>(".arp-count")].find((one) => one.textContent.endsWith(name))!;
export const button = (name: string): HTMLElement => [...root.querySelectorAll<HTMLElement>("button")].find((one) => one.textContent.trim().startsWith(name))!;
export const foot = (): string => root.querySelector(".arp-foot")!.textContent;
export const line = (): string => root.querySelector(".arp-foot code")!.textContent;
export function type(text: string): void {
  const input = root.querySelector<HTMLInputElement>(".arp-search input")!;
  input.value = text;
  input.dispatchEvent(new Event("input"));
  settle();
}
export function key(at: HTMLElement, name: string): void {
  at.dispatchEvent(new FocusEvent("focusin", { bubbles: true }));
  at.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
}
export function pressKey(name: string): void {
  for (const one of shell.registered) if (one.do && one.keys.split(" ").includes(name) && one.do(name) !== false) break;
  settle();
}
export function select(...ids: number[]): void {
  for (const id of ids) press(cell(id, "sel").querySelector("input"));
  settle();
}
export function pressAll(): void {
  press(root.querySelector('[data-column="sel"]'));
  settle();
}
