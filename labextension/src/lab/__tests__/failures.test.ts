import { beforeEach, afterEach, expect, test, vi } from "vitest";

import type { JobRow } from "../../model/rows";
import { job } from "../../views/__tests__/sample_rows";
import { Failures } from "../failures";
import { notifications, nullTranslator } from "./fake_lab";

const failed = (id: number, changes: Partial<JobRow> = {}): JobRow =>
  job(id, id, "smd", { state: "failed", status: "EXIT", reason: "TERM_MEMLIMIT: 8.2 of 8 GB", ...changes });

let on: boolean;
let openLog: ReturnType<typeof vi.fn<(job: JobRow) => void>>;
let openAll: ReturnType<typeof vi.fn<(job: JobRow) => void>>;
let failures: Failures;

beforeEach(() => {
  vi.useFakeTimers();
  notifications.clear();
  on = true;
  openLog = vi.fn();
  openAll = vi.fn();
  failures = new Failures({ trans: nullTranslator.load(), on: () => on, openLog, openAll });
});
afterEach(() => {
  failures.dispose();
  vi.useRealTimers();
});

const later = (ms = 2500): void => void vi.advanceTimersByTime(ms);
const messages = (): string[] => [...notifications.values()].map((one) => one.message);

test("a failure is told with its run, its hash, why, and a way to its log", () => {
  failures.hear([failed(7)]);
  later();
  expect(messages()).toEqual(["Run 7, smd failed: TERM_MEMLIMIT: 8.2 of 8 GB"]);
  const [action] = [...notifications.values()][0]!.actions;
  expect(action!.label).toBe("Log");
  action!.callback();
  expect(openLog).toHaveBeenCalledWith(expect.objectContaining({ id: 7 }));
});

test("a job that has no log leads to its page", () => {
  failures.hear([failed(7, { state: "submit_failed", native_id: null, reason: "" })]);
  later();
  expect(messages()).toEqual(["Run 7, smd failed"]);
  [...notifications.values()][0]!.actions[0]!.callback();
  expect(openAll).toHaveBeenCalled();
});

test.each(["done", "running", "killed", "withdrawn", "pending"])("a job that is %s is no failure", (state) => {
  failures.hear([failed(7, { state })]);
  later();
  expect(messages()).toEqual([]);
});

test("a guess is not told as a fact", () => {
  failures.hear([failed(7, { state: "uncertain", reason: "" })]);
  later();
  expect(messages()).toEqual(["Nobody knows whether run 7, smd was submitted"]);
});

test("one failure is told once, and that of its next attempt again", () => {
  failures.hear([failed(7)]);
  failures.hear([failed(7)]);
  later();
  failures.hear([failed(7)]);
  later();
  expect(messages()).toHaveLength(1);
  failures.hear([failed(7, { attempt: 2 })]);
  later();
  expect(messages()).toHaveLength(2);
});

test("many at once are one notification, which grows", () => {
  failures.hear([1, 2, 3, 4].map((id) => failed(id)));
  later();
  expect(messages()).toEqual(["4 jobs of yours failed, runs 1, 2, 3, 4"]);
  failures.hear([failed(5)]);
  later();
  expect(messages()).toEqual(["5 jobs of yours failed, runs 1, 2, 3, 4, 5"]);
});

test("many of one run name it once", () => {
  failures.hear([1, 2, 3].map((id) => failed(id, { run: 12 })));
  later();
  expect(messages()).toEqual(["3 jobs of yours failed, run 12"]);
});

test("a notification of many that was dismissed is not told again", () => {
  failures.hear([1, 2, 3].map((id) => failed(id, { reason: "" })));
  later();
  notifications.clear();
  failures.hear([failed(4, { reason: "" })]);
  later();
  expect(messages()).toEqual(["Run 4, smd failed"]);
});

test("what failed while notifications were off is not told later", () => {
  on = false;
  failures.hear([failed(7)]);
  on = true;
  failures.hear([failed(7)]);
  later();
  expect(messages()).toEqual([]);
});

test("a script's text is shown with what it hides", () => {
  failures.hear([failed(7, { hash: "\u202eevil", reason: "<img src=x>\u0007" })]);
  later();
  expect(messages()).toEqual(["Run 7, \\u202eevil failed: <img src=x>\\u0007"]);
});
