"""The smallest job that reports: ten steps, one a second, each posted to its row."""

from __future__ import annotations

import os
import random
import string
import sys
import time

import requests

update_url = os.environ["BATCH_UPDATE_URL"]

print("What this job was called with:")
for position, argument in enumerate(sys.argv):
    print(f"  {position}: {argument}")

for step in range(1, 11):
    time.sleep(1)
    letter = random.choice(string.ascii_uppercase)  # noqa: S311 - not a secret
    print(f"step {step} of 10, letter {letter}", flush=True)
    counters = {"Steps": [step, "red"], "Letter": letter}
    requests.post(update_url, json={"counters": counters}, timeout=60)
