import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ApiError } from "../api";
import { PagePreferences } from "../preferences";
import { FakeServer } from "./fake_server";

let server: FakeServer;
let kept: unknown;

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  server = new FakeServer();
  kept = { width: 7 };
  server.answers.set("GET /preferences/page", () => ({ value: kept }));
  server.answers.set("PUT /preferences/page", ({ body }) => {
    kept = (body as { value: unknown }).value;
    return {};
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function opened(): Promise<PagePreferences> {
  const made = new PagePreferences(server, () => undefined);
  await vi.advanceTimersByTimeAsync(0);
  return made;
}
const saves = (): number => server.requests.filter(({ method }) => method === "PUT").length;

test("what the manager keeps of the user is known once it answered, and then told", async () => {
  const told = vi.fn();
  const preferences = new PagePreferences(server, told);
  expect(preferences.get("width")).toBeUndefined();
  await vi.advanceTimersByTimeAsync(0);
  expect([preferences.get("width"), told.mock.calls.length]).toEqual([7, 1]);
  expect(preferences.get("toString")).toBeUndefined();
});

test("many changes are saved together, and what others are is left", async () => {
  const preferences = await opened();
  for (let i = 0; i < 20; i++) preferences.set("order", i);
  expect(preferences.get("order")).toBe(19);
  expect(saves()).toBe(0);
  await vi.advanceTimersByTimeAsync(500);
  expect([saves(), kept]).toEqual([1, { width: 7, order: 19 }]);
});

test("closing the page saves what waits", async () => {
  const preferences = await opened();
  preferences.set("order", 1);
  preferences.close();
  await vi.advanceTimersByTimeAsync(0);
  expect([kept, vi.getTimerCount()]).toEqual([{ width: 7, order: 1 }, 0]);
});

test("while the manager cannot be reached the browser keeps them, and gives them to it later", async () => {
  server.down = true;
  const preferences = await opened();
  preferences.set("order", 1);
  await vi.advanceTimersByTimeAsync(500);
  expect((await opened()).get("order")).toBe(1);
  server.down = false;
  expect((await opened()).get("order")).toBe(1);
  await vi.advanceTimersByTimeAsync(0);
  expect(kept).toEqual({ width: 7, order: 1 });
});

test("a change made before the manager answered stands", async () => {
  const preferences = new PagePreferences(server, () => undefined);
  preferences.set("width", 9);
  await vi.advanceTimersByTimeAsync(500);
  expect([preferences.get("width"), kept]).toEqual([9, { width: 9 }]);
});

test("the next page has them before the manager answers", async () => {
  await opened();
  expect(new PagePreferences(server, () => undefined).get("width")).toBe(7);
});

test.each([null, 7, "text", ["a"]])("a stored %j that is no set of names is none", async (value) => {
  kept = value;
  expect((await opened()).get("0")).toBeUndefined();
});

test("a browser that stores nothing, or nonsense, does no harm", async () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  vi.spyOn(Storage.prototype, "getItem").mockReturnValue("{not JSON");
  const preferences = await opened();
  preferences.set("order", 1);
  expect(preferences.get("order")).toBe(1);
});

test("a manager that refuses leaves them with the browser", async () => {
  server.answers.set("PUT /preferences/page", () => {
    throw new ApiError(413, "TooLarge", "At most 16 kB.");
  });
  const preferences = await opened();
  preferences.set("order", 1);
  await vi.advanceTimersByTimeAsync(500);
  expect(preferences.get("order")).toBe(1);
});
