/** "Kill 581240? Kill / Keep", or "Withdraw …", asked in the row itself, and gone after five seconds. */

import { el } from "../../dom";

const GONE_MS = 5000;

export interface RowQuestion {
  close(): void;
}

/** `cell`: where it is asked; `over`: the positioned element that holds the table; `verb`: as "Kill". */
export function askInRow(over: HTMLElement, cell: HTMLElement, verb: string, name: string, kill: () => void, done: () => void): RowQuestion {
  const close = (): void => {
    window.clearTimeout(timer);
    over.removeEventListener("scroll", close, true);
    if (!box.isConnected) return;
    const focused = box.contains(document.activeElement);
    box.remove();
    if (focused) done();
  };
  const keep = el("button.arp-btn", { type: "button", onclick: close }, "Keep");
  const go = (): void => {
    close();
    kill();
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") (document.activeElement === keep ? yes : keep).focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const yes = el("button.arp-btn.is-bad", { type: "button", onclick: go }, verb);
  const box = el("div.arp-rowask", { role: "alertdialog", "aria-label": `${verb} ${name}?`, onkeydown: keys }, el("b", {}, `${verb} ${name}?`), yes, keep);
  const [at, from] = [cell.getBoundingClientRect(), over.getBoundingClientRect()];
  box.style.cssText = `left:${Math.max(0, at.left - from.left)}px;top:${at.top - from.top}px;height:${at.height || 28}px`;
  const timer = window.setTimeout(close, GONE_MS);
  over.addEventListener("scroll", close, true);
  over.append(box);
  keep.focus();
  return { close };
}
