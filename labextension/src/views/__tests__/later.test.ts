import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { el } from "../../dom";
import { fetchAtRest, Later, Place } from "../later";
import type { Mounted, Toast } from "../shell";
import { FakeBoard } from "./fake_board";

interface Code {
  word: string;
}
let loads: { come(): void; fail(why: string): void }[];
let box: HTMLElement;

/** Code that comes when the test says so. */
const later = (): Later<Code> => new Later("The drawer", () => new Promise((come, fail) => {
  loads.push({ come: () => come({ word: "code" }), fail: (why) => fail(new Error(why)) });
}));
const settled = (): Promise<void> => new Promise((done) => setTimeout(done));
const button = (): HTMLButtonElement => box.querySelector("button")!;

beforeEach(() => {
  loads = [];
  box = el("div");
  document.body.append(box);
});
afterEach(() => {
  box.remove();
  vi.useRealTimers();
});

describe("code that comes later", () => {
  it("is fetched once for all who ask, and is then there at once", async () => {
    const part = later();
    const both = [part.fetch(), part.fetch()];
    expect(part.now).toBeNull();
    loads[0]!.come();
    expect(await Promise.all(both)).toEqual([{ word: "code" }, { word: "code" }]);
    expect(loads).toHaveLength(1);
    expect(part.now).toEqual({ word: "code" });
  });

  it("is fetched again when somebody asks after it failed", async () => {
    const part = later();
    const first = part.fetch();
    loads[0]!.fail("offline");
    await expect(first).rejects.toThrow("offline");
    void part.fetch();
    expect(loads).toHaveLength(2);
  });

  it("comes one after the other while the page rests, whichever fails", async () => {
    vi.useFakeTimers();
    fetchAtRest([later(), later()]);
    expect(loads).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(loads).toHaveLength(1);
    loads[0]!.fail("offline");
    await vi.advanceTimersByTimeAsync(0);
    expect(loads).toHaveLength(2);
  });

  it("is left where it is by a page that was closed", async () => {
    vi.useFakeTimers();
    fetchAtRest([later()])();
    await vi.advanceTimersByTimeAsync(5000);
    expect(loads).toHaveLength(0);
  });
});

describe("a press that needs code", () => {
  const shell = (): { board: FakeBoard; toasts: Toast[]; holds: Set<() => void>; toast(toast: Toast): void; hold(giveUp: () => void): () => void } => {
    const toasts: Toast[] = [];
    const holds = new Set<() => void>();
    return {
      board: new FakeBoard(), toasts, holds, toast: (toast) => void toasts.push(toast),
      hold: (giveUp) => (holds.add(giveUp), () => void holds.delete(giveUp)),
    };
  };

  it("holds the keys of the page until it acts, or failed, and not at all where the code is there", async () => {
    const [part, on] = [later(), shell()];
    part.use(on, () => expect(on.holds.size).toBe(0));
    expect(on.holds.size).toBe(1);
    loads[0]!.fail("offline");
    await settled();
    expect(on.holds.size).toBe(0);
    part.use(on, () => expect(on.holds.size).toBe(0));
    loads[1]!.come();
    await settled();
    part.use(on, () => expect(on.holds.size).toBe(0));
    expect.assertions(4);
  });

  it("does nothing once it was given up", async () => {
    const [part, did, on] = [later(), vi.fn(), shell()];
    part.use(on, did);
    for (const giveUp of on.holds) giveUp();
    loads[0]!.come();
    await settled();
    expect(did).not.toHaveBeenCalled();
  });

  it("acts once when pressed twice, as the last press says", async () => {
    const [part, did, on] = [later(), vi.fn<(word: string) => void>(), shell()];
    part.use(on, ({ word }) => did(`${word} 1`));
    part.use(on, ({ word }) => did(`${word} 2`));
    loads[0]!.come();
    await settled();
    expect(did.mock.calls).toEqual([["code 2"]]);
    part.use(on, ({ word }) => did(`${word} 3`));
    expect(did).toHaveBeenLastCalledWith("code 3");
  });

  it("does nothing once another experiment is shown", async () => {
    const [part, did, on] = [later(), vi.fn(), shell()];
    part.use(on, did);
    on.board = new FakeBoard();
    loads[0]!.come();
    await settled();
    expect(did).not.toHaveBeenCalled();
  });

  it("says in words that it failed, and does it on Try again", async () => {
    const [part, did, on] = [later(), vi.fn(), shell()];
    part.use(on, did);
    loads[0]!.fail("Failed to fetch");
    await settled();
    expect(on.toasts).toMatchObject([{ kind: "bad", title: "The drawer could not be loaded", said: "Failed to fetch" }]);
    on.toasts[0]!.actions![0]!.do();
    loads[1]!.come();
    await settled();
    expect(did).toHaveBeenCalledOnce();
  });
});

describe("a place for a view", () => {
  const view = (): Mounted & { resize: ReturnType<typeof vi.fn<() => void>>; destroy: ReturnType<typeof vi.fn<() => void>> } => ({ resize: vi.fn<() => void>(), destroy: vi.fn<() => void>() });
  const drawn = vi.fn((_: Code) => {
    box.append(el("input"));
    return view();
  });
  beforeEach(() => drawn.mockClear());

  it("draws at once what is there", async () => {
    const part = later();
    void part.fetch();
    loads[0]!.come();
    await settled();
    const place = new Place(box, part, drawn);
    expect(place.view).not.toBeNull();
    expect(place.focus()).toBe(false);
  });

  it("says that it is coming, then draws it once, at the size there is", async () => {
    const part = later();
    const place = new Place(box, part, drawn);
    expect(box.querySelector("[role=status]")!.textContent).toBe("Loading …");
    place.resize();
    loads[0]!.come();
    await settled();
    expect(box.querySelector("[role=status]")).toBeNull();
    expect(drawn).toHaveBeenCalledOnce();
    expect(place.view!.resize).toHaveBeenCalledOnce();
    place.destroy();
    expect(place.view!.destroy).toHaveBeenCalledOnce();
  });

  it("draws nothing after it was taken down", async () => {
    const place = new Place(box, later(), drawn);
    place.destroy();
    loads[0]!.come();
    await settled();
    expect(drawn).not.toHaveBeenCalled();
    expect(box.childNodes).toHaveLength(0);
  });

  it("says why it did not come, and tries again, with the focus still there", async () => {
    const place = new Place(box, later(), drawn);
    loads[0]!.fail("Failed to fetch");
    await settled();
    expect(box.querySelector("[role=alert]")!.textContent).toContain("The drawer could not be loaded");
    expect(box.textContent).toContain("Failed to fetch");
    button().focus();
    button().click();
    expect(box.querySelector("[role=alert]")).toBeNull();
    expect(box.contains(document.activeElement)).toBe(true);
    loads[1]!.come();
    await settled();
    expect(place.view).not.toBeNull();
  });

  it("tells whether the focus waited for the view", async () => {
    const heard = vi.fn();
    const place = new Place(box, later(), drawn, heard);
    expect(place.focus()).toBe(true);
    loads[0]!.come();
    await settled();
    expect(heard).toHaveBeenCalledExactlyOnceWith(true);
  });

  it("leaves the focus to whoever went elsewhere meanwhile", async () => {
    const elsewhere = document.body.appendChild(el("button"));
    new Place(box, later(), (code) => {
      const made = drawn(code);
      box.querySelector("input")!.focus();
      return made;
    });
    elsewhere.focus();
    loads[0]!.come();
    await settled();
    expect(document.activeElement).toBe(elsewhere);
    elsewhere.remove();
  });
});
