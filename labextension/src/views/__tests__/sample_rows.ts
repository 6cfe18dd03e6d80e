/** Rows as on a beam time's afternoon: each status at least once. Made up. */

import type { CounterValue, DefinitionRow, ExperimentRow, HealthRow, JobRow, Report, RunRow, StatusRow } from "../../model/rows";

/** "Now" of the samples, ms since 1970: 22 Nov 2026, 14:07:31 UTC. */
export const NOW = Date.UTC(2026, 10, 22, 14, 7, 31);

/** An instant of the sample day. */
export const at = (clock: string): string => `2026-11-22T${clock}.000000+00:00`;

export const EXPERIMENT: ExperimentRow = {
  id: 915, name: "xppi0915", instrument: "XPP", active: true, created_at: at("00:00:00"), revision: 1,
};

export const HEALTH: HealthRow = {
  client: { ok: true, since: at("06:00:00") },
  schedulers: { lsf: { ok: true, since: at("06:00:00"), said: "", answer_s: 0.4 } },
};

export const STATUS: StatusRow = {
  api_version: 1, version: "0.1.0", epoch: "e1", revision: 100, user: "alice", host: "psanaphi110", mode: "solo",
  health: HEALTH, locations: { lsf: "LSF", local: "Local" }, default_location: "lsf",
  not_offered: {}, update_base: "http://127.0.0.1:1", first_posts: { lsf: at("06:00:00") }, notices: [], autorun_acts: true,
  autorun: { stopped: null, sources: [], cannot: [], caveats: ["Autorun acts while psanaphi110 is awake and the batch manager of alice runs there; what it misses it catches up with."] },
};

const HASHES: readonly [id: number, name: string, executable: string, parameters: string, trigger: string, by: string][] = [
  [12, "smd", "/reg/g/psdm/sw/xpp/arp/submit_smd.sh", "-q psanaq -n 64 --full", "END_OF_RUN", "alice"],
  [13, "cube", "/reg/g/psdm/sw/xpp/arp/submit_cube.sh", "-q psanaq -n 32", "AFTER", "bob"],
  [14, "calib_mon", "/reg/d/psdm/xpp/xppi0915/results/arp/calib_mon.sh", "", "END_OF_RUN", "alice"],
  [17, "xgm_corr", "/reg/neh/home/chen/arp/xgm_corr.sh", "--bins 201", "ALL_FILES_TRANSFERRED", "chen"],
  [18, "scan_fit", "/reg/neh/home/chen/arp/scan_fit.sh", "--grid fit.yaml", "MANUAL", "chen"],
  [21, "index", "/reg/neh/home/dana/index/submit.sh", "--geom cspad_v7.geom", "MANUAL", "dana"],
  [23, "example", "/reg/g/psdm/web/ws/test/submit.sh", "param1 param2", "MANUAL", "dana"],
];

export function definition(id: number, name: string, changes: Partial<DefinitionRow> = {}): DefinitionRow {
  return {
    id, experiment_id: 915, name, version: 1, executable: `/reg/arp/${name}.sh`, parameters: "",
    quoted_parameters: false, arguments: "experiment run parameters", trigger: "MANUAL", autorun: false,
    autorun_by: null, autorun_at: null, consent_version: null,
    paused_why: "", paused_by: null, paused_at: null, paused_said: "", location: "lsf",
    predicate: "", run_types: "", after: "", run_param: "", run_value: "", most_at_once: 0, most_per_hour: 0,
    check: { problem: "ok", warnings: [], sha256: "9f2c41d077ab", host: "psanaphi110", checked_at: at("14:05:00") },
    changed_by: "alice", changed_at: at("08:00:00"), deleted_at: null, deleted_by: null, revision: id, ...changes,
  };
}

export const DEFINITIONS: readonly DefinitionRow[] = HASHES.map(([id, name, executable, parameters, trigger, by]) =>
  definition(id, name, {
    executable, parameters, trigger, changed_by: by, version: name === "smd" ? 4 : 1,
    ...(by === "alice" ? { autorun: true, autorun_by: "alice", autorun_at: at("14:02:00") } : {}),
    ...(name === "index" ? {
      check: { problem: "Not executable for dana on psanaphi110: mode is 0644.", warnings: [], sha256: null, host: "psanaphi110", checked_at: at("14:05:00") },
    } : {}),
  }));

/** A job as the manager sends it, DONE unless told otherwise. */
export function job(id: number, run: number, hash: string, changes: Partial<JobRow> = {}): JobRow {
  return {
    id, experiment_id: 915, run, definition_id: HASHES.find((one) => one[1] === hash)?.[0] ?? 99, hash,
    version: 1, state: "done", status: "DONE", phase: "", native_state: "DONE", native_id: String(581000 + id),
    user: "alice", parameters: "", location: "lsf", trigger: "MANUAL", queue: "psanaq", host: "psana1508",
    reason: "", notes: [], exit_code: null, signal: null, peak_memory_mb: null, cores: null, asked_memory_mb: null, asked_time_s: null,
    override_memory_mb: null, override_time_s: null, cause: "", error_line: "", log_path: "", parts: {}, requested: at("13:00:00"),
    submitted: at("13:00:01"), started: at("13:00:02"), ended: at("13:15:02"), changed: at("13:15:02"),
    attempt: 1, rerun_of: null, root_id: null, kill_by: null, kill_at: null, deleted_at: null, deleted_by: null,
    report: {}, reported_at: null, revision: id, ...changes,
  };
}

