/** What is known of a definition's script: the manager says "ok", "not checked…", or what is wrong. */

import type { DefinitionRow } from "./rows";

export function checked({ check: { problem } }: Pick<DefinitionRow, "check">): "ok" | "bad" | "unknown" {
  if (problem === "" || problem === "ok") return "ok";
  return problem.startsWith("not checked") ? "unknown" : "bad";
}
