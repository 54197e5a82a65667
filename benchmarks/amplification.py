"""How much a guest's message can cost the host: the worst of many, in memory, CPU time and its longest step.

python benchmarks/amplification.py --messages 100000 --seed 1
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from guest.growing import Cost, body, cost  # noqa: E402 - it lies with the tests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    chance, began = random.Random(wanted.seed), time.monotonic()
    kinds: dict[str, Callable[[Cost], float]] = {
        "most memory for its bytes": lambda found: found.ratio,
        "most memory": lambda found: found.grown,
        "most CPU time": lambda found: found.cpu_seconds,
        "longest step": lambda found: found.held_seconds,
    }
    worst: dict[str, Cost] = {}
    for _ in range(wanted.messages):
        found = cost(body(chance))
        for name, measure in kinds.items():
            if name not in worst or measure(found) > measure(worst[name]):
                worst[name] = found
    print(f"{wanted.messages} messages of seed {wanted.seed} in {time.monotonic() - began:.0f} s; the worst:")
    for name, found in worst.items():
        print(
            f"  {name:<26}{found.size:>9} bytes became {found.grown:>9} ({found.ratio:5.1f} times); "
            f"CPU {found.cpu_seconds * 1000:6.1f} ms, longest step {found.held_seconds * 1000:5.1f} ms"
        )


if __name__ == "__main__":
    main()
