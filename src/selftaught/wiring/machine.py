"""How fast this machine is, as improvers are told: measured once for a user, since it stands in every prompt.

A run with the seed of another one asks the same only if this is the same.
"""

import os
import time
from contextlib import suppress
from functools import cache
from math import log10

from selftaught.runs.salt import data_folder

_STEPS = 200_000
_MOST = 1_000_000


@cache
def machine_speed() -> int:
    """Million steps of an empty Python loop in a second of CPU time, to one digit."""
    file = data_folder(os.environ) / "machine-speed"
    with suppress(OSError, ValueError):
        if 0 < (known := int(file.read_text(encoding="ascii")[:20])) < _MOST:
            return known
    measured = _measured()
    with suppress(OSError):  # then it is measured anew each time
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{measured}\n", encoding="ascii")
    return measured


def _measured() -> int:
    def seconds() -> float:
        began = time.thread_time()
        for _ in range(_STEPS):
            pass
        return time.thread_time() - began

    millions = _STEPS / 1e6 / min(seconds() for _ in range(3))
    magnitude: int = 10 ** int(log10(max(1.0, millions)))
    return max(1, round(millions / magnitude) * magnitude)
