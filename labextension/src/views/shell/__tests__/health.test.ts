import { describe, expect, it, vi } from "vitest";
import { FakeBoard } from "../../__tests__/fake_board";
import { HEALTH, NOW, STATUS, at } from "../../__tests__/sample_rows";
import { Banner, warning } from "../banner";
import { kept } from "../../job_shares";
import { health } from "../health";

const NONE = new Set<string>();
const clientDown = { ...HEALTH, client: { ok: false, since: at("14:02:00") } };
const lsfDown = { ...HEALTH, schedulers: { lsf: { ok: false, since: at("14:02:00"), said: "LSF is down. Please wait ...", answer_s: null } } };
const acts = { copy: () => {}, kept: vi.fn(), retry: vi.fn(), resume: vi.fn(), left: vi.fn() };
const board = (change: Partial<FakeBoard> = {}): FakeBoard => Object.assign(new FakeBoard(), change);

describe("the connection pill", () => {
  it("names the scheduler and how fast it answers while all is well", () => {
    expect(health(board(), NOW)).toMatchObject({ mood: "ok", word: "LSF ok", text: "0.4 s" });
  });

  it("shows the worst of three", () => {
    const lost = { ...board().connection, state: "reconnecting", attempt: 3, next: NOW + 8000, since: NOW } as const;
    expect(health(board({ connection: lost }), NOW)).toMatchObject({ mood: "busy", word: "Reconnecting", text: "try 3, next in 8 s" });
    expect(health(board({ connection: lost, health: lsfDown }), NOW)).toMatchObject({ mood: "down", word: "LSF does not answer" });
    expect(health(board({ health: clientDown }), NOW)).toMatchObject({ mood: "down", word: "Batch client down" });
  });

  it("does not guess how the scheduler is while the batch client is silent", () => {
    const parts = health(board({ health: clientDown }), NOW).parts;
    expect(parts.map((part) => part.word)).toEqual(["ok", "down", "not known"]);
  });

  it("does not guess how anybody is while it hears nothing", () => {
    const lost = { ...board().connection, state: "reconnecting", attempt: 3, next: NOW + 8000, since: NOW } as const;
    expect(health(board({ connection: lost, asOf: NOW }), NOW).parts.map((part) => [part.name, part.word])).toEqual([
      ["Live updates", "reconnecting"], ["Batch client", "not known"], ["LSF", "not known"],
    ]);
  });

  it("counts the requests that wait for the batch client", () => {
    expect(kept(board().jobs)).toBe(2);
  });
});

describe("the banner", () => {
  it("says nothing while all is well", () => {
    expect(warning(board(), NONE, NOW)).toBeNull();
  });

  it("says who is silent, since when, and what is kept", () => {
    const said = warning(board({ health: clientDown }), NONE, NOW)!;
    expect(said.down).toBe(true);
    expect(said.bold).toMatch(/^The batch client on psanaphi110 has not answered since /);
    expect(said.text).toMatch(/New requests are kept and sent when it is back; 2 are kept now\.$/);
  });

  it("waits three seconds before it mentions a lost line", () => {
    const lost = { ...board().connection, state: "reconnecting", since: NOW, attempt: 1, next: null } as const;
    expect(warning(board({ connection: lost }), NONE, NOW + 2999)).toBeNull();
    const said = warning(board({ connection: lost, asOf: NOW }), NONE, NOW + 43_000)!;
    expect(said.bold).toMatch(/^Live updates lost at /);
    expect(said.down).toBe(false);
    expect(said.age).toBe(" The table is 43 s old.");
  });

  it("repeats the scheduler's own words", () => {
    expect(warning(board({ health: lsfDown }), NONE, NOW)!.text).toContain("LSF is down. Please wait ...");
  });

  it("gives the machine's words to be copied as they are, and shows what they hide", () => {
    const said = "down \u202eesaelp tiaw";
    const silent = board({ health: { ...HEALTH, schedulers: { lsf: { ok: false, since: at("14:02:00"), said, answer_s: null } } } });
    const copied: string[] = [];
    const banner = new Banner(() => silent, { ...acts, copy: (text) => copied.push(text) });
    banner.draw();
    expect(banner.el.textContent).toContain("down \\u202eesaelp");
    banner.el.querySelector<HTMLElement>("button")!.click();
    expect(copied).toEqual([said]);
    expect(health(silent, NOW).parts.at(-1)!.text).toContain("\\u202e");
  });

  it("shows what is kept on a press, and offers nothing where nothing is kept", () => {
    const buttons = (banner: Banner): string[] => [...banner.el.querySelectorAll("button")].map((one) => one.textContent!);
    const banner = new Banner(() => board({ health: clientDown }), acts);
    banner.draw();
    expect(buttons(banner)).toEqual(["Show the 2 kept"]);
    banner.el.querySelector("button")!.click();
    expect(acts.kept).toHaveBeenCalledOnce();
    const none = new Banner(() => Object.assign(new FakeBoard([]), { health: clientDown }), acts);
    none.draw();
    expect(buttons(none)).toEqual([]);
  });

  it("connects at once on a press while the line is lost, and leaves the focus to the page when it is back", () => {
    const lost = board({ connection: { state: "reconnecting", since: Date.now() - 5000, why: "", attempt: 3, next: Date.now() + 9000 } });
    const banner = new Banner(() => lost, acts);
    document.body.append(banner.el);
    banner.draw();
    const button = banner.el.querySelector("button")!;
    expect(button.textContent).toBe("Try now");
    button.focus();
    button.click();
    expect(acts.retry).toHaveBeenCalledOnce();
    banner.draw();
    expect(document.activeElement).toBe(button);
    lost.setConnection({ state: "live" });
    banner.draw();
    expect(acts.left).toHaveBeenCalledOnce();
    banner.el.remove();
  });

  it("keeps the focus while it says the same of other numbers, and leaves it to the page when it says something else", () => {
    const down = board({ health: clientDown });
    const banner = new Banner(() => down, acts);
    document.body.append(banner.el);
    banner.draw();
    banner.el.querySelector("button")!.focus();
    const [row] = [...down.rows.values()].filter(({ state }) => state === "requested" || state === "leased");
    void down.remove([row!.id]);
    banner.draw();
    expect(document.activeElement!.textContent).toBe("Show the 1 kept");
    acts.left.mockClear();
    Object.assign(down, { health: HEALTH, status: { ...STATUS, notices: ["first"] } });
    banner.draw();
    expect(banner.el.textContent).toContain("first");
    expect(acts.left).toHaveBeenCalledOnce();
    banner.el.remove();
  });

  it("offers no new connection to a board that was closed", () => {
    const closed = board({ connection: { state: "closed", since: NOW, why: "", attempt: 0, next: null } });
    expect(warning(closed, NONE, NOW)).toMatchObject({ down: true });
    expect(warning(closed, NONE, NOW)!.retry).toBeFalsy();
  });

  it("shows one notice after the other as they are put away", () => {
    const noticed = board({ status: { ...STATUS, notices: ["first", "second"] } });
    expect(warning(noticed, NONE, NOW)).toMatchObject({ down: false, text: "first" });
    expect(warning(noticed, new Set(["first"]), NOW)!.text).toBe("second");
    expect(warning(noticed, new Set(["first", "second"]), NOW)).toBeNull();
  });
});
