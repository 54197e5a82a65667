"""§5.1: improvers side by side."""

import msgspec
import pytest

from selftaught.config import Parameters
from selftaught.experiments.arms import Arm, Pair, out_of_reach
from selftaught.experiments.baselines import BASELINES
from selftaught.experiments.design import Outcome
from selftaught.experiments.imp_at_k import IMP_AT_K
from selftaught.experiments.spending import courses
from selftaught.experiments.transfer import TRANSFER
from selftaught.runs.records import Answered, Applied, Measured, Record, Sampled, Scored

GIVEN = Parameters(
    experiment="baselines", tasks=["parity"], models=["m"], improvers=["seed", "chain-of-thought"], trials=3, seed="1"
)


def cell(test: float, verdict: str = "ok", test_verdict: str = "ok") -> Outcome:
    one = Sampled(
        task="parity", program="p", verdict=verdict, note="", val=0.0, val_verdict="ok", test=test,
        test_verdict=test_verdict,
    )  # fmt: skip
    measured = [Measured(at=f"/chain#{k}", time=1.0, improver="i", samples=[one], seconds=0.0) for k in (0, 1)]
    return Outcome(measured, str, "")


def test_the_mean_of_the_solutions_that_ran_stands_beside_the_mean_of_all() -> None:
    done = {f"0-{number}": cell(0.5) for number in range(3)}
    done |= {"1-0": cell(0.9), "1-1": cell(0.0, test_verdict="crashed"), "1-2": cell(0.7, verdict="crashed")}
    done |= {f"2-{number}": cell(0.4) for number in range(3)}
    tables = {table.name: {row[0]: row for row in table.rows} for table in BASELINES.result(GIVEN, done).tables}
    assert tables["baselines"]["chain-of-thought"][2] == pytest.approx(0.3)
    assert tables["without-errors"]["chain-of-thought"] == ("chain-of-thought", "m", pytest.approx(0.9), 1, 3)
    assert tables["without-errors"]["seed"][2:] == (pytest.approx(0.5), 3, 3)


def test_where_all_ran_there_is_one_mean() -> None:
    done = {f"{place}-{number}": cell(0.5) for place in range(3) for number in range(3)}
    assert "without-errors" not in {table.name for table in BASELINES.result(GIVEN, done).tables}


def test_tasks_of_different_scales_in_one_mean_are_said_to_be_mapped() -> None:
    """One has a number of its own, of which improvers see 0.5 where it is the initial solution's."""
    given = msgspec.structs.replace(GIVEN, tasks=["parity", "tsp"], trials=1)

    def chain(*samples: Sampled) -> Outcome:
        return Outcome([Measured(at=f"/chain#{k}", time=1.0, improver="i", samples=list(samples), seconds=0.0)
                        for k in (0, 1)], str, "")  # fmt: skip

    (parity,) = cell(0.7).chain(1)
    tour = msgspec.structs.replace(parity, task="tsp", val=0.5, val_raw=4000.0, test=0.5, test_raw=4100.0)
    found = BASELINES.result(given, {f"{place}-0": chain(parity, tour) for place in range(3)})
    (note,) = (note for note in found.notes if "The mean is over 2 tasks" in note)
    assert "tasks with a number of their own (tsp) are mapped to that, with their seed at 0.5" in note
    (by_task,) = (table for table in found.tables if table.name == "tasks")
    assert [row[2:4] + row[-1:] for row in by_task.rows[:2]] == [("parity", 0.7, None), ("tsp", 0.5, 4100.0)]
    assert found.tables[0].rows[0][2] == pytest.approx(0.6)
    same = BASELINES.result(given, {f"{place}-0": chain(parity, parity) for place in range(3)})
    assert any("from 0 to 1: their grades." in note for note in same.notes)


def test_one_task_with_a_number_of_its_own_is_said_to_be_mapped_in_every_experiment_that_shows_its_scores() -> None:
    (parity,) = cell(0.5).chain(1)
    tour = msgspec.structs.replace(parity, task="tsp", val=0.5, val_raw=4000.0, test_raw=4100.0)
    chain = [Measured(at=f"/chain#{k}", time=1.0, improver="i", samples=[tour], seconds=0.0) for k in (0, 1)]
    for experiment, name in ((TRANSFER, "0-with-0-on-tsp-0"), (IMP_AT_K, "0-tsp-0")):
        given = msgspec.structs.replace(GIVEN, tasks=["tsp"], trials=1, depth=1)
        notes = experiment.result(given, {name: Outcome(chain, str, "")}).notes
        assert any("of tsp the task's own number is mapped to that, with its seed at 0.5" in note for note in notes)
        plain = experiment.result(given, {name: cell(0.5)}).notes
        assert not any("from 0 to 1" in note for note in plain)


