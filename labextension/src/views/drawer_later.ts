/** The drawer at once, though its code may still have to come: until then it stands there empty. */

import type { Board } from "../sources/board";
import { el } from "../dom";
import type { JobDrawer } from "./drawer";
import { icon } from "../icons";
import { Place } from "./later";
import { DRAWER } from "./parts";
import type { DrawerTab, Shell } from "./shell";

/** As `drawDrawer`; `keyed` is what its drawing is to be wrapped in. */
export function openDrawer(
  box: HTMLElement, board: Board, shell: Shell, job: number, tab: DrawerTab,
  keyed: (draw: () => JobDrawer) => JobDrawer = (draw) => draw(),
): JobDrawer {
  const open = DRAWER.now?.drawDrawer;
  return open ? keyed(() => open(box, board, shell, job, tab)) : new ComingDrawer(box, board, shell, job, tab, keyed);
}

class ComingDrawer implements JobDrawer {
  readonly #aside: HTMLElement;
  readonly #place: Place<NonNullable<typeof DRAWER.now>, JobDrawer>;
  /** Keys act on the page again. */
  readonly #come: () => void;
  #job: number;
  #tab: DrawerTab;

  constructor(box: HTMLElement, board: Board, shell: Shell, job: number, tab: DrawerTab, keyed: (draw: () => JobDrawer) => JobDrawer) {
    [this.#job, this.#tab] = [job, tab];
    this.#aside = el("aside.arp-drawer", { role: "complementary", "aria-label": "Job" },
      el("div.arp-dhead", {}, el("span.arp-grow"),
        el("button.arp-icon", { type: "button", "aria-label": "Close", title: "Close", onclick: () => shell.closeJob() }, icon("x"))));
    box.append(this.#aside);
    this.#place = new Place(this.#aside, DRAWER, ({ drawDrawer }) => {
      this.#aside.remove();
      return keyed(() => drawDrawer(box, board, shell, this.#job, this.#tab));
    });
    this.#place.focus();
    this.#come = shell.hold(() => shell.closeJob());
    DRAWER.fetch().then(this.#come, this.#come);
  }

  /** What was asked for last is what will be shown. */
  show(job: number, tab: DrawerTab = this.#tab): void {
    [this.#job, this.#tab] = [job, tab];
    if (!this.#place.focus()) this.#place.view?.show(job, tab);
  }

  resize(): void {
    this.#place.resize();
  }

  destroy(): void {
    this.#come();
    this.#place.destroy();
    this.#aside.remove();
  }
}
