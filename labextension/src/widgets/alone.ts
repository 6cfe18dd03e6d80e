/** One page of a board without the bar above it, with toasts, dialogs and keys of its own. */

import type { Board } from "../sources/board";
import { el } from "../dom";
import type { JobDrawer } from "../views/drawer";
import { openDrawer } from "../views/drawer_later";
import { fetchAtRest, Place } from "../views/later";
import { ASKED, AUTORUN, CONTROL, DEFINITIONS, DRAWER } from "../views/parts";
import type { DrawerTab, Mounted } from "../views/shell";
import { Overlays } from "../views/shell/overlays";

/** Closes the board when it is taken down. `job` and `tab`: what the drawer shows first. */
export function drawAlone(box: HTMLElement, board: Board, view: "defs" | "runs" | "drawer", job: number, tab: DrawerTab): Mounted {
  const root = el("section.arp.is-board", { "aria-label": `ARP board, experiment ${board.name}` });
  const page = el("div.arp-page");
  root.append(page);
  box.append(root);
  let drawer: JobDrawer | null = null;
  const openJob = (one: number, at: DrawerTab = "log"): void => {
    if (drawer) return drawer.show(one, at);
    drawer = openDrawer(page.querySelector<HTMLElement>(".arp-body") ?? page, board, shell, one, at);
  };
  const closeJob = (): boolean => {
    if (view === "drawer" || !drawer) return false;
    drawer.destroy();
    drawer = null;
    part?.resize();
    return true;
  };
  const shell = new Overlays(root, { board: () => board, openJob, closeJob: () => void closeJob(), go: () => {}, openLedger: (of) => AUTORUN.use(shell, ({ openLedger }) => openLedger(shell, of)) });
  const undo = shell.keys([{ keys: "Escape", what: "", do: closeJob }]);
  const part = view === "defs" ? new Place(page, DEFINITIONS, ({ drawDefinitions }) => drawDefinitions(page, board, shell))
    : view === "runs" ? new Place(page, CONTROL, ({ drawJobs }) => drawJobs(page, board, shell)) : null;
  if (view === "drawer") openJob(job, tab);
  const stopFetching = fetchAtRest(view === "runs" ? [DRAWER, ASKED] : [ASKED]);
  const sizes = new ResizeObserver(() => {
    part?.resize();
    drawer?.resize?.();
    shell.resize();
  });
  sizes.observe(root);
  return {
    destroy: () => {
      stopFetching();
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
