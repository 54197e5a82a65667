"""How much what others send can cost the host: the worst of many messages, and its memory after many guests.

python benchmarks/amplification.py --messages 1000000 --answers 10000 --guests 100000 --seed 1

`messages`: of guests, `answers`: of model servers, both made to look for the worst: memory, CPU time, the longest step
that keeps the interpreter to itself. Most of them are small, a few as large as may be. Memory and steps take longer to
measure than to cause: they are looked at where the CPU time comes near the worst so far, and in one message of two
hundred.
`guests`: hostile ones, in the sandbox of this machine; the host's memory is told ten times on the way.
"""

import argparse
import gc
import math
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from attacks.growing_answers import answer, read_answer  # noqa: E402
from guest import growing  # noqa: E402 - it lies with the tests
from guest.growing import Cost, Read, cost  # noqa: E402
from selftaught.core.contracts import Program  # noqa: E402
from selftaught.sandbox.choice import open_sandbox  # noqa: E402
from selftaught.sandbox.contract import Limits  # noqa: E402
from selftaught.sandbox.jail import Jail  # noqa: E402

FEWEST_BYTES, MOST_STREAM_BYTES = 256, 64 << 20
KINDS: dict[str, Callable[[Cost], float]] = {
    "most memory for its bytes": lambda found: found.ratio,
    "most memory": lambda found: found.grown,
    "most CPU time for its bytes": lambda found: found.cpu_seconds / max(found.size, 1024),
    "most CPU time": lambda found: found.cpu_seconds,
    "longest step": lambda found: found.held_seconds,
}
HOSTILE = [
    "numpy.zeros((900_000, 1, 1, 1, 1, 1, 1, 1), dtype=numpy.int8)", "[[]] * 1_000_000", "'a' * (5 << 20)",
    "{str(n): [n] for n in range(20_000)}", "bytearray(1 << 40)", "os._exit(3)", "os.write(3, os.urandom(1000))",
    "1 / 0", "'\\U0001f680' * 900_000", "[0.5] * 99_000",
]  # fmt: skip
SHORT = Limits(cpu_seconds=1.0, wall_seconds=2.0, memory_bytes=256 << 20)


def worst(count: int, make: Callable[[random.Random, int], bytes], read: Read, most_bytes: int, seed: int) -> None:
    """Search, and print what was found."""
    chance, began, found = random.Random(seed), time.monotonic(), dict[str, Cost]()
    sample = random.Random(seed)  # of its own: what is measured changes no message
    for _ in range(count):
        body = make(chance, int(FEWEST_BYTES * math.exp(chance.random() * math.log(most_bytes / FEWEST_BYTES))))
        start = time.thread_time()
        read(body)
        quick = Cost(len(body), 0, time.thread_time() - start, 0.0)
        promising = any(KINDS[name](quick) > 0.9 * KINDS[name](found[name]) for name in list(found)[2:4])
        if promising or not found or sample.random() < 1 / 200:
            measured = cost(body, read)
            for name, measure in KINDS.items():
                if name not in found or measure(measured) > measure(found[name]):
                    found[name] = measured
    print(f"{count} of seed {seed} in {time.monotonic() - began:.0f} s; the worst:")
    for name, one in found.items():
        print(
            f"  {name:<28}{one.size:>9} bytes became {one.grown:>9} ({one.ratio:5.1f} times); "
            f"CPU {one.cpu_seconds * 1000:6.1f} ms, longest step {one.held_seconds * 1000:5.1f} ms"
        )


def guests(count: int, seed: int) -> None:
    """Run hostile guests, and print the host's resident MiB after each tenth of them."""
    chance = random.Random(seed)
    with open_sandbox("auto", 2) as sandbox:
        for _ in range(10):
            for _ in range(count // 10):
                hostile(sandbox, chance.choice(HOSTILE))
            gc.collect()
            print(f" {resident_mebibytes():.1f}", end="", flush=True)


def hostile(sandbox: Jail, what: str) -> None:
    source = f"import numpy, os\ndef f():\n    return {what}"
    list(sandbox.run(Program(source), "f", [[]], SHORT, seed=1))


def resident_mebibytes() -> float:
    """Of this process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument("--guests", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    if wanted.messages:
        print("messages of guests: ", end="")
        worst(wanted.messages, growing.body, growing.read, growing.MOST_BYTES, wanted.seed)
        print(f"  the host holds {resident_mebibytes():.0f} MiB after them")
    if wanted.answers:
        print("answers of model servers: ", end="")
        worst(wanted.answers, answer, read_answer, MOST_STREAM_BYTES, wanted.seed)
    if wanted.guests:
        began = time.monotonic()
        print(f"{wanted.guests} hostile guests; the host's MiB after each tenth:", end="")
        guests(wanted.guests, wanted.seed)
        print(f"; in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
