/** What is drawn only when somebody asks for it: dialogs, the list of columns, the list of keys. */

export { openApplyDialog } from "./jobs/apply_dialog";
export { openColumnsMenu } from "./jobs/columns_menu";
export { askToKill } from "./jobs/kill_dialog";
export { drawHelp } from "./shell/help";
