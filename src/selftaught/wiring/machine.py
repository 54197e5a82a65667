"""The machine's speed, as improvers see it: measured once for a user, because every prompt contains it.

A run with the seed of another one asks the same only if this is the same.
"""

import os
import time
from functools import cache
from math import log10

from selftaught.runs.salt import data_folder, keep

_STEPS = 200_000


@cache
def machine_speed() -> int:
    """Million steps of an empty Python loop in a second of CPU time, to one digit."""
    return int(keep(data_folder(os.environ) / "machine-speed", r"[1-9]\d{0,5}", lambda: str(_measured())))


def _measured() -> int:
    def seconds() -> float:
        began = time.thread_time()
        for _ in range(_STEPS):
            pass
        return time.thread_time() - began

    millions = _STEPS / 1e6 / min(seconds() for _ in range(3))
    magnitude: int = 10 ** int(log10(max(1.0, millions)))
    return max(1, round(millions / magnitude) * magnitude)
