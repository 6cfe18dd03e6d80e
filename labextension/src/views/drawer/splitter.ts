/** The edge of the drawer: dragged, or moved by arrow keys; remembered. */

import type { Preferences } from "../../sources/board";
import { el } from "../../dom";

const LEAST_PX = 360;
const MOST_PX = 1600;
const USUAL_PX = 620;
const STEP_PX = 40;

export function drawSplitter(drawer: HTMLElement, preferences: Preferences, resized: () => void): HTMLElement {
  let width_px = preferences.get<number>("drawer") ?? USUAL_PX;
  const set = (to_px: number): void => {
    width_px = Math.round(Math.max(LEAST_PX, Math.min(MOST_PX, to_px)));
    drawer.style.setProperty("--arp-drawer", `${width_px}px`);
    edge.setAttribute("aria-valuenow", String(width_px));
    resized();
  };
  const keep = (): void => preferences.set("drawer", width_px);
  const edge = el("div.arp-dedge", {
    role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "Width of the drawer",
    "aria-valuemin": LEAST_PX, "aria-valuemax": MOST_PX,
    onkeydown: (event: KeyboardEvent) => {
      const by = { ArrowLeft: STEP_PX, ArrowRight: -STEP_PX }[event.key];
      if (!by) return;
      event.preventDefault();
      set(width_px + by);
      keep();
    },
    onpointerdown: (event: PointerEvent) => {
      event.preventDefault();
      edge.setPointerCapture(event.pointerId);
    },
    onpointermove: (event: PointerEvent) => {
      if (edge.hasPointerCapture(event.pointerId)) set(drawer.getBoundingClientRect().right - event.clientX);
    },
    onpointerup: keep,
  });
  set(width_px);
  return edge;
}
