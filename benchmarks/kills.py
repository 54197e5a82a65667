"""Kills and deletions at random moments of real runs: what is lost of what was paid, and what is said that is untrue.

The runs are of a copy of the package: it may be edited meanwhile.

python benchmarks/kills.py --kills 200 --deletions 200 --seed 1
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from durability.disturbed import MOST_AT_A_KILL, deletions, kills  # noqa: E402 - it lies with the tests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--deletions", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        killed = kills(Path(folder, "kills"), wanted.kills, wanted.seed)
        print(
            f"{killed.kills} SIGKILLs of {killed.finished} runs in {time.monotonic() - began:.0f} s: "
            f"{killed.recorded} responses on record, {killed.lost} lost; {killed.paid_twice} in the air at a kill "
            f"(at most {MOST_AT_A_KILL} at each) were bought again; {len(killed.lies)} faults"
        )
        began = time.monotonic()
        taken = deletions(Path(folder, "deletions"), wanted.deletions, wanted.seed)
        print(
            f"{taken.told + len(taken.lies)} folders deleted or moved under their runs in "
            f"{time.monotonic() - began:.0f} s: {taken.told} ended with exit code 1 and said so ({taken.late} more had "
            f"ended before); {len(taken.lies)} faults"
        )
    for lie in [*killed.lies, *taken.lies][:10]:
        print(f"  {lie}")
    raise SystemExit(bool(killed.lies or taken.lies))


if __name__ == "__main__":
    main()
