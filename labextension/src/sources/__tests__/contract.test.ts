/** What every source of a table promises: one suite, held to both. */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { commWorld, serverWorld, settle, type World } from "./worlds";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe.each([
  ["server", serverWorld],
  ["comm", commWorld],
] as const)("the %s source", (name, made) => {
  async function started(count: number): Promise<World> {
    const world = made(count);
    world.source.start(world.table);
    await settle(world);
    return world;
  }

  test("gives the first rows before the rest, and then all of them", async () => {
    const world = made(11);
    world.source.start(world.table);
    await vi.advanceTimersByTimeAsync(0);
    expect(Object.keys(world.table.rows())).toHaveLength(4);
    await settle(world);
    expect(world.table.rows()).toEqual(world.truth());
    expect(world.table.heads).toBe(1);
    expect(world.table.state).toBe("live");
  });

  test("tells of an empty table", async () => {
    const world = await started(0);
    expect(world.table.heads).toBe(1);
    expect(world.table.rows()).toEqual({});
  });

  test("tells changes, new rows and removals", async () => {
    const world = await started(6);
    world.put(world.first + 2, "changed");
    world.put(world.first + 6, "added");
    world.drop(world.first + 1);
    await settle(world);
    expect(world.table.rows()).toEqual(world.truth());
    expect(Object.values(world.truth())).toContain("added");
    expect(world.table.heads).toBe(1);
  });

  test("loses no change that is made while the rows are on their way", async () => {
    const world = made(9);
    world.hold(true);
    world.source.start(world.table);
    await vi.advanceTimersByTimeAsync(0);
    world.put(world.first, "early");
    world.put(world.first + 8, "early");
    world.drop(world.first + 3);
    await settle(world);
    expect(world.table.rows()).toEqual(world.truth());
  });

  test("notices that a change was lost, and asks for it", async () => {
    const world = await started(6);
    world.hold(true);
    world.put(world.first, "lost");
    await vi.advanceTimersByTimeAsync(50);
    expect(world.lose()).toBe(true);
    world.put(world.first + 1, "seen");
    await settle(world);
    expect(world.table.rows()).toEqual(world.truth());
    expect(world.table.rows()[world.first]).toBe("lost");
  });

  test("begins anew when the other side did", async () => {
    const world = await started(6);
    world.replace();
    await vi.advanceTimersByTimeAsync(20_000);
    await settle(world);
    expect(world.table.heads).toBe(2);
    expect(world.table.rows()).toEqual(world.truth());
  });

  test("asks for long texts of the rows in view, and gives no others", async () => {
    const world = await started(6);
    expect(world.wideAsked()).toEqual([]);
    world.source.view([world.first + 1, world.first + 2]);
    await settle(world);
    expect([...world.table.wides.keys()]).toEqual([world.first + 1, world.first + 2]);
    expect(new Set(world.wideAsked())).toEqual(new Set([world.first + 1, world.first + 2]));
  });

  test("an edit that is refused leaves the value, and says why in words", async () => {
    const world = await started(3);
    const before = world.table.rows();
    const answer = world.source.edit({ id: world.first, column: "hash", value: "bad", version: 1 });
    await settle(world);
    const said = await answer;
    expect(said.ok).toBe(false);
    expect("message" in said && said.message).toMatch(/^[A-Z].*\.$/);
    expect(world.table.rows()).toEqual(before);
  });

  test("removed rows vanish", async () => {
    const world = await started(6);
    const answer = world.source.remove([[world.first + 1, world.first + 3]]);
    await settle(world);
    expect((await answer).ok).toBe(true);
    expect(Object.keys(world.table.rows())).toHaveLength(3);
    expect(world.table.rows()).toEqual(world.truth());
  });

  test("finds rows by their long texts", async () => {
    const world = await started(6);
    const found = world.source.search(`h${world.first + 2}`);
    await settle(world);
    expect([...(await found)]).toEqual([world.first + 2]);
  });

  test("gives at most 30 deltas a second, and the latest of each row", async () => {
    const world = await started(3);
    const from = Date.now();
    for (let i = 0; i < 300; i++) {
      world.put(world.first + (i % 3), `v${i}`);
      await vi.advanceTimersByTimeAsync(10);
    }
    await settle(world);
    const { deltas } = world.table;
    expect(deltas.length).toBeLessThanOrEqual(95);
    expect(deltas.length).toBeGreaterThan(60);
    const gaps = deltas.slice(1).map(({ at_ms }, i) => at_ms - deltas[i]!.at_ms);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(33);
    expect(deltas[0]!.at_ms - from).toBeLessThanOrEqual(1);
    expect(world.table.rows()).toEqual(world.truth());
  });

  test("once closed, it neither hears nor tells nor asks", async () => {
    const world = await started(11);
    world.put(world.first, "last words");
    world.put(world.first, "after them");
    world.source.close();
    const { deltas, connections } = world.table;
    const told = [deltas.length, connections.length];
    world.put(world.first, "unheard");
    await settle(world);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(world.busy()).toBe(false);
    expect([deltas.length, connections.length]).toEqual(told);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends with the other side's rows, however chunks and changes interleave", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("put" as const), id: fc.nat(14), hash: fc.string({ maxLength: 3 }) }),
      fc.record({ do: fc.constant("drop" as const), id: fc.nat(11) }),
      fc.record({ do: fc.constant("arrive" as const), which: fc.nat(3) }),
      fc.record({ do: fc.constant("wait" as const), ms: fc.nat(60) }),
      fc.record({ do: fc.constant("lose" as const) }),
      fc.record({ do: fc.constant("resync" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const world = made(12);
        world.hold(true);
        world.source.start(world.table);
        let next = world.first + 12;
        for (const one of steps) {
          if (one.do === "put") world.put(one.id < 12 ? world.first + one.id : next++, one.hash);
          if (one.do === "drop") world.drop(world.first + one.id);
          if (one.do === "arrive") world.step(one.which);
          if (one.do === "lose" && world.busy()) world.lose();
          if (one.do === "resync") world.source.resync();
          await vi.advanceTimersByTimeAsync(one.do === "wait" ? one.ms : 0);
        }
        await settle(world);
        // a loss is noticed by the message after it
        world.put(next, "the last but one");
        world.put(next, "the last");
        await settle(world);
        expect(world.table.rows()).toEqual(world.truth());
        world.source.close();
      }),
      { numRuns: 200 },
    );
  });
});
