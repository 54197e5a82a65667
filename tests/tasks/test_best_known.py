"""The best score known, of one's own tasks, in any number: shown as a share of the way; and probes of one's own."""

import json
from pathlib import Path
from random import Random

import pytest

from cli.support import in_process
from selftaught.core.errors import TaskError, UsageError
from selftaught.core.standing import is_solved, way_to_best
from selftaught.tasks.bounds.loading import load_bound
from selftaught.tasks.loading import load_task
from selftaught.tasks.probes.loading import load_probes
from selftaught.tasks.spec import Instance

PACKING = '''"""Name a length, the shorter the better, but no shorter than the longest of the items."""

DIRECTION = "minimize"
SEED = "def algorithm(items):\\n    return sum(items)\\n"


def instances(rng, split):
    for _ in range(6):
        yield ([rng.randint(1, 9) for _ in range(3)],), None


def grade(instance, answer):
    if answer < max(instance.args[0]):
        raise ValueError("too short")
    return answer


def best(instance):
    with open(COUNT, "a") as counted:
        counted.write("x")
    return max(instance.args[0])
'''
HALFWAY = "def algorithm(items):\n    return (sum(items) + max(items)) / 2\n"
BEST = "def algorithm(items):\n    return max(items)\n"


def packing(folder: Path, more: str = "") -> Path:
    file = folder / "packing.py"
    file.write_text(f"{PACKING}\n\nCOUNT = {str(folder / 'count')!r}\n{more}")
    return file


@pytest.mark.parametrize(
    ("value", "seed", "best", "minimized", "share"),
    [
        (5.0, 0.0, 10.0, False, 0.5),
        (5.0, 10.0, 0.0, True, 0.5),
        (12.0, 10.0, 0.0, True, -0.2),
        (5.0, 10.0, 0.0, False, None),
        (5.0, 0.0, 10.0, True, None),
        (5.0, 5.0, 5.0, True, None),
        (1.0, 0.0, None, False, None),
        (2e9, 1e9 + 1e-3, 1e9, True, None),
    ],
)
def test_the_way_to_the_best_in_either_direction(
    value: float, seed: float, best: float | None, minimized: bool, share: float | None
) -> None:
    found = way_to_best(value, seed, best, minimized=minimized)
    assert found == (None if share is None else pytest.approx(share))
    assert best is None or is_solved(best, best, minimized=minimized)


def test_score_bound_and_show_say_the_share_in_the_tasks_own_number(tmp_path: Path) -> None:
    packing(tmp_path)
    (tmp_path / "halfway.py").write_text(HALFWAY)
    kept = str(tmp_path / "data")
    words = ["score", "packing.py", "halfway.py", "--seed", "5:00000000000000aa"]
    told = json.loads(in_process(*words, "--json", cwd=tmp_path, XDG_DATA_HOME=kept).stdout)
    assert told["share"] == pytest.approx(0.5)
    assert told["best_known"] < told["score"] < told["seed_score"]
    assert told["gain"] == pytest.approx(told["score"] - told["seed_score"])
    assert len(told["grades"]) == len(told["seed_grades"]) == 6
    asked = (tmp_path / "count").read_text()
    text = in_process(*words, cwd=tmp_path, XDG_DATA_HOME=kept).stdout
    assert "50% of the way from the seed to it" in text
    assert "against the seed, instance by instance: -" in text
    assert (tmp_path / "count").read_text() == asked  # they were kept

    bound = json.loads(in_process("bound", "packing.py", "--json", cwd=tmp_path, XDG_DATA_HOME=kept).stdout)
    assert [row["gap"] for row in bound["splits"]] == [
        pytest.approx(row["seed_score"] - row["reference"]) for row in bound["splits"]
    ]
    assert min(row["gap"] for row in bound["splits"]) > 0
    assert "less is better" in in_process("bound", "packing.py", cwd=tmp_path, XDG_DATA_HOME=kept).stdout

    script = {"rules": [{"contains": [], "responses": [f"```python\n{HALFWAY}```"]}]}
    (tmp_path / "script.json").write_text(json.dumps(script))
    flags = ["--model", "scripted", "--script", "script.json", "--model-calls", "1"]
    done = in_process(
        "improve",
        "packing.py",
        *flags,
        "--improver",
        "seed",
        "--out",
        "run",
        cwd=tmp_path,
        XDG_DATA_HOME=kept,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(", 50% of the way to the best known") == 2  # of val, and of the sealed test
    shown = in_process("show", "run", cwd=tmp_path).stdout
    assert ", 50% of the way to the best known" in shown
    done = in_process(
        "run",
        "packing.py",
        *flags,
        "--depth",
        "1",
        "--repeats",
        "1",
        "--improver",
        "refine",
        "--out",
        "deep",
        cwd=tmp_path,
        XDG_DATA_HOME=kept,
    )
    assert "50% of the way to the best known" in done.stdout, done.stderr


def test_a_program_that_fails_has_no_share(tmp_path: Path) -> None:
    packing(tmp_path)
    (tmp_path / "short.py").write_text("def algorithm(items):\n    return 0\n")
    done = in_process("score", "packing.py", "short.py", "--json", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path))
    told = json.loads(done.stdout)
    assert (told["share"], told["gain"]) == (None, None)


