/** What the page of jobs says of autorun: why a run has no job, runs that are left out, runs' parameters. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { STOP } from "../autorun/__tests__/entries";
import { AUTORUN } from "../parts";
import { FakeBoard } from "./fake_board";
import { board, button, cell, key, open, press, root, rows, setUp, settle, settled, shell, takeDown } from "./jobs_stage";
import { run } from "./sample_rows";

beforeEach(async () => {
  await AUTORUN.fetch(); // as the page does while it rests
  await setUp();
});
afterEach(takeDown);

const row = (number: number): HTMLElement => [...root.querySelectorAll<HTMLElement>(".slick-row")].find((one) => one.querySelector(".c-run b")?.textContent === String(number))!;
const ended = { started_at: "2026-11-22T08:00:00+00:00", ended_at: "2026-11-22T08:30:00+00:00" };
const out = { ...ended, excluded_at: STOP.at, excluded_by: "bob", excluded_why: "shutter <b>closed</b>" };
const menu = (number: number): (typeof shell.menus)[0]["items"] => {
  press(row(number).querySelector("[data-act=apply]"));
  return shell.menus.at(-1)!.items;
};

describe("a run without jobs", () => {
  it("leads to why, by its button and by y", () => {
    open();
    press(row(2908).querySelector("[data-act=ledger]"));
    key(row(2908).querySelector<HTMLElement>(".c-hash, [aria-colspan]")!, "y");
    expect(shell.ledgers).toEqual([{ run: 2908 }, { run: 2908 }]);
  });

  it("that is being recorded is asked nothing, but says that nothing will run while all is stopped", () => {
    open();
    expect(row(2914).querySelector("[data-act=ledger]")).toBeNull();
    board.setStopped(STOP);
    settle();
    expect(row(2914).textContent).toContain("Autorun is stopped: nothing will run when it ends.");
  });

  it("says by whom it was left out of autorun, and why, as text", () => {
    open();
    board.addRun(run(2908, out));
    settle();
    expect(rows().find((one) => one.startsWith("2908"))).toContain("No jobs. Left out of autorun by bob: “shutter <b>closed</b>”.");
  });
});

describe("a run with jobs", () => {
  it("that is left out is marked by shape and word", () => {
    open();
    board.addRun(run(2913, out));
    settle();
    const mark = row(2913).querySelector<HTMLElement>(".arp-leftout")!;
    expect(mark.querySelector("svg")).not.toBeNull();
    expect([mark.title, mark.textContent]).toEqual(Array(2).fill("Left out of autorun by bob: “shutter <b>closed</b>”."));
  });

  it("leads to what autorun decided, from its menu and by y on any of its jobs", () => {
    open();
    menu(2913).find(({ label }) => label === "What autorun decided…")!.do("");
    key(cell(240, "status"), "y");
    expect(shell.ledgers).toEqual([{ run: 2913 }, { run: 2913 }]);
  });

  it("is left out of autorun from its menu, with a reason, and taken back in", async () => {
    open();
    board.addresses.set("POST /experiments/xppi0915/runs/2913:exclude", () => run(2913, out));
    board.addresses.set("POST /experiments/xppi0915/runs/2913:include", () => run(2913, ended));
    shell.ask = (question) => {
      (question.body as HTMLElement).querySelector("input")!.value = "shutter closed";
      return Promise.resolve(true);
    };
    menu(2913).find(({ label }) => label === "Leave run 2913 out…")!.do("");
    await settled();
    board.addRun(run(2913, out));
    settle();
    menu(2913).find(({ label }) => label === "Take run 2913 back in")!.do("");
    await settled();
    expect(board.asked("json").map(([, path, body]) => [path, body])).toEqual([
      ["/experiments/xppi0915/runs/2913:exclude", { why: "shutter closed" }], ["/experiments/xppi0915/runs/2913:include", {}],
    ]);
  });
});

describe("runs' parameters and types", () => {
  it("are columns for whoever wants them, as text, also where a run has no jobs", async () => {
    open(new FakeBoard(undefined, [run(2913, { ...ended, type: "DATA", parameters: { beam: 0.5, "<i>x": { a: 1 } } }), run(2908, { ...ended, parameters: { beam: 0.2 } })]));
    press(button("Columns"));
    for (const name of ["beam", "<i>x"]) [...root.querySelectorAll(".arp-pop label")].find((one) => one.textContent === name)!.querySelector("input")!.click();
    [...root.querySelectorAll(".arp-pop label")].find((one) => one.textContent === "Run type")!.querySelector("input")!.click();
    await settled();
    const texts = [...cell(240, "status").closest(".slick-row")!.querySelectorAll(".slick-cell")].map((one) => one.textContent);
    expect(texts).toEqual(expect.arrayContaining(["0.5", '{"a":1}', "DATA"]));
    expect(rows().find((one) => one.startsWith("2908"))).toBe("2908 No jobs. beam: 0.2");
    expect(board.kept.get("jobs")).toMatchObject({ counters: ["param:beam", "param:<i>x"] });
    expect(board.promoted).toEqual([]); // the manager knows nothing of them
  });
});
