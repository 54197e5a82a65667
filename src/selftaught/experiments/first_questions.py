"""What the arms of an experiment will certainly ask alike: their first questions, which are put to nobody.

Before its first answer an improver knows the task and nothing else. So it is begun, in the sandbox, and ended when it
asks. What several arms of one trial ask alike then is bought once where draws are common; what else they will have in
common depends on the answers.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from selftaught.core.contracts import Completion, Program, Prompt, Score
from selftaught.core.errors import SelfTaughtError
from selftaught.experiments.conducting import inputs_of
from selftaught.experiments.design import Cell
from selftaught.experiments.shared_inputs import SharedInputs
from selftaught.middleware.threads import thread_map
from selftaught.sandbox.contract import Sandbox
from selftaught.sandbox.machine import IMPROVER_LIMITS, Machine
from selftaught.wiring.inputs import Inputs
from selftaught.wiring.parts import wording_of

_LIMITS = replace(IMPROVER_LIMITS, cpu_seconds=6.0, wall_seconds=20.0)
_SEEDS = (1, 2)
"""A first question that chance has a part in is another with another seed."""

Question = tuple[str, str, float]


def may_share(cells: Sequence[Cell]) -> bool:
    """Whether there are arms that have draws in common."""
    return any(len(trial) > 1 for trial in _trials(cells).values())


def in_common(
    cells: Sequence[Cell], done: Collection[str], shared_inputs: SharedInputs, sandbox: Sandbox
) -> dict[str, int]:
    """By model: how many responses of unfinished cells another arm of the same trial certainly buys."""
    saved = Counter[str]()

    first: dict[tuple[str, int], Counter[Question]] = {}
    for (model, _), trial in _trials(cells).items():
        for task in range(len(trial[0].settings["tasks"])):
            asked: dict[str, Counter[Question]] = {}
            for cell in trial:
                arm = (cell.settings["improver"], task)
                if arm not in first:
                    first[arm] = _first_questions(inputs_of(cell, shared_inputs), task, sandbox)
                asked[cell.name] = first[arm]
            for question in set().union(*asked.values()):
                have = max((asked[name][question] for name in asked if name in done), default=0)
                wanted = [count[question] for name, count in asked.items() if name not in done]
                if wanted:
                    saved[model] += sum(wanted) - max(0, max(wanted) - have)
    return dict(saved)


def _trials(cells: Sequence[Cell]) -> dict[tuple[str, str], list[Cell]]:
    """Those that have draws in common: of one model and one seed, where nothing but the improver is another."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        settings = cell.settings
        if settings["kind"] == "chain" and settings["depth"] == 1 and settings["common_draws"] == "on":
            found.setdefault((settings["model"], settings["seed"]), []).append(cell)
    return found


class _Asked(SelfTaughtError):
    """The improver has asked its first question."""


@dataclass(frozen=True)
class _Unscored:
    """Implements `Utility`: every improver that scores the initial solution first sees the same."""

    name: str
    description: str
    deterministic: bool = True

    def __call__(self, program: Program) -> Score:
        return Score(0.5)


def _first_questions(inputs: Inputs, task: int, sandbox: Sandbox) -> Counter[Question]:
    """Those of the first call, with how often each is asked; none where chance decides what is asked."""
    config, spec = inputs.config, inputs.tasks[task]
    utility = _Unscored(f"{spec.name}/val", spec.described(wording=wording_of(config)))
    found: list[Counter[Question]] = []
    for seed in _SEEDS:
        asked: list[Prompt] = []

        def model(prompts: Sequence[Prompt], asked: list[Prompt] = asked) -> list[Completion]:
            asked += prompts if not asked else ()
            raise _Asked("that is enough")

        machine = Machine(
            sandbox, config.allowance, _LIMITS, seed, thread_map,
            feedback=config.feedback == "on", released_reader=config.extract_code == "released",
        )  # fmt: skip
        with suppress(_Asked):
            machine(inputs.improver, utility, spec.seed, model)
        found.append(Counter((one.system, one.user, one.temperature) for one in asked))
    first, second = found
    return first if first == second else Counter()
