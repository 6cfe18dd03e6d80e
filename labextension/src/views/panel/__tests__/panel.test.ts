import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { JobRow } from "../../../model/rows";
import { EXPERIMENT, HEALTH, job, JOBS, NOW } from "../../__tests__/sample_rows";
import { drawPanel } from "../../panel";
import type { Mounted } from "../../shell";
import type { PanelHost, PanelSource, Words } from "../data";

/** English as it is written. */
const plainly: Words = {
  __: (text, ...parts) => text.replace(/%(\d)/g, (all, at: string) => String(parts[Number(at) - 1] ?? all)),
};

class Source implements PanelSource {
  experiments = [EXPERIMENT, { ...EXPERIMENT, id: 7, name: "old", active: false }];
  experiment = EXPERIMENT.name;
  everyone = false;
  loading = false;
  health: PanelSource["health"] = HEALTH;
  autorun: PanelSource["autorun"] = { stopped: null, sources: [] };
  connection: PanelSource["connection"] = { state: "live", since: NOW, why: "", attempt: 0, next: null };
  listeners = new Set<() => void>();
  jobs: JobRow[] = JOBS.filter((one) => one.user === "alice");
  left_s = (): number => 240;
  choose = vi.fn();
  showEveryone = vi.fn((on: boolean) => {
    this.everyone = on;
    this.tell();
  });
  on(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
  tell(): void {
    for (const listener of this.listeners) listener();
    vi.advanceTimersByTime(20);
  }
  put(row: JobRow): void {
    this.jobs = [...this.jobs.filter((one) => one.id !== row.id), row];
    this.tell();
  }
}

let source: Source;
let root: HTMLElement;
let panel: Mounted;
let kill: ReturnType<typeof vi.fn<PanelHost["kill"]>>;
let host: PanelHost;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  source = new Source();
  kill = vi.fn(async (id: number) => ({ id, ok: true, message: "Job is being terminated" }));
  host = { trans: plainly, openPage: vi.fn(), openJob: vi.fn(), kill };
  root = document.body.appendChild(document.createElement("div"));
  panel = drawPanel(root, source, host);
});
afterEach(() => {
  panel.destroy();
  document.body.replaceChildren();
  vi.useRealTimers();
});

const all = (selector: string): HTMLElement[] => [...root.querySelectorAll<HTMLElement>(selector)];
const tiles = (): Record<string, string> =>
  Object.fromEntries(all(".arp-count").map((one) => [one.querySelector("span")!.textContent!, one.querySelector("b")!.textContent!]));
const named = (name: string): HTMLElement => all("button").find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name)!;
const item = (id: number): HTMLElement => root.querySelector(`[data-job="${id}"]`)!;

test("who stopped all autorun, when and why, leads to the control page", () => {
  const line = root.querySelector<HTMLElement>(".arp-pstop")!;
  expect(line.hidden).toBe(true);
  source.autorun = { stopped: { by: "bob", at: "2026-11-22T13:40:00+00:00", said: "moving the <b>detector</b>" }, sources: [] };
  source.tell();
  expect(line.textContent).toMatch(/^bob stopped all autorun at \d\d:40\. “moving the <b>detector<\/b>”$/);
  line.click();
  expect(host.openPage).toHaveBeenCalledExactlyOnceWith(EXPERIMENT.name);
});

describe("counts", () => {
  test("count each job once, by the word that is shown", () => {
    expect(tiles()).toMatchObject({ RUN: "1", PEND: "2", EXIT: "1", Unknown: "1", DONE: "6" });
  });

  test("follow the health: what nobody answers for is unknown", () => {
    source.health = { client: { ok: false, since: HEALTH.client.since }, schedulers: {} };
    source.tell();
    expect(tiles()).toMatchObject({ RUN: "0", PEND: "0", Unknown: "4", DONE: "6" });
    expect(root.querySelector(".arp-pill")!.textContent).toBe("client down");
  });

  test("are dots while nothing is loaded", () => {
    source.loading = true;
    source.jobs = [];
    source.tell();
    expect(new Set(Object.values(tiles()))).toEqual(new Set(["…"]));
    expect(root.querySelector(".arp-pempty")!.textContent).toBe("Loading …");
  });

  test("name a scheduler that is slow as people call it", () => {
    source.jobs = [job(1, 1, "smd", { state: "starting", status: "Local_Slow", location: "local", native_id: null })];
    source.tell();
    expect(tiles()).toMatchObject({ Local_Slow: "1" });
    source.jobs = [];
    source.health = { ...HEALTH, schedulers: { slurm: { ok: true, since: HEALTH.client.since, said: "", answer_s: null } } };
    source.tell();
    expect(tiles()).toMatchObject({ Slurm_Slow: "0" });
  });

  test("pressed, list the jobs of that status only, and pressed again all sections", () => {
    const done = all(".arp-count")[6]!;
    done.click();
    expect(done.getAttribute("aria-pressed")).toBe("true");
    expect(all(".arp-sect").map((one) => one.textContent)).toContain("DONE6");
    done.click();
    expect(all(".arp-list").map((one) => one.getAttribute("aria-label"))).toEqual(["Alerts", "My running jobs", "Waiting"]);
  });

  test("leave out a job that was withdrawn", () => {
    source.jobs = [job(1, 1, "smd", { state: "withdrawn", status: "Withdrawn", native_id: null })];
    source.tell();
    expect(new Set(Object.values(tiles()))).toEqual(new Set(["0"]));
  });
});

