/** What the side panel shows and asks for; it knows neither Jupyter nor a transport. */

import type { Connection } from "../../grid/types";
import type { AutorunRow, ExperimentRow, HealthRow, JobRow, Outcome } from "../../model/rows";
import type { DrawerTab } from "../shell";

/** Jobs of one experiment: of the last 24 hours, and all that are not over. */
export interface PanelSource {
  readonly experiments: readonly ExperimentRow[];
  /** Name of the one shown; "" while there is none. */
  readonly experiment: string;
  /** Whose jobs: the viewer's own, or everyone's. */
  readonly everyone: boolean;
  readonly jobs: Iterable<JobRow>;
  readonly loading: boolean;
  readonly health: HealthRow | null;
  /** Who stopped all of it, and how run sources are. */
  readonly autorun: AutorunRow | null;
  readonly connection: Connection;
  /** Seconds until a running job is done, by its reports; null: no estimate. */
  left_s(job: number): number | null;
  choose(experiment: string): void;
  showEveryone(on: boolean): void;
  /** Be told that something changed; returns how to stop. */
  on(listener: () => void): () => void;
}

/** As JupyterLab's translations: arguments go in place of `%1`, `%2`. */
export interface Words {
  __(text: string, ...parts: readonly (string | number)[]): string;
}

export interface PanelHost {
  trans: Words;
  openPage(experiment: string): void;
  openJob(experiment: string, job: number, tab: DrawerTab): void;
  /** Rejects where nobody answers; undefined where the answer does not name the job. */
  kill(job: number): Promise<Outcome | undefined>;
}
