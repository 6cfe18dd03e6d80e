/** What can be asked of autorun: each request and its address. Its news come with the board's own. */

import type { Backtest, ConsentDiff, LedgerPage, Missed, Standing, Switch, Tested, Waiting } from "../model/autorun";
import type { DefinitionRow, EntryRow, RunRow } from "../model/rows";
import type { Board, DefinitionDraft } from "./board";

export interface LedgerQuery {
  run?: number;
  hash?: string;
  outcome?: string;
  why?: string;
  /** Only lines older than this one. */
  before_id?: number;
  limit?: number;
  /** Also what has no line; needs `run` or `hash`. */
  complete?: boolean;
}

export class AutorunRequests {
  readonly #root: string;

  constructor(readonly board: Pick<Board, "api" | "name">) {
    this.#root = `/experiments/${encodeURIComponent(board.name)}`;
  }

  standing(): Promise<Standing> {
    return this.board.api.json("GET", `${this.#root}/autorun`);
  }

  /** What waits in other experiments, for whatever reason. */
  async waitingElsewhere(): Promise<Waiting> {
    const [all, here] = await Promise.all([this.board.api.json<Waiting>("GET", "/autorun"), this.standing()]);
    return { waiting: Math.max(0, all.waiting - here.waiting), held: Math.max(0, all.held - here.held) };
  }

  ledger(query: LedgerQuery): Promise<LedgerPage> {
    const asked = Object.entries(query).map(([name, value]) => [name, String(value)]);
    return this.board.api.json("GET", `${this.#root}/autorun/ledger?${new URLSearchParams(asked)}`);
  }

  /** `hash`: of a definition as it is, or with `changes` as if edited so; "": of a draft. */
  backtest(hash: string, changes: Partial<DefinitionDraft>, last: number): Promise<Backtest> {
    const edited = Object.keys(changes).length ? { definition: changes } : {};
    return this.#post("/autorun:backtest", { ...(hash ? { hash } : {}), ...edited, last });
  }

  check(predicate: string): Promise<Tested> {
    return this.#post("/autorun:check", { predicate });
  }

  /** Run, or skip, lines that wait. */
  async missed(ids: readonly number[], what: Missed): Promise<EntryRow[]> {
    return (await this.#post<{ entries: EntryRow[] }>("/autorun:missed", { ids, do: what })).entries;
  }

  /** Stop all autorun of this manager; a reason may follow. */
  stop(said = ""): Promise<Switch> {
    return this.board.api.json("POST", "/autorun:stop", { said });
  }

  resume(missed: Missed): Promise<Switch> {
    return this.board.api.json("POST", "/autorun:resume", { missed });
  }

  pause(id: number, said: string): Promise<DefinitionRow> {
    return this.#post(`/definitions/${id}:pause`, { said });
  }

  unpause(id: number, missed: Missed): Promise<DefinitionRow> {
    return this.#post(`/definitions/${id}:resume`, { missed });
  }

  consent(id: number): Promise<ConsentDiff> {
    return this.board.api.json("GET", `${this.#root}/definitions/${id}/consent`);
  }

  exclude(run: number, why: string): Promise<RunRow> {
    return this.#post(`/runs/${run}:exclude`, { why });
  }

  include(run: number): Promise<RunRow> {
    return this.#post(`/runs/${run}:include`, {});
  }

  #post<T>(path: string, body: Record<string, unknown>): Promise<T> {
    return this.board.api.json("POST", this.#root + path, body);
  }
}
