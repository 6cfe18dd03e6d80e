import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFINITIONS, definition } from "../../__tests__/sample_rows";
import { blocks, fieldOf, meant, problems } from "../checks";
import { begin, typed, type Field } from "../edits";

const wrong = (field: Field, text: string): string | undefined =>
  problems(typed(begin(definition(99, "mine")), field, text), DEFINITIONS)[field];

describe("before the server is asked", () => {
  it.each([
    ["name", "smd", "Is taken by definition 12."],
    ["name", "foo bar", "Letters, digits, _ and - only."],
    ["name", "ä", "Letters, digits, _ and - only."],
    ["name", "x".repeat(65), "At most 64 characters."],
    ["name", " ", "A hash is missing."],
    ["executable", "arp/xgm.sh", "Must be an absolute path."],
    ["executable", "", "The script's path is missing."],
  ] as const)("%s %j: %s", (field, text, said) => {
    expect(wrong(field, text)).toBe(said);
  });

  it("takes a name of its own, white space around, and every word that no shell minds", () => {
    expect(wrong("name", " mine ")).toBeUndefined();
    expect(wrong("parameters", "  -q psanaq --x=a,b:c/d@e%f+1.5 ")).toBeUndefined();
  });

  it("names the sign that a shell would act on, unless the script quotes", () => {
    expect(wrong("parameters", "-x $(rm)")).toMatch(/^“\$” means something to a shell/);
    const quoting = begin(definition(99, "mine", { quoted_parameters: true }));
    expect(problems(typed(quoting, "parameters", "-x 'a b'"), []).parameters).toBeUndefined();
  });

  it("lets only the server judge a relative path: it knows which was meant", () => {
    const edit = typed(begin(definition(99, "mine")), "executable", "arp/x.sh");
    expect(blocks(problems(edit, []), edit)).toBe(false);
    const empty = typed(edit, "executable", "");
    expect(blocks(problems(empty, []), empty)).toBe(true);
    const taken = typed(edit, "name", "smd");
    expect(blocks(problems(taken, DEFINITIONS), taken)).toBe(true);
  });
});

describe("the server's words", () => {
  it.each([
    ["'a b' cannot be a hash: 1 to 64 letters, digits, '_' and '-'.", "name"],
    ["Is taken by definition 12. Choose another hash.", "name"],
    ["Must be an absolute path. Did you mean /home/x/a.sh?", "executable"],
    ["The executable's path holds a control character, as NUL.", "executable"],
    ["The parameter 'a;b' holds ';'. Scripts pass parameters on to a shell, so only letters", "parameters"],
    ["The quotes in the parameters do not match: No closing quotation.", "parameters"],
    ["There is no location 'moon'.", "location"],
  ] as const)("%s belong to %s", (said, field) => {
    expect(fieldOf(said)).toBe(field);
  });

  it("hold the path that was meant", () => {
    fc.assert(fc.property(fc.stringMatching(/^\/[A-Za-z0-9 ._/-]{1,30}$/), (path) => {
      expect(meant(`Must be an absolute path. Did you mean ${path}?`)).toBe(path);
    }));
    expect(meant("Must be an absolute path.")).toBe("");
  });
});
