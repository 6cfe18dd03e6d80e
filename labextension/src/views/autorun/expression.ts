/** The Python that gives the same lines. `expressions.json` holds one of each kind, which a test in Python executes. */

import { python } from "../jobs/expression";
import type { LedgerFilter } from "./lines";

export function ledgerExpression({ run, hash, outcome, why }: LedgerFilter): string {
  const asked = [
    run !== null && `run=${run}`, hash && `hash=${python(hash)}`, outcome && `outcome=${python(outcome)}`, why && `why=${python(why)}`,
  ].filter(Boolean);
  return asked.length ? `board.autorun.ledger(${asked.join(", ")})` : "board.autorun.ledger.df";
}
