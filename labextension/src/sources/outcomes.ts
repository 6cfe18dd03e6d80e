/** Things done with several jobs at once. */

import type { Outcome } from "../model/rows";
import type { Api } from "./api";

/** Of one request: the manager takes no more. */
const MAX_IDS = 10_000;

/** `POST jobs:kill` and its like, in as many requests as it takes. */
export async function doWith(
  api: Api, what: "kill" | "delete" | "restore", ids: readonly number[], more: object = {},
): Promise<Outcome[]> {
  const all: Outcome[] = [];
  for (let at = 0; at < ids.length; at += MAX_IDS) {
    const body = { ids: ids.slice(at, at + MAX_IDS), ...more };
    all.push(...(await api.json<{ results: Outcome[] }>("POST", `/jobs:${what}`, body)).results);
  }
  return all;
}