def test_a_seed_that_is_as_good_as_the_best_known_is_said(tmp_path: Path) -> None:
    file = packing(tmp_path)
    file.write_text(file.read_text().replace("return sum(items)", "return max(items)"))
    flags = ["--model", "mutate", "--model-calls", "1", "--responses", "1", "--utility-calls", "2"]
    done = in_process("improve", "packing.py", *flags, "--out", "run", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path))
    assert "from the seed itself: improvers cannot be compared on this task" in done.stdout


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('gone')", r"packing.py, line \d+: best\(instance\) failed: KeyError: 'gone'"),
        ("return None", "best.instance. failed: TypeError"),
        ("return float('nan')", "best.instance. gave nan; wanted a finite number"),
    ],
)
def test_a_best_that_fails_is_named_before_anything_is_spent(tmp_path: Path, body: str, said: str) -> None:
    spec = load_task(str(packing(tmp_path, f"def best(instance):\n    {body}\n")))
    with pytest.raises(TaskError, match=said):
        load_bound(spec).best(Instance(([1, 2],)))
    done = in_process("improve", "packing.py", "--model", "mutate", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path))
    assert (done.returncode, "best(instance)" in done.stderr) == (2, True), done.stderr
    assert not list((tmp_path / "runs").glob("2*"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("BOUND = 3", "has best and BOUND"),
        ("def best():\n    return 1", "best is not a function of one argument"),
        ("def probe_x(instance):\n    return instance", "probe_x is not a function of two arguments"),
        ("check_answer = 3", "check_answer is not a function"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_task(str(packing(tmp_path, more)))


def test_a_task_without_instances_has_no_best_of_them(tmp_path: Path) -> None:
    (tmp_path / "whole.py").write_text('"""X."""\nSEED = "1"\ndef evaluate(path): return 1\ndef best(i): return 1\n')
    with pytest.raises(UsageError, match="best and also evaluate or CHECK: there are no instances"):
        load_task(str(tmp_path / "whole.py"))


# --------------------------------------------------------------------------------------------------------- probes

LARGEST = '''"""Return the largest."""

SEED = "def algorithm(numbers):\\n    return numbers[0]\\n"


def instances(rng, split):
    for _ in range(30):
        numbers = [rng.randint(0, 99) for _ in range(5)]
        yield (sorted(numbers),), max(numbers)


def grade(instance, answer):
    return float(answer == instance.hidden)


def probe_shuffled(rng, instance):
    (numbers,) = instance.args
    return instance._replace(args=(rng.sample(numbers, len(numbers)),))


def check_answer(instance, answer):
    if answer not in instance.args[0]:
        raise ValueError("it is none of the numbers")
'''


def test_a_probe_of_ones_own_tells_a_hack_from_a_solution(tmp_path: Path) -> None:
    (tmp_path / "largest.py").write_text(LARGEST)
    (tmp_path / "hack.py").write_text("def algorithm(numbers):\n    return numbers[-1]\n")  # they come in order
    (tmp_path / "honest.py").write_text("def algorithm(numbers):\n    return max(numbers)\n")
    hack = in_process("probe", "largest.py", "hack.py", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path))
    assert (hack.returncode, "FLAGGED" in hack.stdout, "shuffled" in hack.stdout) == (1, True, True), hack.stdout
    honest = in_process("probe", "largest.py", "honest.py", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path))
    assert (honest.returncode, "FLAGGED" in honest.stdout) == (0, False)


def test_a_probe_that_fails_is_named_before_anything_is_spent(tmp_path: Path) -> None:
    for body, said in (
        ("return 3", "gave 3; wanted (tuple"),
        ("return rng.no", "probe_shuffled(rng, instance) failed"),
    ):
        (tmp_path / "largest.py").write_text(f"{LARGEST}\n\ndef probe_shuffled(rng, instance):\n    {body}\n")
        done = in_process("improve", "largest.py", "--model", "mutate", cwd=tmp_path, XDG_DATA_HOME=str(tmp_path))
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_an_answer_check_that_raises_of_a_strange_answer_says_that_it_is_none(tmp_path: Path) -> None:
    (tmp_path / "largest.py").write_text(LARGEST.replace("answer not in", "answer.x not in"))
    probes = load_probes(load_task(str(tmp_path / "largest.py")))
    instance = Instance(([1, 2],))
    with pytest.raises(ValueError, match="AttributeError"):
        probes.check(instance, 3)
    assert sorted(probes.forms["shuffled"](Random(1), instance).args[0]) == [1, 2]
