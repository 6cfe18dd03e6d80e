/** The word of a state: the scheduler's own, else ours. */

/** Our words for states of which no scheduler has said one; of all before them, "Request Sent". */
const WORDS: Readonly<Record<string, string>> = {
  uncertain: "Submission uncertain",
  submit_failed: "Submit failed", pending: "PEND", running: "RUN", suspended: "SSUSP", done: "DONE",
  failed: "EXIT", killed: "EXIT", lost: "Lost", withdrawn: "Withdrawn",
};

export const wordOf = (state: string, native: string): string => native || (WORDS[state] ?? "Request Sent");
