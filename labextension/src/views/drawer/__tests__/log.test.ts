import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LogPiece } from "../../../model/rows";
import { ApiError } from "../../../sources/api";
import { FakeBoard } from "../../__tests__/fake_board";
import { FakeShell } from "../../__tests__/fake_shell";
import { JOBS } from "../../__tests__/sample_rows";
import { LogPage } from "../log";

const RUNNING = 240;
const ENDED = 229;
let board: FakeBoard;
let shell: FakeShell;
let text: string;
let page: LogPage | null;

beforeEach(() => {
  vi.useFakeTimers();
  document.body.replaceChildren();
  board = new FakeBoard();
  shell = new FakeShell(board);
  page = null;
  text = "";
  board.answers.log = async (_, offset, limit) => piece(offset, limit);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockImplementation(function (this: HTMLElement) {
    return parseInt((this.firstElementChild as HTMLElement | null)?.style.height ?? "", 10) || 0;
  });
});
afterEach(() => {
  page?.destroy();
  vi.useRealTimers();
});

/** ASCII logs only: a character is a byte. */
function piece(offset: number, limit: number): LogPiece {
  const from = offset < 0 ? Math.max(0, text.length + offset) : Math.min(offset, text.length);
  const to = Math.min(text.length, from + limit);
  return {
    text: text.slice(from, to), offset: from, next_offset: to, size_bytes: text.length,
    missing: text ? "" : "No log yet: the job has not started.", source: "/reg/d/scratch/logs/229.log",
  };
}
async function open(job = ENDED): Promise<LogPage> {
  const made = new LogPage(document.body, board, shell, job);
  page = made;
  await vi.advanceTimersByTimeAsync(0);
  const row = JOBS.find(({ id }) => id === job);
  if (row) made.job(row);
  return made;
}
const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(".arp-lines > *")];
const shown = (): string[] => rows().map((row) => row.textContent ?? "");
const status = (): string => document.querySelector("[role=status]")?.textContent ?? "";
const press = async (name: string): Promise<void> => {
  const found = [...document.querySelectorAll<HTMLElement>("button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name);
  expect(found, name).toBeDefined();
  found?.click();
  await vi.advanceTimersByTimeAsync(0);
};
async function search(what: string): Promise<void> {
  const input = document.querySelector<HTMLInputElement>("input[type=search]")!;
  input.value = what;
  input.dispatchEvent(new Event("input"));
  await vi.advanceTimersByTimeAsync(0);
}
const many = (count: number): string => Array.from({ length: count }, (_, n) => `${"abcdefg"[n % 7]} line ${n}\n`).join("");

test("a log opens at its end, with one bounded request, and with few rows", async () => {
  text = many(200_000);
  await open();
  expect(board.asked("log")).toEqual([[ENDED, -256_000, 256_000]]);
  expect(shown().at(-1)).toContain("line 199999");
  expect(rows().length).toBeLessThan(100);
  expect(document.querySelector(".arp-lognote")?.textContent).toContain("Showing the last 256 kB of 2.69 MB.");
});

test("lines have numbers only when the beginning was read, else their first byte", async () => {
  text = many(30_000);
  await open();
  const byte = text.lastIndexOf("\n", text.length - 2) + 1;
  expect(rows().at(-1)?.querySelector("i")?.textContent).toBe(byte.toLocaleString("en"));
  await press("Load earlier");
  await press("Follow");
  expect(rows().at(-1)?.querySelector("i")?.textContent).toBe("30000");
  expect(document.querySelector<HTMLElement>(".arp-lognote")?.hidden).toBe(true);
});

test("text of a job is text: no markup of it becomes an element", async () => {
  text = "<img src=x onerror=alert(1)>\x1b]8;;javascript:alert(1)\x1b\\link\x1b]8;;\x1b\\ \u202etxt\n";
  board.answers.log = async () => ({ ...piece(0, 1e6), next_offset: new TextEncoder().encode(text).length });
  await open();
  expect(document.querySelector("img, script, .arp-lines a")).toBeNull();
  expect(shown()[0]).toContain("<img src=x onerror=alert(1)>link ⟨202E⟩txt");
});

test("a log that grows is followed from where it was read to, once more after the job's end, then no more", async () => {
  text = "one\n";
  const log = await open(RUNNING);
  text += "two\n";
  await vi.advanceTimersByTimeAsync(1500);
  expect(board.asked("log").at(-1)).toEqual([RUNNING, 4, 256_000]);
  expect(shown().at(-1)).toContain("two");
  log.job({ ...JOBS.find(({ id }) => id === RUNNING)!, state: "done" });
  text += "three\n";
  await vi.advanceTimersByTimeAsync(3000);
  expect(shown().at(-1)).toContain("three");
  const calls = board.asked("log").length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(board.asked("log")).toHaveLength(calls);
});

test("with Follow off, and after the page was closed, nothing is asked", async () => {
  text = "one\n";
  const log = await open(RUNNING);
  await press("Follow");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(board.asked("log")).toHaveLength(1);
  await press("Follow");
  await vi.advanceTimersByTimeAsync(1500);
  const calls = board.asked("log").length;
  expect(calls).toBeGreaterThan(1);
  log.destroy();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(board.asked("log")).toHaveLength(calls);
});

test("scrolling up ends following", async () => {
  text = many(1000);
  await open(RUNNING);
  const body = document.querySelector<HTMLElement>("[role=log]")!;
  body.scrollTop = 100;
  body.dispatchEvent(new Event("scroll"));
  expect([...document.querySelectorAll("button")].find((one) => one.textContent === "Follow")?.getAttribute("aria-pressed")).toBe("false");
  expect(shown()[0]).toContain("line 0");
});

test("a log that was replaced by a shorter one is read anew", async () => {
  text = many(100);
  await open(RUNNING);
  text = "new\n";
  await vi.advanceTimersByTimeAsync(1500);
  expect(shown()).toEqual(["1new"]);
});

test("the log is silent for screen readers unless it is followed and has the focus", async () => {
  text = "one\n";
  await open(RUNNING);
  const body = document.querySelector<HTMLElement>("[role=log]")!;
  expect(body.getAttribute("aria-live")).toBe("off");
  body.focus();
  expect(body.getAttribute("aria-live")).toBe("polite");
  await press("Follow");
  expect(body.getAttribute("aria-live")).toBe("off");
});

test("why there is no log is said in the server's words, and it appears once it is there", async () => {
  await open(RUNNING);
  expect(document.querySelector<HTMLElement>("[role=log]")?.dataset["none"]).toBe("No log yet: the job has not started.");
  text = "started\n";
  await vi.advanceTimersByTimeAsync(1500);
  expect(shown()).toEqual(["1started"]);
  expect(document.querySelector<HTMLElement>("[role=log]")?.dataset["none"]).toBe("");
});

test("a request that failed is said, and tried again", async () => {
  text = "one\n";
  await open(RUNNING);
  board.answers.log = () => Promise.reject(new Error("The batch client does not answer."));
  await vi.advanceTimersByTimeAsync(1500);
  expect(document.querySelector(".arp-foot")?.textContent).toContain("The batch client does not answer.");
  text += "two\n";
  board.answers.log = async (_, offset, limit) => piece(offset, limit);
  await vi.advanceTimersByTimeAsync(5000);
  expect(shown().at(-1)).toContain("two");
});

test("a job that there is not is asked for no more, unless one presses Follow again", async () => {
  await open(RUNNING);
  board.answers.log = () => Promise.reject(new ApiError(404, "NotFound", "There is no job 240."));
  await vi.advanceTimersByTimeAsync(1500);
  expect(document.querySelector(".arp-foot")?.textContent).toContain("There is no job 240.");
  const asked = board.asked("log").length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(board.asked("log")).toHaveLength(asked);
  await press("Follow");
  await press("Follow");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(board.asked("log")).toHaveLength(asked + 1);
});

test("a job that there never was is asked for once", async () => {
  board.answers.log = () => Promise.reject(new ApiError(404, "NotFound", "There is no job 9999."));
  await open(9999);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(board.asked("log")).toHaveLength(1);
});

test("search counts and marks matches, and a match in a fold opens it", async () => {
  text = `start\n${Array.from({ length: 50 }, (_, n) => `event ${n}\n`).join("")}end of EVENT\n`;
  await open();
  expect(rows()).toHaveLength(5);
  await search("event 2");
  expect(status()).toBe("1 of 11");
  expect(document.querySelector("mark.now")?.textContent).toBe("event 2");
  expect(rows().length).toBeGreaterThan(40);
  await press("Previous match");
  expect(status()).toBe("11 of 11");
  await search("");
  expect(document.querySelector("mark")).toBeNull();
});

test("beyond what is in memory the server is asked, from its end on, and the place is shown", async () => {
  text = `${many(3)}needle\n${many(40_000)}`;
  await open();
  board.answers.findInLog = async (_, what, offset) => {
    const at = what === "error" ? -1 : text.indexOf(what.text, offset);
    return at < 0 ? null : { offset: text.lastIndexOf("\n", at) + 1, line: "" };
  };
  await search("needle");
  expect(status()).toBe("0 here");
  const done = press("Next match");
  expect(status()).toMatch(/^searching .* kB …$/);
  await done;
  expect(board.asked("findInLog")).toEqual([[ENDED, { text: "needle" }, 0]]);
  expect(document.querySelector("mark.now")?.textContent).toBe("needle");
  await search("nowhere");
  await press("Next match");
  expect(status()).toBe("not found");
});

test("the match before what is in memory is found by looking forward from further back", async () => {
  text = Array.from({ length: 60_000 }, (_, n) => (n % 9000 === 0 ? `needle ${n}\n` : `line ${n} ${"x".repeat(n % 13)}\n`)).join("");
  board.answers.findInLog = async (_, what, offset) => {
    const at = what === "error" ? -1 : text.indexOf(what.text, offset);
    return at < 0 ? null : { offset: at, line: "" };
  };
  await open();
  await search("needle");
  const found: (string | undefined)[] = [];
  for (let step = 0; step < 6; step++) {
    await press("Previous match");
    found.push(document.querySelector("mark.now")?.parentElement?.textContent?.trim());
  }
  expect(found).toEqual([45_000, 36_000, 27_000, 18_000, 9_000, 0].map((n) => `needle ${n}`));
});

test("the first error is jumped to, then the next", async () => {
  text = `${many(30_000)}Error: one\n${many(30_000)}Error: two\n${many(30_000)}`;
  board.answers.findInLog = async (_, what, offset) => {
    const at = what === "error" ? text.indexOf("Error", offset) : -1;
    return at < 0 ? null : { offset: at, line: "" };
  };
  await open();
  await press("First error");
  expect(document.querySelector(".at")?.textContent).toContain("Error: one");
  await press("Next error");
  expect(document.querySelector(".at")?.textContent).toContain("Error: two");
  await press("Next error");
  expect(status()).toBe("no further error");
});

test("the first error is found behind bytes that are no text", async () => {
  const bytes = "caf\xe9\n".repeat(5) + "An error\nbetween\nAn error\n";
  board.answers.log = async () => ({ ...piece(0, 0), text: bytes.replaceAll("\xe9", "\ufffd"), next_offset: bytes.length, size_bytes: bytes.length });
  board.answers.findInLog = async (_, _what, offset) => {
    const at = bytes.indexOf("An error", offset);
    return at < 0 ? null : { offset: at, line: "" };
  };
  await open();
  await press("First error");
  expect(document.querySelector(".at > i")?.textContent).toBe("E 6");
  await press("Next error");
  expect(document.querySelector(".at > i")?.textContent).toBe("E 8");
});

test("a very long line is cut, and shown whole when asked for", async () => {
  text = `${"x".repeat(150_000)}\n`;
  await open();
  expect(shown()[0]!.length).toBeLessThan(3000);
  await press("Long line, show all 150 kB");
  expect(shown()[0]).toHaveLength(150_001);
});

test("how one likes logs is remembered, and there is a download where it can be reached", async () => {
  text = "one\n";
  await open();
  await press("Wrap long lines");
  await press("Fold");
  expect(board.preferences.get("log")).toEqual({ fold: false, wrap: true });
  expect(document.querySelector<HTMLAnchorElement>("a[download]")?.getAttribute("href")).toBe(`/arp/api/jobs/${ENDED}/log/download`);
  expect(document.querySelector("[role=log]")?.classList.contains("is-wrap")).toBe(true);
});

test("a search of a long log says how far it got, and another one ends it", async () => {
  text = many(40_000);
  await open();
  const went: (boolean | undefined)[] = [];
  let next: () => void = () => {};
  board.answers.findInLog = async (_, __, offset, goOn) => {
    await new Promise<void>((done) => (next = done));
    went.push(goOn?.(offset + 64e6));
    return null;
  };
  await search("nowhere");
  await press("Next match");
  next();
  await vi.advanceTimersByTimeAsync(0);
  expect(went).toEqual([true]);
  await press("Next match");
  await search("other");
  next();
  await vi.advanceTimersByTimeAsync(0);
  expect(went).toEqual([true, false]);
  expect(status()).toBe("0 here");
});
