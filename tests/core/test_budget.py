"""Budgets bind outside the guest."""

import threading
from collections.abc import Sequence

import pytest

from selftaught.core.budget import Allowance, Meter, ask, score
from selftaught.core.contracts import Completion, Program, Prompt, Score
from selftaught.core.errors import BudgetExceeded

PROMPT = Prompt("", "", 0.7)


def echo(prompts: Sequence[Prompt]) -> list[Completion]:
    return [Completion(prompt.user) for prompt in prompts]


class One:
    name, description, deterministic = "one", "", True

    def __call__(self, program: Program) -> Score:
        return Score(1.0)


def meter(**limits: int) -> Meter:
    return Meter(Allowance(**limits), threading.Lock())


def test_a_call_over_the_model_budget_is_refused_and_counts_nothing() -> None:
    m = meter(model_calls=2, responses_per_call=3)
    ask(echo, m, [PROMPT] * 3)
    ask(echo, m, [PROMPT])
    with pytest.raises(BudgetExceeded, match="all 2 language model calls are spent"):
        ask(echo, m, [PROMPT])
    assert (m.model_calls, m.responses) == (2, 4)


def test_too_many_responses_in_one_call_are_refused_and_count_nothing() -> None:
    m = meter(responses_per_call=3)
    with pytest.raises(BudgetExceeded, match="4 responses asked for in one call; the most is 3"):
        ask(echo, m, [PROMPT] * 4)
    assert (m.model_calls, m.responses) == (0, 0)


def test_no_prompts_cost_nothing() -> None:
    m = meter(model_calls=1)
    assert ask(echo, m, []) == []
    assert m.model_calls == 0


def test_over_the_utility_budget_a_score_is_zero() -> None:
    m = meter(utility_calls=2)
    assert [score(One(), m, Program("p")).value for _ in range(4)] == [1.0, 1.0, 0.0, 0.0]
    assert m.utility_calls == 2


def test_a_batch_is_charged_as_far_as_the_budget_goes() -> None:
    m = meter(utility_calls=5)
    assert [m.charge_utility(3), m.charge_utility(3), m.charge_utility(3)] == [3, 2, 0]


def test_64_racing_threads_never_overspend() -> None:
    m = meter(model_calls=10, utility_calls=25)
    refused = []

    def spend() -> None:
        m.charge_utility(1)
        try:
            m.charge_model(1)
        except BudgetExceeded:
            refused.append(1)

    threads = [threading.Thread(target=spend) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (m.model_calls, m.utility_calls, len(refused)) == (10, 25, 54)
