"""What `import selftaught` gives."""

import asyncio
import doctest
import math
import re
import subprocess
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

import selftaught
from selftaught import Completion, Prompt, api
from selftaught.core.errors import ModelUnavailable, RunStopped, UsageError
from selftaught.runs.records import Record
from selftaught.tasks import from_python

ROOT = Path(__file__).parents[1]
TASK = '''"""Return a number; the score is how near it comes to 1. Write algorithm(x)."""

SEED = "def algorithm(x):\\n    return 0.25\\n"


def instances(rng, split):
    for _ in range(3):
        yield (rng.random(),), None


def grade(instance, answer):
    return max(0.0, min(1.0, float(answer)))
'''
SMALL: dict[str, Any] = {"model_calls": 1, "responses": 2, "utility_calls": 3, "probes": False}
BETTER = "```python\ndef algorithm(x):\n    return 0.75\n```"


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "near.py").write_text(TASK)
    return "near.py"


def answer(prompt: Prompt) -> str:
    """A better solution; an improver as it is shown."""
    shown = re.search(r"```python\n.*?```", prompt.user, re.DOTALL)
    assert shown is not None
    return shown[0] if "improve_algorithm" in shown[0] else BETTER


def test_a_program_is_improved_by_a_function_as_the_model(task: str) -> None:
    seen: list[Record] = []
    result = selftaught.improve(task, model=answer, out="it", progress=seen.append, **SMALL)
    assert result.score == 0.75 and result.score.error == 0.0 and repr(result.score) == "0.75 ± 0"
    assert result.program is not None and "0.75" in result.program and "0.25" in result.before
    assert "+    return 0.75" in result.diff() and "return 0.75" in result._repr_html_()
    assert result.run.status == "finished" and len(seen) > 3
    tried = [one for one in result.candidates if one.value == 0.75]
    assert tried and tried[0].parent and "0.75" in result.text(tried[0].response)
    assert selftaught.load_run("it").program == result.program
    text = Path("it/improved.py").read_text()
    assert selftaught.score(task, "it/improved.py").value == selftaught.score(task, text).value == 0.75


def test_the_function_may_be_async_and_a_loop_may_run_here(task: str) -> None:
    async def slow(prompt: Prompt) -> Completion:
        await asyncio.sleep(0)
        return Completion(BETTER, model="slow")

    async def notebook() -> selftaught.Result:
        return selftaught.improve(task, model=slow, out="it", **SMALL)

    result = asyncio.run(notebook())
    assert result.score == 0.75


def test_the_same_call_with_a_higher_cap_goes_on(task: str) -> None:
    asked: list[Prompt] = []

    def counted(prompt: Prompt) -> str:
        asked.append(prompt)
        return answer(prompt)

    call: dict[str, Any] = {"model": counted, "out": "it", "depth": 1, "repeats": 1, **SMALL}
    with pytest.raises(RunStopped, match="`max_calls=3`"):
        selftaught.run(task, max_calls=3, **call)
    result = selftaught.run(task, max_calls=1000, **call)
    assert result.run.status == "finished" and result.program is not None
    bought = len(asked)
    again = selftaught.run(task, max_calls=1000, **call)
    assert again.score == result.score and len(asked) == bought  # nothing is asked twice


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"repeats": 9}, "was started with repeats=1, not 9"),
        ({"depht": 1}, "no setting is called 'depht'; did you mean 'depth'?"),
        ({"task": "parity"}, "contains another run: run of near"),
        ({"task": "no-such"}, "no task is called 'no-such'"),
        ({"model": 3}, "wanted a name or a function, got 3"),
        ({"depth": 0, "out": "other"}, "`depth`: wanted a whole number of at least 1, got 0"),
        ({"max_cost": 1.0, "out": "other"}, "`max_cost` needs a price"),
    ],
)
def test_a_call_that_cannot_be_right_is_a_clear_error(task: str, call: dict[str, Any], said: str) -> None:
    first: dict[str, Any] = {"model": answer, "out": "it", "depth": 1, "repeats": 1, **SMALL}
    if "out" not in call:
        selftaught.run(task, **first)
    wrong = {**first, **call}
    with pytest.raises(UsageError, match=re.escape(said)):
        selftaught.run(wrong.pop("task", task), **wrong)


