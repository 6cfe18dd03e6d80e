/** What an experiment without definitions says: the three steps to the first job. */

import { el } from "../../dom";
import { icon } from "../../icons";
import type { Shell } from "../shell";

const EXAMPLE = `#!/bin/bash
# called as: submit.sh EXPERIMENT RUN PARAMETERS…
bsub -q psdebugq -o "$HOME/arp/%J.log" \\
     python "$HOME/arp/submit.py" "$@"
`;

export function drawTeaching(shell: Shell): HTMLElement {
  const control = el("a", { href: "#", onclick: (event: Event) => (event.preventDefault(), shell.go("control")) }, "Batch control");
  const step = (title: string, ...children: (Node | string)[]): HTMLElement => el("li", {}, el("h3", {}, title), ...children);
  const steps = el("ol.arp-steps", {},
    step("1. Have a script that calls bsub", el("pre", {}, EXAMPLE.trimEnd()),
      el("p.arp-muted", {}, "It must be executable, and its path absolute. It runs as you."),
      el("div.arp-row-btns", {}, el("button.arp-btn", { type: "button", onclick: () => shell.copy(EXAMPLE) }, icon("copy"), "Copy"))),
    step("2. Name it in the row above", el("p", {}, "Type a hash, for example ", el("b", {}, "smd"), ", then the path. The row is checked as you leave it and saved when it is right.")),
    step("3. Apply it to a run", el("p", {}, "On ", control, ", choose the hash in the Action column, or apply it to many runs at once.")));
  steps.firstElementChild!.classList.add("is-now");
  return el("div.arp-teach", {},
    el("h2", {}, "Nothing runs here yet"),
    el("p", {}, "A definition gives a short name, the hash, to a script of yours that submits a job. Make one, then apply it to any run."), steps);
}
