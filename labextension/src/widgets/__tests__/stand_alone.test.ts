import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakeServer } from "../../sources/__tests__/fake_server";
import { EXPERIMENT } from "../../views/__tests__/sample_rows";
import type { ControlPage } from "../../views/control_page";
import { ASKED } from "../../views/parts";
import { earlyPage } from "../early_page";
import { standAlone } from "../stand_alone";

let server: FakeServer;
let box: HTMLElement;
let page: ControlPage | null;
let system: EventTarget & { matches: boolean };

beforeEach(() => {
  vi.useFakeTimers();
  system = Object.assign(new EventTarget(), { matches: false });
  vi.stubGlobal("matchMedia", () => system);
  server = new FakeServer();
  server.bytes = () => new Promise(() => undefined);
  const experiments = [
    { ...EXPERIMENT, id: 3, name: "over", active: false }, { ...EXPERIMENT, id: 1, name: "first" }, { ...EXPERIMENT, id: 2, name: "newest" },
  ];
  server.answers.set("GET /experiments", () => ({ experiments }));
  for (const one of experiments) server.answers.set(`GET /experiments/${one.name}`, () => one);
  box = document.body.appendChild(document.createElement("main"));
});
afterEach(() => {
  page?.destroy();
  page = null;
  document.body.replaceChildren();
  delete document.body.dataset["jpThemeLight"];
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function at(query: string): Promise<void> {
  history.replaceState(null, "", `/user/me/arp/page${query}`);
  const drawing = standAlone(box, server, location);
  await vi.advanceTimersByTimeAsync(50);
  page = await drawing;
}
const shown = (): string => box.querySelector(".arp-exp b")!.textContent!;
const dark = (): string => document.body.dataset["jpThemeLight"]!;

test("the address says which experiment and which page", async () => {
  await at("?experiment=first&page=defs");
  expect(shown()).toBe("first");
  expect(box.querySelector("[role=tab][aria-selected=true]")!.textContent).toContain("Batch defs");
  expect(document.title).toBe("first · Batch jobs");
});

test("without a name the newest that is active is shown, and the address says so", async () => {
  await at("");
  expect(shown()).toBe("newest");
  expect(location.search).toBe("?experiment=newest");
});

test("a notebook may name the one that is shown without a name in the address", async () => {
  box.dataset["experiment"] = "first";
  await at("");
  expect(shown()).toBe("first");
});

test("a token in the address is taken out of it at once, and everything else stays", async () => {
  history.replaceState(null, "", "/user/me/arp/page?token=secret&theme=dark&x=1#here");
  const drawing = standAlone(box, server, location);
  expect(location.href).not.toContain("secret");
  await vi.advanceTimersByTimeAsync(50);
  page = await drawing;
  expect(location.search + location.hash).toBe("?theme=dark&x=1&experiment=newest#here");
});

test("a job in the address is opened beside the table, once", async () => {
  await at("?experiment=first&job=7&tab=history");
  expect(box.querySelector(".arp-drawer")).not.toBeNull();
  expect(location.search).toBe("?experiment=first");
});

test.each(["job=-1", "job=x", "job=1e99", "job="])("nonsense in the address opens nothing: %s", async (job) => {
  await at(`?experiment=first&${job}&tab=<b>`);
  expect(box.querySelector(".arp-drawer")).toBeNull();
});

test("the page is drawn, and says what is wrong, where nobody answers", async () => {
  server.down = true;
  await at("");
  await vi.advanceTimersByTimeAsync(5000);
  expect(box.querySelector(".arp-top")).not.toBeNull();
  expect(box.textContent).not.toContain("Loading …");
});

test("another page of the board is another address", async () => {
  await at("?experiment=first");
  page!.go("defs");
  expect(location.search).toBe("?experiment=first&page=defs");
  page!.go("control");
  expect(location.search).toBe("?experiment=first");
});

test("a widget that comes later finds the page, as long as it is there", async () => {
  await at("?experiment=first");
  expect(earlyPage()?.board.name).toBe("first");
  page!.destroy();
  page = null;
  expect(earlyPage()).toBeNull();
});

test("light or dark follows the viewer's system, and changes with it", async () => {
  await at("?experiment=first");
  expect(dark()).toBe("true");
  system.matches = true;
  system.dispatchEvent(new Event("change"));
  expect(dark()).toBe("false");
});

test("what the address asks for comes before the system, and Voila's dark before both light ones", async () => {
  system.matches = true;
  await at("?experiment=first&theme=light");
  expect(dark()).toBe("true");
  page!.destroy();
  system.matches = false;
  document.body.dataset["jpThemeLight"] = "false";
  await at("?experiment=first");
  expect(dark()).toBe("false");
});

test("keys act before anybody clicked into the page, and not behind a dialog", async () => {
  await at("?experiment=first");
  const press = (key: string): boolean => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const density = (): string | undefined => box.querySelector<HTMLElement>(".arp")!.dataset["density"];
  press("w");
  expect(density()).toBe("wall");
  await ASKED.fetch();
  page!.shell.dialog("Kill job 7?", () => undefined);
  press("w");
  expect(density()).toBe("wall");
});

test("a wall display comes back as one, and stays one with another experiment", async () => {
  await at("?experiment=first&view=wall");
  page!.show("newest");
  expect(box.querySelector<HTMLElement>(".arp")!.dataset["density"]).toBe("wall");
  expect([...box.querySelectorAll(".slick-header-column")].map((one) => one.textContent)).not.toContain("Action");
  expect(location.search).toContain("view=wall");
});
