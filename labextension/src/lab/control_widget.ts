/** The control page as a tab of its own: no kernel, no notebook. */

import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";

import type { Board } from "../sources/board";
import { drawControlPage, type ControlPage } from "../views/control_page";
import type { DrawerTab, PageName } from "../views/shell";
import { jobsIcon, type Trans } from "./words";

export class ControlWidget extends Widget {
  experiment: string;
  page: PageName;
  /** Called when the person who looks chooses another experiment or page. */
  moved: () => void = () => undefined;
  #drawn: ControlPage | null = null;
  #then: (() => void) | null = null;

  constructor(
    private readonly open: (experiment: string) => Board,
    private readonly trans: Trans,
    what: { experiment: string; page: PageName },
  ) {
    super();
    this.experiment = what.experiment;
    this.page = what.page;
    this.addClass("arp-host");
    this.title.icon = jobsIcon;
    this.title.closable = true;
    this.#entitle();
  }

  go(page: PageName): void {
    this.#once(() => this.#drawn?.go(page));
  }

  openJob(job: number, tab: DrawerTab): void {
    this.#once(() => this.#drawn?.openJob(job, tab));
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#drawn?.destroy();
    this.#drawn = null;
    super.dispose();
  }

  // drawn when it is there: a tab that was restored behind another one costs nothing before
  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) this.#draw();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.#draw();
  }

  protected override onResize(message: Message): void {
    super.onResize(message);
    this.#drawn?.resize();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    const at = this.node.querySelector<HTMLElement>("[role=grid] [tabindex='0']") ?? this.node.querySelector("button");
    if (!this.node.contains(document.activeElement)) at?.focus();
  }

  #draw(): void {
    if (this.#drawn || this.isDisposed) return;
    this.#drawn = drawControlPage(this.node, this.open, {
      experiment: this.experiment,
      page: this.page,
      standalone: true,
      onExperiment: (name) => this.#move({ experiment: name }),
      onPage: (page) => this.#move({ page }),
    });
    this.#then?.();
    this.#then = null;
  }

  #once(act: () => void): void {
    if (this.#drawn) act();
    else this.#then = act;
  }

  #move(to: { experiment?: string; page?: PageName }): void {
    Object.assign(this, to);
    this.#entitle();
    this.moved();
  }

  #entitle(): void {
    this.title.label = this.experiment || this.trans.__("Batch jobs");
    this.title.caption = this.trans.__("Batch jobs of %1", this.experiment);
  }
}
