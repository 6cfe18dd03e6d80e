import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { WideRow } from "../../model/rows";
import { definition, EXPERIMENT } from "../../views/__tests__/sample_rows";
import { ApiError } from "../api";
import type { BoardChange } from "../board";
import { LiveBoard } from "../live_board";
import { FakeServer } from "./fake_server";

const ROOT = "/experiments/xppi0915";
let server: FakeServer;
let board: LiveBoard;
let changes: BoardChange[];

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  server = new FakeServer([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  server.answers.set(`GET ${ROOT}`, () => EXPERIMENT);
  server.answers.set(`GET ${ROOT}/definitions`, () => ({ definitions: [definition(12, "smd", { revision: 20 })] }));
  server.answers.set(`GET ${ROOT}/runs`, () => ({ runs: [run(1, 10), run(2, 11)] }));
  server.answers.set("GET /preferences/page", () => ({ value: { mine: true } }));
  server.answers.set("PUT /preferences/page", () => ({}));
  changes = [];
});
afterEach(() => {
  board.close();
  vi.advanceTimersByTime(200); // a picture that was already asked for
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const run = (number: number, revision: number) =>
  ({ id: number, experiment_id: 915, run: number, started_at: null, ended_at: null, parameters: {}, revision });

async function opened(): Promise<void> {
  board = new LiveBoard(server, "xppi0915");
  board.on((change) => changes.push(change));
  await vi.advanceTimersByTimeAsync(1_000);
}

/** A message of the change feed that is about something else than jobs. */
function tell(upserts: object, deleted: object = {}): void {
  const from = server.revision++;
  server.open[0]!.waiting.push({
    subscription: "xppi0915", epoch: server.epoch, from, to: server.revision, more: false,
    upserts, deleted: { definitions: [], jobs: [], ...deleted },
  });
  server.open[0]!.step();
}

test("a board has everything of its experiment, and says so", async () => {
  await opened();
  expect(board.jobs.live).toBe(9);
  expect([board.complete, board.total, board.connection.state]).toEqual([true, 9, "live"]);
  expect([...board.runs.keys()]).toEqual([1, 2]);
  expect(board.definitions.get(12)?.name).toBe("smd");
  expect(board.experiment?.instrument).toBe("XPP");
  expect(board.status?.user).toBe("alice");
  expect(board.health?.client.ok).toBe(true);
  expect(changes.some(({ runs, definitions, experiment }) => runs && definitions && experiment)).toBe(true);
});

test("the number of jobs is known before they all are here", async () => {
  server.held = true;
  board = new LiveBoard(server, "xppi0915");
  while (server.step()) await Promise.resolve();
  for (let i = 0; i < 5 && !board.total; i++) {
    server.step();
    await vi.advanceTimersByTimeAsync(0);
  }
  expect([board.total, board.jobs.live, board.complete]).toEqual([9, 4, false]);
});

test("changes are told at most once a frame, and say which cells", async () => {
  await opened();
  changes = [];
  server.put(3, "changed");
  server.put(4, "changed");
  await vi.advanceTimersByTimeAsync(200);
  expect(changes.filter(({ jobs }) => jobs)).toHaveLength(2); // at once, and after the gap of 33 ms
  expect(changes[0]?.jobs?.columns).toContain("hash");
  expect(changes[0]?.jobs?.columns).toContain("report");
  expect(board.jobs.text("hash", board.jobs.rowOf(4))).toBe("changed");
});

test("a page in the background hears of changes as well", async () => {
  vi.stubGlobal("requestAnimationFrame", () => 0);
  await opened();
  changes = [];
  server.put(3, "changed");
  await vi.advanceTimersByTimeAsync(200);
  expect(changes.length).toBeGreaterThan(0);
  vi.unstubAllGlobals();
});

test("the total follows what comes and goes", async () => {
  await opened();
  server.put(10, "new");
  server.drop(1);
  server.drop(2);
  await vi.advanceTimersByTimeAsync(200);
  expect([board.total, board.jobs.live]).toEqual([8, 8]);
});

test("runs and definitions change and go; what is older than known is void", async () => {
  await opened();
  tell({ runs: [run(3, 200)], definitions: [definition(12, "smd", { version: 2, revision: 201 }), definition(13, "cube", { revision: 202 })] });
  tell({ definitions: [definition(12, "smd", { version: 1, revision: 150 })] });
  await vi.advanceTimersByTimeAsync(200);
  expect([board.runs.size, board.definitions.get(12)?.version, board.definitions.size]).toEqual([3, 2, 2]);
  server.revision = 300;
  board["source"].resync(); // so that it knows of 300
  await vi.advanceTimersByTimeAsync(1_000);
  tell({}, { definitions: [12] });
  expect(board.definitions.size).toBe(0);
});

test("changes that come before definitions and runs were read are not lost", async () => {
  server.answers.set(`GET ${ROOT}/runs`, () => {
    if (server.asked(`${ROOT}/runs`).length < 3) throw new ApiError(502, "ManagerError", "The batch manager is restarting.");
    return { runs: [run(1, 10)] };
  });
  board = new LiveBoard(server, "xppi0915");
  await vi.advanceTimersByTimeAsync(100);
  expect(board.connection).toMatchObject({ state: "reconnecting", why: "The batch manager is restarting." });
  tell({ runs: [run(7, 400)] });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([...board.runs.keys()]).toEqual([1, 7]);
  expect(board.connection.state).toBe("live");
});

test("an experiment that is not there is said in the server's words", async () => {
  server.bytes = () => Promise.reject(new ApiError(404, "NotFound", "There is no experiment 'xppi0915'. Did you mean xppi0916?"));
  await opened();
  expect(board.connection).toMatchObject({ state: "down", why: "There is no experiment 'xppi0915'. Did you mean xppi0916?" });
});

test("what was refused is asked again at once by who wants it", async () => {
  const answer = server.answers.get(`GET ${ROOT}`)!;
  server.answers.set(`GET ${ROOT}`, () => {
    throw new ApiError(403, "Forbidden", "You may not look at xppi0915.");
  });
  await opened();
  expect(board.connection).toMatchObject({ state: "down", next: null });
  server.answers.set(`GET ${ROOT}`, answer);
  board.retry();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([board.connection.state, board.experiment?.name]).toEqual(["live", "xppi0915"]);
});

test("rows that could not be read are asked for at once by who wants them", async () => {
  server.answers.set(`GET ${ROOT}/runs`, () => {
    throw new ApiError(503, "Busy", "The store is busy.");
  });
  await opened();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(board.connection.state).toBe("reconnecting");
  server.answers.set(`GET ${ROOT}/runs`, () => ({ runs: [] }));
  board.retry();
  await vi.advanceTimersByTimeAsync(100);
  expect(board.connection.state).toBe("live");
});

test("what a request answers is on the page at once, not when the feed tells it", async () => {
  await opened();
  server.open[0]!.news = () => undefined; // the feed is slow
  server.answers.set(`POST ${ROOT}/jobs:apply`, () =>
    ({ jobs: [server.put(20, "smd")], skipped: [], understood: "1", repeated: false, warnings: [] }));
  server.answers.set(`PATCH ${ROOT}/definitions/12`, () => definition(12, "smd", { version: 2, revision: 500 }));
  await board.apply({ definition: "smd", runs: "1" });
  expect(board.jobs.text("hash", board.jobs.rowOf(20))).toBe("smd");
  await board.changeDefinition(12, 1, { parameters: "-n 2" });
  expect(board.definitions.get(12)?.version).toBe(2);
  expect(server.requests.at(-1)).toMatchObject({ ifMatch: '"v1"', body: { parameters: "-n 2" } });
});

test("applying again after a lost answer makes nothing twice", async () => {
  await opened();
  let calls = 0;
  server.answers.set(`POST ${ROOT}/jobs:apply`, () => {
    if (!calls++) throw new ApiError(0, "Unreachable", "The Jupyter server cannot be reached.");
    return { jobs: [], skipped: [], understood: "1", repeated: true, warnings: [] };
  });
  await board.apply({ definition: "smd", runs: [1] });
  const keys = server.asked(`${ROOT}/jobs:apply`).map(({ body }) => (body as { idempotency_key: string }).idempotency_key);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
});

test("what was refused is not asked twice", async () => {
  await opened();
  server.answers.set(`POST ${ROOT}/jobs:apply`, () => {
    throw new ApiError(422, "InvalidValue", "'5-1' runs backwards.");
  });
  await expect(board.apply({ definition: "smd", runs: "5-1" })).rejects.toThrow("'5-1' runs backwards.");
  expect(server.asked(`${ROOT}/jobs:apply`)).toHaveLength(1);
});

test("another one's edit is on the page when the conflict is told", async () => {
  await opened();
  const theirs = definition(12, "smd", { version: 5, parameters: "theirs", revision: 600 });
  server.answers.set(`PATCH ${ROOT}/definitions/12`, () => {
    throw new ApiError(409, "EditConflict", "bob changed smd.", { theirs });
  });
  await expect(board.changeDefinition(12, 1, { parameters: "mine" })).rejects.toMatchObject({ more: { theirs } });
  expect(board.definitions.get(12)?.parameters).toBe("theirs");
});

test("more ids than one request may hold are several requests", async () => {
  await opened();
  server.answers.set("POST /jobs:kill", ({ body }) =>
    ({ results: (body as { ids: number[] }).ids.map((id) => ({ id, ok: true, message: "" })) }));
  const outcomes = await board.kill(Array.from({ length: 25_000 }, (_, i) => i));
  expect(outcomes).toHaveLength(25_000);
  expect(server.asked("/jobs:kill").map(({ body }) => (body as { ids: number[] }).ids.length)).toEqual([10_000, 10_000, 5_000]);
});

test("reports are fetched for the jobs in view; of a job that reports the newest is shown at once, and its sparkline soon", async () => {
  await opened();
  expect(board.wide(3)).toBeUndefined();
  board.view([3, 4]);
  await vi.advanceTimersByTimeAsync(0);
  expect(board.wide(3)?.spark).toEqual([1, 2]);
  server.put(3, "smd", { report: { counters: { Events: 7 } }, reported_at: "2026-11-22T14:00:00+00:00" });
  await vi.advanceTimersByTimeAsync(0);
  expect(board.wide(3)).toMatchObject({ report: { counters: { Events: 7 } }, spark: [1, 2] });
  for (let i = 0; i < 40; i++) {
    server.put(3, "smd", { report: { counters: { Events: i } } });
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(server.asked(`${ROOT}/jobs/window`).length).toBeLessThanOrEqual(4);
  await vi.advanceTimersByTimeAsync(5_000);
  expect((board.wide(3) as WideRow).report).toEqual({ counters: { Events: 39 } });
});

test("where reports are long, those that one answer leaves out are asked for again", async () => {
  await opened();
  server.perWindow = 1;
  board.view([1, 2, 3]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([1, 2, 3].map((id) => board.wide(id)?.spark)).toEqual([[1, 2], [1, 2], [1, 2]]);
  expect(server.asked(`${ROOT}/jobs/window`)).toHaveLength(3);
});

test("no more than 2,000 reports are kept, and those in view always", async () => {
  await opened();
  board.view([1]);
  await vi.advanceTimersByTimeAsync(0);
  server.held = true;
  for (let id = 100; id < 2_200; id++) board["source"].wide.learn(server.put(id, "smd"));
  expect(board.wide(1)).toBeDefined();
  expect(board.wide(100)).toBeUndefined();
  expect(board.wide(2_199)).toBeDefined();
});

test("a counter becomes a column, of all jobs and of what comes", async () => {
  await opened();
  board.promote(["Events"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(board.promoted).toEqual(["counter:Events"]);
  server.put(3, "smd", { report: { counters: { Events: { value: 12, unit: "k" } } } });
  server.put(4, "smd", { report: { counters: { Events: "twelve" } } });
  await vi.advanceTimersByTimeAsync(200);
  const value = (id: number) => board.jobs.value("counter:Events", board.jobs.rowOf(id));
  expect([value(3), value(4), value(5)]).toEqual([12, null, null]);
  const asked = server.requests.length;
  board.promote(["counter:Events"]);
  expect(server.requests.length).toBe(asked);
});

test("a restarted manager with the same store costs no new table", async () => {
  await opened();
  const { version } = board.jobs;
  server.cut();
  await vi.advanceTimersByTimeAsync(2_000);
  expect([board.connection.state, board.jobs.version]).toEqual(["live", version]);
});

test("another store in its place is loaded anew, with all that belongs to it", async () => {
  await opened();
  board.view([1]);
  await vi.advanceTimersByTimeAsync(500);
  server.answers.set(`GET ${ROOT}/definitions`, () => ({ definitions: [] }));
  server.replace([2]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([board.jobs.live, board.definitions.size, board.jobs.text("hash", 0)]).toEqual([1, 0, "new2"]);
});

test("a closed board tells nothing", async () => {
  await opened();
  changes = [];
  server.put(1, "unheard");
  board.close();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([changes.length, board.connection.state, server.open.length]).toEqual([0, "closed", 0]);
});

test("two boards of one page share one line", async () => {
  await opened();
  const other = new LiveBoard(server, "xppi0915");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.lines).toHaveLength(1);
  server.put(1, "for both");
  await vi.advanceTimersByTimeAsync(200);
  expect([board, other].map(({ jobs }) => jobs.text("hash", jobs.rowOf(1)))).toEqual(["for both", "for both"]);
  other.close();
});

test("lines of the ledger are told as they come, those between two pictures together", async () => {
  await opened();
  changes.length = 0;
  tell({ ledger: [{ id: 1, run: 12 }] });
  tell({ ledger: [{ id: 2, run: 12 }] });
  await vi.advanceTimersByTimeAsync(200);
  expect(changes.flatMap(({ ledger }) => (ledger ?? []).map(({ id }) => id))).toEqual([1, 2]);
});

test("who stopped autorun is known at once, and when it changes", async () => {
  await opened();
  expect(board.autorunNow).toMatchObject({ stopped: null });
  server.open[0]!.waiting.push({
    subscription: "system", epoch: server.epoch, from: 1, to: 1, more: false, deleted: { definitions: [], jobs: [] },
    upserts: { autorun: { stopped: { by: "bob", at: "2026-11-22T13:40:00+00:00", said: "moving the detector" }, sources: [] } },
  });
  changes.length = 0;
  server.open[0]!.step();
  await vi.advanceTimersByTimeAsync(200);
  expect(board.autorunNow?.stopped?.by).toBe("bob");
  expect(changes.at(-1)).toMatchObject({ health: true });
});
