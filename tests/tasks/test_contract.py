"""What a task file may hold: names, scores of any size, and tasks that call the program themselves."""

from pathlib import Path

import pytest

from selftaught.core.contracts import Program, Score, Verdict
from selftaught.core.errors import TaskError, UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.jail import Jail
from selftaught.tasks.contract import FUNCTIONS, KINDS, PARTS, table, template
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task, task_names
from selftaught.tasks.probes.trial import Prober
from selftaught.tasks.scale import Scale
from selftaught.wiring.probing import AGAIN, probe

DOCS = Path(__file__).parents[2] / "docs" / "tasks.md"
HEAD = '"""Count. Write algorithm(n)."""\nSEED = "def algorithm(n): return n + 4"\n'
INSTANCES = "def instances(rng, split):\n    for n in range(8):\n        yield (n,), n\n"
GRADE = "def grade(instance, answer):\n    return abs(answer - instance.hidden)\n"


def write(folder: Path, text: str, head: str = HEAD, instances: str = INSTANCES) -> str:
    path = folder / "count.py"
    path.write_text(head + instances + text)
    return str(path)


def scored(sandbox: Jail, path: str, program: str, *, paid: bool = False) -> Score:
    return Judge(load_task(path), sandbox, "val", RunSeed(1, "salt"), paid=paid)(Program(program))


# names


