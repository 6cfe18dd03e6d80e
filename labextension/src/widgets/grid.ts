/**
 * The anywidget module of `Grid(df)`: rows come from the kernel, for each view by itself, since
 * what anywidget gives a view of its model ends with that view.
 */

import type { AnyModel } from "@anywidget/types";

import type { IdRange } from "../grid/types";
import { CommSource, type FirstRows } from "../sources/comm_source";
import { FrameData } from "../views/frame/data";
import { drawFrame, type FrameOptions } from "../views/frame_page";

interface Traits {
  label: string;
  height_px: number;
  can_add: boolean;
  can_delete: boolean;
  edit_count: number;
  _first: FirstRows | null;
}
type Model = AnyModel<Traits>;

const OPTIONS = ["label", "height_px", "can_add", "can_delete"] as const;

function open(model: Model): FrameData {
  const source = new CommSource(model);
  const data = new FrameData(source);
  model.on("msg:custom", (message: { type?: unknown; ranges?: readonly IdRange[]; page?: number }) => {
    if (message.type === "select" && message.ranges && message.page !== source.page) data.select(message.ranges, true);
  });
  source.start({
    head: (frame) => data.head(frame),
    chunk: (frame) => data.chunk(frame),
    delta: (delta) => data.delta(delta),
    wide: (column, values) => data.wide(column, values),
    connection: (connection) => data.connected(connection),
  });
  const first = model.get("_first");
  if (first) source.preview(first);
  return data;
}

function options(model: Model): FrameOptions {
  return {
    label: model.get("label"),
    height_px: model.get("height_px"),
    canAdd: model.get("can_add"),
    canDelete: model.get("can_delete"),
    edits: () => model.get("edit_count"),
  };
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  el.classList.add("arp-widget");
  const data = open(model);
  const page = drawFrame(el, data, options(model));
  const counted = (): void => page.counted();
  const chosen = (): void => page.set(options(model));
  model.on("change:edit_count", counted);
  for (const name of OPTIONS) model.on(`change:${name}`, chosen);
  return () => {
    model.off("change:edit_count", counted);
    for (const name of OPTIONS) model.off(`change:${name}`, chosen);
    page.destroy();
    data.source.close();
  };
}

export default { render };
