/**
 * Build everything that a browser loads: the widgets' modules and the stand-alone page into the
 * Python package, and JupyterLab's prebuilt extension beside them.
 *
 *   node build.mjs            all, minified
 *   node build.mjs widgets    arp_nb/widgets/static only
 *   node build.mjs lab        arp_nb/labextension only
 *   node build.mjs --dev …    readable, with source maps
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { parts as shareParts } from "./parts.mjs";
import { trimSlickGrid } from "./trim_slickgrid.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(HERE, "../arp_nb/widgets/static");
const LABEXTENSION = join(HERE, "../arp_nb/labextension");

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const dev = process.argv.includes("--dev");

/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  format: "esm",
  legalComments: "none", // licences of what is bundled travel in LICENSES.txt
  logLevel: "warning",
  minify: !dev,
  plugins: [trimSlickGrid],
  sourcemap: dev ? "inline" : false,
  target: "es2022",
};

/** A server gives the code in parts, named by their content; a kernel gives it whole. */
async function widgets() {
  rmSync(STATIC, { recursive: true, force: true });
  mkdirSync(STATIC, { recursive: true });
  const entries = (...names) => names.map((name) => `src/widgets/${name}.ts`);
  const { metafile } = await build({
    ...common,
    chunkNames: "[name]-[hash]",
    entryPoints: entries("board", "grid", "page"),
    metafile: true,
    outdir: STATIC,
    plugins: [...common.plugins, await shareParts(common)],
    splitting: true,
  });
  const texts = bundled(metafile).map((one) => `${one.name} ${one.versionInfo}\n\n${one.extractedText}\n`);
  writeFileSync(join(STATIC, "LICENSES.txt"), texts.join("\n"));
  await build({ ...common, entryNames: "[name].whole", entryPoints: entries("board", "grid"), outdir: STATIC });
  await build({ ...common, entryPoints: entries("loader"), outdir: STATIC });
  await build({ ...common, entryPoints: { board: "style/index.css" }, outdir: STATIC });
}

/** Each package that a bundle holds a part of, and its licence; as JupyterLab's own list has it. */
function bundled(metafile) {
  const names = Object.keys(metafile.inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(names.filter(Boolean))].sort().map((name) => {
    const folder = join(HERE, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const extractedText = readFileSync(join(folder, "LICENSE"), "utf8");
    return { name, versionInfo: version, licenseId: license, extractedText };
  });
}

async function lab() {
  rmSync(LABEXTENSION, { recursive: true, force: true });
  const { metafile } = await build({
    ...common,
    minify: false, // the builder minifies
    entryPoints: { lab: "src/lab/index.ts", style: "style/index.css" },
    external: ["@jupyterlab/*", "@lumino/*"], // JupyterLab's own, shared at run time
    metafile: true,
    outdir: "lib",
  });
  const builder = join(HERE, "node_modules/@jupyter/builder/lib/build-labextension.js");
  const core = join(HERE, "node_modules/@jupyterlab/core-meta/core.package.json");
  const how = dev ? ["--development", "--source-map"] : [];
  execFileSync(process.execPath, [builder, "--core-package-file", core, ...how, HERE], {
    stdio: "inherit",
  });
  // the builder saw one file of ours, and no packages in it
  const list = join(LABEXTENSION, "static/third-party-licenses.json");
  const { packages } = existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : { packages: [] };
  writeFileSync(list, JSON.stringify({ packages: [...packages, ...bundled(metafile)] }, null, 2));
}

const parts = { widgets, lab };
for (const name of wanted.length ? wanted : Object.keys(parts)) {
  if (!(name in parts)) throw new Error(`no such part: ${name}; there are ${Object.keys(parts)}`);
  await parts[name]();
}
