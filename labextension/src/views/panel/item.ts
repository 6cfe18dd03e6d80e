/** One job in a list of the panel. */

import { age, elapsed, ms } from "../../model/times";
import { words } from "../../model/error_words";
import { el, fill } from "../../dom";
import { icon, type IconName } from "../../icons";
import { drawProgress, items, progress, timeLeft } from "../report";
import type { DrawerTab } from "../shell";
import type { PanelHost, PanelSource } from "./data";
import { call, lasting_ms, why, type Placed } from "./sorting";

/** How long "Kill? Kill / Keep" stays. */
const ASK_MS = 5000;

export class Item {
  readonly el = el("li.arp-item");
  #placed: Placed;
  readonly #time = el("span.arp-muted.arp-ptime");
  /** What became of the wish to kill it, in words; "" if there was none. */
  #said = "";
  #asking: ReturnType<typeof setTimeout> | undefined;
  #drawn = "";
  #leftDrawn = "";

  constructor(
    placed: Placed,
    private readonly source: PanelSource,
    private readonly host: PanelHost,
    private readonly trans = host.trans,
  ) {
    this.#placed = placed;
    this.el.dataset["job"] = String(placed.job.id);
  }

  /** Draw what changed; an item with focus keeps it. */
  update(placed: Placed): void {
    this.#placed = placed;
    const left = this.#left(Date.now());
    const now = [placed.word, placed.section, placed.job.revision, left, this.#said, this.#asking !== undefined].join("\n");
    if (now !== this.#drawn) {
      const act = (document.activeElement as HTMLElement | null)?.dataset["act"];
      const had = act && this.el.contains(document.activeElement);
      this.#drawn = now;
      this.#leftDrawn = left;
      this.#draw();
      if (had) this.#focus(act);
    }
    this.tick(Date.now());
  }

  /** Let its clock and the time left go on; nothing else is touched. */
  tick(now_ms: number): void {
    if (this.#left(now_ms) !== this.#leftDrawn) return this.update(this.#placed);
    const text = elapsed(lasting_ms(this.#placed.job, now_ms));
    if (this.#time.textContent !== text) this.#time.textContent = text;
  }

  destroy(): void {
    clearTimeout(this.#asking);
  }

  /** The time until it is done, in words. */
  #left(now_ms: number): string {
    const { job } = this.#placed;
    const left_ms = timeLeft(this.source.left_s(job.id), ms(job.reported_at), now_ms);
    return left_ms === null ? this.trans.__("no estimate") : this.trans.__("%1 left", age(left_ms));
  }

  #draw(): void {
    const { section } = this.#placed;
    this.el.className = `arp-item${section === "alerts" ? ` is-alert is-${this.#placed.hue}` : ""}`;
    if (this.#asking !== undefined) this.#drawQuestion();
    else if (section === "alerts") this.#drawAlert();
    else if (section === "running") this.#drawRunning();
    else this.#drawLine();
  }

  #drawAlert(): void {
    const { job, word, shape } = this.#placed;
    const log = shape === "cross" && job.native_id !== null;
    fill(
      this.el,
      icon(shape as IconName),
      el("span", {}, el("b", {}, call(job)), ` ${word.replace(/^Unknown/, "unknown")}`),
      log ? this.#log() : this.#details(),
      el("span.full", { title: why(job) }, this.#said || why(job) || this.trans.__("no reason was given")),
    );
  }

  #drawRunning(): void {
    const { job } = this.#placed;
    const done = progress(items(job.report), null, this.#leftDrawn);
    fill(
      this.el,
      el("b", {}, call(job)),
      this.#time,
      el(
        "span.full.arp-prow",
        {},
        this.#said ? el("span.arp-psaid", { role: "status" }, this.#said)
          : done ? drawProgress(done.percent, done.words, this.trans.__("Progress"))
          : el("span.arp-muted.arp-psaid", { title: why(job) }, why(job) || job.host),
        this.#log(),
        this.#button("kill", "kill", this.trans.__("Kill %1", call(job)), () => this.#ask()),
      ),
    );
  }

  #drawLine(): void {
    const { job, word, section } = this.#placed;
    const told = section === "over" ? word : why(job) || word;
    fill(
      this.el,
      el("span.arp-pline", { title: told }, el("b", {}, call(job)), " ", el("span.arp-muted", {}, told)),
      this.#time,
      job.native_id === null ? this.#details() : this.#log(),
    );
  }

  #drawQuestion(): void {
    const { job } = this.#placed;
    const answer = (act: string, text: string, look: string, then: () => void): HTMLElement =>
      el(`button.arp-btn${look}` as "button", { type: "button", "data-act": act, onclick: then }, text);
    fill(
      this.el,
      el("span.full.arp-pask", { role: "group" },
        el("span.arp-grow", { title: this.trans.__("Job %1", job.native_id ?? job.id) }, this.trans.__("Kill %1?", call(job))),
        answer("yes", this.trans.__("Kill"), ".is-bad", () => void this.#kill()),
        answer("no", this.trans.__("Keep"), "", () => this.#keep())),
    );
  }

  #log(): HTMLElement {
    return this.#open("log", "log", this.trans.__("Log of %1", call(this.#placed.job)));
  }

  #details(): HTMLElement {
    return this.#open("details", "info", this.trans.__("Details of %1", call(this.#placed.job)));
  }

  #open(tab: DrawerTab, shape: IconName, name: string): HTMLElement {
    return this.#button(tab, shape, name, () => this.host.openJob(this.source.experiment, this.#placed.job.id, tab));
  }

  #button(act: string, shape: IconName, name: string, then: () => void): HTMLElement {
    return el("button.arp-icon", { type: "button", "data-act": act, "aria-label": name, title: name, onclick: then }, icon(shape));
  }

  #ask(): void {
    this.#asking = setTimeout(() => this.#keep(), ASK_MS);
    this.update(this.#placed);
    this.#focus("no");
  }

  #keep(): void {
    clearTimeout(this.#asking);
    this.#asking = undefined;
    const had = this.el.contains(document.activeElement);
    this.update(this.#placed);
    if (had) this.#focus("kill");
  }

  async #kill(): Promise<void> {
    this.#said = this.trans.__("asking for its end …");
    this.#keep();
    try {
      const done = await this.host.kill(this.#placed.job.id);
      if (!done) this.#said = this.trans.__("The server did not say what became of it.");
      else this.#said = done.ok ? this.trans.__("is being killed") : done.message;
    } catch (error) {
      this.#said = words(error);
    }
    this.update(this.#placed);
  }

  #focus(act: string): void {
    const wanted = this.el.querySelector<HTMLElement>(`[data-act="${act}"]`);
    (wanted ?? this.el.querySelector<HTMLElement>("button"))?.focus();
  }
}
