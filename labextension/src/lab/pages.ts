/** Control pages that are open: a tab each in JupyterLab, a window each in Notebook 7. */

import type { ILayoutRestorer, JupyterFrontEnd } from "@jupyterlab/application";
import { MainAreaWidget, WidgetTracker } from "@jupyterlab/apputils";
import { PageConfig } from "@jupyterlab/coreutils";

import type { Board } from "../sources/board";
import type { DrawerTab, PageName } from "../views/shell";
import { ControlWidget } from "./control_widget";
import { COMMANDS, type Trans } from "./words";

type Tab = MainAreaWidget<ControlWidget>;

export interface Wanted {
  experiment: string;
  page?: PageName;
  job?: number;
  tab?: DrawerTab;
}

let made = 0;

export class Pages {
  readonly #tracker = new WidgetTracker<Tab>({ namespace: "arp-nb" });

  constructor(
    private readonly app: JupyterFrontEnd,
    /** Has the page room for tabs? Notebook 7 shows one document in each window. */
    private readonly hasTabs: boolean,
    private readonly board: (experiment: string) => Board,
    private readonly trans: Trans,
    /** Somebody looks at this experiment now. */
    private readonly chosen: (experiment: string) => void,
  ) {}

  /** Show an experiment, in the tab that shows it already or in a new one. */
  open(wanted: Wanted): Tab | null {
    if (!this.hasTabs) {
      window.open(address(wanted), "_blank", "noopener");
      return null;
    }
    const tab = this.#tracker.find((one) => one.content.experiment === wanted.experiment) ?? this.#make(wanted);
    this.app.shell.activateById(tab.id);
    if (wanted.page) tab.content.go(wanted.page);
    if (wanted.job !== undefined) tab.content.openJob(wanted.job, wanted.tab ?? "log");
    return tab;
  }

  /** Have open pages come back after a reload. */
  restoreWith(restorer: ILayoutRestorer | null): void {
    void restorer?.restore(this.#tracker, {
      command: COMMANDS.open,
      args: ({ content }) => ({ experiment: content.experiment, page: content.page }),
      name: ({ content }) => content.experiment,
    });
  }

  #make(wanted: Wanted): Tab {
    const { experiment, page = "control" } = wanted;
    const content = new ControlWidget(this.board, this.trans, { experiment, page });
    const tab = new MainAreaWidget({ content });
    tab.id = `arp-nb-control-${++made}`;
    tab.title.icon = content.title.icon;
    const named = (): void => {
      tab.title.label = content.title.label;
      tab.title.caption = content.title.caption;
    };
    content.moved = () => {
      named();
      if (content.experiment) this.chosen(content.experiment);
      void this.#tracker.save(tab);
    };
    named();
    this.app.shell.add(tab, "main");
    void this.#tracker.add(tab);
    return tab;
  }
}

/** Of the page that stands alone, showing the same. */
function address({ experiment, page, job, tab }: Wanted): string {
  const query = new URLSearchParams({ experiment });
  if (page) query.set("page", page);
  if (job !== undefined) query.set("job", String(job));
  if (tab) query.set("tab", tab);
  return `${PageConfig.getBaseUrl()}arp/page?${query}`;
}
