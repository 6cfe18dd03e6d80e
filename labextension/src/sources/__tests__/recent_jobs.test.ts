import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { JobRow } from "../../model/rows";
import { feedOf } from "../feed";
import { RecentJobs } from "../recent_jobs";
import { FakeServer } from "./fake_server";

const NOW = Date.parse("2026-11-22T14:00:00Z");
const HOUR_MS = 3600_000;
const ago = (hours: number): string => new Date(NOW - hours * HOUR_MS).toISOString();

let server: FakeServer;
let jobs: RecentJobs;
let told: JobRow[][];
let stored: JobRow[];
let wanted: string[];

/** Put a row into the store, with what the feed says of it. */
function put(id: number, changes: Partial<JobRow> = {}): JobRow {
  const row = server.put(id, "smd", changes);
  stored = [...stored.filter((one) => one.id !== id), row];
  return row;
}
const turn = (): Promise<unknown> => vi.advanceTimersByTimeAsync(50);

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW });
  server = new FakeServer();
  stored = [];
  told = [];
  wanted = ["xppi0915"];
  for (const name of ["xppi0915", "cxi001"]) {
    server.answers.set(`GET /experiments/${name}/jobs`, () => ({ epoch: server.epoch, revision: server.revision, jobs: stored }));
  }
  put(1, { state: "running", status: "RUN", ended: null });
  put(2, { state: "failed", status: "EXIT", ended: ago(1) });
  jobs = new RecentJobs(server, "mine", () => wanted, { changed: () => undefined, told: (rows) => told.push([...rows]) });
  jobs.start();
  await turn();
});
afterEach(() => {
  jobs.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const ids = (): number[] => [...jobs.rows.keys()].sort();

test("what was there at the start is known, and no news", () => {
  expect(jobs.loading).toBe(false);
  expect(ids()).toEqual([1, 2]);
  expect(told).toEqual([]);
});

test("only the viewer's own jobs are asked for", () => {
  const asked = server.asked("/experiments/xppi0915/jobs").map(({ path }) => new URLSearchParams(path.split("?")[1]));
  expect(asked.map((one) => one.get("user"))).toEqual(["alice", "alice"]);
  expect(asked.map((one) => one.get("state"))).toEqual([null, expect.stringContaining("running")]);
});

test("a job that takes another state is news, and one that only reports is not", async () => {
  put(1, { state: "running", status: "RUN", ended: null, reported_at: ago(0) });
  await turn();
  expect(told).toEqual([]);
  put(1, { state: "failed", status: "EXIT", ended: ago(0) });
  await turn();
  expect(told.map((rows) => rows.map((row) => [row.id, row.state]))).toEqual([[[1, "failed"]]]);
});

test("a job that failed before the page was opened is no news when it is changed or taken back", async () => {
  put(2, { state: "failed", status: "EXIT", ended: ago(1), reported_at: ago(0) });
  server.drop(2);
  await turn();
  expect(ids()).toEqual([1]);
  put(2, { state: "failed", status: "EXIT", ended: ago(1) });
  await turn();
  expect(ids()).toEqual([1, 2]);
  expect(told).toEqual([]);
});

test("a new attempt that fails as the first did is news", async () => {
  put(2, { state: "failed", status: "EXIT", ended: ago(0), attempt: 2 });
  await turn();
  expect(told).toHaveLength(1);
});

test("what failed while the line was down is news when it is back", async () => {
  server.cut();
  put(1, { state: "failed", status: "EXIT", ended: ago(0) });
  await vi.advanceTimersByTimeAsync(5000);
  expect(told.flat().map((row) => row.id)).toEqual([1]);
});

test("another store is loaded from its beginning, and nothing of it is news", async () => {
  stored = [];
  server.epoch = "e2";
  put(7, { state: "failed", status: "EXIT", ended: ago(0) });
  told = [];
  server.cut();
  await vi.advanceTimersByTimeAsync(5000);
  expect(ids()).toEqual([7]);
  expect(told).toEqual([]);
});

test("a job is forgotten a day after its end, and one that runs is not", async () => {
  put(3, { state: "done", status: "DONE", ended: ago(25) });
  put(4, { state: "running", status: "RUN", ended: null, started: ago(100) });
  await turn();
  expect(ids()).toEqual([1, 2, 4]);
});

test("jobs are loaded as soon as somebody answers", async () => {
  jobs.close();
  server.down = true;
  const late = new RecentJobs(server, "mine", () => wanted, { changed: () => undefined });
  late.start();
  await turn();
  expect(late.loading).toBe(true);
  server.down = false;
  await vi.advanceTimersByTimeAsync(5000);
  expect(late.loading).toBe(false);
  late.close();
});

test("an experiment that is wanted while others are being loaded is loaded after them", async () => {
  server.held = true;
  jobs.load();
  wanted = ["xppi0915", "cxi001"];
  server.held = false;
  while (server.step());
  await turn();
  expect(jobs.covers("cxi001")).toBe(true);
  expect(server.asked("/experiments/cxi001/jobs")).toHaveLength(2);
});

test("a reader that was closed leaves the line, which ends with the last one", () => {
  jobs.close();
  expect(feedOf(server).connection.state).toBe("closed");
  expect(server.open).toEqual([]);
});
