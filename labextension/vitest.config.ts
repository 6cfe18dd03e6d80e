import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

/** JupyterLab's packages come from its page at run time: none is installed here. */
const FAKE_LAB = fileURLToPath(new URL("src/lab/__tests__/fake_lab.ts", import.meta.url));

export default defineConfig({
  resolve: { alias: [{ find: /^@(jupyterlab|lumino)\/.*$/, replacement: FAKE_LAB }] },
  // A document for each file takes longer than most tests: on all cores, not all but one. No test
  // measures time: the limit is for one that hangs, also where others use the machine.
  test: { environment: "jsdom", include: ["src/**/__tests__/**/*.test.ts"], maxWorkers: "100%", pool: "threads", restoreMocks: true, testTimeout: 60_000 },
});
