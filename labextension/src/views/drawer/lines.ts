/** The lines of Python that the drawer offers to copy; each runs as it stands. */

import { python } from "../jobs/expression";

export type Asked = "log" | "details" | "snapshot" | "history";

export const ask = (job: number, what: Asked): string => `board.job(${job}).${what}()`;

export const rerun = (job: number, extra: string): string =>
  `board.job(${job}).rerun(${extra && `extra_parameters=${python(extra)}`})`;

/** `memory` and `time` as they were typed; "": as the script asks. */
export const rerunWithMore = (job: number, memory: string, time: string): string =>
  `board.job(${job}).rerun(${[memory && `memory=${python(memory)}`, time && `time=${python(time)}`].filter(Boolean).join(", ")})`;
