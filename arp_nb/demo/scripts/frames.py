"""Look through the frames of one run, and report how many there are and how bright."""

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

files = sorted((options.folder / f"run{options.run:04d}").glob("*.npy"))
total = 0.0
for number, file in enumerate(files, start=1):
    total += float(np.load(file).mean())
    print(f"{file.name}: {total / number:.1f} so far", flush=True)
    report(Frames={"value": number, "max": len(files)}, Brightness=round(total / number, 1))
