/** Why a job stands where it stands, in one line: the machine's own words where there are any. */

import { bytes } from "../../model/bytes";
import { plain } from "../../model/plain";
import { isFinal, title } from "../../model/status";
import { age, clock } from "../../model/times";
import type { Board } from "../../sources/board";
import { KEPT } from "../job_shares";

/** What is asked of a job; times in ms since 1970, NaN if there is none. */
export interface Told {
  state: string;
  /** The word as the store has it, and as it is shown now. */
  status: string;
  word: string;
  phase: string;
  reason: string;
  location: string;
  exitCode: number | null;
  signal: number | null;
  killBy: string;
  killAt: number;
  requested: number;
  cause: string;
  /** First line of its log that tells of an error. */
  errorLine: string;
  /** Peak memory and what was asked for, in MB of 10^6 bytes; NaN or null if unknown. */
  peak: number | null;
  asked: number | null;
  /** Of a kill: that the scheduler refused it, or that the job ignores it. */
  killNote?: string | undefined;
  /** Why it is not sent for now, as `heldBack` says. */
  heldBack?: string;
}

/** `strong` is what failed, as "TERM_MEMLIMIT:"; empty unless the job failed. */
export interface Why {
  strong: string;
  text: string;
}

const MB = 1e6;
const FAILED = new Set(["failed", "killed", "submit_failed"]);

/** The line of the column Why. `clientOk` false: it is the batch client that is silent. */
export function why(job: Told, clientOk: boolean, now: number): Why {
  const said = plain(job.reason.trim());
  if (FAILED.has(job.state)) return failure(job, said);
  return { strong: "", text: held(job, clientOk) || asked(job) || said || lost(job) || before(job, now) };
}

function failure(job: Told, said: string): Why {
  const [, strong = "", rest = said] = /^([\w][\w .]{0,40}:)\s+(.*)$/s.exec(said) ?? [];
  // a limit's name says no more than the numbers, and the log no more than a reason that quotes it
  const line = said.includes(job.errorLine) ? "" : plain(job.errorLine);
  const used = job.cause === "memory" ? memory(job) : "";
  const parts = [used && strong ? "" : rest, used, line].filter(Boolean);
  if (parts.length) return { strong, text: parts.join("; ") };
  if (job.killBy) return { strong: "", text: by("killed by", job) };
  const code = job.exitCode === null ? "" : `exit code ${job.exitCode}`;
  const signal = job.signal === null ? "" : `signal ${job.signal}`;
  return { strong: "", text: [code, signal].filter(Boolean).join(", ") };
}

/** `used 4.2 GB of 4 GB asked`; "" where one of the two is not known. */
export function memory({ peak, asked }: Pick<Told, "peak" | "asked">): string {
  return peak && asked ? `used ${bytes(peak * MB)} of ${bytes(asked * MB)} asked` : "";
}

/** The page does not know how it is now: what it was, and who is silent. */
function held(job: Told, clientOk: boolean): string {
  if (job.word === job.status) return "";
  if (!job.word.startsWith("Unknown")) return "Kept; sent when the batch client is back";
  return `${clientOk ? title(job.location) : "The batch client"} did not answer; was ${plain(job.status, 40)}`;
}

const asked = (job: Told): string =>
  job.killBy && !isFinal(job.state) ? plain(job.killNote ?? "") || by("Kill asked for by", job) : "";

const by = (what: string, { killBy, killAt }: Told): string => [`${what} ${plain(killBy)}`, clock(killAt)].filter(Boolean).join(", ");

/** As the status says; older jobs have no more than that. */
const lost = (job: Told): string => (job.state === "lost" ? `not in ${title(job.location)}'s history` : "");

function before(job: Told, now: number): string {
  if (job.phase === "slow") return "bsub has not answered for 5 s, still asking";
  if (job.phase === "script") return "Script running, no bsub yet";
  const waits = job.state === "requested" || job.state === "leased" || job.state === "starting";
  return waits ? job.heldBack || `Sent ${age(now - job.requested)} ago, no job id yet` : "";
}

/** What keeps autorun's own job from being sent, as `manager/autorun/held.py` has it; "": nothing. */
export function heldBack(board: Pick<Board, "autorunNow" | "definitions">, state: string, trigger: string, definition: number): string {
  if (trigger === "MANUAL" || !KEPT.has(state)) return "";
  if (board.autorunNow?.stopped) return "Autorun is stopped: not sent";
  return board.definitions.get(definition)?.paused_why === "user" ? "Its autorun is paused: not sent" : "";
}

/** The last note on a kill that ended nothing, as `Kill refused: Permission denied`; undefined: none. */
export function killNote(notes: readonly string[] = []): string | undefined {
  const said = notes.filter((note) => /^kill refused|by force$/.test(note)).at(-1);
  return said && said.charAt(0).toUpperCase() + said.slice(1);
}

/** What a kill of a job is called that is not over: by force once it has ignored one. */
export function killVerb(native: string | null, notes?: readonly string[]): string {
  if (!native) return "Withdraw";
  return killNote(notes)?.endsWith("force") ? "Kill by force" : "Kill";
}
