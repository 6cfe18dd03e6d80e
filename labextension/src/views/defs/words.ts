/** Words of the definitions page. */

/** Triggers that need a value which nobody can give yet. */
export const LATER = new Set(["RUN_PARAM_IS_VALUE", "AFTER"]);

export const TITLES = {
  name: "Hash", executable: "Executable", parameters: "Parameters", trigger: "Trigger", location: "Location",
} as const;

export const NOT_YET = "Autorun is recorded as your consent. It does not start jobs yet.";

/** A command or a path that words end with, as "… Run chmod +x /a.sh"; "" if there is none. */
export const codeOf = (message: string): readonly [before: string, code: string, after: string] => {
  const [, before = message, code = "", after = ""] = /^(.*(?:Run|Write|Did you mean) )(.+?)(\??)$/s.exec(message) ?? [];
  return [before, code, after];
};
