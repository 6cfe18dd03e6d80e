/** Both sources with a side to speak to: what the contract suite needs of each. */

import { vi } from "vitest";

import type { TableSource } from "../../grid/types";
import { CommSource } from "../comm_source";
import { ServerSource } from "../server_source";
import { FakeKernel } from "./fake_kernel";
import { FakeServer } from "./fake_server";
import { Recorder } from "./recorder";

export interface World {
  source: TableSource;
  table: Recorder;
  /** First row id, which the other side counts on from. */
  first: number;
  put(id: number, hash: string): void;
  drop(id: number): void;
  truth(): Record<number, string>;
  /** Messages wait from now on until they are let go, or come by themselves. */
  hold(held: boolean): void;
  /** Let one waiting message arrive: of the `which`-th way of those there are. */
  step(which: number): boolean;
  /** The next message about a change is lost. False if none was on its way. */
  lose(): boolean;
  /** The other side begins anew with other rows. */
  replace(): void;
  /** Whether anything of the source still listens or asks. */
  busy(): boolean;
  /** How many long texts of rows the other side gave, or was asked for. */
  wideAsked(): number[];
}

export function serverWorld(count: number): World {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  const server = new FakeServer(ids);
  const table = new Recorder();
  const source = new ServerSource(server, "xppi0915", {
    revision: (id) => {
      const row = table.store.rowOf(id);
      return table.store.alive(row) ? Number(table.store.value("revision", row)) : undefined;
    },
  });
  return {
    source, table, first: 1,
    put: (id, hash) => server.put(id, hash),
    drop: (id) => server.drop(id),
    truth: () => server.truth(),
    hold: (held) => {
      server.held = held;
    },
    step: (which) => (which % 2 ? server.step() : (server.open[0]?.step() ?? false)),
    lose: () => {
      const { waiting } = server.open[0]!;
      const at = waiting.findIndex((one) => "subscription" in one && one.subscription === "xppi0915" && "upserts" in one);
      return at >= 0 && waiting.splice(at, 1).length > 0;
    },
    replace: () => server.replace(ids.slice(0, 3)),
    busy: () => server.open.length > 0,
    wideAsked: () =>
      server.asked("/experiments/xppi0915/jobs/window").flatMap(({ path }) => path.split("ids=")[1]!.split(",").map(Number)),
  };
}

export function commWorld(count: number): World {
  const kernel = new FakeKernel(count);
  const table = new Recorder();
  return {
    source: new CommSource(kernel), table, first: 0,
    put: (id, hash) => {
      kernel.put(id, hash);
      kernel.flush();
    },
    drop: (id) => {
      kernel.drop(id);
      kernel.flush();
    },
    truth: () => kernel.truth(),
    hold: (held) => {
      kernel.held = held;
    },
    step: () => kernel.step(),
    lose: () => {
      const at = kernel.waiting.findIndex(({ content }) => "delta" in content);
      return at >= 0 && kernel.waiting.splice(at, 1).length > 0;
    },
    replace: () => {
      for (const id of Object.keys(kernel.truth())) kernel.put(Number(id), "new");
      kernel.anew();
    },
    busy: () => kernel.listeners.size > 0,
    wideAsked: () => kernel.asked.filter(({ type }) => type === "view").flatMap(({ ids }) => ids ?? []),
  };
}

/** Let everything arrive that is on its way, and the timers run. */
export async function settle(world: World): Promise<void> {
  world.hold(false);
  for (let quiet = 0; quiet < 4; quiet++) {
    while (world.step(0) || world.step(1)) quiet = 0;
    await vi.advanceTimersByTimeAsync(300);
  }
}
