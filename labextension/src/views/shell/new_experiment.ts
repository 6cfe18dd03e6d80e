/** A new experiment, and words for a name that is none's. */

import { ApiError } from "../../sources/api";
import type { Board } from "../../sources/board";
import { el, unique } from "../../dom";
import type { Shell } from "../shell";

/** Share of letters that may differ for a name to be near. */
const NEAR = 0.5;

/** Ask for a name and an instrument until the server takes them. */
export function askNew(shell: Pick<Shell, "dialog" | "board">, typed: string, open: (name: string) => void): void {
  shell.dialog("New experiment", (box, close) => {
    const said_id = unique("arp-said");
    const name = el("input", { id: unique("arp-name"), value: typed, autocomplete: "off", spellcheck: "false", "aria-describedby": said_id });
    const instrument = el("input", { id: unique("arp-instrument"), autocomplete: "off", placeholder: "XPP" });
    const said = el("p.arp-said", { id: said_id, role: "alert" });
    const submit = async (event: Event): Promise<void> => {
      event.preventDefault();
      said.textContent = "";
      try {
        const made = await shell.board.createExperiment(name.value.trim(), instrument.value.trim());
        close();
        open(made.name);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        said.textContent = error.message;
        name.setAttribute("aria-invalid", "true");
        name.focus();
      }
    };
    box.append(el("form", { onsubmit: (event: Event) => void submit(event) },
      el("div.arp-form", {},
        el("label", { for: name.id }, "Name"), el("div.arp-field", {}, name),
        el("label", { for: instrument.id }, "Instrument"), el("div.arp-field", {}, instrument), el("span"), said),
      el("footer", {}, el("span.arp-grow"), el("button.arp-btn", { type: "button", onclick: close }, "Cancel"),
        el("button.arp-btn.is-main", { type: "submit" }, "Create"))));
  });
}

/** Names like `wanted`, the nearest first: at most three. */
export function near(wanted: string, names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, far: distance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, far }) => far <= NEAR * Math.max(name.length, wanted.length))
    .sort((one, other) => one.far - other.far)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** How many letters must be changed, added or left out. */
export function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same));
    }
    row = next;
  }
  return row[other.length]!;
}

/** What the page says instead of an experiment that is not there. */
export function drawUnknown(box: HTMLElement, board: Board, names: readonly string[], open: (name: string) => void, create: (name: string) => void): void {
  const alike = near(board.name, names);
  const others = alike.length ? alike : names.slice(0, 8);
  const title = board.name ? `There is no experiment “${board.name}”` : "Choose an experiment";
  const text = alike.length ? "Did you mean one of these?" : others.length ? "There are:" : "None exists yet: make the first one.";
  const buttons = others.map((name) => el("button.arp-btn", { type: "button", onclick: () => open(name) }, name));
  box.append(
    el("div.arp-none", {},
      el("h2", {}, title), el("p", {}, text), el("div.arp-row-btns", {}, ...buttons),
      el("button.arp-btn.is-main", { type: "button", onclick: () => create(board.name) }, board.name ? `Create ${board.name}…` : "New experiment…")),
  );
}
