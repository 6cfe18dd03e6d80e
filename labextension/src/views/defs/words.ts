/** Words of the definitions page. */

/** Triggers that need a value which nobody can give yet. */
export const LATER = new Set(["RUN_PARAM_IS_VALUE", "AFTER"]);

export const TITLES = {
  name: "Hash", executable: "Executable", parameters: "Parameters", trigger: "Trigger", location: "Location",
} as const;

export const NOT_YET = "Autorun is recorded as your consent. It does not start jobs yet.";

/** What words say is to be run or written, as in "… Run chmod +x /a.sh" and `arp_nb/batch_client/script_warnings.py`; "": nothing. */
export const codeOf = (message: string): readonly [before: string, code: string, after: string] => {
  const [, before = message, code = "", after = ""] = /^(.*(?:Run|Write|Begin with|Did you mean) )(.+?)((?: alone|, or .*)?[.?]?)$/s.exec(message) ?? [];
  return [before, code, after];
};
