"""Programs whose scores vary, as those that stop by their own clock: what is chosen by its score is scored anew."""

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

import selftaught
from selftaught.core.contracts import Program, Score
from selftaught.core.varying import may_vary
from selftaught.middleware.recorded import RecordedUtility
from selftaught.middleware.recorder import Recorder
from selftaught.report.tables import summary
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Scored
from selftaught.runs.store import Store

TASK = '''"""Return a number; the score is how near it comes to 1. Write algorithm(x)."""
SEED = "def algorithm(x):\\n    return 0.25\\n"
def instances(rng, split):
    for _ in range(3):
        yield (rng.random(),), None
def grade(instance, answer):
    return max(0.0, min(1.0, float(answer)))
'''
CLOCK = "import time\ndef algorithm(x):\n    return 0.5 + time.perf_counter_ns() % 100_000 / 400_000\n"
UNSEEN = (
    "def algorithm(x):\n    return 0.5 + (hash(str(__builtins__)) + __import__('o' + 's').getpid() % 97) % 97 / 400\n"
)
STEADY = "def algorithm(x):\n    return 0.75\n"


def improved(folder: Path, program: str) -> tuple[selftaught.Result, Counter[tuple[str, str]]]:
    """By this program; and how often each program was scored by what."""
    (folder / "near.py").write_text(TASK)
    result = selftaught.improve(
        str(folder / "near.py"),
        model=lambda prompt: f"```python\n{program}```",
        out=str(folder / "it"),
        model_calls=1, responses=1, utility_calls=2, probes=False,
    )  # fmt: skip
    with closing(Store.open(RunFolder(folder / "it").store, writable=False)) as store:
        anew = [record for record in store if isinstance(record, Scored) and record.at.startswith("/again:")]
        return result, Counter((record.program, record.utility) for record in anew)


@pytest.mark.parametrize("program", [CLOCK, UNSEEN], ids=["watches-a-clock", "as-nobody-sees"])
def test_a_winner_whose_scores_vary_is_scored_three_times_anew_and_so_is_what_it_is_compared_with(
    tmp_path: Path, program: str
) -> None:
    result, anew = improved(tmp_path, program)
    made = result.run.improvement
    assert made is not None and made.times == 3
    assert len(anew) == 4 and set(anew.values()) == {3}
    assert result.score is not None and result.score.error and made.gains["near/val"].n == 3
    assert made.gains["near/val"].mean == pytest.approx(made.after["near/val"] - 0.25)
    assert made.gains["near/val"].standard_error
    told = summary(result.run, "")
    assert any(line.startswith("Scores vary here: each is the mean of 3 new scores. When it was") for line in told)


def test_a_winner_whose_scores_do_not_is_scored_once_more_and_nothing_is_said(tmp_path: Path) -> None:
    result, anew = improved(tmp_path, STEADY)
    made = result.run.improvement
    assert made is not None and made.times == 1 and set(anew.values()) == {1}
    assert result.score == 0.75 and not any("vary" in line for line in summary(result.run, ""))


@pytest.mark.parametrize(("program", "runs"), [(CLOCK, 2), (STEADY, 1)], ids=["watches-a-clock", "does-not"])
def test_the_record_answers_for_no_new_score_of_a_program_that_watches_a_clock(
    tmp_path: Path, program: str, runs: int
) -> None:
    asked = list[Program]()

    class Counted:
        name, description, deterministic = "near/val", "", True

        def __call__(self, program: Program) -> Score:
            asked.append(program)
            return Score(len(asked) / 10)

    with closing(Store.create(tmp_path / "run.sqlite")) as store:
        recorder = Recorder(store)
        utility = RecordedUtility(Counted(), recorder)
        scores = [utility(Program(program)).value for _ in range(2)]
        assert scores == ([0.1, 0.2] if runs == 2 else [0.1, 0.1]) and len(asked) == runs
        assert recorder.score_on_record("near/val", Program(program)) == Score(0.1)


@pytest.mark.parametrize(
    "source",
    ["import time", "from time import monotonic", "import random, time as t", "import signal", "f = os.times()",
     "__import__('time')", "rng = np.random.default_rng()", "os.urandom(8)", "random.SystemRandom()"],
)  # fmt: skip
def test_what_may_vary(source: str) -> None:
    assert may_vary(Program(f"import os\n{source}\n"))


@pytest.mark.parametrize("source", ["# in time", "rng = np.random.default_rng(7)", "import timeless", "x.times(3)"])
def test_what_does_not(source: str) -> None:
    assert not may_vary(Program(f"import random\n{source}\n"))
