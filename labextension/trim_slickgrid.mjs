/**
 * Leave out of SlickGrid what our tables never use, while bundling: it is one class of 300
 * methods, which no bundler can shake.
 *
 * Methods that it calls, though never for our tables, are listed and made empty. A listed one
 * that is not found stops the build: a new version was installed, look again. Methods that are
 * then named nowhere, neither in its class nor in src/grid, are taken out.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OURS = join(dirname(fileURLToPath(import.meta.url)), "src/grid");

/** Done by src/grid itself, or never asked for. */
const UNUSED = [
  // editing, focus and keys: src/grid/editors.ts, focus.ts, keys.ts
  "commitCurrentEdit", "cancelCurrentEdit", "makeActiveCellEditable", "makeActiveCellNormal", "setActiveCellInternal",
  "editActiveCell", "commitEditAndSetFocus", "cancelEditAndSetFocus", "handleKeyDown", "handleClick", "handleDblClick",
  "handleContextMenu", "gotoCell", "gotoRight", "gotoLeft", "gotoDown", "gotoUp", "gotoNext", "gotoPrev", "gotoRowStart",
  "gotoRowEnd", "navigate", "navigateToPos", "navigateToRow", "navigateTop", "navigateBottom", "scrollPage",
  "canCellBeActive", "findFocusableRow", "findFirstFocusableCell", "findLastFocusableCell", "findSpanStartingCell",
  "isCellPotentiallyEditable", "handleActiveCellPositionChange", "getActiveCellPosition", "absBox",
  // selection: src/grid/selection.ts
  "handleSelectedRangesChanged", "setSelectionModel", "canCellBeSelected", "rowsToRanges", "setSelectedRows",
  "createDraggable", "handleDragInit", "handleDragStart", "handleDrag", "handleDragEnd", "getTextSelection", "setTextSelection",
  // headers: src/grid/headers.ts
  "setupColumnSort", "setSortColumns", "setupColumnReorder", "setupColumnResize", "updateColumnHeader", "recalculateHeaderHeight",
  "handleAutoHeaderHeightChange", "handleHeaderMouseEnter", "handleHeaderMouseLeave", "handleHeaderContextMenu",
  "handleHeaderClick", "handleHeaderMouseHoverOn", "handleHeaderMouseHoverOff", "handleResizeableDoubleClick",
  // widths: src/grid/column_widths.ts
  "autosizeColumn", "autosizeColumns", "internalAutosizeColumns", "legacyAutosizeColumns", "getColAutosizeWidth",
  "getColContentSize", "getColWidth", "getColHeaderWidth", "treatAsLocked",
  // footers, panels, frozen columns, spans of rows, cells drawn later, cell styles, plugins
  "materializeFooterRow", "createColumnFooter", "togglePanelVisibility", "validateColumnFreezeWidth",
  "calculateFrozenColumnIndexById", "validateSetColumnFreeze", "getRowSpanIntersection", "remapAllColumnsRowSpan",
  "remapRowSpanMetadata", "remapRowSpanMetadataByRow", "getParentRowSpanByCell", "asyncPostProcessRows",
  "asyncPostProcessCleanupRows", "queuePostProcessedRowForCleanup", "queuePostProcessedCellForCleanup",
  "startPostProcessing", "startPostProcessingCleanup", "updateCellCssStylesOnRenderedRows", "updateCellCssClassesByCell",
  "addCellCssStyles", "removeCellCssStyles", "setCellCssStyles", "flashCell", "highlightRow", "registerPlugin",
  "unregisterPlugin", "getPluginByName", "destroyAllElements", "createCssRulesAlternative", "handleMouseWheel",
  "handleHeaderRowScroll", "handleFooterRowScroll", "handlePreHeaderPanelScroll", "handleTopHeaderPanelScroll",
  "handleHeaderRowMouseEnter", "handleHeaderRowMouseLeave", "handlePreHeaderContextMenu", "handlePreHeaderClick",
  "handleFooterContextMenu", "handleFooterClick", "handleCellMouseOver", "handleCellMouseOut", "getCellFromEvent",
  "cacheCssForHiddenInit", "restoreCssFromHiddenInit", "getRowSpanIntersect", "getRowSpanColumnIntersects",
  "ensureRowPositionIndexer", "computeFrozenRowsHeight", "getCellNodeBox", "getCellFromPoint", "bindAncestorScrollEvents",
  // style/slick.css says it
  "setOverflow",
];

/** @type {import("esbuild").Plugin} */
export const trimSlickGrid = {
  name: "trim-slickgrid",
  setup(build) {
    build.onLoad({ filter: /slickgrid[\\/]dist[\\/]esm[\\/]index\.mjs$/ }, ({ path }) => ({
      contents: trimmed(readFileSync(path, "utf8")),
      loader: "js",
    }));
  },
};

/** The text of SlickGrid without what is not used. */
function trimmed(text) {
  const start = text.indexOf("SlickGrid = class");
  const end = text.indexOf("\n};", start);
  if (start < 0 || end < 0) throw new Error("SlickGrid is written differently now: look at trim_slickgrid.mjs");
  let grid = text.slice(start, end);
  for (const name of UNUSED) {
    const at = grid.search(new RegExp(`^ {2}${name}\\(.*\\) \\{$`, "m"));
    const done = grid.indexOf("\n  }\n", at);
    if (at < 0 || done < 0) throw new Error(`SlickGrid has no method ${name} any longer: look at trim_slickgrid.mjs`);
    grid = `${grid.slice(0, at)}  ${name}() {${grid.slice(done + 1)}`;
  }
  return text.slice(0, start) + withoutUnnamed(grid) + text.slice(end);
}

/** Taking a method out can leave others without a name anywhere: until none is left. */
function withoutUnnamed(grid) {
  const ours = readdirSync(OURS, { withFileTypes: true })
    .filter((one) => one.isFile())
    .map(({ name }) => readFileSync(join(OURS, name), "utf8"))
    .join("\n");
  for (;;) {
    const code = grid.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
    const named = new Map();
    for (const [name] of `${code} ${ours} ${ours}`.matchAll(/[A-Za-z_]\w*/g)) named.set(name, (named.get(name) ?? 0) + 1);
    const less = grid.replace(/^ {2}([A-Za-z_]\w*)\(.*\) \{(\}|\n[^]*?\n {2}\})$/gm, (method, name) =>
      named.get(name) === 1 && name !== "constructor" ? "" : method);
    if (less === grid) return grid;
    grid = less;
  }
}
