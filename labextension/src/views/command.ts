/** Commands as one would type them: argv for a shell, which reads each argument as it is. */

/** Words that need no quotes. */
const BARE = /^[\w@%+=:,./-]+$/;

export function quoted(word: string): string {
  return BARE.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function commandLine(argv: readonly string[]): string {
  return argv.map(quoted).join(" ");
}
