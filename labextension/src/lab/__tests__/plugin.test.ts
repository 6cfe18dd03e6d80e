import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { ExperimentRow, JobRow } from "../../model/rows";
import { FakeServer } from "../../sources/__tests__/fake_server";
import { EXPERIMENT } from "../../views/__tests__/sample_rows";
import plugin from "../index";
import { FakeApp, FakeSettings, ILauncher, IStatusBar, notifications, nullTranslator, type Widget } from "./fake_lab";

vi.mock("../../sources/http_api", () => ({ HttpApi: class { constructor() { return server; } } }));

const EXPERIMENTS: ExperimentRow[] = [
  { ...EXPERIMENT, id: 915, name: "xppi0915" },
  { ...EXPERIMENT, id: 917, name: "cxi001" },
  { ...EXPERIMENT, id: 999, name: "over", active: false },
];

let server: FakeServer;
let app: FakeApp;
let settings: FakeSettings;
let kept: Map<string, unknown>;
let stored: JobRow[];
let restored: { add: ReturnType<typeof vi.fn>; restore: ReturnType<typeof vi.fn> };

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T14:00:00Z") });
  notifications.clear();
  server = new FakeServer();
  server.bytes = () => new Promise(() => undefined); // the pages' own tests have tables
  stored = [];
  server.answers.set("GET /experiments", () => ({ experiments: EXPERIMENTS }));
  for (const row of EXPERIMENTS) {
    server.answers.set(`GET /experiments/${row.name}`, () => row);
    server.answers.set(`GET /experiments/${row.name}/jobs`, () => ({ epoch: server.epoch, revision: server.revision, jobs: stored }));
  }
  put(1, { state: "running", status: "RUN", ended: null });
  put(2, { state: "failed", status: "EXIT", ended: "2026-11-22T13:00:00Z" });
  app = new FakeApp();
  settings = new FakeSettings();
  kept = new Map();
  restored = { add: vi.fn(), restore: vi.fn(async () => undefined) };
});
afterEach(() => {
  for (const { widget } of app.added) widget.dispose();
  document.body.replaceChildren();
  delete document.body.dataset["voila"];
  vi.useRealTimers();
});

function put(id: number, changes: Partial<JobRow>): void {
  const row = server.put(id, "smd", changes);
  stored = [...stored.filter((one) => one.id !== id), row];
}

async function start(lab = true, translator: unknown = null): Promise<void> {
  const state = { fetch: async (id: string) => kept.get(id), save: async (id: string, value: unknown) => void kept.set(id, value) };
  const services = [translator, lab ? {} : null, lab ? restored : null, null, { load: async () => settings }, state] as never[];
  void plugin.activate(app as never, ...services);
  await settle();
}
const settle = (ms = 300): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const panel = (): HTMLElement => document.querySelector(".arp-panel")!;
const picker = (): HTMLSelectElement => panel().querySelector("select")!;
const tabs = (): (Widget & { content: Widget & { experiment: string } })[] => app.in("main") as never;

test("the panel stands in the side bar, with the newest active experiment and my jobs in it", async () => {
  await start();
  expect(app.in("left").map((one) => one.id)).toEqual(["arp-nb-panel"]);
  expect(picker().value).toBe("cxi001");
  picker().value = "xppi0915";
  picker().dispatchEvent(new Event("change"));
  await settle();
  expect(panel().textContent).toContain("1 smd");
  expect(panel().textContent).toContain("2 smd");
});

test("panel and pages are given to the restorer before Lab has started", () => {
  void start();
  expect(restored.add).toHaveBeenCalledWith(app.in("left")[0], "arp-nb-panel");
  expect(restored.restore).toHaveBeenCalledWith(expect.anything(), expect.objectContaining({ command: "arp:open" }));
});

test("the experiment of the settings comes before that looked at last, and that before the newest", async () => {
  kept.set("arp-nb:experiment", "xppi0915");
  await start();
  expect(picker().value).toBe("xppi0915");
  for (const { widget } of app.added) widget.dispose();
  settings.set({ experiment: "over" });
  await start();
  expect(picker().value).toBe("over");
});

