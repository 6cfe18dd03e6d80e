/**
 * The anywidget module of `Grid(df)`: rows come from the kernel, for each view by itself, since
 * what anywidget gives a view of its model ends with that view.
 */

import type { AnyModel } from "@anywidget/types";

import type { IdRange } from "../grid/types";
import { CommSource } from "../sources/comm_source";
import { FrameData } from "../views/frame/data";
import { drawFrame } from "../views/frame_page";

interface Traits {
  label: string;
  height_px: number;
  can_add: boolean;
  can_delete: boolean;
  edit_count: number;
}
type Model = AnyModel<Traits>;

function open(model: Model): FrameData {
  const source = new CommSource(model);
  const data = new FrameData(source);
  model.on("msg:custom", (message: { type?: unknown; ranges?: readonly IdRange[] }) => {
    if (message.type === "select" && message.ranges) data.select(message.ranges, true);
  });
  source.start({
    head: (frame) => data.head(frame),
    chunk: (frame) => data.chunk(frame),
    delta: (delta) => data.delta(delta),
    wide: (column, values) => data.wide(column, values),
    connection: (connection) => data.connected(connection),
  });
  return data;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const data = open(model);
  const page = drawFrame(el, data, {
    label: model.get("label"),
    height_px: model.get("height_px"),
    canAdd: model.get("can_add"),
    canDelete: model.get("can_delete"),
    edits: () => model.get("edit_count"),
  });
  const counted = (): void => page.counted();
  model.on("change:edit_count", counted);
  return () => {
    model.off("change:edit_count", counted);
    page.destroy();
    data.source.close();
  };
}

export default { render };