def test_the_matrix_of_models_leaves_out_the_task_that_was_trained_on() -> None:
    given = msgspec.structs.replace(GIVEN, models=["a", "b"], on=["parity", "tsp"], trials=1, depth=1)
    gains = {"parity": 0.3, "tsp": 0.1}
    done = {
        f"{source}-with-{model}-on-{task}-0": cell(0.5 + (gain if source else 0.0))
        for source in range(3)
        for model in range(2)
        for task, gain in gains.items()
    }
    (matrix,) = (table for table in TRANSFER.result(given, done).tables if table.name == "matrix")
    assert matrix.headers == ("improved by", "trained on", "with a", "with b")
    assert matrix.rows == [(model, "parity", pytest.approx(0.1), pytest.approx(0.1)) for model in ("a", "b")]


def test_the_initial_solution_is_told_where_the_first_model_failed_for_good() -> None:
    """It asks no model: the runs of another one have it too."""
    given = msgspec.structs.replace(GIVEN, models=["gone", "m"], trials=1, depth=1)
    rows = TRANSFER.result(given, {"0-with-1-on-parity-0": cell(0.5)}).tables[0].rows
    assert [row[:4] for row in rows if row[3] is not None] == [
        ("initial solution", "", "parity", 0.5), ("seed", "m", "parity", 0.5)
    ]  # fmt: skip


def test_what_no_result_could_have_shown_is_said() -> None:
    """Of 8 trials the least p is 1/128: enough for 6 comparisons after Holm, and not for 7."""

    def pair(trials: int) -> Pair:
        scores = {number: 0.1 * number for number in range(trials)}
        return Pair("a → b", "m", Arm(scores), Arm(scores))

    assert out_of_reach([pair(8)] * 6) == out_of_reach([]) == out_of_reach([pair(5)] * 3) == []
    (told,) = out_of_reach([*[pair(8)] * 7, pair(0)])
    assert "no p is below 0.008, so none of 7 comparisons can be below" in told and told.endswith(
        "that takes 9 trials."
    )


def test_a_program_that_was_scored_without_a_request_is_none_that_would_have_been_handed_over() -> None:
    """Which of them are depends on how many cores were idle."""
    (one,) = cell(0.5).chain(0)
    at = "/0/apply:i#0"

    def asked(number: int) -> Answered:
        return Answered(at=f"{at}/ask#{number}", time=1.0, prompt="", temperature=0.7, response="", model="m",
                        input_tokens=1, output_tokens=1, finish_reason="stop", seconds=0.0)  # fmt: skip

    def scored(value: float, *, guessed: bool) -> Scored:
        return Scored(at=f"{at}/{value}", time=1.0, value=value, seconds=0.0, guessed=guessed, utility="parity/val",
                      program="p", verdict="ok", note="", reused=False)  # fmt: skip

    applied = Applied(at=at, time=1.0, improver="i", utility="parity/val", solution="s", program="p", verdict="ok",
                      note="", model_calls=2, responses=2, utility_calls=1, seconds=0.0)  # fmt: skip
    measured = [Measured(at=f"/chain#{k}", time=1.0, improver="i", samples=[one], seconds=0.0) for k in (0, 1)]
    records: list[Record] = [
        *measured,
        asked(0),
        scored(0.9, guessed=True),
        scored(0.7, guessed=False),
        asked(1),
        applied,
    ]
    (course,) = courses(Outcome(records, str, ""))
    assert course.at("responses", 1) == 0.7


def test_equal_differences_have_no_interval_of_width_0() -> None:
    """The means of both arms have one: it accounts for values that were not seen."""
    given = msgspec.structs.replace(GIVEN, trials=6)
    done = {f"{place}-{number}": cell(0.5) for place in range(3) for number in range(6)}
    tables = {table.name: table for table in BASELINES.result(given, done).tables}
    means = dict(zip(tables["baselines"].headers, tables["baselines"].rows[0], strict=True))
    assert means["low"] < 0.5 < means["high"]
    for row in tables["differences"].rows:
        told = dict(zip(tables["differences"].headers, row, strict=True))
        assert (told["difference"], told["low"], told["high"], told["p"]) == (0.0, "no spread", "no spread", 1.0)
    done["0-5"] = cell(0.6)
    (first, *_) = next(t for t in BASELINES.result(given, done).tables if t.name == "differences").rows
    assert first[3] < first[2] < first[4]
