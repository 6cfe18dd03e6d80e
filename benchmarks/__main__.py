"""Run the benchmarks: ``python -m benchmarks [--quick] [--check SLACK] [NAME …]``.

Each module of this folder that has a function ``measure(quick)`` is a benchmark. With
``--check`` the exit status is 1 when a ratio misses its bar by more than the factor SLACK.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from benchmarks.figures import Figure, machine, table

NAMES = ("imports", "store", "schedulers", "updates", "proxy", "idle")


def main() -> int:
    """Measure what was asked for, print the table, and judge it where asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="smaller, for CI")
    parser.add_argument("--check", type=float, metavar="SLACK", help="judge, bars times SLACK")
    options = parser.parse_args()
    figures: list[Figure] = []
    for name in options.names or NAMES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        module = importlib.import_module(f"benchmarks.{name}")
        figures.extend(module.measure(quick=options.quick))
    print(f"\nMeasured on {machine()}.\n\n{table(figures)}")
    if options.check is None:
        return 0
    missed = [one for one in figures if not one.holds(options.check)]
    for one in missed:
        print(f"missed: {one.what}: {one.ratio:.2f}, bar {one.side} {one.bar:g}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
