/**
 * Leave out of SlickGrid what our tables never use, while bundling: it is one class of 300
 * methods, which no bundler can shake.
 *
 * A listed method that is not found stops the build: a new version was installed, look again.
 */

import { readFileSync } from "node:fs";

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

/** The text of SlickGrid with empty bodies in place of the unused methods'. */
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
  return text.slice(0, start) + grid + text.slice(end);
}
