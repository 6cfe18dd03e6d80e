/** How many of my jobs run and how many failed, in the status bar. */

import { Widget } from "@lumino/widgets";

import { el, fill } from "../dom";
import { icon } from "../icons";
import type { MyJobs } from "./my_jobs";
import type { Trans } from "./words";

export class StatusItem extends Widget {
  readonly #button: HTMLButtonElement;
  readonly #stop: () => void;
  #drawn = "";

  constructor(
    private readonly jobs: MyJobs,
    private readonly trans: Trans,
    press: () => void,
  ) {
    super();
    this.addClass("arp");
    this.addClass("arp-statusitem");
    this.#button = el("button", { type: "button", onclick: press });
    this.node.append(this.#button);
    this.#stop = jobs.on(() => this.#draw());
    this.#draw();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#stop();
    super.dispose();
  }

  #draw(): void {
    const { counts, connection } = this.jobs;
    const live = connection.state === "live";
    const now = `${counts.running} ${counts.failed} ${counts.left} ${live}`;
    if (now === this.#drawn) return;
    this.#drawn = now;
    const why = [
      this.trans.__("Batch jobs of mine: %1 running, %2 failed in the last 24 hours", counts.running, counts.failed),
      counts.left ? this.trans._n(
        "%1 more active experiment is counted once something changes there", "%1 more active experiments are counted once something changes there", counts.left,
      ) : "",
      live ? "" : `${this.trans.__("Not live")}: ${connection.why}`,
    ].filter(Boolean).join(". ");
    this.#button.title = why;
    this.#button.setAttribute("aria-label", why);
    this.#button.classList.toggle("is-stale", !live);
    const part = (hue: string, shape: "run" | "cross", count: number): HTMLElement =>
      el(`span.${count ? hue : "is-none"}` as "span", {}, icon(shape, 13), count);
    fill(this.#button, part("is-run", "run", counts.running), part("is-fail", "cross", counts.failed));
  }
}
