"""Run the benchmarks: ``python -m benchmarks [--quick] [--check SLACK] [NAME …]``.

Each module of this folder that has a function ``measure(quick)`` is a benchmark. With
``--check`` the exit status is 1 when a ratio misses its bar by more than the factor SLACK, and
goes on missing it when it is measured again: noise only ever makes a figure worse.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from benchmarks.figures import Figure, Missing, machine, table

_TRIES = 3
NAMES = (
    "imports", "store", "job_tables", "schedulers", "updates", "proxy", "idle", "memory",
    "autorun", "grid", "browser_updates", "voila",
)  # fmt: skip


def main() -> int:
    """Measure what was asked for, print the table, and judge it where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="smaller, for CI")
    parser.add_argument("--check", type=float, metavar="SLACK", help="judge, bars times SLACK")
    options = parser.parse_args()
    figures: list[Figure] = []
    missed: list[Figure] = []
    for name in options.names or NAMES:
        measured = _measured(name, options.quick, options.check)
        figures.extend(measured)
        missed.extend(_missed(measured, options.check))
    print(f"\nMeasured on {machine()}.\n\n{table(figures)}")
    for one in missed:
        print(f"missed: {one.what}: {one.ratio:.2f}, bar {one.side} {one.bar:g}", file=sys.stderr)
    return 1 if missed else 0


def _measured(name: str, quick: bool, slack: float | None) -> list[Figure]:  # noqa: FBT001 - an option
    """Measure one benchmark; again, if a bar is missed that is to be judged."""
    module = importlib.import_module(f"benchmarks.{name}")
    figures: list[Figure] = []
    for _ in range(_TRIES):
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            figures = module.measure(quick=quick)
        except Missing as error:
            if os.environ.get("CI") == "true":  # what CI did not measure, nobody did
                raise SystemExit(f"missing here: {error}") from None
            print(f"left out {name}: {error}", file=sys.stderr)
            return []
        if not _missed(figures, slack):
            break
    return figures


def _missed(figures: list[Figure], slack: float | None) -> list[Figure]:
    if slack is None:
        return []
    return [one for one in figures if not one.for_people and not one.holds(slack)]


if __name__ == "__main__":
    sys.exit(main())
