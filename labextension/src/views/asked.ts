/** What is drawn only when somebody asks for it: menus, dialogs, the list of columns, the list of keys. */

export { openColumnsMenu } from "./columns_menu";
export { Actions } from "./jobs/actions";
export { openDeleted } from "./jobs/deleted";
export { openFilters } from "./jobs/filters";
export { noMatch } from "./jobs/no_match";
export { Dialogs } from "./shell/dialogs";
export { drawHelp } from "./shell/help";
export { Menu } from "./shell/menus";
export { askNew, drawUnknown } from "./shell/new_experiment";
