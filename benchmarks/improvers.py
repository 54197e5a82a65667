"""What an improver is worth at equal budget, with a model whose answers are known: `python benchmarks/improvers.py`.

The model draws its answers from a fixed pool for each of three tasks: programs of six qualities (the same search with
ever more steps), and for each of them one that is broken (an exception, a wrong answer, an endless loop, no Python).
What it is assumed to do is this, and nothing else:

- on its own it answers with a quality that is drawn (`IDEAS`); the more ambitious, the oftener broken (`BROKEN`);
- shown a program that works, it answers with the next quality now and then (`STEP`), else as on its own;
- shown one that is broken, it mends that rarely (`GUESSED`); more often where it is told what is wrong (`TOLD`).

So the table shows what a search makes of such a model, and not how good a model is. Each program is scored once, by the
task's own utility in the sandbox, and from then on looked up; the scores are those of the instances of the search.
"""

import argparse
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from threading import Lock

from selftaught.core.address import draw_seed
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Completion, Program, Prompt, Score
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.machine import IMPROVER_LIMITS, Machine
from selftaught.statistics import Interval, difference_interval, mean_interval, paired_differences
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task

ALLOWANCE = Allowance(model_calls=4, responses_per_call=6, utility_calls=25)
IDEAS = (0.35, 0.3, 0.2, 0.1, 0.04, 0.01)
BROKEN = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
STEP, GUESSED, TOLD = 0.25, 0.1, 0.5
RUN_SEED = 5
FAULTS = (
    "    STEPS[0]\n",
    "    return None\n",
    "    while True:\n        pass\n",
    "    return undefined\n",
    "    return (\n",
)
TASKS = {
    "string-grid-distance": (
        (1, 2, 4, 8, 20, 100),
        """import random

STEPS = {steps}


def distance(s, t):
    return sum(a != b for a, b in zip(s, t)) + sum(a != b for a, b in zip(s, s[1:])) + sum(
        a != b for a, b in zip(t, t[1:])
    )


def algorithm(t, wanted):
{fault}    drawn = ["".join(random.choices("AB", k=len(t))) for _ in range(STEPS)]
    return min(drawn, key=lambda s: abs(distance(s, t) - wanted))
""",
    ),
    "three-sat": (
        (60, 150, 400, 1000, 3000, 10_000),
        """import random

STEPS = {steps}


def algorithm(formula):
{fault}    values = [random.random() < 0.5 for _ in range(1 + max(abs(v) for clause in formula for v in clause))]
    for _ in range(STEPS):
        failing = [clause for clause in formula if not any(values[abs(v)] == (v > 0) for v in clause)]
        if not failing:
            break
        flipped = abs(random.choice(random.choice(failing)))
        values[flipped] = not values[flipped]
    return values
""",
    ),
    "maxcut": (
        (0, 20, 60, 150, 500, 3000),
        """import numpy
import random

STEPS = {steps}


def algorithm(weights):
{fault}    sides = numpy.array([random.choice((-1, 1)) for _ in weights])
    for _ in range(STEPS):
        node = random.randrange(len(weights))
        if sides[node] * (weights[node] @ sides) > 0:
            sides[node] = -sides[node]
    return [int(side > 0) for side in sides]
""",
    ),
}
OVERSPENDING = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    best, best_score = initial_solution, utility(initial_solution)
    while True:  # until an exception ends it
        responses = language_model.prompt("An expert.", f"Improve:\\n```python\\n{best}\\n```", 6, 0.7)
        for solution in extract_code(responses, like=best):
            if solution and (score := utility(solution)) > best_score:
                best, best_score = solution, score
"""


def seed_text(name: str) -> str:
    """The text of an improver that comes with the package."""
    return (files("selftaught") / "seeds" / f"{name}.py").read_text(encoding="utf-8")


ARMS: dict[str, tuple[str, dict[str, bool]]] = {
    "best-of-n": (seed_text("best_of_n"), {}),
    "greedy": (seed_text("greedy"), {}),
    "refine, no feedback": (seed_text("refine"), {"feedback": False}),
    "refine, feedback": (seed_text("refine"), {}),
    "islands": (seed_text("islands"), {}),
    "novelty": (seed_text("novelty"), {}),
    "pareto": (seed_text("pareto"), {}),
    "best-first": (seed_text("best_first"), {}),
    "greedy beyond its budget": (OVERSPENDING, {}),
    "greedy beyond its budget, salvage": (OVERSPENDING, {"salvage": True}),
}
PAIRS = [
    ("refine, feedback", "best-of-n"),
    ("refine, feedback", "greedy"),
    ("refine, feedback", "refine, no feedback"),
    *((name, "best-of-n") for name in ("islands", "novelty", "pareto", "best-first")),
]


@dataclass
class Looked:
    """Implements `Utility`: a task's own, asked once for each program."""

    utility: Judge
    description: str
    known: dict[Program, Score] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    deterministic: bool = True
    name: str = "looked up"

    def __call__(self, program: Program) -> Score:
        with self.lock:
            if program not in self.known:
                self.known[program] = self.utility(program)
            return self.known[program]


