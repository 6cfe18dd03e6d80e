/** What is drawn only when somebody asks for it: menus, dialogs, the list of columns, the list of keys. */

export { openColumnsMenu } from "./columns_menu";
export { openApplyDialog } from "./jobs/apply_dialog";
export { openDeleted } from "./jobs/deleted";
export { askToKill } from "./jobs/kill_dialog";
export { Dialogs } from "./shell/dialogs";
export { drawHelp } from "./shell/help";
export { Menu } from "./shell/menus";
export { askNew, drawUnknown } from "./shell/new_experiment";
