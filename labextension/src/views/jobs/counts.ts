/** The count strip: jobs by status, to be read from across the room; a press filters. */

import { counted } from "../counted";
import { el, fill } from "../../dom";
import { icon } from "../../icons";
import { GROUPS, SLOW, type Facts } from "./facts";

export interface Counts {
  /** By index of `GROUPS`. */
  groups: readonly number[];
  /** Every word that is shown of some job, with its jobs. */
  words: ReadonlyMap<string, number>;
}

/** Count all jobs, in one pass over codes: no text is looked at twice. */
export function count(facts: Facts): Counts {
  facts.refresh();
  const store = facts.board.jobs;
  const each = new Uint32Array(facts.combinations);
  const example = new Int32Array(facts.combinations);
  for (let row = 0; row < store.rows; row++) {
    if (!store.alive(row)) continue;
    const at = facts.combination(row);
    each[at]!++;
    example[at] = row;
  }
  const groups = GROUPS.map(() => 0);
  const words = new Map<string, number>();
  each.forEach((jobs, at) => {
    if (!jobs) return;
    const row = example[at]!;
    groups[facts.group(row)]! += jobs;
    words.set(facts.word(row), (words.get(facts.word(row)) ?? 0) + jobs);
  });
  return { groups, words };
}

/** `212,861`; with a short form for narrow pages, `213 k`, and the exact number in its title. */
function drawCount(jobs: number): (Node | string)[] {
  const exact = jobs.toLocaleString("en");
  if (jobs < 100_000) return [exact];
  const short = jobs < 1e6 ? `${Math.round(jobs / 1e3)} k` : `${(jobs / 1e6).toFixed(1)} M`;
  return [el("span.long", {}, exact), el("span.short", { title: exact }, short)];
}

/** The strip; `press(group)` toggles a status, `press(null)` clears all. */
export class CountStrip {
  readonly el = el("div.arp-counts", { role: "group", "aria-label": "Jobs by status; press to filter" });
  readonly #all: HTMLButtonElement;
  readonly #tiles: readonly HTMLButtonElement[];

  constructor(press: (group: number | null) => void) {
    this.#all = el("button.arp-count.is-all", { type: "button", onclick: () => press(null) }, el("b"), el("span", {}, "All jobs"));
    this.#tiles = GROUPS.map(({ name, hue, shape }, group) => el(
      `button.arp-count.is-${hue}`, { type: "button", onclick: () => press(group) },
      icon(shape), el("b"), el("span", {}, name)));
    fill(this.el, this.#all, ...this.#tiles);
  }

  /** `counts` null: not known yet. `scheduler`: what people call it here, as "LSF". */
  show(total: number | null, counts: Counts | null, chosen: ReadonlySet<number>, scheduler: string): void {
    this.#put(this.#all, total, !chosen.size);
    this.#tiles.forEach((tile, group) => {
      const jobs = counts?.groups[group] ?? null;
      this.#put(tile, jobs, chosen.has(group));
      tile.classList.toggle("is-zero", jobs === 0);
      if (group === SLOW) fill(tile.lastElementChild!, `${scheduler}_Slow`);
      // a tile that most experiments never need
      tile.hidden = GROUPS[group]!.name === "Withdrawn" && !jobs && !chosen.has(group);
    });
  }

  #put(tile: HTMLButtonElement, jobs: number | null, pressed: boolean): void {
    const number = tile.querySelector("b")!;
    const shown = jobs === null ? "…" : jobs.toLocaleString("en");
    if (tile.dataset["shown"] !== shown) {
      tile.dataset["shown"] = shown;
      fill(number, ...(jobs === null ? ["…"] : drawCount(jobs)));
    }
    tile.setAttribute("aria-pressed", String(pressed));
  }
}

/** What ended since the last call, as "2 jobs done, 1 failed"; "" if nothing did. */
export function ended(before: Counts, now: Counts, done: number, failed: number): string {
  const more = (group: number): number => Math.max(0, now.groups[group]! - before.groups[group]!);
  const [good, bad] = [more(done), more(failed)];
  if (!good && !bad) return "";
  return good && bad ? `${counted(good, "job")} done, ${bad} failed` : good ? `${counted(good, "job")} done` : `${counted(bad, "job")} failed`;
}
