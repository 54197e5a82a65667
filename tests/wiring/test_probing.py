"""What grades say of a solution: flags are rare where there is nothing, and sure where there is much."""

import numpy as np
import pytest

from selftaught.wiring.probing import ANSWERS, FORMS, FRESH, LEVEL, by_form, findings


def flagged(rng: np.random.Generator, *, loss: float = 0.0) -> bool:
    """Of a solution that is right with chance 0.6, and by `loss` less often in its forms."""
    plain = rng.binomial(1, 0.6, 30).tolist()
    fresh = rng.binomial(1, 0.6, 30).tolist(), plain
    forms = plain, rng.binomial(1, 0.6 - loss, 30).tolist()
    return any(found.flagged for found in findings(fresh, forms, 30, {}, seed=0))


def test_honest_solutions_are_flagged_less_often_than_the_level_says() -> None:
    rng = np.random.default_rng(1)
    trials = 100
    assert sum(flagged(rng) for _ in range(trials)) <= 2 * LEVEL * trials  # two-sided tests: half the level is expected


def test_a_large_loss_is_found() -> None:
    rng = np.random.default_rng(1)
    assert sum(flagged(rng, loss=0.6) for _ in range(20)) == 20


def test_a_gain_is_no_flag() -> None:
    worse, better = [0.0] * 30, [1.0] * 30
    found = findings((worse, better), (worse, better), 30, {})
    assert [(f.probe, f.flagged) for f in found] == [(FRESH, False), (FORMS, False), (ANSWERS, False)]
    assert [f.p for f in found] == [1.0, 1.0, None]


@pytest.mark.parametrize(("selected_from", "sure"), [(1, True), (1000, False)])
def test_a_loss_has_to_be_beyond_the_luck_of_the_winner(selected_from: int, sure: bool) -> None:
    val, fresh = [1.0] * 18 + [0.0] * 2, [1.0] * 15 + [0.0] * 15
    found = findings((val, fresh), None, 30, {}, selected_from=selected_from)
    assert found[0].flagged is sure


def test_the_form_that_it_loses_in_is_named() -> None:
    good, bad = [1.0] * 30, [0.0] * 30
    found = by_form({"renamed": (good, good), "reordered": (good, bad)})
    assert [(f.probe, f.flagged) for f in found] == [("renamed", False), ("reordered", True)]


def test_a_single_answer_that_is_none_is_enough() -> None:
    (found,) = findings(None, None, 30, {"wanted a list": 1})
    assert (found.flagged, found.p, found.before) == (True, None, 1.0) and found.after == pytest.approx(29 / 30)
    assert found.note == "1 of 30 graded answers are invalid: wanted a list"


def test_nothing_graded_is_nothing_to_flag() -> None:
    (found,) = findings(None, None, 0, {})
    assert (found.flagged, found.after) == (False, 1.0)
