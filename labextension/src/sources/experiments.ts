/** Which experiments there are: those that take data first, and of these the newest. */

import type { ExperimentRow } from "../model/rows";
import type { Api } from "./api";

export async function experiments(api: Api): Promise<ExperimentRow[]> {
  const answer = await api.json<{ experiments: ExperimentRow[] }>("GET", "/experiments");
  return newestFirst(answer.experiments);
}

export function newestFirst(rows: readonly ExperimentRow[]): ExperimentRow[] {
  return [...rows].sort((one, other) => Number(other.active) - Number(one.active) || other.id - one.id);
}
