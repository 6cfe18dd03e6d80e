/**
 * The anywidget module of a board: its control page, or one part of it, by the trait `_view`.
 *
 * Each view's code is fetched when one is drawn: a notebook that shows definitions only never
 * loads the table of jobs.
 */

import type { AnyModel } from "@anywidget/types";

import type { IdRange } from "../grid/types";
import { chooseApi } from "../sources/choose";
import { openBoard } from "../sources/live_board";
import { el, fill } from "../dom";
import { Place } from "../views/later";
import { CONTROL, DEFINITIONS, DRAWER } from "../views/parts";
import type { DrawerTab, Mounted, PageName } from "../views/shell";
import { drawAlone } from "./alone";
import { earlyPage } from "./early_page";

interface Traits {
  _experiment: string;
  _epoch: string;
  _view: "control" | "defs" | "runs" | "drawer";
  _options: { height_px?: number; page?: PageName; job?: number; tab?: DrawerTab };
  _selected: readonly IdRange[];
}
type Model = AnyModel<Traits>;

const CODE = { control: CONTROL, defs: DEFINITIONS, runs: CONTROL, drawer: DRAWER } as const;

async function render({ model, el: box }: { model: Model; el: HTMLElement }): Promise<() => void> {
  box.classList.add("arp-widget");
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
  const view = model.get("_view");
  void CODE[view].fetch().catch(() => {}); // beside the question below; its place tells of a failure
  const api = await chooseApi(model.get("_epoch"), model);
  waits.remove();
  const { height_px = 640, page, job = 0, tab = "log" } = model.get("_options");
  const frame = el("div.arp-host");
  frame.style.height = `${height_px}px`;
  const sized = (): void => {
    frame.style.height = `${model.get("_options").height_px ?? height_px}px`;
  };
  model.on("change:_options", sized);
  box.append(frame);
  const name = model.get("_experiment");
  const shown = view === "control"
    ? new Place(frame, CONTROL, ({ drawControlPage }) =>
        drawControlPage(frame, (experiment) => openBoard(api, experiment), { experiment: name, ...(page ? { page } : {}) }))
    : drawAlone(frame, openBoard(api, name), view, job, tab);
  return {
    destroy: () => {
      model.off("change:_options", sized);
      shown.destroy();
      frame.remove();
      api.close?.();
    },
  };
}

export default { render };
