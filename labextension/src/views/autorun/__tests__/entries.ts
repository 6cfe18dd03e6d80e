/** Lines of a ledger, made up. */

import type { EntryRow } from "../../../model/rows";
import { at } from "../../__tests__/sample_rows";

export function entry(id: number | null, run: number, changes: Partial<EntryRow> = {}): EntryRow {
  return {
    id, experiment_id: 915, run, definition_id: 12, hash: "smd", version: 4, trigger: "END_OF_RUN", cause: "", outcome: "fired", why: "",
    said: `Started job ${id} as alice: the run ends.`, seen: {}, job_id: id, user: "alice", event_at: at("14:01:10"), decided_at: at("14:01:11"), revision: id ?? 0, ...changes,
  };
}

export const waiting = (id: number, run: number, changes: Partial<EntryRow> = {}): EntryRow =>
  entry(id, run, { outcome: "waiting", why: "stopped", said: "bob stopped all autorun.", job_id: null, ...changes });

export const skipped = (id: number, run: number, changes: Partial<EntryRow> = {}): EntryRow =>
  entry(id, run, { outcome: "skipped", why: "predicate", said: "Its predicate is false: beam > 1 (with beam = 0.2).", seen: { beam: 0.2 }, job_id: null, ...changes });

export const STOP = { by: "bob", at: at("13:40:00"), said: "moving the detector" };
