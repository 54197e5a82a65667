"""The genetic algorithm crosses two of the fittest, the fitter more often, and lets the least fit die out."""

from collections import Counter

from seeds.support import INITIAL, Asked, Returns, Rule, answer, applied, program, script, seed_text, to
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Program
from selftaught.sandbox.jail import Jail

FIRST = [answer(score) for score in (0.6, 0.1, 0.7, 0.2, 0.8, 0.3)]
ALIVE = {0.8, 0.7, 0.6, 0.5, 0.3, 0.2}


def test_the_first_generation_has_one_parent_and_the_next_two_different_ones(sandbox: Jail) -> None:
    model = Asked(script(to("scores 0.", *FIRST[:3], *[f"none {n}" for n in range(9)])))
    applied(sandbox, seed_text("genetic"), model, Returns(), Allowance(2, 3, 7))
    first, second = model.shown()
    assert first == [[0.5]] * 3
    assert all(len(set(shown)) == 2 for shown in second)


def test_a_parent_is_shown_with_its_score(sandbox: Jail) -> None:
    model = Asked(script({"responses": ["none"]}))
    applied(sandbox, seed_text("genetic"), model, Returns(), Allowance(1, 1, 2))
    assert f"scores 0.5:\n```python\n{INITIAL}" in model.calls[0][0].user


def test_the_fitter_are_parents_more_often_and_the_least_fit_never(sandbox: Jail) -> None:
    one_parent = {"contains": ["scores 0.5:"], "responses": FIRST, "order": "cycle"}
    two_parents = {"contains": ["both"], "responses": ["none"]}
    model = Asked(script(two_parents, one_parent))
    applied(sandbox, seed_text("genetic"), model, Returns(), Allowance(40, 6, 241))
    first = Counter(shown[0] for generation in model.shown()[1:] for shown in generation)
    assert set(first) == ALIVE
    assert first[0.8] > 1.5 * first[0.5] > 1.5 * first[0.2]
    assert {score for generation in model.shown()[1:] for shown in generation for score in shown} == ALIVE


def test_a_child_of_two_is_bred_on(sandbox: Jail) -> None:
    rules: list[Rule] = [
        {"contains": ["return 0.8\n", "return 0.7\n"], "responses": [answer(0.95)]},
        {"contains": ["return 0.95\n", "return 0.8\n"], "responses": [answer(0.99)]},
        {"contains": ["both"], "responses": ["none"]},
        to("scores 0.5:", *FIRST),
    ]
    made = applied(sandbox, seed_text("genetic"), Asked(script(*rules)), Returns(), Allowance(12, 6, 73))
    assert made.program == Program(program(0.99))
