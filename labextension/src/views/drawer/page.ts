import type { JobRow } from "../../model/rows";
import type { Mounted } from "../shell";

/** A page of the drawer: one job, from being opened until another page or job is. */
export interface Page extends Mounted {
  /** The job as it is now; first when it is known, then at each change. */
  job(row: JobRow): void;
}
