"""What a response costs, and what it can cost at most."""

import pytest

from selftaught.core.contracts import Completion
from selftaught.core.money import FREE, OVERHEAD_TOKENS, Amount, Caps, Flat, Tariff

DEAR = Flat(input=2.0, output=10.0, source="--price")


def test_amounts_add_up() -> None:
    assert Amount(1, 2, 0.5) + Amount(2, 3, 0.25) - Amount(1, 1, 0.25) == Amount(2, 4, 0.5)


@pytest.mark.parametrize(
    ("caps", "amount", "said"),
    [
        (Caps(), Amount(10**9, 10**12, 1e9), ""),
        (Caps(calls=3), Amount(3), ""),
        (Caps(calls=3), Amount(4), "`max_calls=3`"),
        (Caps(tokens=10), Amount(1, 11), "`max_tokens=10`"),
        (Caps(dollars=0.3), Amount(1, 1, 0.1 + 0.2), ""),  # 0.30000000000000004
        (Caps(dollars=0.3), Amount(1, 1, 0.31), "`max_cost=0.3`"),
    ],
)
def test_a_cap_is_passed_only_beyond_it(caps: Caps, amount: Amount, said: str) -> None:
    assert caps.passed_by(amount) == said


def test_the_most_of_a_response_counts_each_byte_as_a_token_and_all_that_may_be_written() -> None:
    most = Tariff(DEAR, 100).most(1000)
    assert most.tokens == 1000 + OVERHEAD_TOKENS + 100
    assert most.dollars == pytest.approx(((1000 + OVERHEAD_TOKENS) * 2 + 100 * 10) / 1e6)


def test_the_providers_own_word_on_cost_wins() -> None:
    tariff = Tariff(DEAR, 100)
    amount, dollars, source = tariff.of(Completion("x", 10, 5, cost=0.5), tariff.most(100))
    assert (amount, dollars, source) == (Amount(1, 15, 0.5), 0.5, "provider")


def test_a_price_is_applied_to_what_was_used() -> None:
    tariff = Tariff(DEAR, 100)
    amount, dollars, source = tariff.of(Completion("x", 1000, 50), tariff.most(4000))
    assert (amount.tokens, source) == (1050, "--price")
    assert amount.dollars == dollars == pytest.approx(0.0025)


def test_what_nobody_counted_costs_its_most() -> None:
    tariff = Tariff(DEAR, 100)
    most = tariff.most(400)
    amount, dollars, source = tariff.of(Completion("x", None, 50), most)
    assert (amount, dollars, source) == (most, most.dollars, "at most, by --price")


def test_without_a_price_there_is_no_cost_and_it_is_not_called_zero() -> None:
    tariff = Tariff(None, 100)
    assert tariff.of(Completion("x", 10, 5), tariff.most(10)) == (Amount(1, 15), None, "")


def test_what_is_no_language_model_has_no_tokens_and_costs_nothing() -> None:
    tariff = Tariff(FREE, None, counts_tokens=False)
    assert tariff.most(10**6) == Amount(1)
    assert tariff.of(Completion("x"), tariff.most(10**6)) == (Amount(1), 0.0, "free")
