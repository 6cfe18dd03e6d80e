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
  run: "run", hash: "hash", job: "native_id", status: "status", user: "user", submitted: "submitted", why: "reason",
  queue: "queue", host: "host", parameters: "parameters", location: "location",
};
const SEARCHED = ["hash", "user", "native_id", "status", "reason"] as const;

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
export function expression(view: View): string {
  const simple = conditions(view, (column) => column);
  const sorted = view.sort && FRAME_COLUMN[view.sort.column];
  const order = sorted ? `.sort_values('${sorted}'${view.sort!.descending ? ", ascending=False" : ""})` : "";
  if (!simple.length) return `board.jobs.df${order}`;
  const plain = simple.every((one) => one.plain);
  const where = plain ? `.query("${simple.map((one) => one.text).join(" and ")}")`
    : `.loc[lambda df: ${conditions(view, (column) => `df.${column}`).map((one) => one.text).join(" & ")}]`;
  return `board.jobs.df${where}${order}`;
}

interface Condition {
  text: string;
  /** It can stand in `query("…")`: no call, no double quote, no backslash, no backtick. */
  plain: boolean;
}

function conditions(view: View, name: (column: string) => string): Condition[] {
  const inFrame = name("x") !== "x";
  const made: Condition[] = [];
  if (view.words) made.push(ofWords(view.words, name("status"), inFrame));
  if (view.user !== null) made.push(equal(name("user"), view.user, inFrame));
  if (view.runs) {
    const text = view.runs.map(([first, last]) => (first === last ? `${name("run")} == ${first}`
      : last === Infinity ? `${name("run")} >= ${first}` : `${first} <= ${name("run")} <= ${last}`));
    made.push({
      plain: true,
      text: inFrame ? `(${view.runs.map(([first, last]) => `df.run.between(${first}, ${last === Infinity ? "float('inf')" : last})`).join(" | ")})`
        : `(${text.join(" or ")})`,
    });
  }
  if (view.text) {
    made.push({ plain: false, text: `(sum(df[one].${holds(view.text)} for one in [${SEARCHED.map(python).join(", ")}]) > 0)` });
  }
  for (const [column, text] of view.columns) {
    const found = FRAME_COLUMN[column];
    if (found) made.push({ plain: false, text: `df.${found}.astype('string').${holds(text)}` });
  }
  return made;
}

const holds = (text: string): string => `str.contains(${python(text)}, case=False, regex=False, na=False)`;

function equal(column: string, word: string, inFrame: boolean): Condition {
  const text = python(word);
  return { text: inFrame ? `(${column} == ${text})` : `${column} == ${text}`, plain: isPlain(text) };
}

/** "Unknown since 14:02" is told by the reader's clock: only its beginning is sure. */
function ofWords(words: readonly string[], column: string, inFrame: boolean): Condition {
  const exact = words.filter((word) => !word.startsWith("Unknown since"));
  const unknown = exact.length < words.length;
  if (exact.length === 1 && !unknown) return equal(column, exact[0]!, inFrame);
  const list = `[${exact.map(python).join(", ")}]`;
  if (!inFrame) return { text: `${column} in ${list}`, plain: !unknown && isPlain(list) };
  const parts = [exact.length ? `${column}.isin(${list})` : "", unknown ? `${column}.str.startswith('Unknown')` : ""].filter(Boolean);
  return { text: parts.length > 1 ? `(${parts.join(" | ")})` : parts[0] ?? `${column}.isin([])`, plain: false };
}

const isPlain = (text: string): boolean => !/["\\`]/.test(text);

/** The line for an apply. */
export function applyExpression(hash: string, runs: string, parameters: string | null, again: boolean): string {
  const more = (parameters === null ? "" : `, parameters=${python(parameters)}`) + (again ? ", existing='again'" : "");
  return `board.apply(${python(hash)}, runs=${python(runs)}${more})`;
}
