import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { ChangeMessage } from "../../model/rows";
import { ApiError } from "../api";
import { type Feed, feedOf, type Follower } from "../feed";
import { backOff_ms, paced } from "../pace";
import { FakeServer } from "./fake_server";

let server: FakeServer;
let feed: Feed;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer([1, 2, 3]);
  feed = feedOf(server);
});
afterEach(() => {
  for (const leave of leaving.splice(0)) leave();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const leaving: (() => void)[] = [];

class Reader implements Follower {
  readonly subject = "xppi0915";
  readonly messages: ChangeMessage[] = [];
  readonly refusals: ApiError[] = [];
  constructor(public known: number | null) {}
  since(): { since: number; epoch: string } | null {
    return this.known === null ? null : { since: this.known, epoch: "e1" };
  }
  message(message: ChangeMessage): void {
    this.messages.push(message);
    this.known = message.to;
  }
  refused(error: ApiError): void {
    this.refusals.push(error);
  }
}

async function follow(reader: Follower): Promise<() => void> {
  const leave = feed.follow(reader);
  leaving.push(leave);
  await vi.advanceTimersByTimeAsync(0);
  return leave;
}

const subscriptions = (): number[] =>
  server.lines.flatMap(({ sent }) => sent).flatMap(({ subscribe, since }) => (subscribe === "xppi0915" ? since! : []));

test("a line begins with the status, and tells health and changes", async () => {
  const reader = new Reader(server.revision);
  await follow(reader);
  expect(feed.connection.state).toBe("live");
  expect(feed.status?.epoch).toBe("e1");
  expect(feed.health?.client.ok).toBe(true);
  server.put(2, "smd");
  await vi.advanceTimersByTimeAsync(0);
  expect(reader.messages.at(-1)?.upserts.jobs?.map(({ hash }) => hash)).toEqual(["smd"]);
});

test("whoever is not ready is not subscribed, until it asks to be", async () => {
  const reader = new Reader(null);
  await follow(reader);
  expect(subscriptions()).toEqual([]);
  reader.known = 101;
  feed.renew(reader);
  expect(subscriptions()).toEqual([101]);
});

test("of two followers of a subject the one that knows less decides where it begins", async () => {
  const first = new Reader(103);
  await follow(first);
  await follow(new Reader(101));
  expect(subscriptions()).toEqual([103, 101]);
  server.put(1, "smd");
  await vi.advanceTimersByTimeAsync(0);
  expect(first.messages.at(-1)?.to).toBe(server.revision);
});

test("after a break it goes on from what is known, and nothing is lost", async () => {
  const reader = new Reader(server.revision);
  await follow(reader);
  server.cut();
  expect(feed.connection).toMatchObject({ state: "reconnecting", attempt: 1, why: "The batch manager ended; connect again." });
  server.put(3, "meanwhile");
  await vi.advanceTimersByTimeAsync(500);
  expect(feed.connection).toMatchObject({ state: "live", attempt: 0, why: "" });
  expect(reader.messages.at(-1)?.upserts.jobs?.map(({ hash }) => hash)).toEqual(["meanwhile"]);
});

test("while nobody answers it tries again, later each time, and says why and since when", async () => {
  const reader = new Reader(server.revision);
  await follow(reader);
  server.down = true;
  const from = Date.now();
  server.cut();
  await vi.advanceTimersByTimeAsync(60_000);
  const { connection } = feed;
  expect(connection).toMatchObject({ state: "reconnecting", since: from, why: "The Jupyter server cannot be reached." });
  expect(connection.attempt).toBeGreaterThan(7);
  expect(connection.attempt).toBeLessThan(16);
  expect(connection.next! - Date.now()).toBeLessThanOrEqual(15_000);
  server.down = false;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(feed.connection.state).toBe("live");
});

test("a network that is back is tried at once", async () => {
  await follow(new Reader(server.revision));
  server.down = true;
  server.cut();
  await vi.advanceTimersByTimeAsync(30_000);
  server.down = false;
  dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(0);
  expect(feed.connection.state).toBe("live");
});

test("who asks for it is connected at once, and sees that it is being tried", async () => {
  await follow(new Reader(server.revision));
  server.down = true;
  server.cut();
  await vi.advanceTimersByTimeAsync(60_000);
  const { attempt, since } = feed.connection;
  feed.retry();
  expect(feed.connection).toMatchObject({ state: "reconnecting", since, attempt, next: null });
  await vi.advanceTimersByTimeAsync(0);
  expect(feed.connection.next).not.toBeNull();
  server.down = false;
  feed.retry();
  await vi.advanceTimersByTimeAsync(0);
  expect(feed.connection.state).toBe("live");
});

test("a manager of another version is not spoken to, and it is said who must upgrade", async () => {
  server.apiVersion = 2;
  await follow(new Reader(server.revision));
  expect(feed.connection.state).toBe("down");
  expect(feed.connection.why).toMatch(/version 2 .* version 1.*Load the page again/);
  expect(server.lines).toHaveLength(0);
  server.apiVersion = 1;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(feed.connection.state).toBe("live");
});

test("a refusal is down, and in the server's words", async () => {
  server.answers.set("GET /status", () => {
    throw new ApiError(403, "Forbidden", "Only processes of the account may use its socket.");
  });
  await follow(new Reader(server.revision));
  expect(feed.connection).toMatchObject({ state: "down", why: "Only processes of the account may use its socket." });
});

test("whoever was away too long, or knows another store, is told to load anew", async () => {
  const reader = new Reader(100);
  server.oldest = 102;
  await follow(reader);
  expect(reader.refusals.map(({ kind }) => kind)).toEqual(["Gone"]);
});

test("after sleep the line is asked whether it is alive, and given up if it is silent", async () => {
  await follow(new Reader(server.revision));
  const [line] = server.lines;
  line!.send = () => undefined; // half open: nothing arrives any more
  vi.setSystemTime(Date.now() + 3_600_000);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(feed.connection.state).toBe("live");
  await vi.advanceTimersByTimeAsync(10_600);
  expect(server.lines).toHaveLength(2);
  expect(feed.connection.state).toBe("live");
  expect(line!.alive).toBe(false);
});

test("a line that answers after sleep is kept", async () => {
  await follow(new Reader(server.revision));
  vi.setSystemTime(Date.now() + 3_600_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.lines).toHaveLength(1);
});

test("a silent page asks once a minute beside the line, without counting as activity", async () => {
  await follow(new Reader(server.revision));
  await vi.advanceTimersByTimeAsync(300_000);
  const asked = server.requests.map(({ path }) => path);
  expect(asked.filter((path) => path === "/status?no_track_activity=1").length).toBeLessThanOrEqual(5);
  expect(server.lines[0]!.sent.filter(({ subscribe }) => subscribe === "system")).toHaveLength(1);
  server.down = true;
  await vi.advanceTimersByTimeAsync(90_000);
  expect(feed.connection.state).toBe("reconnecting");
});

test("a change that the line did not tell makes it suspect", async () => {
  await follow(new Reader(server.revision));
  const [line] = server.lines;
  line!.news = () => undefined;
  line!.send = () => undefined;
  server.put(1, "untold");
  await vi.advanceTimersByTimeAsync(100_000);
  expect(server.lines).toHaveLength(2);
});

test("the last follower that leaves closes the line, and another one opens it again", async () => {
  const leave = await follow(new Reader(server.revision));
  const second = await follow(new Reader(server.revision));
  leave();
  expect(server.open).toHaveLength(1);
  second();
  expect(server.open).toHaveLength(0);
  expect(feed.connection.state).toBe("closed");
  await follow(new Reader(server.revision));
  expect(feed.connection.state).toBe("live");
});

test("so many subjects that a line may not hold them begin a new line", async () => {
  for (let i = 0; i < 60; i++) {
    const leave = await follow({ subject: `exp${i}`, since: () => ({ since: 100, epoch: "e1" }) });
    if (i) leave();
  }
  expect(Math.max(...server.lines.map(({ sent }) => new Set(sent.map(({ subscribe }) => subscribe)).size))).toBeLessThan(64);
  expect(server.open).toHaveLength(1);
});

test("attempts are between 0.25 and 15 s apart, whatever the count", () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, noNaN: true }), (n, random) => {
      const wait = backOff_ms(n, () => random);
      return wait >= 250 && wait <= 15_000;
    }),
  );
});

test("what is paced happens at once, then with gaps, and a clock set back does not stop it", () => {
  const at: number[] = [];
  const go = paced(() => at.push(Date.now()), 100);
  const from = Date.now();
  go();
  go();
  vi.setSystemTime(from - 3_600_000);
  vi.advanceTimersByTime(100);
  go();
  vi.advanceTimersByTime(100);
  expect(at).toHaveLength(3);
});
