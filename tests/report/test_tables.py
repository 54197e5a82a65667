"""Rows and sentences: what is measured, and no more than that."""

from dataclasses import replace
from pathlib import Path

import pytest

from report.a_run import CHILD, SEED, Pen, a_finished_run, identity
from selftaught.report.guesses import Guessed
from selftaught.report.tables import HEADERS, duration, fidelity, guesses, ledger_rows, rows, summary, suspicious
from selftaught.report.view import RunView, view

POLICY = (
    "Acceptance policy: better. n = {n} applications per improver. "
    "± is the standard error, over the applications and over the instances."
)


def two_steps(folder: Path, seed: list[float], child: list[float], test: list[float] | None = None) -> RunView:
    """A run whose I_1 was accepted, measured at these values on val."""
    pen = Pen(folder)
    pen.measured(SEED, seed, test and seed)
    pen.stepped(0, SEED, None, accepted=True)
    pen.measured(CHILD, child, test)
    pen.stepped(1, CHILD, CHILD, accepted=True)
    return view(pen.store)


def test_a_row_for_each_step(tmp_path: Path) -> None:
    seed, child = identity(SEED)[:8], identity(CHILD)[:8]
    better = ("0.900 ± 0.100", "0.800 ± 0.100")
    assert [dict(zip(HEADERS, row, strict=True)) for row in rows(view(a_finished_run(tmp_path)))] == [
        dict(zip(HEADERS, row, strict=True))
        for row in (
            ("0", seed, "0.500 ± 0.100", "0.400 ± 0.100", "seed", "2", "1", "15", "3.0 s"),
            ("1 *", child, *better, "accepted", "0", "1", "—", "12.0 s"),
            ("2", child, *better, "not better, kept", "2", "0", "—", "3.0 s"),
            ("3", child, *better, "timed out, kept", "0", "0", "—", "1.0 s"),
        )
    ]


def test_a_gain_beyond_the_noise_is_told_with_the_seed_beside_it(tmp_path: Path) -> None:
    run = two_steps(tmp_path, [0.50, 0.52], [0.90, 0.92], test=[0.50, 0.54])
    assert summary(run, "better") == [
        POLICY.format(n=2),
        f"Best: I_1 ({identity(CHILD)[:8]}), against the seed:",
        "val: 0.510 → 0.910 (+0.400 ± 0.014), more than two standard errors of the difference.",
        "test: 0.510 → 0.520 (+0.010 ± 0.022), less than two standard errors of the difference.",
    ]


def test_a_gain_within_the_noise_is_not_called_better(tmp_path: Path) -> None:
    assert summary(two_steps(tmp_path, [0.4, 0.6], [0.5, 0.7]), "better")[1:] == [
        f"Best: I_1 ({identity(CHILD)[:8]}), against the seed:",
        "val: 0.500 → 0.600 (+0.100 ± 0.141), less than two standard errors of the difference.",
        "No improvement is shown: the gain on val is within the noise.",
    ]


def test_a_single_application_cannot_show_that_anything_got_better(tmp_path: Path) -> None:
    assert summary(two_steps(tmp_path, [0.1], [0.9]), "paper") == [
        POLICY.format(n=1).replace("better", "paper"),
        "A single application has no standard error.",
        f"Best: I_1 ({identity(CHILD)[:8]}), against the seed:",
        "val: 0.100 → 0.900 (+0.800), without a standard error.",
        "No improvement is shown: a single value may be luck.",
    ]


def test_a_run_in_which_nothing_got_better_says_so(tmp_path: Path) -> None:
    assert summary(two_steps(tmp_path, [0.5, 0.7], [0.5, 0.6]), "better") == [
        POLICY.format(n=2),
        "No improvement: no improver measured above the seed's 0.600 on val.",
    ]


def test_a_run_that_has_only_its_seed_claims_nothing_of_others(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.measured(SEED, [0.5, 0.7], None)
    pen.stepped(0, SEED, None, accepted=True)
    assert summary(view(pen.store), "better")[1:] == ["Only the seed improver is measured yet: 0.600 ± 0.100 on val."]


def test_nothing_measured_yet(tmp_path: Path) -> None:
    assert summary(view(Pen(tmp_path).store), "better") == ["Nothing is measured yet."]


def test_a_sum_of_tokens_that_is_too_low_is_marked_and_explained(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    for made in (None, 1500, 1):
        pen.answered(10, made)
    pen.measured(SEED, [0.5], None)
    pen.stepped(0, SEED, None, accepted=True)
    run = view(pen.store)
    assert rows(run)[0][HEADERS.index("tokens")] == "1,531+"
    assert summary(run, "better")[-1] == (
        "+ marks a sum of tokens that is too low: 1 of 3 responses have no token count."
    )


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        ([(0.5, "list")], "$0.5000"),
        ([(0.5, "list"), (0.25, "at most, by list")], "≤ $0.7500"),
        ([(0.5, "list"), (None, "")], "$0.5000+"),
        ([(None, "")], "—"),
    ],
)
def test_a_cost_that_is_a_bound_or_not_whole_is_marked(
    tmp_path: Path, costs: list[tuple[float | None, str]], told: str
) -> None:
    pen = Pen(tmp_path)
    for cost, source in costs:
        pen.answered(cost=cost, price_source=source)
    ((*_, cell),) = ledger_rows(view(pen.store))
    assert cell == told


