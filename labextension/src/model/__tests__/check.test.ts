import { expect, test } from "vitest";

import { checked } from "../check";

const row = (problem: string) => ({ check: { problem, warnings: [], sha256: null, host: null, checked_at: null } });

test.each([
  ["ok", "ok"],
  ["", "ok"],
  ["not checked", "unknown"],
  ["not checked: the batch client is away", "unknown"],
  ["No such file on psanaphi110.", "bad"],
] as const)("a script of which the manager says “%s” is %s", (said, meant) => {
  expect(checked(row(said))).toBe(meant);
});
