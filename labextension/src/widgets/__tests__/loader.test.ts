import { beforeEach, expect, test, vi } from "vitest";

import loader from "../loader";

const FILES = ["grid.js?v=1", "board.css?v=2"] as const;
type Hear = (message: { type?: unknown }, buffers: DataView[]) => void;

function fakeModel() {
  const heard = new Set<Hear>();
  const sent: unknown[] = [];
  return {
    sent,
    heard,
    get: () => FILES,
    on: (_: string, hear: Hear) => heard.add(hear),
    off: (_: string, hear: Hear) => heard.delete(hear),
    send: (message: unknown) => sent.push(message),
    say: (message: { type: string }, ...texts: string[]) => {
      const buffers = texts.map((text) => new DataView(new TextEncoder().encode(text).buffer));
      for (const hear of [...heard]) hear(message, buffers);
    },
  };
}
const show = (model: ReturnType<typeof fakeModel>, box: HTMLElement): Promise<unknown> =>
  loader.render({ model, el: box } as unknown as Parameters<typeof loader.render>[0]);

beforeEach(() => {
  delete (globalThis as { arpCode?: unknown }).arpCode;
  document.head.replaceChildren();
});

test("where the page's server has no code, the kernel is asked for it, once for all views", async () => {
  vi.stubGlobal("fetch", async () => new Response("nothing", { status: 404 }));
  const [model, other] = [fakeModel(), fakeModel()];
  void show(model, document.createElement("div"));
  void show(other, document.createElement("div"));
  await vi.waitFor(() => expect(model.sent).toEqual([{ type: "code" }]));
  expect(other.sent).toEqual([]);
});

test("a page of a login form is not taken for a style sheet", async () => {
  vi.stubGlobal("fetch", async () => new Response("<form>", { headers: { "Content-Type": "text/html" } }));
  const model = fakeModel();
  void show(model, document.createElement("div"));
  await vi.waitFor(() => expect(model.sent).toHaveLength(1));
  expect(document.querySelector("style")).toBeNull();
});

test("code that cannot be loaded is said in words, and tried again when shown again", async () => {
  vi.stubGlobal("fetch", async () => new Response("", { status: 404 }));
  URL.createObjectURL = () => "data:text/javascript,throw new Error('broken')";
  URL.revokeObjectURL = () => undefined;
  const model = fakeModel();
  const box = document.createElement("div");
  const shown = show(model, box);
  await vi.waitFor(() => expect(model.sent).toHaveLength(1));
  model.say({ type: "other" });
  expect(model.heard.size).toBe(1);
  model.say({ type: "code" }, "throw 1", ".arp{}");
  await shown;
  expect(box.querySelector("[role=alert]")?.textContent).toContain("could not be loaded");
  expect(document.querySelectorAll("style")).toHaveLength(1);
  void show(model, document.createElement("div"));
  await vi.waitFor(() => expect(model.sent).toHaveLength(2));
});

test("code is drawn into the element that asked, and waits no longer", async () => {
  vi.stubGlobal("fetch", async () => new Response("", { status: 404 }));
  URL.createObjectURL = () => "data:text/javascript,export default {render: ({el}) => { el.append('drawn'); return 7; }}";
  URL.revokeObjectURL = () => undefined;
  const model = fakeModel();
  const box = document.createElement("div");
  const shown = show(model, box);
  await vi.waitFor(() => expect(model.sent).toHaveLength(1));
  model.say({ type: "code" }, "ignored", ".arp{}");
  expect(await shown).toBe(7);
  expect(box.textContent).toBe("drawn");
});
