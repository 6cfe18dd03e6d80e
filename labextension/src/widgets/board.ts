/** The anywidget module of a board: its control page, or one part of it, by the trait `_view`. */

import type { AnyModel } from "@anywidget/types";

import type { IdRange } from "../grid/types";
import type { Board } from "../sources/board";
import { chooseApi } from "../sources/choose";
import { CommApi } from "../sources/comm_api";
import { openBoard } from "../sources/live_board";
import { drawControlPage } from "../views/control_page";
import { drawDefinitions } from "../views/defs_page";
import { el, fill } from "../views/dom";
import { drawDrawer } from "../views/drawer";
import { drawJobs } from "../views/jobs_page";
import type { DrawerTab, Mounted } from "../views/shell";
import { Overlays } from "../views/shell/overlays";
import { earlyPage } from "./early_page";

interface Traits {
  _experiment: string;
  _epoch: string;
  _view: "control" | "defs" | "runs" | "drawer";
  _options: { height_px?: number; page?: "defs" | "control"; job?: number; tab?: DrawerTab };
  _selected: readonly IdRange[];
}
type Model = AnyModel<Traits>;
type Part = Exclude<Traits["_view"], "control">;

async function render({ model, el: box }: { model: Model; el: HTMLElement }): Promise<() => void> {
  const early = model.get("_view") === "control" ? earlyPage() : null;
  const told = (event: Event): void => {
    model.set("_selected", (event as CustomEvent<readonly IdRange[]>).detail);
    model.save_changes();
  };
  // what is selected is told by an event, wherever in the page it happens
  const heard = early?.root ?? box;
  heard.addEventListener("arp-selected", told);
  const mounted = early ? null : await draw(model, box);
  return () => {
    heard.removeEventListener("arp-selected", told);
    mounted?.destroy();
  };
}

async function draw(model: Model, box: HTMLElement): Promise<Mounted> {
  const waits = el("p.arp-hidden-wait", { role: "status" }, "Loading …");
  fill(box, waits);
  const api = await chooseApi(model.get("_epoch"), model);
  waits.remove();
  const { height_px = 640, page, job, tab } = model.get("_options");
  const frame = el("div.arp-host");
  frame.style.height = `${height_px}px`;
  box.append(frame);
  const view = model.get("_view");
  const name = model.get("_experiment");
  const shown = view === "control"
    ? drawControlPage(frame, (experiment) => openBoard(api, experiment), { experiment: name, ...(page ? { page } : {}) })
    : drawPart(frame, openBoard(api, name), view, job ?? 0, tab ?? "log");
  return {
    destroy: () => {
      shown.destroy();
      frame.remove();
      if (api instanceof CommApi) api.close();
    },
  };
}

/** One page without the bar above it, with toasts and dialogs of its own. */
function drawPart(box: HTMLElement, board: Board, view: Part, first: number, tab: DrawerTab): Mounted {
  const root = el("section.arp.is-board", { "aria-label": `ARP board, experiment ${board.name}` });
  const page = el("div.arp-page");
  root.append(page);
  box.append(root);
  let drawer: ReturnType<typeof drawDrawer> | null = null;
  const openJob = (job: number, at: DrawerTab = "log"): void => {
    if (drawer) return drawer.show(job, at);
    drawer = drawDrawer(page.querySelector<HTMLElement>(".arp-body") ?? page, board, shell, job, at);
  };
  const closeJob = (): boolean => {
    if (view === "drawer" || !drawer) return false;
    drawer.destroy();
    drawer = null;
    part?.resize?.();
    return true;
  };
  const shell = new Overlays(root, { board: () => board, openJob, closeJob: () => void closeJob(), go: () => {} });
  const undo = shell.keys([{ keys: "Escape", what: "", do: closeJob }]);
  const part = view === "defs" ? drawDefinitions(page, board, shell) : view === "runs" ? drawJobs(page, board, shell) : null;
  if (view === "drawer") openJob(first, tab);
  const sizes = new ResizeObserver(() => {
    part?.resize?.();
    drawer?.resize?.();
    shell.resize();
  });
  sizes.observe(root);
  return {
    destroy: () => {
      sizes.disconnect();
      undo();
      closeJob();
      drawer?.destroy();
      part?.destroy();
      shell.destroy();
      board.close();
      root.remove();
    },
  };
}

export default { render };