@pytest.mark.parametrize(
    ("name", "meant"), [("CPU_SECOND", "CPU_SECONDS"), ("DIRECTON", "DIRECTION"), ("BASE_LINE", "BASELINE")]
)
def test_a_name_that_seems_misspelt_is_told(name: str, meant: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{name} has no meaning in a task file; did you mean {meant}"):
        load_task(write(tmp_path, f"{name} = 1\n" + GRADE))


def test_names_of_one_s_own_are_no_matter_and_no_built_in_task_has_one_that_seems_misspelt(tmp_path: Path) -> None:
    load_task(write(tmp_path, "SIZES = [1]\n_CPU_SECOND = 1\nSEEDS = 3\nDIRECTION = 'minimize'\n" + GRADE))
    for name in task_names():
        load_task(name)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("DIRECTION = 'down'", "DIRECTION is 'down'; wanted 'minimize' or 'maximize'"),
        ("BASELINE = float('nan')", "BASELINE is nan; wanted a finite number"),
        ("TARGET = '3'", "TARGET is '3'; wanted a finite number"),
        ("LOAD_CPU_SECONDS = 0", "LOAD_CPU_SECONDS is 0; wanted a number above 0"),
        ("DETERMINISTIC = 0", "DETERMINISTIC is 0; wanted True or False"),
        ("def play(instance, call): return 1", "has grade and play; wanted one of them"),
    ],
)
def test_a_part_that_is_wrong_is_told(more: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_task(write(tmp_path, f"{GRADE}{more}\n"))
    assert told in str(caught.value)


def test_what_a_file_sets_holds(tmp_path: Path) -> None:
    task = load_task(write(tmp_path, "LOAD_CPU_SECONDS = 0.5\nDETERMINISTIC = False\n" + GRADE))
    assert (task.limits.load_cpu_seconds, task.deterministic) == (0.5, False)
    assert (
        "may use 0.5 s of CPU time" in task.description and "Equal programs may get unequal scores" in task.description
    )


def test_every_part_stands_in_the_docs() -> None:
    assert table() in DOCS.read_text()
    assert all(f"`{name}`" in table() for name in [*FUNCTIONS, *(part.name for part in PARTS)])


# scores of any size


def test_scores_are_people_s_own_and_an_improver_sees_higher_as_better(sandbox: Jail, tmp_path: Path) -> None:
    """The seed is 4 off everywhere."""
    task = write(tmp_path, "DIRECTION = 'minimize'\n" + GRADE)
    seed, near, far, worst = (scored(sandbox, task, f"def algorithm(n): return n + {k}") for k in (4, 2, 40, 10**6))
    assert [s.raw for s in (seed, near, far, worst)] == [4, 2, 40, 10**6]
    assert seed.value == 0.5 and 1 > near.value > 0.5 > far.value > worst.value > 0
    broken = scored(sandbox, task, "def algorithm(n): return n if n else 1 / 0")
    assert (broken.raw, broken.verdict) == (None, Verdict.CRASHED) and broken.value == 7 / 8 * 0.5


def test_a_target_is_seen_as_1_and_the_baseline_as_a_half(sandbox: Jail, tmp_path: Path) -> None:
    task = write(tmp_path, "DIRECTION = 'minimize'\nBASELINE = 10\nTARGET = 0\n" + GRADE)
    assert [scored(sandbox, task, f"def algorithm(n): return n + {k}").value for k in (0, 10)] == [1.0, 0.5]


@pytest.mark.parametrize("scale", [Scale(), Scale(True), Scale(False, None, 9.0), Scale(True, None, -9.0)])
@pytest.mark.parametrize("baseline", [-3.0, 0.0, 4.0])
def test_what_is_seen_rises_strictly_with_the_score_and_stays_from_0_to_1(scale: Scale, baseline: float) -> None:
    scores = sorted((scale.oriented(x) for x in (-1e6, -50, -8.9, -3, -0.1, 0, 0.1, 4, 8.9)), key=scale.oriented)
    seen = [scale.seen(score, baseline) for score in scores]
    assert all(0 < low < high <= 1 for low, high in zip(seen, seen[1:], strict=False))
    assert scale.seen(baseline, baseline) == pytest.approx(0.5)


def test_errors_survive_and_grades_are_as_an_improver_sees_them(sandbox: Jail, tmp_path: Path) -> None:
    task = write(tmp_path, "DIRECTION = 'minimize'\n" + GRADE)
    score = scored(sandbox, task, "def algorithm(n): return n + n")
    assert score.raw == 3.5 and score.raw_error == pytest.approx(2.449 / 8**0.5, abs=1e-3)
    assert score.raw_grades == tuple(range(8))
    assert all(0 < low < high < 1 for high, low in zip(score.grades, score.grades[1:], strict=False))
    assert score.error is not None and 0 < score.error < 0.2


def test_several_numbers_come_in_a_dict(sandbox: Jail, tmp_path: Path) -> None:
    text = "def grade(instance, answer):\n    return {'score': 0.5, 'size': answer}\n"
    score = scored(sandbox, write(tmp_path, text), "def algorithm(n): return n")
    assert (score.value, score.numbers) == (0.5, {"size": 3.5}) and "size: 3.5" in score.feedback
    for wrong in ("{'size': 1}", "{'score': 0.5, 'size': 'large'}"):
        with pytest.raises(TaskError, match="as score, and other numbers"):
            scored(sandbox, write(tmp_path, f"def grade(instance, answer):\n    return {wrong}\n"), "algorithm = abs")


def test_grade_may_take_the_time_of_the_call(sandbox: Jail, tmp_path: Path) -> None:
    text = "def grade(instance, answer, cpu_seconds):\n    return float(0 < cpu_seconds < 1)\n"
    assert scored(sandbox, write(tmp_path, text), "def algorithm(n): return n").value == 1.0


# play

PLAY = '''
def play(instance, call):
    """Guess a number by higher and lower; the score is how often it was asked."""
    low, high = 0, 1000
    for asked in range(1, 20):
        guess = call(low, high)
        if guess == 37 + instance.hidden:
            return asked
        low, high = (guess + 1, high) if guess < 37 + instance.hidden else (low, guess - 1)
    raise ValueError("never found it")
'''
HALVES = "def algorithm(low, high): return (low + high) // 2\n"
COUNTS = "asked = 0\ndef algorithm(*bounds):\n    global asked\n    asked += 1\n    return asked\n"


def test_a_task_may_call_the_program_as_often_as_it_likes(sandbox: Jail, tmp_path: Path) -> None:
    task = write(tmp_path, "DIRECTION = 'minimize'\nBASELINE = 10\n" + PLAY)
    score = scored(sandbox, task, HALVES)
    assert score.verdict == "ok" and score.raw is not None and 5 < score.raw < 11
    told = " ".join(load_task(task).described(8).split())
    assert "called many times, in a new process, for each of 8 instances" in told
    assert "smaller is better" in told and "the program to start from has 0.5" in told
    failed = scored(sandbox, task, "def algorithm(low, high): return low\n")
    assert (failed.value, failed.verdict, failed.note) == (
        0.0,
        "bad answer",
        "8 of 8 bad answer: ValueError: never found it",
    )


def test_a_program_remembers_within_a_play_and_not_from_one_to_the_next(sandbox: Jail, tmp_path: Path) -> None:
    text = "def play(instance, call):\n    return [call(), call(), call()] == [1, 2, 3]\n"
    assert scored(sandbox, write(tmp_path, text), COUNTS) == Score(1.0)


def test_a_call_that_fails_fails_its_instance_unless_play_catches_it(sandbox: Jail, tmp_path: Path) -> None:
    odd = "def algorithm(n):\n    if n % 2: raise KeyError('odd')\n    return 1.0\n"
    passing = "def play(instance, call):\n    return call(instance.args[0])\n"
    score = scored(sandbox, write(tmp_path, passing), odd)
    assert (score.value, score.verdict) == (0.5, "crashed") and "KeyError" in score.note
    catching = (
        passing.replace("return call", "try:\n        return call") + "    except Exception:\n        return 0.5\n"
    )
    assert scored(sandbox, write(tmp_path, catching), odd) == Score(0.75)
    missing = scored(sandbox, write(tmp_path, catching.replace("Exception", "ValueError")), "def other(): ...")
    assert (missing.value, missing.verdict) == (0.0, "no program")


def test_a_play_is_told_the_time_of_the_last_call(sandbox: Jail, tmp_path: Path) -> None:
    text = "def play(instance, call):\n    call(1); return float(0 < call.cpu_seconds < 1)\n"
    score = scored(sandbox, write(tmp_path, text), "def algorithm(n): return n")
    assert score == Score(1.0) and score.cpu_seconds > 0


def test_what_play_does_wrong_ends_no_run_that_was_paid_for(sandbox: Jail, tmp_path: Path) -> None:
    task = write(tmp_path, "def play(instance, call):\n    return call(object())\n")
    with pytest.raises(TaskError, match="cannot be sent to a program"):
        scored(sandbox, task, "def algorithm(n): return n")
    score = scored(sandbox, task, "def algorithm(n): return n", paid=True)
    assert (score.value, score.verdict) == (0.0, "bad answer") and "play() raised TaskError" in score.fault


# templates

RIGHT = {
    "function": "algorithm = sorted\n",
    "minimize": """
def algorithm(sizes, capacity):
    bins, room = [0] * len(sizes), []
    for place in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        fits = [b for b, left in enumerate(room) if left >= sizes[place]]
        number = fits[0] if fits else len(room)
        if not fits:
            room.append(capacity)
        room[number] -= sizes[place]
        bins[place] = number
    return bins
""",
    "play": """
def algorithm(told):
    low = max([guess + 1 for guess, answer in told if answer == "higher"], default=1)
    high = min([guess - 1 for guess, answer in told if answer == "lower"], default=1000)
    return (low + high) // 2
""",
    "speed": """
def algorithm(n):
    sieve = bytearray([1]) * n
    for k in range(2, int(n**0.5) + 1):
        if sieve[k]:
            sieve[k * k :: k] = bytes(len(range(k * k, n, k)))
    return [k for k in range(2, n) if sieve[k]]
""",
    "two-phases": """
import zlib
def algorithm(step, data):
    return zlib.compress(data, 9) if step == "compress" else zlib.decompress(data)
""",
    "program": 'print(*range(1, 101), sep="\\n")',
    "text": r"(19|20)\d\d-(0[1-9]|1[0-2])-([0-2][1-9]|3[01])",
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "prompt"])  # that asks a model: test_asking.py
def test_a_template_runs_as_it_is_and_a_good_program_is_seen_as_better(
    kind: str, sandbox: Jail, tmp_path: Path
) -> None:
    file = tmp_path / f"{kind}.py"
    file.write_text(template(kind))
    task = load_task(str(file))
    seed, good = (scored(sandbox, str(file), source) for source in (task.seed.source, RIGHT[kind]))
    assert (seed.verdict, good.verdict) == ("ok", "ok") and good.value > seed.value
    if task.scale is not None:
        assert seed.value == pytest.approx(0.5, abs=0.1 if kind == "speed" else 1e-9)
    if kind == "speed":
        assert good.raw is not None and good.raw > 2 and not task.deterministic


