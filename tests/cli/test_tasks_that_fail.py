"""A task that cannot work stops before anything is spent, and a grade that trips later loses nothing."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from selftaught.cli.app import main
from selftaught.core.contracts import Program, Score
from selftaught.middleware.recorded import RecordedUtility
from selftaught.middleware.recorder import Recorder
from selftaught.runs.records import Answered, Corrected
from selftaught.runs.store import Store

TASK = '''"""Sort a list of integers, ascending. Write algorithm(numbers), which returns the sorted list."""
SEED = {seed!r}
CPU_SECONDS = 0.2
def instances(rng, split):
    for _ in range(5):
        yield ([rng.randint(0, 99) for _ in range(rng.randint(2, 30))],), None
def grade(instance, answer):
    (numbers,), _ = instance
    {grade}
'''
SEED, GRADE = "def algorithm(numbers):\n    return numbers\n", "return float(answer == sorted(numbers))"
NONE, SORTED = "def algorithm(numbers):\n    return None\n", "def algorithm(numbers):\n    return sorted(numbers)\n"
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`selftaught ARGUMENTS` in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["selftaught", *arguments])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, *capsys.readouterr()

    return run


def write(name: str, seed: str = SEED, grade: str = GRADE) -> str:
    Path(name).write_text(TASK.format(seed=seed, grade=grade))
    return name


def scripted(*programs: str) -> list[str]:
    """A model that answers with these programs in turn."""
    responses = [f"```python\n{program}```" for program in programs]
    Path("script.json").write_text(json.dumps({"rules": [{"contains": [], "responses": responses, "order": "cycle"}]}))
    one = ["--improver", "seed", "--model-calls", "1", "--responses", "2", "--no-probes"]
    return ["--model", "scripted", "--script", "script.json", *one]


def records(run: str) -> list[Any]:
    store = Store.open(Path(run) / "run.sqlite", writable=False)
    try:
        return list(store)
    finally:
        store.close()


SEEDS = {
    "imports what a guest has not": ("from scipy.optimize import curve_fit\n" + SEED, "ModuleNotFoundError"),
    "has a misspelt name": ("def algorithm(numbers):\n    return nmubers\n", "NameError"),
    "takes other arguments": ("def algorithm(item, bins):\n    return item\n", "TypeError"),
    "never ends": ("def algorithm(numbers):\n    while True:\n        pass\n", "4 of 5 timed out"),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_that_fails_everywhere_stops_before_the_first_call(seed: str, command: Command) -> None:
    source, reason = SEEDS[seed]
    code, _, said = command("improve", write("task.py", source), *scripted(SORTED), "--out", "r")
    assert (code, Path("r").exists()) == (2, False)
    assert reason in said and "its SEED fails on every instance" in said and "numpy" in said


GRADES = {
    "return float(answer == numbers.sorted())": "AttributeError, line 9",
    "return float(answer == sorted(numbers, reversed=True))": "TypeError, line 9",
    "return {}['score']": "KeyError, line 9",
    "assert answer is None": "AssertionError, line 9",
    "return 7.0 if answer is not None else 8": "gave 7.0; wanted a number from 0 to 1",
    "pass": "gave None; wanted a number from 0 to 1",
}


@pytest.mark.parametrize("grade", GRADES)
def test_a_grade_that_fails_everywhere_stops_before_the_first_call(grade: str, command: Command) -> None:
    code, _, said = command("improve", write("task.py", grade=grade), *scripted(SORTED), "--runs", "runs")
    assert (code, Path("runs").exists()) == (2, False)
    assert GRADES[grade] in said


@pytest.mark.parametrize("split", ["val", "test"])
def test_instances_of_either_split_that_fail_leave_no_run_folder(split: str, command: Command) -> None:
    task = Path(write("task.py"))
    task.write_text(
        task.read_text().replace("    for _", f"    if split == {split!r}: raise OSError('no data')\n    for _")
    )
    code, _, said = command("improve", str(task), *scripted(SORTED), "--runs", "runs")
    assert (code, Path("runs").exists()) == (2, False)
    assert f"task.py, line 5: instances(rng, '{split}') failed: OSError: no data" in said


def test_a_failing_seed_may_be_meant(command: Command) -> None:
    Path("settings.toml").write_text("allow_failing_seed = true\n")
    task = write("task.py", "def algorithm(numbers):\n    raise NotImplementedError\n")
    code, said, _ = command("improve", task, *scripted(SORTED), "--config", "settings.toml", "--out", "r")
    assert (code, "0.0000 → 1.0000" in said or "0.000 → 1.000" in said) == (0, True), said


def test_a_program_to_improve_that_fails_everywhere_is_told_too(command: Command) -> None:
    Path("p.py").write_text("def algorithm(numbers):\n    return nmubers\n")
    code, _, said = command("improve", write("task.py"), "--program", "p.py", *scripted(SORTED), "--out", "r")
    assert (code, Path("r").exists()) == (2, False)
    assert "the program to improve fails on every instance" in said


ASSERTS = "assert isinstance(answer, list), 'not a list'; return float(answer == sorted(numbers))"


def test_a_grade_that_trips_over_a_model_s_answer_costs_that_answer_alone(command: Command) -> None:
    code, said, _ = command("improve", write("task.py", grade=ASSERTS), *scripted(NONE, SORTED), "--out", "r")
    assert code == 0
    assert "the task's own code failed, and the answer counts as a bad one: task.py: grade() raised" in said
    assert "AssertionError, line 9: not a list" in said
    assert (Path("r") / "improved.py").read_text().strip() == SORTED.strip()


def test_a_corrected_task_is_gone_on_with_where_its_instances_stay(command: Command) -> None:
    trips = "return float(answer == sorted(numbers)) if isinstance(answer, list) else 1 / 0 and exit()"
    write("task.py", grade=trips.replace("1 / 0 and exit()", "exit('a tuple')"))
    command(
        "improve",
        "task.py",
        *scripted("def algorithm(numbers):\n    return ''.join(map(str, numbers))\n"),
        "--out",
        "r",
    )
    paid = sum(isinstance(record, Answered) for record in records("r"))
    shutil.copytree("r", "other")

    write("task.py", grade="return float(answer == sorted(numbers)) if isinstance(answer, list) else 0.25")
    code, said, _ = command("resume", "r", "--task", "task.py")
    assert code == 0 and "the file of task was corrected during the run" in said
    told = records("r")
    assert sum(isinstance(record, Answered) for record in told) == paid
    assert [record.task for record in told if isinstance(record, Corrected)] == ["task"]
    assert command("resume", "r")[0] == 0  # the new text is what the run has now

    write("task.py", grade="return 0.5")
    task = Path("task.py")
    task.write_text(task.read_text().replace("range(5)", "range(6)"))
    code, _, said = command("resume", "other", "--task", "task.py")
    assert code == 2 and "more than grade: the instances of val, the instances of test" in said
    assert not any(isinstance(record, Corrected) for record in records("other"))


def test_what_a_grade_spoiled_is_scored_again_after_a_resume(tmp_path: Path) -> None:
    @dataclass
    class Graded:
        """A utility whose grade trips, or does not."""

        score: Score
        name: str = "task/val"
        description: str = ""
        deterministic: bool = True

        def __call__(self, program: Program) -> Score:
            return self.score

    def scored(score: Score) -> list[float]:
        recorder = Recorder(store)
        utility = RecordedUtility(Graded(score), recorder)
        return [utility(Program("x")).value for _ in range(2)]

    store = Store.create(tmp_path / "run.sqlite")
    assert RecordedUtility(Graded(Score(0.0, fault="grade() raised")), Recorder(store))(Program("x")).value == 0.0
    assert scored(Score(0.75)) == [0.0, 0.75]  # what is on record stays; what is asked anew is made anew
    assert scored(Score(0.5)) == [0.0, 0.75]
    store.close()
