"""Figures against named baselines of the same run; see ``python -m benchmarks --help``."""
