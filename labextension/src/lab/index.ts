/** Batch jobs in JupyterLab and Notebook 7. */

import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { PageConfig } from "@jupyterlab/coreutils";
import { ISettingRegistry, type Settings } from "@jupyterlab/settingregistry";
import { IStateDB } from "@jupyterlab/statedb";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";

import { HttpApi } from "../sources/http_api";
import { openBoard } from "../sources/live_board";
import { addCommands } from "./commands";
import { Failures } from "./failures";
import { addToLauncher, addToStatusBar } from "./lab_only";
import { MyJobs } from "./my_jobs";
import { Pages } from "./pages";
import { PanelWidget } from "./panel_widget";
import { DOMAIN, PLUGIN, type Trans } from "./words";

/** Where the experiment looked at last is kept, with the workspace. */
const STATE = "arp-nb:experiment";
/** Below Lab's own panels. */
const PANEL_RANK = 600;

interface Services {
  translator: ITranslator | null;
  lab: ILabShell | null;
  restorer: ILayoutRestorer | null;
  palette: ICommandPalette | null;
  registry: ISettingRegistry | null;
  state: IStateDB | null;
}

/** All of it at once: a layout is restored only into what is there when Lab starts. */
function activate(app: JupyterFrontEnd, found: Services): void {
  const translator = found.translator ?? nullTranslator;
  const trans = translator.load(DOMAIN);
  const settings = found.registry?.load(PLUGIN).catch(() => null) ?? Promise.resolve(null);
  const api = new HttpApi(PageConfig.getBaseUrl());
  const jobs = new MyJobs(api, firstExperiment(settings, found.state), (rows) => failures.hear(rows));
  const pages = new Pages(app, found.lab !== null, (name) => openBoard(api, name), trans, (name) => {
    jobs.choose(name);
    void found.state?.save(STATE, name);
  });
  let notify = true;
  const failures = new Failures({
    trans,
    on: () => notify,
    openLog: (job) => pages.open({ experiment: jobs.nameOf(job.experiment_id), job: job.id, tab: "log" }),
    openAll: (job) => pages.open({ experiment: jobs.nameOf(job.experiment_id) }),
  });
  const panel = addPanel(app, jobs, pages, trans);
  const show = (): void => app.shell.activateById(panel.id);
  found.restorer?.add(panel, "arp-nb-panel");
  addCommands(app, { jobs, pages, panel: show, palette: found.palette, trans });
  pages.restoreWith(found.restorer);
  void addToLauncher(app, translator.load("jupyterlab"));
  void settings.then((known) => {
    const follow = (): void => void (notify = known?.composite["notify"] !== "off");
    known?.changed.connect(follow);
    follow();
    return addToStatusBar(app, jobs, known, trans, show);
  });
}

/** The one that the settings name, else the one that was looked at last; "" for any. */
async function firstExperiment(settings: Promise<Settings | null>, state: IStateDB | null): Promise<string> {
  const named = (await settings)?.composite["experiment"];
  const last = named || await state?.fetch(STATE).catch(() => "");
  return typeof last === "string" ? last : "";
}

function addPanel(app: JupyterFrontEnd, jobs: MyJobs, pages: Pages, trans: Trans): PanelWidget {
  const panel = new PanelWidget(jobs, {
    trans,
    openPage: (experiment) => pages.open({ experiment }),
    openJob: (experiment, job, tab) => pages.open({ experiment, job, tab }),
    kill: (job) => jobs.kill(job),
  });
  app.shell.add(panel, "left", { rank: PANEL_RANK });
  return panel;
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: "Batch jobs on experiment runs: side panel, control page, status bar, notifications.",
  autoStart: true,
  optional: [ITranslator, ILabShell, ILayoutRestorer, ICommandPalette, ISettingRegistry, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    lab: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
    state: IStateDB | null,
  ) => {
    // Voila loads every extension; its pages are the notebook's, and nothing stands beside them
    if (document.body.dataset["voila"]) return;
    activate(app, { translator, lab, restorer, palette, registry, state });
  },
};

export default plugin;
