"""Beam search keeps the best few and expands each of them."""

from seeds.support import Asked, Returns, Rule, answer, applied, program, script, seed_text, to
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Program
from selftaught.sandbox.jail import Jail


def test_the_three_best_are_expanded_in_equal_parts(sandbox: Jail) -> None:
    first = [answer(score) for score in (0.2, 0.7, 0.3, 0.6, 0.1, 0.8)]
    model = Asked(script(to("return 0.5\n", *first), {"responses": ["none"]}))
    applied(sandbox, seed_text("beam-search"), model, Returns(), Allowance(2, 6, 13))
    assert model.shown() == [[[0.5]] * 6, [[0.8], [0.7], [0.6]] * 2]


def test_a_way_through_the_third_best_is_found(sandbox: Jail) -> None:
    """Greedy, on the same script, asks about the best alone and never sees 0.9."""
    rules = [to("return 0.5\n", answer(0.6), answer(0.7), answer(0.8)), to("return 0.6\n", answer(0.9))]
    for name, best in [("beam-search", 0.9), ("greedy", 0.8)]:
        model = Asked(script(*rules, {"responses": [answer(0.1)]}))
        made = applied(sandbox, seed_text(name), model, Returns(), Allowance(3, 3, 10))
        assert made.program == Program(program(best))


def test_what_falls_out_of_the_beam_may_not_come_back(sandbox: Jail) -> None:
    rules: list[Rule] = [
        to("return 0.5\n", answer(0.6), answer(0.7), answer(0.8)),
        to("return 0.8\n", answer(0.85)),
        to("return 0.7\n", answer(0.75)),
        to("return 0.6\n", answer(0.65)),
        {"responses": ["none"]},
    ]
    model = Asked(script(*rules))
    applied(sandbox, seed_text("beam-search"), model, Returns(), Allowance(3, 3, 10))
    assert model.shown()[1:] == [[[0.8], [0.7], [0.6]], [[0.85], [0.8], [0.75]]]


def test_a_program_is_scored_once(sandbox: Jail) -> None:
    utility = Returns()
    applied(sandbox, seed_text("beam-search"), script({"responses": [answer(0.6)]}), utility, Allowance(3, 4, 13))
    assert utility.scored == [program(0.5), program(0.6)]
