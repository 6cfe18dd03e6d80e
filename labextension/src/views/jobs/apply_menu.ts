/** The drop-down of the column Action: apply a hash to this run. */

import { plain } from "../../model/plain";
import { checked } from "../../model/check";
import type { DefinitionRow } from "../../model/rows";
import { AUTORUN } from "../parts";
import type { MenuItem } from "../shell";
import type { Presses } from "./presses";

/** Opens below `at`. Enter sends at once; a hash that cannot be used stays listed, with the reason. */
export function applyMenu(actions: Presses, at: HTMLElement, run: number): void {
  const { shell, facts } = actions;
  const items = [...facts.board.definitions.values()].sort((one, other) => one.id - other.id).map((one): MenuItem => ({
    label: plain(one.name, 60), note: plain(one.parameters, 60), ...(checked(one) === "bad" ? { off: shortly(one) } : {}),
    do: () => actions.apply({ definition: one.name, runs: [run], existing: "again" }),
    shift: { label: "change parameters first…", do: () => actions.applyAsked({ hash: one.name, runs: String(run), again: true }) },
  }));
  if (!items.length) items.push({ label: "Make a batch def first…", do: () => shell.go("defs") });
  else items.push({ label: "To several runs…", group: "", always: true, do: () => actions.applyAsked({}) });
  const out = facts.board.runs.get(run)?.excluded_at;
  const mark = (act: (part: NonNullable<typeof AUTORUN.now>) => unknown) => () => AUTORUN.use(shell, (part) => void act(part));
  items.push(
    { label: "What autorun decided…", note: "y", group: "Autorun", always: true, do: () => shell.openLedger({ run }) },
    out ? { label: `Take run ${run} back in`, group: "Autorun", always: true, do: mark(({ include }) => include(shell, run)) }
      : { label: `Leave run ${run} out…`, group: "Autorun", always: true, do: mark(({ askExclude }) => askExclude(shell, run)) });
  shell.menu(at, items, `Apply to run ${run}`);
}

const shortly = (one: DefinitionRow): string => plain(one.check.problem.split(/[.:]\s/, 1)[0]!, 60);
