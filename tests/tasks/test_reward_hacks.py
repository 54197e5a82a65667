"""No hole of the released code is worth anything in the honest tasks; under `released` those are there that can be."""

from functools import cache

import pytest

from selftaught.core.contracts import Program
from selftaught.sandbox.jail import Jail
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.measured import MEASURED
from tasks.cheats import CHEATS, HARD_CHEATS, NOTHING, Cheat

ALL = [*CHEATS, *HARD_CHEATS]
BY_HOLE = pytest.mark.parametrize("cheat", ALL, ids=[f"{cheat.task}: {cheat.hole}" for cheat in ALL])


@cache
def value(sandbox: Jail, task: str, source: str, *, split: str = "val", fidelity: str = "honest") -> float:
    return Judge(load_task(task, fidelity), sandbox, split, 11)(Program(source)).value


@BY_HOLE
def test_a_hole_of_the_released_code_is_worth_nothing(sandbox: Jail, cheat: Cheat) -> None:
    assert value(sandbox, cheat.task, cheat.program) == value(sandbox, cheat.task, cheat.honest)


@pytest.mark.parametrize("name", MEASURED)
def test_no_answer_is_worth_0(sandbox: Jail, name: str) -> None:
    assert value(sandbox, name, NOTHING) == 0.0


def test_every_task_is_attacked() -> None:
    assert {cheat.task for cheat in ALL} == set(MEASURED)


OPEN = [cheat for cheat in CHEATS if cheat.released]


@pytest.mark.parametrize("cheat", OPEN, ids=[f"{cheat.task}: {cheat.hole}" for cheat in OPEN])
@pytest.mark.parametrize("split", ["val", "test"])
def test_the_released_scores_keep_what_the_released_code_gives(sandbox: Jail, cheat: Cheat, split: str) -> None:
    """Where it is well defined: not the seconds slept, nor what is done to our own copy of an instance."""
    assert cheat.released is not None
    wanted = cheat.released[split == "test"]
    assert value(sandbox, cheat.task, cheat.program, split=split, fidelity="released") == pytest.approx(
        wanted, abs=6e-5
    )
