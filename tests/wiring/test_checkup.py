"""`selftaught check`: what is wrong with a task is found before anything is spent on it."""

from pathlib import Path

import pytest

from selftaught.core.errors import UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.jail import Jail
from selftaught.tasks.contract import KINDS, template
from selftaught.tasks.loading import load_task
from selftaught.wiring.checkup import checkup

SORT = template("function")


def found(sandbox: Jail, folder: Path, text: str) -> list[str]:
    """The problems."""
    file = folder / "task.py"
    file.write_text(text)
    return [remark.text for remark in checkup(load_task(str(file)), sandbox, RunSeed(3, "salt")) if remark.problem]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wrong_with_the_templates(kind: str, sandbox: Jail, tmp_path: Path) -> None:
    assert found(sandbox, tmp_path, template(kind)) == []


CHANGES = {
    "they are the same, so test measures the same as val": (
        "    for _ in range(20):",
        "    rng.seed(1)\n    for _ in range(20):",
    ),
    "always answers an empty list gets 1.0000": ("float(answer == sorted(numbers))", "float(answer == sorted(answer))"),
    "the seed has the best score already": ("return numbers\n", "return sorted(numbers)\n"),
    "always answers a huge number: {file}: grade() gave 1e+308": (
        'raise ValueError("wanted a list")',
        "return float(answer)",
    ),
    "moves by": ("return float(answer == sorted(numbers))", "return __import__('random').random()"),
    "of 20 crashed": ("return numbers\n", "return numbers if len(numbers) > 15 else 1 / 0\n"),
}


@pytest.mark.parametrize("problem", CHANGES)
def test_a_problem_is_found(problem: str, sandbox: Jail, tmp_path: Path) -> None:
    text = SORT.replace(*CHANGES[problem])
    assert text != SORT and any(
        problem.replace("{file}", str(tmp_path / "task.py")) in told for told in found(sandbox, tmp_path, text)
    )


def test_a_task_that_cannot_work_is_refused(sandbox: Jail, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its SEED fails on every instance"):
        found(sandbox, tmp_path, SORT.replace("return numbers\n", "return nmubers\n"))
