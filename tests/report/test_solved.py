"""A run on a task that its seed or first response solves says so, and names the harder level; other runs do not."""

import pytest

from selftaught.cli import printing
from selftaught.report import tables
from selftaught.report.view import RunView, Solved, view
from selftaught.runs.records import Measured, Record, Sampled, Scored, Session, Stepped

RESPONSE = "r" * 64


def scores(*values: float, task: str = "three-sat", best: float | None = 1.0, seed: float = 0.3) -> RunView:
    """A run that scored its seed, and then a program from each of so many responses."""
    known = {} if best is None else {task: best}
    records: list[Record] = [Session(at="/session#0", version="1", tier="bubblewrap", best_known=known)]
    for number, value in enumerate([seed, *values]):
        records.append(
            Scored(
                at=f"/apply:a#0/score:{number}#0",
                utility=f"{task}/val",
                program=str(number),
                value=value,
                verdict="ok",
                note="",
                reused=False,
                seconds=0.1,
                response=RESPONSE if number else "",
            )  # fmt: skip
        )
    return view(records)


@pytest.mark.parametrize(
    ("run", "solved"),
    [
        (scores(1.0), (Solved("three-sat", 1.0, by_seed=False),)),
        (scores(0.9, 1.0), ()),  # the first response had something left: improvers may differ in what follows
        (scores(seed=1.0), (Solved("three-sat", 1.0, by_seed=True),)),
        (scores(1.0, best=None), (Solved("three-sat", 1.0, by_seed=False),)),
        (scores(0.62, task="tsp", best=0.687), ()),
        (scores(0.69, task="tsp", best=0.687), (Solved("tsp", 0.69, by_seed=False),)),
        (scores(), ()),
    ],
)
def test_a_task_is_solved_by_the_seed_or_the_first_response(run: RunView, solved: tuple[Solved, ...]) -> None:
    assert run.solved == solved


def test_it_is_told_with_the_level_to_take_instead() -> None:
    assert printing.solved(scores(1.0)) == [
        "three-sat: val 1.000 from the first response: improvers cannot be compared on this task; try three-sat@hard."
    ]
    assert printing.solved(scores(1.0, task="mine", seed=1.0)) == [
        "mine: val 1.000 from the seed itself: improvers cannot be compared on this task."
    ]
    assert printing.solved(scores(0.7)) == printing.solved(scores(1.0, task="three-sat", best=1.5)) == []


def test_what_is_scored_after_the_first_response_is_not_taken_for_the_seed() -> None:
    made_by_hand = Scored(
        at="/apply:a#0/score:late#0", utility="three-sat/val", program="late", value=1.0, verdict="ok", note="",
        reused=False, seconds=0.1,
    )  # fmt: skip
    first = Scored(
        at="/apply:a#0/score:0#0", utility="three-sat/val", program="0", value=0.5, verdict="ok", note="", reused=False,
        seconds=0.1, response=RESPONSE,
    )  # fmt: skip
    assert view([first, made_by_hand]).solved == ()


def test_a_run_tells_the_share_of_each_task() -> None:
    samples = [
        Sampled(
            task="tsp", program="p", verdict="ok", note="", val=value, val_verdict="ok", test=None, test_verdict=None
        )
        for value in (0.3, 0.4)
    ]
    seed = scores(task="tsp", best=0.7, seed=0.1)
    measured: list[Record] = [
        Stepped(at="/step#0", t=0, improver="i", proposed=None, accepted=False, verdict="ok", note=""),
        Measured(at="/measure:i", improver="i", samples=samples, seconds=1.0),
    ]
    scored = Scored(
        at="/apply:a#0/score:0#0", utility="tsp/val", program="0", value=0.1, verdict="ok", note="", reused=False,
        seconds=0.1,
    )  # fmt: skip
    run = view([*seed.sessions, scored, *measured])
    assert run.best_step is not None
    assert tables.ways(run, run.best_step) == [
        "tsp: its seed 0.100, improved by I_0 0.350, 42% of the way to the best known, 0.7."
    ]


def test_an_improvement_tells_its_share_of_the_way() -> None:
    run = scores(task="tsp", best=0.687)
    assert tables.way("tsp/val", 0.1, 0.3935, run) == ", 50% of the way to the best known, 0.687"
    assert tables.way("tsp/val", None, 0.4, run) == tables.way("mine/val", 0.1, 0.4, run) == ""
