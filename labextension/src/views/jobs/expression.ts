/**
 * The Python that says what a view shows, ready to be copied: it runs as it stands where
 * `board = arp_nb.connect(…)` was run. `expressions.json` holds a line of each kind, which a
 * test in Python executes.
 */

/** What of a view can be said in pandas. */
export interface View {
  /** Words shown of the statuses chosen; null: all. */
  words: readonly string[] | null;
  /** Only this user's jobs; null: everybody's. */
  user: string | null;
  /** Inclusive ranges of run numbers; null: no search for runs. */
  runs: readonly (readonly [number, number])[] | null;
  /** Text searched in hash, user, job id, status and Why; "": none. */
  text: string;
  /** Column → text it must hold. */
  columns: ReadonlyMap<string, string>;
  sort: { column: string; descending: boolean } | null;
}

/** Columns of the page → of `board.jobs.df`, where there is the same. */
const FRAME_COLUMN: Readonly<Record<string, string>> = {
  run: "run", hash: "hash", job: "native_id", status: "status", user: "user", submitted: "submitted", why: "reason", error_line: "error_line", cause: "cause",
  queue: "queue", host: "host", parameters: "parameters", location: "location",
};
const SEARCHED = ["hash", "user", "native_id", "status", "reason", "error_line"] as const;

/** Write a text as Python does, so that it stands in any line. */
export function python(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\\p{C}\p{Z}'"]/gu, (one) => {
    if (one === " " || ((one === "'" || one === '"') && one !== quote)) return one;
    if (one === "\\" || one === quote) return `\\${one}`;
    const code = one.codePointAt(0)!;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return quote + body + quote;
}

/** The line for a view. */
export function expression({ words, user, runs, text, columns, sort }: View): string {
  const query = [
    words && isPlain(words) && ofWords(words),
    user !== null && isPlain([user]) && `user == ${python(user)}`,
    runs && `(${runs.map(ofRuns).join(" or ")})`,
  ].filter(Boolean);
  const calls = [
    words && !isPlain(words) && `(${partsOf(words)})`,
    user !== null && !isPlain([user]) && `(df.user == ${python(user)})`,
    text && `(sum(df[one].${holds(text)} for one in [${SEARCHED.map(python).join(", ")}]) > 0)`,
    ...[...columns].map(([column, part]) => FRAME_COLUMN[column] && `df.${FRAME_COLUMN[column]}.astype('string').${holds(part)}`),
  ].filter(Boolean);
  const by = sort && FRAME_COLUMN[sort.column];
  return `board.jobs.df${query.length ? `.query("${query.join(" and ")}")` : ""}${calls.length ? `.loc[lambda df: ${calls.join(" & ")}]` : ""}`
    + (by ? `.sort_values('${by}'${sort.descending ? ", ascending=False" : ""})` : "");
}

const holds = (text: string): string => `str.contains(${python(text)}, case=False, regex=False, na=False)`;

const ofWords = (words: readonly string[]): string =>
  words.length === 1 ? `status == ${python(words[0]!)}` : `status in [${words.map(python).join(", ")}]`;

const ofRuns = ([first, last]: readonly [number, number]): string =>
  first === last ? `run == ${first}` : last === Infinity ? `run >= ${first}` : `${first} <= run <= ${last}`;

/** "Unknown since 14:02" is told by the reader's clock: only its beginning is sure. */
function partsOf(words: readonly string[]): string {
  const exact = words.filter((word) => !word.startsWith(UNKNOWN));
  const parts = [exact.length > 0 && `df.status.isin([${exact.map(python).join(", ")}])`, exact.length < words.length && `df.status.str.startswith('${UNKNOWN}')`];
  return parts.filter(Boolean).join(" | ");
}
const UNKNOWN = "Unknown";

/** Can these stand in `query("…")`, which has rules of its own for what it reads? */
const isPlain = (words: readonly string[]): boolean => words.every((word) => /^[\w .:@+-]*$/.test(word) && !word.startsWith(UNKNOWN));

/** The line for an apply. */
export function applyExpression(hash: string, runs: string, parameters: string | null, again: boolean): string {
  const more = (parameters === null ? "" : `, parameters=${python(parameters)}`) + (again ? ", existing='again'" : "");
  return `board.apply(${python(hash)}, runs=${python(runs)}${more})`;
}
