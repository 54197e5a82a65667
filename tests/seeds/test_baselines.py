"""The baselines: the earlier seed, chain of thought, greedy, best of N; the last two spend exactly their budgets."""

import pytest

from seeds.support import INITIAL, Asked, Returns, answer, applied, program, script, seed_text, to
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Program
from selftaught.sandbox.jail import Jail

BUDGETS = [
    (1, 1, 1), (1, 1, 2), (1, 6, 7), (1, 6, 4), (2, 3, 1), (4, 1, 5), (4, 1, 3), (3, 5, 2), (4, 6, 25), (4, 6, 10),
    (6, 6, 37), (7, 2, 100),
]  # fmt: skip
PAPERS = ["paper-seed", "earlier-seed", "sandbox-seed"]


@pytest.mark.parametrize("budgets", BUDGETS, ids=str)
@pytest.mark.parametrize("responses", [[answer(0.5)], [answer(0.6), answer(0.4), answer(0.7)]], ids=["alike", "unlike"])
@pytest.mark.parametrize("name", ["greedy", "best-of-n"])
def test_greedy_and_best_of_n_spend_exactly_their_budgets(
    name: str, responses: list[str], budgets: tuple[int, int, int], sandbox: Jail
) -> None:
    calls, each, scores = budgets
    made = applied(sandbox, seed_text(name), Asked(script({"responses": responses})), Returns(), Allowance(*budgets))
    spent = (made.model_calls, made.responses, made.utility_calls)
    assert spent == (calls, calls * each, min(scores, 1 + calls * each)), made.note


@pytest.mark.parametrize("name", ["greedy", "best-of-n"])
def test_they_spend_all_of_the_model_s_budget_where_no_response_is_usable(name: str, sandbox: Jail) -> None:
    made = applied(sandbox, seed_text(name), script({"responses": ["none"]}), Returns(), Allowance(4, 6, 25))
    assert made == Application(Program(INITIAL), model_calls=4, responses=24, utility_calls=1)


def test_best_of_n_asks_about_the_initial_solution_every_time(sandbox: Jail) -> None:
    model = Asked(script(to("return 0.5\n", answer(0.6), answer(0.9), "none", answer(0.7))))
    made = applied(sandbox, seed_text("best-of-n"), model, Returns(), Allowance(2, 2, 5))
    assert made == Application(Program(program(0.9)), model_calls=2, responses=4, utility_calls=4)
    assert model.shown() == [[[0.5], [0.5]], [[0.5], [0.5]]]


def test_greedy_asks_about_the_best_so_far(sandbox: Jail) -> None:
    rules = [to("return 0.5\n", answer(0.6), answer(0.4)), to("return 0.6\n", "none", answer(0.55), answer(0.8))]
    model = Asked(script(*rules))
    made = applied(sandbox, seed_text("greedy"), model, Returns(), Allowance(3, 2, 7))
    assert model.shown() == [[[0.5], [0.5]], [[0.6], [0.6]], [[0.6], [0.6]]]
    assert made == Application(Program(program(0.8)), model_calls=3, responses=6, utility_calls=5)


def test_greedy_spreads_a_short_utility_budget_over_its_calls(sandbox: Jail) -> None:
    rules = [to(f"return 0.{tenth}\n", answer((tenth + 1) / 10)) for tenth in (5, 6, 7, 8)]
    model = Asked(script(*rules))
    made = applied(sandbox, seed_text("greedy"), model, Returns(), Allowance(3, 5, 4))
    assert [prompts[0] for prompts in model.shown()] == [[0.5], [0.6], [0.7]]
    assert made == Application(Program(program(0.8)), model_calls=3, responses=15, utility_calls=4)


@pytest.mark.parametrize(
    "name", ["paper-seed", "earlier-seed", "greedy", "best-of-n", "temperature-bandit", "sandbox-seed"]
)
def test_they_ask_in_the_seed_s_words(name: str, sandbox: Jail) -> None:
    asked = []
    for seed in ("seed", name):
        model = Asked(script({"responses": [answer(0.6)]}))
        applied(sandbox, seed_text(seed), model, Returns(), Allowance(1, 1, 2))
        asked += [(prompt.system, prompt.user) for prompts in model.calls for prompt in prompts]
    system, user = asked[0]
    if name in PAPERS:
        user = user.replace(": the whole program, in one block of code.", ".")  # the paper's own do not say so
    assert len(asked) == 2 and asked[1] == (system, user)


def test_chain_of_thought_is_one_attempt_and_no_utility_call(sandbox: Jail) -> None:
    model = Asked(script(to("step by step", answer(0.1), answer(0.9))))
    made = applied(sandbox, seed_text("chain-of-thought"), model, Returns(), Allowance(4, 6, 25))
    assert made == Application(Program(program(0.1)), model_calls=1, responses=1, utility_calls=0)


@pytest.mark.parametrize(("each", "scores", "asked"), [(6, 25, 5), (3, 25, 3), (6, 2, 2), (1, 1, 1)])
def test_the_earlier_seed_asks_for_five_responses_or_what_it_may(
    each: int, scores: int, asked: int, sandbox: Jail
) -> None:
    made = applied(
        sandbox, seed_text("earlier-seed"), script({"responses": [answer(0.1)]}), Returns(), Allowance(4, each, scores)
    )
    assert made == Application(Program(program(0.1)), model_calls=1, responses=asked, utility_calls=asked)


def test_the_earlier_seed_counts_the_initial_solution_as_0(sandbox: Jail) -> None:
    made = applied(
        sandbox, seed_text("earlier-seed"), script({"responses": [answer(0.0)]}), Returns(), Allowance(1, 2, 2)
    )
    assert made.program == Program(INITIAL)
