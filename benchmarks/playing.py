"""Calls a second of `play(instance, call)`, one worker: a program that gives back what it gets.

    python benchmarks/playing.py

Prints the rate by the wall clock, and the CPU time of a call in the host and in the program: on a busy machine only
these two say something.
"""

import time
from contextlib import closing

from selftaught.core.contracts import Program
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Limits
from selftaught.tasks.playing import Call

CALLS = 10_000


def main() -> None:
    """Three rounds."""
    with open_sandbox("auto") as sandbox:
        for _ in range(3):
            with closing(Call(sandbox, Program("def f(x): return x"), "f", Limits(), 1)) as call:
                call(0)
                wall, cpu, guest = time.monotonic(), time.process_time(), call.total_cpu_seconds
                for number in range(CALLS):
                    call(number)
                wall, cpu = time.monotonic() - wall, time.process_time() - cpu
                inside = (call.total_cpu_seconds - guest) / CALLS
                print(
                    f"{CALLS / wall:,.0f} calls/s; {1e6 * cpu / CALLS:.0f} us in the host, {1e6 * inside:.0f} us inside"
                )


if __name__ == "__main__":
    main()
