/** What the command palette, the launcher and the menus can do. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { Arguments } from "@lumino/commands";

import type { MyJobs } from "./my_jobs";
import type { Pages, Wanted } from "./pages";
import { COMMANDS, jobsIcon, type Trans } from "./words";

interface Parts {
  jobs: MyJobs;
  pages: Pages;
  /** Bring the side panel to the front. */
  panel(): void;
  palette: ICommandPalette | null;
  trans: Trans;
}

const ARGUMENTS = {
  type: "object",
  properties: {
    experiment: { type: "string", description: "Its name; left out: the one shown in the side panel" },
    page: { type: "string", enum: ["control", "defs", "autorun"] },
    job: { type: "integer", description: "Number of a job whose log is opened" },
  },
};

export function addCommands(app: JupyterFrontEnd, { jobs, pages, panel, palette, trans }: Parts): void {
  const add = app.commands.addCommand.bind(app.commands);
  add(COMMANDS.open, {
    label: (args) => (args["isLauncher"] ? trans.__("Batch jobs") : trans.__("Open the Control Page")),
    caption: trans.__("Batch jobs of an experiment: define, apply, watch, kill"),
    icon: jobsIcon,
    describedBy: { args: ARGUMENTS },
    execute: (args) => pages.open(read(args, jobs.experiment)),
  });
  add(COMMANDS.definitions, {
    label: trans.__("Open the Batch Definitions"),
    icon: jobsIcon,
    describedBy: { args: ARGUMENTS },
    execute: (args) => pages.open({ ...read(args, jobs.experiment), page: "defs" }),
  });
  add(COMMANDS.panel, {
    label: trans.__("Show My Batch Jobs"),
    icon: jobsIcon,
    describedBy: { args: {} },
    execute: panel,
  });
  const category = trans.__("Batch Jobs");
  for (const command of Object.values(COMMANDS)) palette?.addItem({ command, category });
}

/** Arguments come from saved layouts and from whoever calls: only what makes sense is taken. */
function read(args: Arguments, shown: string): Wanted {
  const { experiment, page, job } = args;
  return {
    experiment: typeof experiment === "string" && experiment ? experiment : shown,
    ...(page === "defs" || page === "control" || page === "autorun" ? { page } : {}),
    ...(typeof job === "number" ? { job } : {}),
  };
}
