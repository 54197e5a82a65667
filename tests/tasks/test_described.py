"""What a model reads of a task: a short program with the task's own code where it shows it, and the limits."""

import ast
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from selftaught.core.errors import UsageError
from selftaught.core.feedback import loop_time, without_times
from selftaught.tasks.frozen import Importer
from selftaught.tasks.loading import load_task, task_names
from selftaught.tasks.shown import shown_source
from selftaught.tasks.spec import Instance, Wording

SOURCE = Wording(source=True, million_steps=20)
SORTING = Path(__file__).parent.parent / "examples" / "sorting_task.py"
TASK = '''"""Find it. A "quoted" word, a back\\\\slash and three: ""\\"."""
import math, random as chance
from os import path, sep

SEED = "def algorithm(x):\\n    return x\\n"
SHOW = True
LIMIT = 3  # of all
UNUSED = 4


def instances(rng, split):
    yield (_one(rng),), None


def _one(rng):
    return LIMIT + rng.random()


def grade(instance, answer):
    return float(better(answer, 1) < math.inf)


@staticmethod
def better(answer, best):
    """Better than the best."""
    return answer - best - len(sep)


def unused():
    return chance
'''


def names(program: str) -> set[str]:
    return {node.name for node in ast.parse(program).body if isinstance(node, ast.FunctionDef)}


def test_what_instances_and_grade_use_is_shown_as_it_stands_and_nothing_else() -> None:
    shown = shown_source(TASK, {}, Importer({}))
    assert names(shown) == {"instances", "_one", "grade", "better"}
    assert shown.startswith("import math\nfrom os import sep\n\nLIMIT = 3  # of all\n\n\ndef instances(rng, split):\n")
    assert "@staticmethod\ndef better(answer, best):\n" in shown
    assert not any(word in shown for word in ("UNUSED", "chance", "path", "SEED", "SHOW"))


def test_of_a_hidden_function_only_the_head_is_shown_and_nothing_that_it_uses() -> None:
    shown = shown_source(TASK, {}, Importer({}), ["better"])
    assert "def better(answer, best):" in shown and '"""Better than the best."""' in shown
    assert "answer - best" not in shown and "sep" not in shown


@pytest.mark.parametrize("name", task_names())
def test_what_a_built_in_task_shows_is_a_program_that_makes_its_instances(name: str) -> None:
    task = load_task(name)
    text = task.described(7, SOURCE)
    assert {"instances", "play" if task.play else "grade", "utility"} <= names(text)
    defined: dict[str, object] = {"Instance": Instance}
    exec(compile(task.shown, name, "exec"), defined)
    if "HIDE" not in task.source:
        made, own = defined["instances"], task.instances
        assert repr(next(iter(made(Random(3), "val")))) == repr(next(iter(own(Random(3), "val"))))  # type: ignore[operator]
    assert max(map(len, text.splitlines())) <= 122


def test_the_limits_that_are_enforced_stand_below_and_the_speed_of_the_machine() -> None:
    text = load_task("three-sat").described(30, SOURCE)
    told = [
        "# 30 of them", 'call(program, "algorithm", args)', "- A call may use 0.1 s of CPU time", "512 MiB of memory",
        "A million steps of an empty Python loop take about 50 ms of CPU time here.", "one block of code",
        "Equal programs get equal scores", "The best score known, or more than any that there is, is 1.",
    ]  # fmt: skip
    assert [words for words in told if words not in text] == []


def test_a_task_that_does_not_show_itself_is_told_by_its_own_words() -> None:
    text = load_task(str(SORTING)).described(20, SOURCE)
    assert names(text) == {"utility"} and "rng.randint" not in text
    assert text.startswith('"""Sort a list of integers, ascending.') and "instances and grade are not shown" in text


def test_any_docstring_stays_one() -> None:
    task = replace(load_task(str(SORTING)), about='Ends in a quote" and \\n """ and \\')
    read = ast.get_docstring(ast.parse(task.described(1, SOURCE)))
    assert read is not None and read.strip() == task.about


@pytest.mark.parametrize("line", ["SHOW = 1", "SHOW = True\nHIDE = 'better'"])
def test_show_and_hide_are_checked(tmp_path: Path, line: str) -> None:
    (tmp_path / "t.py").write_text(SORTING.read_text() + line + "\n")
    with pytest.raises(UsageError, match="wanted"):
        load_task(str(tmp_path / "t.py"))


def test_prompts_on_faster_machines_are_the_same_prompts() -> None:
    assert without_times(f"a\n{loop_time(20)}\nb") == without_times(f"a\n{loop_time(70)}\nb") != "a\nb"