test("an experiment that is no more is passed over", async () => {
  kept.set("arp-nb:experiment", "gone");
  await start();
  expect(picker().value).toBe("cxi001");
});

test("a control page opens in a tab, and is shown again rather than opened twice", async () => {
  await start();
  app.run("arp:open", { experiment: "xppi0915" });
  app.run("arp:open", { experiment: "xppi0915", page: "defs" });
  app.run("arp:open", { experiment: "cxi001" });
  expect(tabs().map((one) => one.content.experiment)).toEqual(["xppi0915", "cxi001"]);
  expect(app.activated).toEqual([tabs()[0]!.id, tabs()[0]!.id, tabs()[1]!.id]);
  expect(tabs()[0]!.node.querySelector("[role=tab][aria-selected=true]")!.textContent).toContain("Batch defs");
});

test("a command without an experiment means the panel's, and nonsense of a saved layout is passed over", async () => {
  await start();
  app.run("arp:open", { experiment: 7, page: "x", job: "y" });
  expect(tabs().map((one) => one.content.experiment)).toEqual(["cxi001"]);
});

test("a page that was closed is taken down, with its line", async () => {
  await start();
  app.run("arp:open", { experiment: "xppi0915" });
  await settle();
  const [tab] = tabs();
  tab!.content.dispose();
  tab!.dispose();
  await settle();
  expect(document.querySelector("[role=tab]")).toBeNull();
});

test("the experiment that is looked at is kept, and shown in the panel", async () => {
  await start();
  app.run("arp:open", { experiment: "xppi0915" });
  await settle();
  expect(kept.get("arp-nb:experiment")).toBe("xppi0915");
  expect(picker().value).toBe("xppi0915");
});

test("where there are no tabs, pages open in windows by their address", async () => {
  const open = vi.spyOn(window, "open").mockReturnValue(null);
  await start(false);
  panel().querySelector<HTMLElement>(".arp-pfoot button")!.click();
  expect(open).toHaveBeenLastCalledWith("/user/me/arp/page?experiment=cxi001", "_blank", "noopener");
  app.run("arp:open", { experiment: "a&b", job: 7 });
  expect(open).toHaveBeenLastCalledWith("/user/me/arp/page?experiment=a%26b&job=7", "_blank", "noopener");
  expect(tabs()).toEqual([]);
});

test("a job of mine that fails is told, and one that had failed before is not", async () => {
  await start();
  await settle(5000);
  expect(notifications.size).toBe(0);
  put(1, { state: "failed", status: "EXIT", ended: "2026-11-22T14:00:04Z", reason: "exit code 3" });
  await settle(5000);
  expect([...notifications.values()].map((one) => one.message)).toEqual(["Run 1, smd failed: exit code 3"]);
});

test("the settings turn notifications off while Lab runs", async () => {
  await start();
  settings.set({ notify: "off" });
  put(1, { state: "failed", status: "EXIT", ended: "2026-11-22T14:00:04Z" });
  await settle(5000);
  expect(notifications.size).toBe(0);
});

test("the status bar counts my jobs, opens the panel, and goes when the settings say so", async () => {
  const dispose = vi.fn();
  const registerStatusItem = vi.fn((_id: string, item: { item: Widget }) => {
    document.body.append(item.item.node);
    return { dispose };
  });
  app.services.set(IStatusBar, { registerStatusItem });
  await start();
  const button = document.querySelector<HTMLElement>(".arp-statusitem button")!;
  expect(button.textContent).toBe("11");
  expect(button.getAttribute("aria-label")).toBe("Batch jobs of mine: 1 running, 1 failed in the last 24 hours");
  button.click();
  expect(app.activated).toEqual(["arp-nb-panel"]);
  settings.set({ statusBar: false });
  expect(dispose).toHaveBeenCalled();
  expect(document.querySelector(".arp-statusitem")).toBeNull();
});

