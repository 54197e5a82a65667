"""`fidelity=paper`: honest instances, but one failed call decides the score of LPN, 3SAT and maxcut."""

from pathlib import Path

import pytest

from selftaught.core.contracts import Program, Score, Verdict
from selftaught.sandbox.jail import Jail
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import BUILT_IN, PAPER, load_task

DECIDED = ("maxcut", "parity-with-noise", "three-sat")
MARK = {"three-sat": "len(args[0])", "parity-with-noise": "int(args[2].sum())", "maxcut": "len(args[0])"}
"""What tells an instance from most of the others."""
ALWAYS_IN_TIME = {
    "three-sat": (Path(__file__).parent / "references" / "three_sat.py")
    .read_text()
    .replace("def algorithm(", "def answer("),
    "parity-with-noise": "def answer(*args): return [0] * 20",
    "maxcut": "def answer(weights): return [n % 2 for n in range(len(weights))]",
}
CALL = """

def algorithm(*args):
    if {}:
        {}
    return answer(*args)
"""


def scored(sandbox: Jail, task: str, text: str, fidelity: str = "paper", split: str = "val") -> Score:
    return Judge(load_task(task, fidelity), sandbox, split, 5)(Program(text))


@pytest.mark.parametrize("split", ["val", "test"])
@pytest.mark.parametrize("task", ["three-sat", "maxcut"])
def test_the_first_column_of_table_1_is_0_where_the_papers_is(sandbox: Jail, task: str, split: str) -> None:
    seed = load_task(task, "paper").seed.source
    assert scored(sandbox, task, seed, split=split).value == 0.0
    assert 0.0 < scored(sandbox, task, seed, "honest", split).value < 1.0  # how much: a matter of the machine


@pytest.mark.parametrize("task", DECIDED)
@pytest.mark.parametrize("failing", ["raise ValueError", "return None", "while True: pass"])
def test_one_failed_call_decides_the_score(sandbox: Jail, task: str, failing: str) -> None:
    judge = Judge(load_task(task, "paper"), sandbox, "val", 5)
    last = eval(MARK[task], {"args": judge.instances()[-1].args})
    text = ALWAYS_IN_TIME[task] + CALL.format(f"{MARK[task]} == {last}", failing)
    decided = judge(Program(text))
    assert decided.value == 0.0 and "this decides the score" in decided.note
    honest = scored(sandbox, task, text, "honest")
    assert 0.0 < honest.value < 1.0 and honest.verdict is not Verdict.OK


@pytest.mark.parametrize("task", DECIDED)
def test_a_program_that_never_fails_scores_as_under_honest(sandbox: Jail, task: str) -> None:
    text = ALWAYS_IN_TIME[task] + CALL.format("False", "pass")
    paper, honest = (scored(sandbox, task, text, fidelity) for fidelity in ("paper", "honest"))
    assert paper == honest and paper.verdict is Verdict.OK and 0 < paper.value <= 1 and paper.error is not None


@pytest.mark.parametrize("task", DECIDED)
def test_the_model_reads_what_decides(task: str) -> None:
    assert "As soon as one call ends as one of these, the whole score is 0" in load_task(task, "paper").description
    assert "As soon as" not in load_task(task).description


def test_no_other_task_and_no_other_level_differs() -> None:
    same = [name for name in BUILT_IN if name not in DECIDED]
    assert set(DECIDED) < set(PAPER)
    for name in [*same, "three-sat@hard", "maxcut@hard", "parity-with-noise@hard"]:
        assert load_task(name, "paper").scoring == load_task(name).scoring, name
