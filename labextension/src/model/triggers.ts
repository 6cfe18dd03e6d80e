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
