"""What racing saves, and what it costs: candidates of known quality against a parent that measured .80.

    python benchmarks/racing.py [--candidates N] [--level L]

A candidate's mean over the tasks varies from repeat to repeat: a coin (all or nothing), or give or take .10. An arm of
an experiment is one of two; paired differences vary by .10. One line for each quality: the share that is stopped at
all, and the share of all applications that is saved, for 5, 10, 20 and 40 repeats. "as good" must be stopped at most at
the level.
"""

import argparse
import random
from collections.abc import Callable, Sequence

from selftaught.core.racing import evidence_below, evidence_worse

PARENT = 0.80
REPEATS = (5, 10, 20, 40)
WORSE = {"as good": 0.0, ".05 worse": 0.05, ".10 worse": 0.10, ".20 worse": 0.20, ".40 worse": 0.40, "fails": PARENT}
Evidence = Callable[[Sequence[float]], float]
Draw = Callable[[random.Random, float], float]


def coin(rng: random.Random, worse: float) -> float:
    return float(rng.random() < PARENT - worse)


def narrow(rng: random.Random, worse: float) -> float:
    return 0.0 if worse == PARENT else PARENT - worse + rng.uniform(-0.1, 0.1)


def paired(rng: random.Random, worse: float) -> float:
    return -worse + rng.uniform(-0.1, 0.1)


def below_parent(values: Sequence[float]) -> float:
    return evidence_below(values, PARENT)


def stopped_after(draw: Draw, evidence: Evidence, worse: float, seed: int, level: float) -> int:
    """The repeat after which it is stopped; more than all where it never is."""
    rng, values = random.Random(seed), list[float]()
    for number in range(1, REPEATS[-1] + 1):
        values.append(draw(rng, worse))
        if evidence(values) >= 1 / level:
            return number
    return REPEATS[-1] + 1


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--candidates", type=int, default=1000)
    arguments.add_argument("--level", type=float, default=0.05)
    given = arguments.parse_args()
    kinds: dict[str, tuple[Draw, Evidence]] = {
        "a coin": (coin, below_parent),
        "± .10": (narrow, below_parent),
        "an arm": (paired, evidence_worse),
    }
    print(f"level {given.level}, {given.candidates} candidates each: stopped / applications saved, in %")
    print(f"{'':8} {'quality':10}" + "".join(f"{f'{repeats} repeats':>13}" for repeats in REPEATS))
    for kind, (draw, evidence) in kinds.items():
        for name, worse in WORSE.items():
            ends = [stopped_after(draw, evidence, worse, seed, given.level) for seed in range(given.candidates)]
            cells = []
            for repeats in REPEATS:
                stopped = sum(end < repeats for end in ends) / len(ends)
                saved = sum(max(0, repeats - end) for end in ends) / len(ends) / repeats
                cells.append(f"{stopped:>7.0%} /{saved:>4.0%}")
            print(f"{kind:8} {name:10}" + "".join(cells))


if __name__ == "__main__":
    main()
