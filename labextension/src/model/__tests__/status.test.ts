import { expect, test } from "vitest";

import type { HealthRow } from "../rows";
import { look, shown, title } from "../status";
import { minute } from "../times";
import cases from "./shown.json";

test.each(cases)("$job.state is shown as Python shows it: $shown", ({ job, health, shown: word }) => {
  const row = health as HealthRow;
  expect(shown(job, row)).toBe(word.replace("*", minute(Date.parse(row.client.since))));
});

test("without a health record the word is the store's", () => {
  expect(shown({ status: "RUN", state: "running", location: "lsf" }, null)).toBe("RUN");
});

test.each([
  ["DONE", "done", "tick"],
  ["EXIT", "fail", "cross"],
  ["PSUSP", "look", "pause"],
  ["LSF_Slow", "look", "hourglass"],
  ["Request Sent: script running, no bsub yet", "wait", "request"],
  ["Lost: not in LSF's history", "look", "ask"],
  ["Persisted", "look", "tray"],
  ["Unknown since 14:02", "look", "ask"],
  ["a word of tomorrow", "look", "ask"],
  ["constructor", "look", "ask"],
  ["", "look", "ask"],
])("%s is drawn %s, %s", (word, hue, shape) => {
  expect(look(word)).toEqual({ hue, shape });
});

test("a location without a title is called by its name", () => {
  expect([title("lsf"), title("psana"), title("toString")]).toEqual(["LSF", "psana", "toString"]);
});
