/** What of the board comes later: see `Later`. Each is a file of its own where code is served in parts (`parts.mjs`). */

import { Later } from "./later";

export const CONTROL = new Later("The control page", () => import("./control_page"));
export const DRAWER = new Later("The drawer", () => import("./drawer"));
export const DEFINITIONS = new Later("The page of batch defs", () => import("./defs_page"));
export const AUTORUN = new Later("The page of autorun", () => import("./ledger_page"));
export const ASKED = new Later("This part of the page", () => import("./asked"));
