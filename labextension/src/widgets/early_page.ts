/**
 * A page that painted itself before the kernel was there, and the widget that comes later.
 *
 * In Voila the template's page and a cell's widget show the same board. They are two bundles
 * that know nothing of each other, so they meet at the document: the page leaves itself there,
 * and the widget, instead of drawing a second one, finds it.
 */

import type { ControlPage } from "../views/control_page";

const PLACE = Symbol.for("arp-nb.early-page");

/** What a widget may ask of the page that stands in for it. */
export type EarlyPage = Pick<ControlPage, "board" | "shell" | "root">;

type Meeting = Document & { [PLACE]?: EarlyPage };

export function offerEarlyPage(page: EarlyPage): void {
  (document as Meeting)[PLACE] = page;
}

/** The page that is painted already, if there is one and it is still there. */
export function earlyPage(): EarlyPage | null {
  const page = (document as Meeting)[PLACE];
  return page?.root.isConnected ? page : null;
}
