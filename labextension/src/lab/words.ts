/** What all parts in JupyterLab share: names, icon, translations. */

import type { TranslationBundle } from "@jupyterlab/translation";
import { LabIcon } from "@jupyterlab/ui-components";

export const PLUGIN = "arp-nb:plugin";
/** Domain of the translations. */
export const DOMAIN = "arp-nb";

export const COMMANDS = {
  open: "arp:open",
  definitions: "arp:open-definitions",
  panel: "arp:open-panel",
} as const;

export type Trans = TranslationBundle;

/** As `icon("arp")` of the views, in the colours of Lab's own icons. */
export const jobsIcon = new LabIcon({
  name: "arp-nb:jobs",
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16" fill="none" stroke-width="1.5" ' +
    'stroke-linecap="round" stroke-linejoin="round"><path class="jp-icon3" stroke="#616161" ' +
    'd="M2 3.5h5M2 8h7M2 12.5h5"/><path class="jp-icon3" fill="#616161" d="m10.5 4.6 4 3.4-4 3.4z"/></svg>',
});
