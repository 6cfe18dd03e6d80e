/** Words of the definitions page. */

/** Triggers that need a value which nobody can give yet. */
export const LATER = new Set(["RUN_PARAM_IS_VALUE", "AFTER"]);

export const TITLES = {
  name: "Hash", executable: "Executable", parameters: "Parameters", trigger: "Trigger",
} as const;

export const NOT_YET = "Autorun is recorded as your consent. It does not start jobs yet.";
