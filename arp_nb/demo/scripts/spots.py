"""Count the bright spots in the frames of one run."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from arp_nb.reporter import report

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("experiment")
parser.add_argument("run", type=int)
parser.add_argument("folder", type=Path, help="where the runs' folders are")
options = parser.parse_args()

spots = 0
for file in sorted((options.folder / f"run{options.run:04d}").glob("*.npy")):
    frame = np.load(file)
    spots += int((frame > frame.mean() + 6 * frame.std()).sum())
    print(f"{file.name}: {spots} spots so far", flush=True)
report(Spots=(spots, "green"))
