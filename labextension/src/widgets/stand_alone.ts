/** Draws the control page in a page of its own, as its address says. */

import type { Api } from "../sources/api";
import { experiments } from "../sources/experiments";
import { openBoard } from "../sources/live_board";
import { drawControlPage, type ControlPage } from "../views/control_page";
import { el, fill } from "../dom";
import type { DrawerTab } from "../views/shell";
import { PAGES } from "../views/shell/top";
import { offerEarlyPage } from "./early_page";
import { followTheme } from "./theme";

const TABS: readonly string[] = ["log", "details", "snapshot", "history"] satisfies DrawerTab[];

export async function standAlone(box: HTMLElement, api: Api, at: Location): Promise<ControlPage> {
  const asked = new URLSearchParams(at.search);
  followTheme(asked.get("theme"));
  let page = PAGES.find((one) => one === asked.get("page")) ?? "control";
  // a notebook may name one that is shown where the address names none
  let experiment = asked.get("experiment") ?? box.dataset["experiment"] ?? "";
  const told = (): void => {
    document.title = experiment ? `${experiment} · Batch jobs` : "Batch jobs";
    history.replaceState(history.state, "", address(at, experiment, page));
  };
  told(); // at once: a token in the address is not for other eyes
  if (!experiment) {
    fill(box, el("p.arp-hidden-wait", { role: "status" }, "Loading …"));
    experiment = await newest(api);
  }
  fill(box);
  const drawn = drawControlPage(box, (name) => openBoard(api, name), {
    experiment, page, standalone: true, wall: asked.get("view") === "wall",
    onExperiment(name) {
      experiment = name;
      told();
    },
    onPage(shown) {
      page = shown;
      told();
    },
  });
  drawn.shell.keysBesides(); // a wall display has nobody who would click into the page first
  offerEarlyPage(drawn);
  const [job, tab] = [Number(asked.get("job")), asked.get("tab") ?? "log"];
  if (Number.isSafeInteger(job) && job > 0) drawn.openJob(job, TABS.includes(tab) ? (tab as DrawerTab) : "log");
  return drawn;
}

/** The same page by an address that can be kept: without token, with what is shown. */
function address(at: Location, experiment: string, page: string): string {
  const kept = new URLSearchParams(at.search);
  for (const once of ["token", "job", "tab"]) kept.delete(once);
  if (experiment) kept.set("experiment", experiment);
  if (page === "control") kept.delete("page");
  else kept.set("page", page);
  const query = kept.toString();
  return at.pathname + (query && `?${query}`) + at.hash;
}

/** The newest that is active, else the newest; "" if there is none or nobody answers. */
async function newest(api: Api): Promise<string> {
  try {
    return (await experiments(api))[0]?.name ?? "";
  } catch {
    return ""; // the page itself says what is wrong, and tries again
  }
}
