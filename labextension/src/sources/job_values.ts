/** A job's JSON row as values of the columns in which jobs are kept. */

import type { Counter, CounterValue, JobRow } from "../model/rows";
import { ms } from "../model/times";
import { JOB_COLUMNS } from "./board";
import type { Values } from "./gather";

const TIMES = new Set(["requested", "submitted", "started", "ended", "changed", "kill_at", "reported_at"]);

/** Prefix of a column that shows a counter of the report. */
export const COUNTER = "counter:";

/** Values of `JOB_COLUMNS`, and of `counter:<name>` for each name; times in ms since 1970. */
export function jobValues(row: JobRow, counters: readonly string[]): Values {
  const values: Record<string, Values[string]> = {};
  for (const name of JOB_COLUMNS) {
    const value = row[name];
    values[name] = TIMES.has(name) ? orNull(ms(value as string | null)) : name === "parts" ? JSON.stringify(value) : (value as Values[string]);
  }
  const posted = row.report.counters ?? {};
  for (const name of counters) {
    values[COUNTER + name] = Object.hasOwn(posted, name) ? counterNumber(posted[name]) : null;
  }
  return values;
}

/** The number in a counter, however it was posted; null if it is none. */
function counterNumber(counter: Counter | undefined): number | null {
  let value: unknown = counter;
  if (Array.isArray(counter)) value = (counter as readonly CounterValue[])[0];
  else if (counter && typeof counter === "object") value = (counter as { value: CounterValue }).value;
  return typeof value === "number" ? value : null;
}

function orNull(number: number): number | null {
  return isNaN(number) ? null : number;
}