test("the status bar says how many experiments it does not count", async () => {
  const many = Array.from({ length: 12 }, (_, n) => ({ ...EXPERIMENT, id: 1000 + n, name: `exp${n}` }));
  server.answers.set("GET /experiments", () => ({ experiments: many }));
  for (const row of many) server.answers.set(`GET /experiments/${row.name}/jobs`, () => ({ epoch: server.epoch, revision: server.revision, jobs: [] }));
  app.services.set(IStatusBar, { registerStatusItem: (_: string, { item }: { item: Widget }) => (document.body.append(item.node), { dispose: vi.fn() }) });
  await start();
  expect(document.querySelector(".arp-statusitem button")!.getAttribute("title")).toContain("4 more active experiments are counted once something changes there");
});

test("the launcher has a tile, where there is a launcher", async () => {
  const add = vi.fn();
  app.services.set(ILauncher, { add });
  await start();
  expect(add).toHaveBeenCalledWith(expect.objectContaining({ command: "arp:open" }));
});

/** Marks every word that it is given, by the domain that it was asked for. */
const marking = {
  load: (domain: string) => {
    const { __, _n } = nullTranslator.load();
    return { __: (...all: Parameters<typeof __>) => `${domain}«${__(...all)}»`, _n: (...all: Parameters<typeof _n>) => `${domain}«${_n(...all)}»` };
  },
};
/** Texts, titles and names of everything below an element. */
function said(root: Element): string[] {
  const texts = [...root.querySelectorAll("*"), root].flatMap((one) => [
    ...[...one.childNodes].filter((child) => child.nodeType === Node.TEXT_NODE).map((child) => child.textContent!),
    ...["aria-label", "title", "placeholder", "label"].map((name) => one.getAttribute(name) ?? ""),
  ]);
  return texts.map((text) => text.trim()).filter(Boolean);
}

test("all words of the panel, the status bar, the commands and the notifications pass the translator", async () => {
  const add = vi.fn();
  app.services.set(ILauncher, { add });
  app.services.set(IStatusBar, { registerStatusItem: (_: string, { item }: { item: Widget }) => (document.body.append(item.node), { dispose: vi.fn() }) });
  kept.set("arp-nb:experiment", "xppi0915");
  put(3, { state: "running", status: "RUN", ended: null, report: { counters: { Events: { value: 1, max: 4 } } } });
  await start(true, marking);
  put(1, { state: "failed", status: "EXIT", ended: "2026-11-22T14:00:04Z", reason: "" });
  await settle(5000);
  // names, numbers, times, and the words of statuses, which are the same everywhere
  const data = /^(?:[\d:]+|\d+ smd|xppi0915|cxi001|over|EXIT|…|25 %, arp-nb«.*»|Request Sent|Persisted|\w+_Slow|PEND|RUN|SSUSP|DONE|Unknown)$/;
  const words = [...said(panel()), ...said(document.querySelector(".arp-statusitem")!), ...[...notifications.values()].map((one) => one.message)];
  expect(words).toEqual(expect.arrayContaining(["arp-nb«Open the control page»", "arp-nb«Log of 1 smd»", "arp-nb«Run 1, smd failed»"]));
  expect(words.filter((text) => !/^arp-nb«.*»$/.test(text) && !data.test(text))).toEqual([]);
  const labels = [...app.known.values()].map(({ label }) => (typeof label === "string" ? label : label({})));
  expect(labels.filter((text) => !/^arp-nb«.*»$/.test(text))).toEqual([]);
  // the launcher knows its own category by JupyterLab's word
  expect(add).toHaveBeenCalledWith(expect.objectContaining({ category: "jupyterlab«Other»" }));
});

test("a Voila page is left alone", async () => {
  document.body.dataset["voila"] = "voila";
  await start();
  expect([app.added, [...app.known.keys()], server.requests]).toEqual([[], [], []]);
});
