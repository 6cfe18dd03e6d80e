"""Find galaxies and stars in the Hubble deep field, frame by frame.

Each run looks at its own strip of the picture that comes with scikit-image, cut into
frames. Peaks are counted after a difference of Gaussians at several widths; every frame
goes into the report, and at the end a picture of the strip with its peaks marked.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from scipy import ndimage  # type: ignore[import-untyped] # what users' scripts look like
from skimage import data, io

from arp_nb.reporter import report

STRIPS = 5
FRAME_ROWS = 24
WIDTHS_PX = (1.2, 1.8, 2.7, 4.0, 6.0)


def peaks_of(frame: np.ndarray, threshold: float) -> np.ndarray:
    """Return row and column of each local maximum that stands out at any width."""
    best = np.zeros(frame.shape)
    for width in WIDTHS_PX:
        narrow = ndimage.gaussian_filter(frame, width)
        wide = ndimage.gaussian_filter(frame, 1.6 * width)
        best = np.maximum(best, narrow - wide)
    top = ndimage.maximum_filter(best, size=7)
    return np.argwhere((best == top) & (best > threshold))


def main() -> None:
    """Work through one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiment")
    parser.add_argument("run", type=int)
    parser.add_argument("--threshold", type=float, default=0.08)
    parser.add_argument("--pictures", default="", help="address under which pictures are served")
    options = parser.parse_args()

    picture = data.hubble_deep_field()  # type: ignore[no-untyped-call] # as above
    columns = np.array_split(np.arange(picture.shape[1]), STRIPS)[(options.run - 1) % STRIPS]
    strip = picture[:, columns]
    grey = strip.mean(axis=2) / 255
    frames = range(0, len(grey), FRAME_ROWS)
    found: list[tuple[int, int]] = []
    began = time.monotonic()
    for number, row in enumerate(frames, start=1):
        for y, x in peaks_of(grey[row : row + FRAME_ROWS], options.threshold):
            found.append((row + int(y), int(x)))
        rate = number / (time.monotonic() - began)
        report(
            Frames={"value": number, "max": len(frames)},
            Peaks=(len(found), "green"),
            Rate={"value": round(rate, 1), "unit": "frames/s"},
        )
        print(f"frame {number} of {len(frames)}: {len(found)} peaks so far", flush=True)
        time.sleep(0.1)  # as if the next frame had to be read from a disk

    folder = Path(__file__).parent.parent / "pictures"
    folder.mkdir(exist_ok=True)
    name = f"{options.experiment}-run{options.run:04d}.png"
    marked = strip.copy()
    for y, x in found:
        marked[max(y - 4, 0) : y + 5, x] = marked[y, max(x - 4, 0) : x + 5] = (255, 60, 60)
    io.imsave(folder / name, marked, check_contrast=False)
    brightest = max((float(grey[y, x]) for y, x in found), default=0.0)
    picture_counter = {"value": name, "url": f"{options.pictures}/{name}"}
    report(Brightest=round(brightest, 3), Picture=picture_counter if options.pictures else name)
    print(f"{len(found)} peaks; picture: {folder / name}")


if __name__ == "__main__":
    main()
