/** Which way to the manager a widget takes: the page's server if it is the kernel's, else the kernel. */

import type { StatusRow } from "../model/rows";
import type { Api } from "./api";
import type { CommModel } from "./comm_api";
import { HttpApi } from "./http_api";

let own: Api | undefined;

/**
 * The server that the page comes from, if it serves the store with this epoch; else the kernel:
 * another machine's manager, or a page such as VS Code's that has no server.
 */
export async function chooseApi(epoch: string, model: CommModel, http: Api = (own ??= new HttpApi())): Promise<Api> {
  try {
    const status = await http.json<StatusRow>("GET", "/status");
    if (status.epoch === epoch) return http;
  } catch {
    // nobody there who knows of jobs
  }
  const { CommApi } = await import("./comm_api"); // few pages need it
  return new CommApi(model);
}