def improvement(folder: Path, before: float, after: float | None, made: str | None = "after") -> RunView:
    pen = Pen(folder)
    pen.applied("ok" if made else "crashed", "" if made else "why\u202e", at="/apply:aa#0", solution="s", program=made)
    pen.scored(program="s", value=before, at="/score:cc#0")
    if after is not None:
        pen.scored(program=made, value=after, at="/score:dd#0")
    return view(pen.store)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (0.2, 0.7, ["sorting/val: 0.200 → 0.700"]),
        (0.7, 0.7, ["sorting/val: 0.700 → 0.700", "No improvement."]),
        (0.7, 0.2, ["sorting/val: 0.700 → 0.200", "No improvement."]),
        (0.7, None, ["sorting/val: 0.700 → not scored yet"]),
    ],
)
def test_an_improvement_is_told_as_scored(tmp_path: Path, before: float, after: float | None, told: list[str]) -> None:
    assert summary(improvement(tmp_path, before, after), "better") == told


def test_an_improvement_has_the_error_of_its_pairs(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.applied("ok", "", at="/apply:aa#0", solution="s", program="after")
    pen.scored(program="s", value=0.4, grades=[0.0, 0.4, 0.8], at="/score:cc#0")
    pen.scored(program="after", value=0.6, grades=[0.1, 0.6, 1.1], at="/score:dd#0")
    told = summary(view(pen.store), "better")
    assert told == ["sorting/val: 0.400 → 0.600 (+0.200 ± 0.058)"]
    pen.scored(utility="sorting/test", program="s", value=0.4, grades=[0.0, 0.8], at="/score:ee#0")
    pen.scored(utility="sorting/test", program="after", value=0.5, grades=[0.0, 1.0], at="/score:ff#0")
    assert "sorting/test: 0.400 → 0.500 (+0.100 ± 0.100)" in summary(view(pen.store), "better")


def test_a_gain_within_its_error_is_not_called_one(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.applied("ok", "", at="/apply:aa#0", solution="s", program="after")
    pen.scored(program="s", value=0.4, grades=[0.0, 0.8], at="/score:cc#0")
    pen.scored(program="after", value=0.5, grades=[0.0, 1.0], at="/score:dd#0")
    assert summary(view(pen.store), "better")[-1].startswith("No improvement is shown")


def test_an_improver_that_made_no_program(tmp_path: Path) -> None:
    told = summary(improvement(tmp_path, 0.2, None, made=None), "better")
    assert told == ["The improver made no program: crashed. why"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1:00"), (184.4, "3:04"), (3599.7, "1:00:00"), (3723, "1:02:03")],
)
def test_durations(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_what_was_suspicious_is_told_with_the_programs_that_did_it(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    assert suspicious(view(pen.store)) == []
    pen.noticed("open /etc/passwd")
    pen.noticed("open /etc/shadow")
    assert suspicious(view(pen.store)) == ["2 × file denied: by pppppppp"]


def test_the_scale_of_the_numbers_is_told() -> None:
    assert fidelity("honest") == "Fidelity: honest (scores from 0 to 1, on this run's own instances)."
    assert fidelity("released").startswith("Fidelity: released (instances and scores of the paper's released code")
    assert fidelity("another\u202e") == "Fidelity: another\u202e."


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Guessed(), []),
        (Guessed(used=1), ["Guesses: 1 score was begun before it was asked for; 1 was used."]),
        (
            Guessed(used=2, unused=1),
            [
                "Guesses: 3 scores were begun before they were asked for; 2 were used, 1 was not, which cost no "
                "response of the model."
            ],
        ),
        (
            Guessed(unused=2, responses=1, tokens=30, dollars=0.5),
            [
                "Guesses: 2 scores were begun before they were asked for; 0 were used, 2 were not, which cost 1 "
                "response of the model (30 tokens, $0.5000)."
            ],
        ),
        (
            Guessed(unused=2, responses=4, tokens=30, unpriced=4),
            [
                "Guesses: 2 scores were begun before they were asked for; 0 were used, 2 were not, which cost 4 "
                "responses of the model (30 tokens, 4 without a known price)."
            ],
        ),
    ],
)
def test_guesses_are_counted_in_words_that_fit_and_an_unknown_price_is_not_nothing(
    tmp_path: Path, found: Guessed, told: list[str]
) -> None:
    assert guesses(replace(view(a_finished_run(tmp_path)), guesses=found)) == told
