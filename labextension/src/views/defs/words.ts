/** Words of the definitions page. */

/** What a trigger is called, by the name under which it is stored. */
export const TRIGGERS: Readonly<Record<string, string>> = {
  MANUAL: "Only by hand",
  START_OF_RUN: "Start of run",
  END_OF_RUN: "End of run",
  FIRST_FILE_TRANSFERRED: "First file transferred",
  ALL_FILES_TRANSFERRED: "All files transferred",
  ALL_NONREC_FILES_TRANSFERRED: "All non-recorder files transferred",
  RUN_PARAM_IS_VALUE: "When a run parameter has a value",
  AFTER: "After another batch def",
};

/** Triggers that need a value which nobody can give yet. */
export const LATER = new Set(["RUN_PARAM_IS_VALUE", "AFTER"]);

export const TITLES = {
  name: "Hash", executable: "Executable", parameters: "Parameters", trigger: "Trigger",
} as const;

export const NOT_YET = "Autorun is recorded as your consent. It does not start jobs yet.";