@dataclass
class Pool:
    """Implements `LanguageModel`, as is told above. `rng` makes one application's answers."""

    programs: dict[str, tuple[int, bool]]
    rng: random.Random

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return [Completion(f"Idea.\n```python\n{self._answer(prompt.user)}```\n") for prompt in prompts]

    def _answer(self, prompt: str) -> str:
        shown = [kind for text, kind in self.programs.items() if f"```python\n{text}" in prompt]
        working = max((level for level, broken in shown if not broken), default=None)
        failing = max((level for level, broken in shown if broken), default=None)
        told = re.search(r"crashed on|timed out on|bad answer on|no program on|SyntaxError", prompt) is not None
        if failing is not None and self.rng.random() < (TOLD if told else GUESSED):
            return self._program(failing, broken=False)
        if working is not None and self.rng.random() < STEP:
            return self._drawn(min(working + 1, len(IDEAS) - 1))
        return self._drawn(self.rng.choices(range(len(IDEAS)), IDEAS)[0])

    def _drawn(self, level: int) -> str:
        return self._program(level, broken=self.rng.random() < BROKEN[level])

    def _program(self, level: int, *, broken: bool) -> str:
        return self.rng.choice([text for text, kind in self.programs.items() if kind == (level, broken)])


def pool_of(task: str) -> dict[str, tuple[int, bool]]:
    """Each program's quality, and whether it is broken."""
    steps, template = TASKS[task]
    programs = {}
    for level, number in enumerate(steps):
        programs[template.format(steps=number, fault="")] = (level, False)
        programs[template.format(steps=number, fault=FAULTS[level % len(FAULTS)])] = (level, True)
    return programs


def measured(task: str, jail: Jail, repeats: int) -> dict[str, list[float]]:
    """What each arm's program scores, in the order of the repeats."""
    spec = load_task(task)
    judge = Judge(spec, jail, "val", RUN_SEED)
    utility, programs = Looked(judge, judge.description), pool_of(task)
    scores: dict[str, list[float]] = {}
    for arm, (source, settings) in ARMS.items():
        for repeat in range(repeats):
            model = Pool(programs, random.Random(draw_seed(task, arm, str(repeat))))
            machine = Machine(jail, ALLOWANCE, IMPROVER_LIMITS, repeat, map, **settings)
            made = machine(Program(source), utility, spec.seed, model)
            value = utility(made.program).value if made.program else 0.0
            scores.setdefault(arm, []).append(value)
    best = max(utility(Program(text)).value for text, (_, broken) in programs.items() if not broken)
    scores["(the seed of the task, the best of the pool)"] = [utility(spec.seed).value, best]
    return scores


def main() -> None:
    """Print one row for each arm, and the paired differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=40)
    repeats = parser.parse_args().repeats
    with open_sandbox("auto") as jail:
        found = {task: measured(task, jail, repeats) for task in TASKS}
    print(f"| improver | {' | '.join(TASKS)} |\n|---|{'---|' * len(TASKS)}")
    for arm in ARMS:
        print(f"| {arm} | {' | '.join(shown(found[task][arm]) for task in TASKS)} |")
    seeds, bests = zip(*(found[task]["(the seed of the task, the best of the pool)"] for task in TASKS), strict=True)
    print(f"| (the task's seed) | {' | '.join(f'{value:.3f}' for value in seeds)} |")
    print(f"| (the best of the pool) | {' | '.join(f'{value:.3f}' for value in bests)} |")
    for first, second in PAIRS:
        cells = [shown(paired_differences(found[task][second], found[task][first]), "+") for task in TASKS]
        print(f"| {first} − {second} | {' | '.join(cells)} |")


def shown(values: Sequence[float], sign: str = "") -> str:
    """The mean, with its interval of 95 %; of differences where a sign is wanted."""
    interval = difference_interval(values, seed=1) if sign else mean_interval(values, seed=1)
    mean = sum(values) / len(values)
    if not isinstance(interval, Interval):
        return f"{mean:{sign}.3f}"
    return f"{mean:{sign}.3f} [{interval.low:{sign}.3f}, {interval.high:{sign}.3f}]"


if __name__ == "__main__":
    main()
