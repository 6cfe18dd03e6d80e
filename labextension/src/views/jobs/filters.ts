/** The box of filters, a column each. */

import { el, fill } from "../../dom";
import { popover } from "../popover";
import { FILTERABLE, type Toolbar } from "./toolbar";

export function openFilters(button: HTMLElement, tools: Toolbar): void {
  popover(button, "Filter columns", (box) => {
    fill(box, el("h3", {}, "Only jobs whose"), ...FILTERABLE.map(([name, title]) => {
      const input: HTMLInputElement = el("input", {
        placeholder: name === "run" ? "12, 20-32" : "holds this text", autocomplete: "off", oninput: () => tools.column(name, input.value.trim()),
      });
      input.value = tools.filter().columns.get(name) ?? "";
      return el("label.arp-opt", {}, el("span", {}, title), el("span.arp-field", {}, input));
    }));
    box.querySelector("input")!.focus();
  });
}
