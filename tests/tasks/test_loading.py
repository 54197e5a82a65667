"""Tasks by name and by path: what loads, and one clear line for each thing that does not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from selftaught.core.errors import UsageError
from selftaught.sandbox.contract import Limits
from selftaught.tasks.entry import check_entry, defined_names
from selftaught.tasks.loading import check_stands_alone, load_task, task_names
from selftaught.tasks.spec import Instance

HERE = Path(__file__).parent
SORTING = HERE.parent / "examples" / "sorting_task.py"
PARTS = {
    "doc": '"""Echo x."""\n',
    "seed": 'SEED = "def algorithm(x): return x"\n',
    "instances": "def instances(rng, split): yield (1,), None\n",
    "grade": "def grade(instance, answer): return 1.0\n",
}


def write(folder: Path, text: str = "", name: str = "echo.py", **changed: str) -> str:
    """The path of a task file: the parts above, some changed, and more text."""
    path = folder / name
    path.write_text("".join({**PARTS, **changed}.values()) + text, encoding="utf-8")
    return str(path)


def complaint(name_or_path: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_task(name_or_path)
    return str(caught.value)


OF_THE_PAPER = ["maxcut", "modified-qap", "parity", "parity-with-noise", "string-grid-distance", "three-sat"]
NEW = ["autoconvolution", "bin-packing", "circle-packing", "formulas", "job-shop", "online-bin-packing", "tsp"]


def test_the_papers_tasks_are_built_in_each_known_by_its_own_name() -> None:
    assert [load_task(name).name for name in task_names()] == task_names() == sorted(OF_THE_PAPER + NEW)


@pytest.mark.parametrize("name", task_names())
def test_a_built_in_task_loads_again_from_the_text_that_a_run_keeps(name: str, tmp_path: Path) -> None:
    task = load_task(name)
    kept = tmp_path / "kept.py"
    kept.write_text(task.source)
    again = load_task(str(kept))
    assert (again.name, again.description, again.seed, again.limits) == (name, task.description, task.seed, task.limits)


def test_the_example_of_the_guide_is_a_task_of_at_most_15_lines() -> None:
    text = SORTING.read_text()
    task = load_task(str(SORTING))
    assert (task.name, task.entry, task.limits.cpu_seconds) == ("sorting_task", "algorithm", 0.1)
    assert len(text.splitlines()) <= 15
    assert [task.grade(Instance(([2, 1],)), answer) for answer in ([1, 2], [2, 1], None, "12")] == [1.0, 0.0, 0.0, 0.0]


def test_the_example_stands_word_for_word_in_the_guide() -> None:
    assert SORTING.read_text() in (HERE.parents[1] / "CONTRIBUTING.md").read_text()


def test_what_a_file_does_not_say_has_a_default(tmp_path: Path) -> None:
    task = load_task(write(tmp_path))
    assert (task.name, task.entry, task.limits) == ("echo", "algorithm", Limits(cpu_seconds=1.0, wall_seconds=15.0))


def test_what_a_file_says_is_enforced_and_told(tmp_path: Path) -> None:
    more = 'NAME = "other"\nENTRY = "f"\nCPU_SECONDS = 3\nMEMORY_BYTES = 1 << 27\nFRESH_GUEST_PER_CALL = True\n'
    task = load_task(write(tmp_path, more, seed='SEED = "f = abs"\n'))
    limits = Limits(cpu_seconds=3, wall_seconds=35, memory_bytes=1 << 27, fresh_guest_per_call=True)
    told = ["f(...)", "3 s of CPU time", "idle for 35 s", "128 MiB of memory", "a process of its own"]
    assert (task.name, task.entry, task.limits) == ("other", "f", limits)
    assert [text for text in told if text not in task.description] == []


def test_the_name_is_kept_when_a_run_keeps_the_file_under_it(tmp_path: Path) -> None:
    name = load_task(write(tmp_path, name="my first task!.py")).name
    assert (name, load_task(write(tmp_path, name=f"{name}.py")).name) == ("my_first_task_", "my_first_task_")


def test_dataclasses_with_postponed_annotations_work_in_a_task(tmp_path: Path) -> None:
    head = '"""Echo x."""\nfrom __future__ import annotations\nfrom dataclasses import dataclass\n'
    body = "@dataclass\nclass Box:\n    x: int\n"
    assert load_task(write(tmp_path, doc=head + body)).name == "echo"


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    assert load_task(write(tmp_path, doc="\ufeff" + PARTS["doc"])).about == "Echo x."


@pytest.mark.parametrize("near", ["three-sta", "three_sat", "3-sat"])
def test_an_unknown_name_gets_the_nearest_one_and_all_of_them(near: str) -> None:
    told = f"did you mean 'three-sat'? There are {', '.join(task_names())}, or the path of a .py file"
    assert complaint(near) == f"no task is called {near!r}; {told}"


def test_a_name_near_nothing_gets_the_list() -> None:
    told = f"there are {', '.join(task_names())}, or the path of a .py file"
    assert complaint("zzz") == f"no task is called 'zzz'; {told}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert complaint(str(tmp_path / "none.py")).startswith(f"cannot read the task {tmp_path}/none.py: No such file")


def test_a_folder_is_no_task(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    assert "is not a task: wanted initial_program.py and evaluator.py in it" in complaint(str(tmp_path / "folder.py"))


def test_a_file_that_is_not_text_is_no_task(tmp_path: Path) -> None:
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text" in complaint(str(tmp_path / "bytes.py"))


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"doc": "def f(:\n"}, r"is not Python: .+ \(line 1\)"),
        ({"doc": ""}, "lacks a docstring; a task is a Python file with a docstring"),
        ({"doc": '"""  """\n'}, "lacks a docstring;"),
        ({"seed": ""}, "lacks SEED;"),
        ({"seed": "", "grade": ""}, "lacks SEED and grade;"),
        ({"instances": ""}, "lacks instances;"),
        ({"seed": "SEED = 7\n"}, "SEED is 7; wanted the text of a program"),
        ({"seed": 'SEED = "def algorithm(:"\n'}, r"its SEED is not Python: .+ \(line 1\)"),
        (
            {"seed": 'SEED = "def other(): pass"\n'},
            r"its SEED has no function algorithm; it defines other. Wanted: def algorithm\(",
        ),
        ({"grade": "grade = 1\n"}, "grade is not a function of two arguments"),
        ({"grade": "def grade(answer): return 1\n"}, "grade is not a function of two arguments"),
        ({"instances": "def instances(rng): yield (1,), None\n"}, "instances is not a function of two arguments"),
        ({"doc": '"""x"""\nimport nonesuch\n'}, "echo.py, line 2: it fails when it is loaded: ModuleNotFoundError"),
        ({"doc": '"""x"""\nraise SystemExit(3)\n'}, "line 2: it fails when it is loaded: SystemExit: 3"),
    ],
)
def test_a_file_that_is_no_task_is_told_why(changed: dict[str, str], wanted: str, tmp_path: Path) -> None:
    told = complaint(write(tmp_path, **changed))
    assert re.search(wanted, told) and "echo.py" in told and "\n" not in told


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("CPU_SECONDS = 0", "CPU_SECONDS is 0; wanted a number above 0"),
        ("CPU_SECONDS = -1.5", "CPU_SECONDS is -1.5; wanted a number above 0"),
        ("CPU_SECONDS = True", "CPU_SECONDS is True; wanted a number above 0"),
        ("CPU_SECONDS = '2'", "CPU_SECONDS is '2'; wanted a number above 0"),
        ("CPU_SECONDS = float('nan')", "CPU_SECONDS is nan; wanted a number above 0"),
        ("CPU_SECONDS = float('inf')", "CPU_SECONDS is inf; wanted a number above 0, at most 86400"),
        ("MEMORY_BYTES = 0", "MEMORY_BYTES is 0; wanted a number above 0"),
        ("FRESH_GUEST_PER_CALL = 1", "FRESH_GUEST_PER_CALL is 1; wanted True or False"),
        ("ENTRY = 'not a name'", "ENTRY is 'not a name'; wanted the name of a function"),
        ("NAME = 'a/b'", "NAME is 'a/b'; wanted letters, digits"),
        ("NAME = ''", "NAME is ''; wanted letters, digits"),
        ("SCORING = 0.5", "SCORING is 0.5; wanted a selftaught.tasks.spec.Scoring"),
    ],
)
def test_a_setting_out_of_range_is_told_what_was_wanted(setting: str, wanted: str, tmp_path: Path) -> None:
    assert wanted in complaint(write(tmp_path, setting + "\n"))


ENTRIES = [
    "algorithm = sorted",
    "from math import sqrt as algorithm",
    "from functools import *",
    "class algorithm: ...",
    "async def algorithm(x): ...",
    "algorithm, other = sorted, 1",
    "import typing\nalgorithm: typing.Any = lambda x: x",
    "try:\n    from nowhere import algorithm\nexcept ImportError:\n    def algorithm(x): ...",
    "if (algorithm := sorted): pass",
]


@pytest.mark.parametrize("seed", ENTRIES)
def test_a_seed_may_define_its_function_in_any_way(seed: str, tmp_path: Path) -> None:
    assert load_task(write(tmp_path, seed=f"SEED = {seed!r}\n")).seed.source == seed


@pytest.mark.parametrize(
    "source", ["def f():\n    algorithm = 1\n", "class A:\n    def algorithm(self): ...\n", "algorithm\n"]
)
def test_a_name_that_is_bound_elsewhere_is_no_entry(source: str) -> None:
    with pytest.raises(UsageError, match="p.py has no function algorithm"):
        check_entry(defined_names(source), "algorithm", "p.py")


def test_users_settings_of_warnings_and_optimization_change_no_task(tmp_path: Path) -> None:
    """Docstrings are the task's text, and a stray backslash is Python."""
    task = write(
        tmp_path,
        doc='"""Echo x."""\nPATTERN = "\\d"\n',
        seed=f"SEED = {chr(34)}def algorithm(x): return '\\\\d'{chr(34)}\n",
    )
    source = f"from selftaught.tasks.loading import load_task as t; print(t({task!r}).about, t('parity').about[:7])"
    done = subprocess.run(
        [sys.executable, "-OO", "-W", "error", "-c", source], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("Echo x. Learn a\n", "")


def test_a_task_that_reads_a_file_beside_it_does_not_stand_alone(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("def algorithm(x): return x\n")
    reads = "import pathlib\nSEED = pathlib.Path(__file__).with_name('words.txt').read_text()\n"
    check_stands_alone(load_task(write(tmp_path, name="alone.py")))
    with pytest.raises(UsageError, match=r"reads.py, line 3: it fails .+ a task is one file that reads no other"):
        check_stands_alone(load_task(write(tmp_path, name="reads.py", seed=reads)))


LEVELLED = """
LEVELS = {"small": 3, "large": 30}
LEVEL = globals().get("LEVEL", "small")
__doc__ = f"Echo {LEVELS[LEVEL]} numbers."
"""


def test_a_task_has_levels_and_a_bare_name_means_the_first(tmp_path: Path) -> None:
    path = write(tmp_path, LEVELLED)
    loaded = [load_task(name) for name in (path, f"{path}@small", f"{path}@large")]
    assert [(task.name, task.about) for task in loaded] == [
        ("echo", "Echo 3 numbers."), ("echo", "Echo 3 numbers."), ("echo@large", "Echo 30 numbers."),
    ]  # fmt: skip


def test_the_file_that_a_run_keeps_has_its_level_in_its_name(tmp_path: Path) -> None:
    task = load_task("three-sat@hard")
    (tmp_path / f"{task.name}.py").write_text(task.source)
    again = load_task(str(tmp_path / f"{task.name}.py"))
    assert (again.name, again.about, again.limits) == (task.name, task.about, task.limits)


@pytest.mark.parametrize(
    ("text", "level", "told"),
    [
        (LEVELLED, "@huge", "has no level 'huge'; it has small and large"),
        (LEVELLED + "SIZE = {'small': 1}[LEVEL]\n", "@huge", "has no level 'huge'; it has small and large"),
        ("", "@huge", "has no level 'huge'; it has no LEVELS"),
        ("LEVELS = 3\n", "", 'LEVELS is 3; wanted a dict, as {"easy": ..., "hard": ...}'),
        ("LEVELS = {'a b': 3}\n", "", "LEVELS is {'a b': 3}; wanted a dict"),
        ("LEVELS = {'a': 3}\nLEVEL = 'b'\n", "", "LEVEL is 'b', and the first of LEVELS is 'a'"),
        ("BOUND = 'x'\n", "", "BOUND is 'x'; wanted a number, the best score known"),
    ],
)
def test_a_level_that_is_none_is_told(text: str, level: str, told: str, tmp_path: Path) -> None:
    assert told in complaint(write(tmp_path, text) + level)


def test_an_at_sign_in_a_file_s_name_is_no_level_unless_it_has_levels(tmp_path: Path) -> None:
    assert load_task(write(tmp_path, name="a@b.py")).name == "a_b"


def test_the_released_way_is_of_the_paper_s_level_alone() -> None:
    assert load_task("three-sat@paper", "released").name == "three-sat"
    for name in ("three-sat@hard", "tsp"):
        with pytest.raises(UsageError, match="not of the paper's released code"):
            load_task(name, "released")
