import { beforeEach, expect, test } from "vitest";

import { AutorunRequests } from "../autorun_requests";
import { FakeServer } from "./fake_server";

const ROOT = "/experiments/xpp%20i";
let server: FakeServer;
let autorun: AutorunRequests;

beforeEach(() => {
  server = new FakeServer();
  autorun = new AutorunRequests({ api: server, name: "xpp i" });
});

/** What one request was, whatever is answered. */
async function asked(act: () => Promise<unknown>, address: string, answer: unknown = {}): Promise<readonly [path: string, body: unknown]> {
  server.answers.set(address, () => answer);
  await act();
  const { path, body } = server.requests.at(-1)!;
  return [path, body];
}

test("the ledger is asked for by what a reader wants to know", async () => {
  expect(await asked(() => autorun.ledger({ run: 12, hash: "a&b", complete: true }), `GET ${ROOT}/autorun/ledger`))
    .toEqual([`${ROOT}/autorun/ledger?run=12&hash=a%26b&complete=true`, undefined]);
});

test("a backtest is of a definition as it is, as if edited, or of a draft", async () => {
  const at = `POST ${ROOT}/autorun:backtest`;
  expect((await asked(() => autorun.backtest("smd", {}, 50), at))[1]).toEqual({ hash: "smd", last: 50 });
  expect((await asked(() => autorun.backtest("smd", { predicate: "beam > 1" }, 50), at))[1]).toEqual({ hash: "smd", definition: { predicate: "beam > 1" }, last: 50 });
  expect((await asked(() => autorun.backtest("", { trigger: "AFTER" }, 9), at))[1]).toEqual({ definition: { trigger: "AFTER" }, last: 9 });
});

test("lines that wait are run or skipped by their ids", async () => {
  const [, body] = await asked(() => autorun.missed([4, 5], "run"), `POST ${ROOT}/autorun:missed`, { entries: [] });
  expect(body).toEqual({ ids: [4, 5], do: "run" });
});

test("all autorun is stopped and goes on for the manager, not for one experiment", async () => {
  expect(await asked(() => autorun.stop("moving"), "POST /autorun:stop")).toEqual(["/autorun:stop", { said: "moving" }]);
  expect(await asked(() => autorun.resume("skip"), "POST /autorun:resume")).toEqual(["/autorun:resume", { missed: "skip" }]);
});

test("a definition is paused, goes on, and is compared with what was consented to", async () => {
  expect(await asked(() => autorun.pause(7, "why"), `POST ${ROOT}/definitions/7:pause`)).toEqual([`${ROOT}/definitions/7:pause`, { said: "why" }]);
  expect(await asked(() => autorun.unpause(7, "run"), `POST ${ROOT}/definitions/7:resume`)).toEqual([`${ROOT}/definitions/7:resume`, { missed: "run" }]);
  expect((await asked(() => autorun.consent(7), `GET ${ROOT}/definitions/7/consent`))[0]).toBe(`${ROOT}/definitions/7/consent`);
});

test("a run is taken out with a reason, and back in", async () => {
  expect(await asked(() => autorun.exclude(12, "shutter"), `POST ${ROOT}/runs/12:exclude`)).toEqual([`${ROOT}/runs/12:exclude`, { why: "shutter" }]);
  expect((await asked(() => autorun.include(12), `POST ${ROOT}/runs/12:include`))[0]).toBe(`${ROOT}/runs/12:include`);
});

test("a predicate is checked, and the standing is read", async () => {
  expect((await asked(() => autorun.check("beam > "), `POST ${ROOT}/autorun:check`))[1]).toEqual({ predicate: "beam > " });
  expect((await asked(() => autorun.standing(), `GET ${ROOT}/autorun`))[0]).toBe(`${ROOT}/autorun`);
});