describe("lists", () => {
  test("say of a failure why, and open its log", () => {
    expect(item(229).textContent).toContain("TERM_MEMLIMIT: 8.2 of 8 GB");
    named("Log of 2911 smd").click();
    expect(host.openJob).toHaveBeenCalledWith("xppi0915", 229, "log");
  });

  test("say of a running job how far it is and when it will be done", () => {
    Object.defineProperty(root, "offsetParent", { value: document.body });
    const said = (): string => item(240).querySelector("[role=progressbar]")!.getAttribute("aria-valuetext")!;
    expect(said()).toBe("61 %, 4 min left");
    vi.advanceTimersByTime(120_000);
    expect(said()).toBe("61 %, 2 min left");
    vi.advanceTimersByTime(300_000);
    expect(said()).toBe("61 %, no estimate");
  });

  test("let only the time go on while nothing changes", () => {
    Object.defineProperty(root, "offsetParent", { value: document.body });
    const button = item(240).querySelector("button")!;
    const before = item(240).querySelector(".arp-ptime")!.textContent;
    vi.advanceTimersByTime(3000);
    expect(item(240).querySelector(".arp-ptime")!.textContent).not.toBe(before);
    expect(item(240).querySelector("button")).toBe(button);
  });

  test("keep the focus on a job's button while the job changes", () => {
    named("Log of 2913 smd").focus();
    source.put({ ...JOBS.find((one) => one.id === 240)!, revision: 1000, report: { counters: { Events: { value: 90000, max: 98400 } } } });
    expect(document.activeElement).toBe(named("Log of 2913 smd"));
    expect(item(240).textContent).toContain("91 %");
  });

  test("show text of jobs as text, with what it hides made visible", () => {
    source.put(job(999, 3000, "<img src=x onerror=1>", { state: "failed", status: "EXIT", reason: "<b>\u202eevil</b>" }));
    expect(item(999).querySelector("img, b b")).toBeNull();
    expect(item(999).textContent).toContain("<img src=x onerror=1>");
    expect(item(999).textContent).toContain("\\u202e");
  });

  test("stop at fifty jobs, and say how many more there are", () => {
    source.jobs = Array.from({ length: 120 }, (_, index) => job(index + 1, index, "smd", { state: "failed", status: "EXIT" }));
    source.tell();
    expect(all(".arp-item")).toHaveLength(50);
    expect(root.textContent).toContain("70 more are on the control page.");
    expect(item(120)).toBe(all(".arp-item")[0]);
  });

  test("say that there is nothing, in words", () => {
    source.jobs = [];
    source.tell();
    expect(root.querySelector(".arp-pempty")!.textContent).toContain("nothing failed");
  });
});

describe("kill", () => {
  test("asks first, by the name that the list has, with the focus on keeping it", () => {
    named("Kill 2913 smd").click();
    expect(item(240).textContent).toContain("Kill 2913 smd?");
    expect(kill).not.toHaveBeenCalled();
    expect(document.activeElement!.textContent).toBe("Keep");
    (document.activeElement as HTMLElement).click();
    expect(kill).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(named("Kill 2913 smd"));
  });

  test("forgets the question after five seconds", () => {
    named("Kill 2913 smd").click();
    vi.advanceTimersByTime(5001);
    expect(named("Keep")).toBeUndefined();
  });

  test("says the scheduler's own words where it refuses", async () => {
    kill.mockResolvedValue({ id: 240, ok: false, message: "User permission denied" });
    named("Kill 2913 smd").click();
    named("Kill").click();
    await vi.waitFor(() => expect(item(240).textContent).toContain("User permission denied"));
  });

  test("says so where the answer does not name the job", async () => {
    kill.mockResolvedValue(undefined);
    named("Kill 2913 smd").click();
    named("Kill").click();
    await vi.waitFor(() => expect(item(240).textContent).toContain("did not say what became of it"));
  });

  test("says so where nobody answers", async () => {
    kill.mockRejectedValue(new Error("The Jupyter server cannot be reached."));
    named("Kill 2913 smd").click();
    named("Kill").click();
    await vi.waitFor(() => expect(item(240).textContent).toContain("cannot be reached"));
  });
});

describe("choices", () => {
  test("offer active experiments first, and tell which was chosen", () => {
    expect(all("optgroup").map((one) => (one as HTMLOptGroupElement).label)).toEqual(["Active", "Not active"]);
    const picker = root.querySelector("select")!;
    expect(picker.value).toBe("xppi0915");
    picker.value = "old";
    picker.dispatchEvent(new Event("change"));
    expect(source.choose).toHaveBeenCalledWith("old");
  });

  test("show everyone's jobs and keep the focus on the switch", () => {
    named("All users").focus();
    named("All users").click();
    expect(source.everyone).toBe(true);
    expect(document.activeElement!.getAttribute("aria-pressed")).toBe("true");
    expect(root.textContent).toContain("All jobs, last 24 hours");
  });

  test("open the page of the experiment shown", () => {
    root.querySelector<HTMLElement>(".arp-pfoot button")!.click();
    expect(host.openPage).toHaveBeenCalledWith("xppi0915");
  });
});

test("a panel that was taken down listens to nothing", () => {
  panel.destroy();
  expect(source.listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
