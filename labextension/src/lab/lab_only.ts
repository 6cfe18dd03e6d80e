/**
 * Places that not every page has: a launcher, a status bar. Their packages are missing in
 * some pages that load this extension, so they are asked for when they are wanted; nothing is
 * lost where they are not there.
 */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { Settings } from "@jupyterlab/settingregistry";
import type { IDisposable } from "@lumino/disposable";

import type { MyJobs } from "./my_jobs";
import { StatusItem } from "./status_item";
import { COMMANDS, type Trans } from "./words";

const STATUS_ID = "arp-nb:status";
/** After the kernels and terminals that run. */
const STATUS_RANK = 40;

/** `lab`: translations of JupyterLab itself, by which it knows its own category. */
export async function addToLauncher(app: JupyterFrontEnd, lab: Trans): Promise<void> {
  const found = await import("@jupyterlab/launcher").catch(() => null);
  const launcher = found && await app.resolveOptionalService(found.ILauncher);
  launcher?.add({ command: COMMANDS.open, category: lab.__("Other"), rank: 5, args: { isLauncher: true } });
}

export async function addToStatusBar(
  app: JupyterFrontEnd, jobs: MyJobs, settings: Settings | null, trans: Trans, press: () => void,
): Promise<void> {
  const found = await import("@jupyterlab/statusbar").catch(() => null);
  const bar = found && await app.resolveOptionalService(found.IStatusBar);
  if (!bar) return;
  let shown: IDisposable | null = null;
  let item: StatusItem | null = null;
  const follow = (): void => {
    const wanted = settings?.composite["statusBar"] !== false;
    if (wanted === (shown !== null)) return;
    shown?.dispose();
    item?.dispose();
    item = wanted ? new StatusItem(jobs, trans, press) : null;
    shown = item && bar.registerStatusItem(STATUS_ID, { item, align: "left", rank: STATUS_RANK });
  };
  settings?.changed.connect(follow);
  follow();
}
