#!/bin/bash
# Submits frames.py: experiment and run come first, then the parameters of the batch def.

HERE=$(cd "$(dirname "$0")" && pwd)
bsub -q psanaq -J frames -o "$HERE/logs/%J.log" python "$HERE/frames.py" "$@"