def test_a_faster_program_with_other_answers_has_no_score(sandbox: Jail, tmp_path: Path) -> None:
    file = tmp_path / "speed.py"
    file.write_text(template("speed"))
    score = scored(sandbox, str(file), "def algorithm(n): return []\n")
    assert (score.value, score.raw, score.verdict) == (0.0, None, "bad answer")


def test_a_probe_measures_a_score_of_any_size_again(sandbox: Jail, tmp_path: Path) -> None:
    task = load_task(write(tmp_path, "DIRECTION = 'minimize'\n" + GRADE))
    seed, program = RunSeed(1, "salt"), Program("def algorithm(n): return n + 2")
    prober, recorded = Prober(task, sandbox, seed), Judge(task, sandbox, "val", seed)(program).grades
    assert not any(finding.flagged for finding in probe(prober, seed, 4)(program, recorded))
    better = [grade + 0.4 for grade in recorded]
    assert [f.probe for f in probe(prober, seed, 1)(program, better) if f.flagged] == [AGAIN]


def test_a_dict_with_odd_keys_is_a_bad_answer_and_no_suspicion(sandbox: Jail, tmp_path: Path) -> None:
    score = scored(sandbox, write(tmp_path, GRADE), "def algorithm(n): return {(n, n): 1}")
    assert (score.value, score.verdict) == (0.0, "bad answer")
    assert "a dict whose keys are not texts or whole numbers" in score.note


REMEMBERS = """
held = []
def algorithm(step, data):
    if step == "compress":
        held.append(data)
        return b""
    return held[-1]
"""


def test_of_two_phases_the_second_knows_only_what_the_first_gave_it(sandbox: Jail, tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text(template("two-phases"))
    task = load_task(str(tmp_path / "small.py"))
    judge = Judge(task, sandbox, "val", 1)
    seed, remembers, zlib = (
        judge(program) for program in (task.seed, Program(REMEMBERS), Program(RIGHT["two-phases"]))
    )
    assert seed.raw is not None and zlib.raw is not None and zlib.raw < 0.5 < 1 < seed.raw < 1.01
    assert (remembers.verdict, remembers.value) == (Verdict.CRASHED, 0.0)
