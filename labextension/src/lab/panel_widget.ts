/** The side panel "Batch jobs". */

import { Widget } from "@lumino/widgets";

import { drawPanel } from "../views/panel";
import type { PanelHost, PanelSource } from "../views/panel/data";
import type { Mounted } from "../views/shell";
import { jobsIcon } from "./words";

export class PanelWidget extends Widget {
  readonly #panel: Mounted;

  constructor(source: PanelSource, host: PanelHost) {
    super();
    this.id = "arp-nb-panel";
    this.title.icon = jobsIcon;
    this.title.caption = host.trans.__("Batch jobs");
    this.#panel = drawPanel(this.node, source, host);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#panel.destroy();
    super.dispose();
  }
}
