#!/bin/bash
# Submits submit.py as a batch job. ARP runs this script with: experiment, run, parameters.

HERE=$(cd "$(dirname "$0")" && pwd)
bsub -q psdebugq -o "$HERE/logs/%J.log" python "$HERE/submit.py" "$@"
