/**
 * Which modules share a file, where code is served in parts.
 *
 * esbuild makes a file of each set of modules that the same entries reach: with a few entries
 * these are dozens, a request each, and each packed worse than one. So what the first load of a
 * page needs anyway goes into as few files as can be:
 *
 * - what only the control page and tables of DataFrames use: the table
 * - what only the control page uses: its own
 * - what tables of DataFrames share with anything else: the basics
 * - all else that two entries share: the ground of a board
 *
 * An entry that needs one module of the basics or the ground is given them all.
 */

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { build } from "esbuild";

/** What shows a board: each stands on the same ground. */
const BOARD = ["widgets/page", "widgets/board", "views/control_page", "views/drawer", "views/defs_page", "views/ledger_page", "views/asked"];
const GRID = "widgets/grid";
const FIRST = BOARD.slice(0, 3);

/** @returns {Promise<import("esbuild").Plugin>} `options`: those of the build, for a look at what imports what. */
export async function parts(options) {
  const { metafile } = await build({
    ...options,
    entryPoints: [...FIRST.slice(0, 2), GRID].map((name) => `src/${name}.ts`),
    metafile: true,
    outdir: "nowhere",
    write: false,
  });
  const who = readers(metafile.inputs);
  const shared = [...who].filter(([, entries]) => together(entries)).map(([path]) => path);
  return {
    name: "parts",
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`/src/(${BOARD.join("|")})\\.ts$`) }, ({ path }) => {
        const more = shared.filter((one) => !one.endsWith(".json")).map((one) => `import ${JSON.stringify(resolve(options.absWorkingDir, one))};\n`);
        return { contents: readFileSync(path, "utf8") + "\n" + more.join(""), loader: "ts" };
      });
    },
  };
}

/** Does a first load need it, and does more than one page? What the control page has, its own page has too. */
function together(entries) {
  const pages = BOARD.filter((name) => entries.has(name) && !(name === "views/control_page" && entries.has("widgets/page")));
  return pages.length > 1 && FIRST.some((name) => entries.has(name));
}

/** For each module, the entries that reach it without waiting. */
function readers(inputs) {
  const found = new Map();
  for (const name of [...BOARD, GRID]) {
    const look = (path) => {
      const entries = found.get(path) ?? found.set(path, new Set()).get(path);
      if (entries.has(name)) return;
      entries.add(name);
      for (const one of inputs[path].imports) if (one.kind === "import-statement" && !one.external) look(one.path);
    };
    look(join("src", `${name}.ts`));
  }
  return found;
}