def test_a_list_of_tasks_and_a_model_by_its_name(task: str) -> None:
    assert selftaught.run([task], model="mutate", depth=1, repeats=1, **SMALL).run.status == "finished"
    with pytest.raises(UsageError, match="no model is called 'gpt'"):
        selftaught.run(task, model="gpt")


def near_one(instance: Any, answer: Any) -> float:
    return max(0.0, min(ONE, float(answer)))


def thirds(rng: Any, split: str) -> Any:
    for _ in range(math.ceil(2.5)):
        yield (rng.random(),), None


ONE = 1.0
SEED = "def algorithm(x):\n    return 0.25\n"


def test_a_task_is_made_of_functions_and_is_kept_by_their_source(task: str) -> None:
    made = selftaught.Task(
        description="Return 1.", seed=SEED, instances=thirds, grade=near_one, name="near", cpu_seconds=0.5
    )
    assert made.resumable and "import math as math" in made.source and "ONE = 1.0" in made.source
    result = selftaught.improve(made, model=answer, out="it", **SMALL)
    assert result.score == 0.75 and selftaught.score(made, SEED).value == 0.25
    assert selftaught.improve(made, model=answer, out="it", **SMALL).score == 0.75
    done = subprocess.run([sys.executable, "-m", "selftaught", "show", "it"], capture_output=True, check=False)
    assert done.returncode == 0
    assert "def grade" in Path("it/inputs/near.py").read_text() or "grade = near_one" in made.source


def test_a_task_whose_source_cannot_be_read_goes_on_with_the_same_call_alone(task: str) -> None:
    typed: dict[str, Any] = {}
    exec("def draw(rng, split):\n    yield (1,), None\n", typed)
    made = selftaught.Task(description="Return 1.", seed=SEED, instances=typed["draw"], grade=near_one, name="typed")
    assert not made.resumable
    assert selftaught.improve(made, model=answer, out="it", **SMALL).score == 0.75
    assert selftaught.improve(made, model=answer, out="it", **SMALL).run.status == "finished"
    done = subprocess.run(
        [sys.executable, "-m", "selftaught", "resume", "it"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "continue with the same call" in done.stderr


def test_a_task_of_functions_that_is_wrong_says_so(task: str) -> None:
    with pytest.raises(UsageError, match="lacks grade"):
        selftaught.improve(selftaught.Task(description="Return 1.", seed=SEED, instances=thirds), model=answer)


def none(prompt: Prompt) -> Any:
    return None


def broken(prompt: Prompt) -> Any:
    raise OSError("no such weights")


def coroutine_of_none(prompt: Prompt) -> Awaitable[Any]:
    async def nothing() -> None:
        return None

    return nothing()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (none, "none returned NoneType; wanted a str or a Completion"),
        (broken, "broken raised OSError: no such weights"),
        (coroutine_of_none, "coroutine_of_none returned NoneType"),
    ],
)
def test_what_a_function_does_wrong_ends_the_run_in_one_line(task: str, model: Any, said: str) -> None:
    with pytest.raises(ModelUnavailable, match=re.escape(said)):
        selftaught.improve(task, model=model, out="it", **SMALL)


def test_a_run_of_a_function_says_on_the_command_line_how_it_goes_on(task: str) -> None:
    selftaught.improve(task, model=answer, out="it", **SMALL)
    done = subprocess.run(
        [sys.executable, "-m", "selftaught", "resume", "it"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "continue the run from Python" in done.stderr


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, selftaught; print([m for m in sys.modules if m.startswith('selftaught.')]); selftaught.improv"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]" and "has no attribute 'improv'; it has" in done.stderr


def test_the_examples_in_the_docstrings_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for module in (api, from_python):
        found = doctest.testmod(module)
        assert (found.failed, found.attempted > 4) == (0, True)


def test_the_docs_example_runs(task: str) -> None:
    (snippet,) = re.findall(
        r"```python\n(import selftaught.*?)```", (ROOT / "docs" / "models.md").read_text(), re.DOTALL
    )
    exec(snippet, {"my_model": lambda system, user, temperature: answer(Prompt(system, user, temperature))})
    assert Path("runs/mine/run.sqlite").is_file()


def test_the_readmes_example_runs(tmp_path: Path) -> None:
    (snippet,) = re.findall(r"```python\n(import selftaught.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "example.py").write_text(snippet)
    done = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=150
    )
    assert done.returncode == 0 and "finished" in done.stdout, done.stderr