const running = (since: string): Partial<JobRow> =>
  ({ state: "running", status: "RUN", native_state: "RUN", submitted: at(since), started: at(since), ended: null });
const waiting = (since: string, reason = ""): Partial<JobRow> =>
  ({ state: "pending", status: "PEND", native_state: "PEND", requested: at(since), submitted: at(since), started: null, ended: null, reason });
const unsent = (since: string, state: string, status: string, phase = ""): Partial<JobRow> =>
  ({ state, status, phase, native_state: "", native_id: null, host: "", requested: at(since), submitted: null, started: null, ended: null });
const failed = (since: string, until: string, reason: string, exit_code: number | null = 1): Partial<JobRow> =>
  ({ state: "failed", status: "EXIT", native_state: "EXIT", submitted: at(since), started: at(since), ended: at(until), reason, exit_code });
const counters = (some: Report["counters"] & object): Partial<JobRow> => ({ report: { counters: some }, reported_at: at("14:07:31") });
const smd = (events: CounterValue, rate: string): Partial<JobRow> =>
  counters({ Events: events, "Hit rate": { value: rate, unit: "%", color: "green" } });

export const JOBS: readonly JobRow[] = [
  job(186, 2896, "smd", { ...smd("98,377", "2.5"), submitted: at("08:12:10"), started: at("08:12:10"), ended: at("08:28:22") }),
  job(190, 2898, "smd", { ...smd("98,400", "2.6"), version: 3 }),
  job(191, 2898, "cube", { user: "bob", ...counters({ Bins: 201 }) }),
  job(197, 2899, "cube", { user: "bob", ...failed("09:14:02", "10:14:02", "TERM_RUNLIMIT: 60 of 60 min", null), ...counters({ Bins: 201 }) }),
  job(198, 2899, "smd", { user: "dana", ...failed("09:14:00", "09:18:11", "TERM_OWNER: killed by dana, 09:18", null), state: "killed", version: 3 }),
  job(201, 2901, "smd", { ...smd("97,900", "2.8"), version: 3, trigger: "END_OF_RUN" }),
  job(204, 2902, "example", { user: "dana", ...running("14:07:24"), ...counters({ "Example Counter": { value: 7, max: 10, color: "red" }, "Random Char": "V" }) }),
  job(205, 2902, "xgm_corr", waiting("14:06:29", "Job slot limit reached for alice")),
  job(211, 2904, "smd", { user: "dana", ...failed("11:01:44", "11:02:22", "KeyError: 'jungfrau1M'"), version: 3 }),
  job(214, 2905, "smd", { ...running("13:44:18"), status: "UNKWN", native_state: "UNKWN", reason: "LSF does not list the job; was RUN", ...smd("88,900", "2.7"), version: 3 }),
  job(219, 2906, "cube", { user: "bob", ...running("13:31:00"), state: "suspended", status: "SSUSP", native_state: "SSUSP", reason: "Preempted by queue psfehprioq", ...counters({ Bins: { value: 80, max: 200 } }) }),
  job(222, 2907, "xgm_corr", { user: "chen", ...unsent("14:06:51", "requested", "Request Sent") }),
  job(224, 2909, "smd", { user: "dana", ...unsent("14:07:20", "starting", "LSF_Slow", "slow"), version: 3 }),
  job(225, 2910, "smd", { ...smd("97,220", "2.9"), version: 3 }),
  job(226, 2910, "cube", { user: "bob", ...running("13:46:39"), ...counters({ "Hit rate": { value: 0.8, unit: "%", color: "red" }, Bins: { value: 182, max: 200 } }) }),
  job(229, 2911, "smd", { ...failed("13:12:45", "13:31:07", "TERM_MEMLIMIT: 8.2 of 8 GB", 137), signal: 9, version: 3, trigger: "END_OF_RUN", ...smd("62,000", "3.1") }),
  job(234, 2912, "smd", { ...smd("98,400", "3.0"), version: 4, trigger: "END_OF_RUN" }),
  job(235, 2912, "xgm_corr", { user: "chen", ...unsent("14:07:29", "leased", "Request Sent") }),
  job(238, 2913, "calib_mon", { trigger: "END_OF_RUN", ...counters({ "Pedestal shift": { value: 0.4, unit: "ADU", color: "green" }, "Dead pixels": 211 }) }),
  job(240, 2913, "smd", { ...running("14:01:12"), version: 4, trigger: "END_OF_RUN", ...counters({ Events: { value: 61000, max: 98400 }, "Hit rate": { value: 3.1, unit: "%", color: "green" }, Rate: { value: 120, unit: "Hz" } }) }),
  job(241, 2913, "cube", waiting("14:01:15", "Waits for smd of this run")),
];

/** Runs 2896 to 2914; 2914 is being recorded, 2908 and 2914 have no jobs. */
export const RUNS: readonly RunRow[] = Array.from({ length: 19 }, (_, index) => {
  const number = 2896 + index;
  return run(number, {
    started_at: at(number === 2914 ? "14:04:00" : "08:00:00"), ended_at: number === 2914 ? null : at("08:30:00"),
  });
});

export function run(number: number, changes: Partial<RunRow> = {}): RunRow {
  return {
    id: number, experiment_id: 915, run: number, parameters: {}, type: "", source: "api",
    started_at: null, ended_at: null, first_file_at: null, all_files_at: null, nonrec_files_at: null,
    reopened: 0, excluded_at: null, excluded_by: null, excluded_why: "", revision: number, ...changes,
  };
}
