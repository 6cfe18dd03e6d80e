import fc from "fast-check";
import { expect, test } from "vitest";

import { commandLine, quoted } from "../command";

/** How a POSIX shell reads a line: blanks part words, single quotes keep all, a backslash keeps one. */
function read(line: string): string[] {
  const words = line.match(/(?:'[^']*'|\\[^]|[^\s'\\])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|\\([^])/g, (_, kept?: string, one?: string) => kept ?? one ?? ""));
}

test("a shell reads the arguments that were given, whatever is in them", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (argv) => {
    expect(read(commandLine(argv))).toEqual(argv);
  }));
});

test("outside of quotes stands nothing that means something to a shell", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary" })), (argv) => {
    expect(commandLine(argv).replace(/'[^']*'|\\'/g, "")).toMatch(/^[\w@%+=:,./ -]*$/);
  }));
});

test.each(["/sdf/home/a/submit.sh", "--mem=16G", "a,b:c@d%e+f", "r0042"])("a plain word stays as it is: %s", (word) => {
  expect(quoted(word)).toBe(word);
});
