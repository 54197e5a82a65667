"""What common draws are worth: how much less two improvers' difference varies, and how much less it costs to see.

    python benchmarks/common_draws.py [--repeats N] [--seed S]

The model sells answers of known quality: to the initial solution (.80) an answer is as good as it, give or take .02; to
a better one it is a little less likely to be better still. Improvers are functions here; measuring, addresses, record
and sharing are the product's own. One line for each pair of improvers: the standard deviation of the difference in one
repeat, the repeats that a difference of .01 takes to be seen (two-sided 5 %, power 80 %), and the responses that these
cost; each with draws of their own and with common ones.
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, stdev

from selftaught.core.address import draw_seed, here, in_places
from selftaught.core.contracts import (
    Application,
    Apply,
    Completion,
    LanguageModel,
    Program,
    Prompt,
    Score,
    Task,
    Utility,
)
from selftaught.core.measurement import measure
from selftaught.core.work import SOLUTION
from selftaught.middleware.common_draws import Sharing
from selftaught.middleware.recorded import RecordedApply, RecordedMeasure, RecordedModel
from selftaught.middleware.recorder import Recorder
from selftaught.runs.records import Answered, Session
from selftaught.runs.store import Store
from selftaught.statistics import repeats_needed

EFFECT = 0.01
INITIAL, SPREAD, PULL = 0.80, 0.02, 0.5
Improver = Callable[[LanguageModel, str], str]


class Pool:
    """Implements `LanguageModel`. An answer is the text of its quality, drawn for the address that it is asked at."""

    def __init__(self, seed: int) -> None:
        self._seed = str(seed)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return [Completion(self._answer(prompt), 0, 0, cost=1.0) for prompt in prompts]

    def _answer(self, prompt: Prompt) -> str:
        chance = random.Random(draw_seed(self._seed, here()))
        shown = float(prompt.user.split()[-1])
        drawn = shown - PULL * max(0.0, shown - INITIAL) + chance.gauss(0.0, SPREAD)
        return f"{min(1.0, max(0.0, drawn)):.6f}"


def ask(model: LanguageModel, solution: str, count: int, words: str = "Improve", temperature: float = 0.7) -> list[str]:
    prompt = Prompt("You are an expert.", f"{words} {solution}", temperature)
    return [completion.text for completion in model([prompt] * count)]


def best_of(count: int, words: str = "Improve", temperature: float = 0.7) -> Improver:
    return lambda model, solution: max([solution, *ask(model, solution, count, words, temperature)], key=float)


def refine(*rounds: int) -> Improver:
    """So many answers in each round, to the best so far."""

    def improve(model: LanguageModel, solution: str) -> str:
        for count in rounds:
            solution = best_of(count)(model, solution)
        return solution

    return improve


PAIRS: dict[str, tuple[Improver, Improver]] = {
    "best of 6 | best of 8": (best_of(6), best_of(8)),
    "3 rounds of 4 | the same, 5 in the last": (refine(4, 4, 4), refine(4, 4, 5)),
    "3 rounds of 4 | 2 rounds of 6": (refine(4, 4, 4), refine(6, 6)),
    "3 rounds of 4 | best of 12": (refine(4, 4, 4), best_of(12)),
    "best of 6 | the same, in other words": (best_of(6), best_of(6, "Make better")),
}


class Reads:
    """Implements `Utility`: a program is the text of its quality."""

    name, description, deterministic = "quality", "", True

    def __call__(self, program: Program) -> Score:
        return Score(float(program.source))


class Hasty(Store):
    """Nobody waits for the disk: what is simulated need not outlive a power cut."""

    def barrier(self) -> None:
        pass


def compared(pair: tuple[Improver, Improver], repeats: int, seed: int, *, common: bool) -> tuple[list[float], int]:
    """The difference in each repeat, and how many responses were bought."""
    improvers = dict(zip(("first", "second"), pair, strict=True))

    def apply(improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
        return Application(Program(improvers[improver.source](model, solution.source)))

    with tempfile.TemporaryDirectory() as folder, Hasty.create(Path(folder) / "run.sqlite") as store:
        recorder = Recorder(store)
        recorder.write(Session(at="/session#0", version="", tier=""))
        model = RecordedModel(Pool(seed), recorder, map, SOLUTION, sharing=Sharing() if common else None)
        recorded: Apply = RecordedApply(apply, recorder)
        tasks = [Task(Reads(), Program(f"{INITIAL}"))] * repeats

        def once(improver: Program) -> list[float]:
            taken = RecordedMeasure(
                lambda one: measure(one, tasks, model, recorded, in_places(map)), ["quality"] * repeats, recorder
            )
            return [sample.val for sample in taken(improver).samples]

        before, after = (once(Program(name)) for name in improvers)
        bought = sum(isinstance(record, Answered) and not record.shared for record in store)
    return [b - a for a, b in zip(before, after, strict=True)], bought


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=400)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    print(f"{given.repeats} repeats; responses: of both improvers, for the repeats that see a difference of {EFFECT}")
    print(f"{'':40} {'difference':>17} {'sd':>11} {'repeats':>9} {'responses':>11}")
    print(f"{'pair':40} {'own':>8} {'common':>8} {'own':>5} {'comm.':>5} {'own':>4} {'comm':>4} {'own':>5} {'comm':>5}")
    for name, pair in PAIRS.items():
        told = []
        for common in (False, True):
            differences, bought = compared(pair, given.repeats, given.seed, common=common)
            needed = repeats_needed(EFFECT, differences)
            told.append((fmean(differences), stdev(differences), needed, needed * bought / given.repeats))
        (d, s, n, r), (dc, sc, nc, rc) = told
        print(f"{name:40} {d:>8.4f} {dc:>8.4f} {s:>5.3f} {sc:>5.3f} {n:>4} {nc:>4} {r:>5.0f} {rc:>5.0f}")


if __name__ == "__main__":
    main()
