import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { FakeBoard } from "../../__tests__/fake_board";
import { FakeShell } from "../../__tests__/fake_shell";
import { EXPERIMENT } from "../../__tests__/sample_rows";
import { ApiError } from "../../../sources/api";
import { choices, remember } from "../experiments";
import { askNew, distance, drawUnknown, near } from "../new_experiment";

const row = (name: string, active = false): typeof EXPERIMENT => ({ ...EXPERIMENT, name, active });

describe("the list of experiments", () => {
  it("has the active ones first, then those open last, then the others, then a new one", () => {
    const board = new FakeBoard();
    board.preferences.set("experiments.recent", ["mfxc00118", "cxilw1019"]);
    const all = [row("aaa"), row("cxilw1019"), row("mfxc00118"), row("xppi0915", true)];
    const items = choices(board, all, () => {}, () => {});
    expect(items.map((item) => [item.group, item.label])).toEqual([
      ["Active", "xppi0915"], ["Recent", "mfxc00118"], ["Recent", "cxilw1019"], ["Others", "aaa"], ["", "New experiment…"],
    ]);
    expect(items[0]!.on).toBe(true);
  });

  it("remembers each experiment once, the newest first", () => {
    const board = new FakeBoard();
    board.preferences.set("experiments.recent", ["a", "xppi0915", "b"]);
    remember(board);
    expect(board.preferences.get("experiments.recent")).toEqual(["xppi0915", "a", "b"]);
  });
});

describe("a name that is none", () => {
  it("is answered with the near ones", () => {
    expect(near("xppi0951", ["cxilw1019", "xppi0915", "xppx4921"])[0]).toBe("xppi0915");
    expect(near("zzz", ["xppi0915"])).toEqual([]);
  });

  it("can be opened by a near one or created", () => {
    const board = Object.assign(new FakeBoard(), { name: "xppi0951" });
    const box = document.createElement("div");
    const open = vi.fn();
    const create = vi.fn();
    drawUnknown(box, board, ["xppi0915"], open, create);
    const [first, last] = box.querySelectorAll("button");
    first!.click();
    last!.click();
    expect(open).toHaveBeenCalledWith("xppi0915");
    expect(create).toHaveBeenCalledWith("xppi0951");
    expect(last!.textContent).toBe("Create xppi0951…");
  });
});

describe("the distance of two names", () => {
  it("is a metric", () => {
    const name = fc.string({ maxLength: 8 });
    fc.assert(fc.property(name, name, name, (a, b, c) => {
      expect(distance(a, b)).toBe(distance(b, a));
      expect(distance(a, b) === 0).toBe(a === b);
      expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c));
    }));
  });
});

describe("a new experiment", () => {
  it("is asked for again in the server's words until it takes it", async () => {
    const board = new FakeBoard();
    const shell = new FakeShell(board);
    const open = vi.fn();
    let refuse = true;
    board.answers.createExperiment = (name) =>
      refuse ? Promise.reject(new ApiError(422, "InvalidValue", "'12' cannot be an experiment's name")) : Promise.resolve(row(name));
    askNew(shell, "12", open);
    const { el } = shell.dialogs[0]!;
    const submit = (): boolean => el.querySelector("form")!.dispatchEvent(new Event("submit", { cancelable: true }));
    submit();
    await vi.waitFor(() => expect(el.querySelector("[role=alert]")!.textContent).toBe("'12' cannot be an experiment's name"));
    expect(el.querySelector("input")!.getAttribute("aria-invalid")).toBe("true");
    refuse = false;
    el.querySelector("input")!.value = "xppx4921";
    submit();
    await vi.waitFor(() => expect(open).toHaveBeenCalledWith("xppx4921"));
    expect(shell.dialogs[0]!.closed).toBe(true);
  });
});
