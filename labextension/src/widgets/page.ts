/**
 * The control page on its own: `<base>/arp/page`, and the first bytes of a Voila page.
 *
 * It needs nothing but the Jupyter server that it came from. What it shows stands in the
 * address: `?experiment=…&page=defs&job=7&tab=log&theme=dark`.
 */

import { HttpApi } from "../sources/http_api";
import { standAlone } from "./stand_alone";

// this module is at <base>/arp/static/page.js
const base = new URL("../../", import.meta.url).pathname;

function start(): boolean {
  const box = document.getElementById("arp-page");
  if (box) void standAlone(box, new HttpApi(base), location);
  return box !== null;
}

// it may be there before the element is
if (!start()) addEventListener("DOMContentLoaded", start, { once: true });
