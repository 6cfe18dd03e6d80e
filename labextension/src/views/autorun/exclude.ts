/** Leave a run out of autorun, with a reason; take it back in. */

import { plain } from "../../model/plain";
import { el } from "../../dom";
import { AutorunRequests } from "../../sources/autorun_requests";
import type { Shell } from "../shell";
import { tried } from "./stop";

/** Asks for the reason: others will read it. */
export async function askExclude(shell: Shell, run: number): Promise<void> {
  const field = el("input", { "aria-label": "Reason", autocomplete: "off", maxlength: 500, placeholder: "shutter closed" });
  const body = el("div", {},
    el("p", {}, `Autorun starts nothing on run ${run} from now on. Jobs that it has go on, and batch defs can be applied to it by hand.`),
    el("label.arp-check", {}, "Reason ", el("span.arp-field.arp-grow", {}, field)));
  if (!(await shell.ask({ title: `Leave run ${run} out of autorun?`, body, yes: `Leave run ${run} out`, no: "Cancel" }))) return;
  const why = field.value.trim();
  if (!why) return shell.toast({ kind: "bad", title: `Run ${run} was not left out`, text: "Say why: whoever misses its jobs will ask." });
  const row = await tried(shell, `Run ${run} was not left out`, () => new AutorunRequests(shell.board).exclude(run, why));
  if (row) shell.toast({ kind: "plain", title: `Autorun leaves run ${run} out`, text: plain(why, 300), stay_s: 10, actions: [{ label: "Undo", do: () => void include(shell, run) }] });
}

export async function include(shell: Shell, run: number): Promise<void> {
  if (await tried(shell, `Run ${run} is still left out`, () => new AutorunRequests(shell.board).include(run))) shell.announce(`Run ${run} is back in autorun`);
}
