"""What a call cost, divided among its responses: sums stay, and who takes one of them pays for one."""

from dataclasses import replace

import pytest

from selftaught.core.contracts import Completion
from selftaught.core.money import Flat, Tariff
from selftaught.middleware.by_response import by_response

TARIFF = Tariff(Flat(2.0, 8.0, "--price"))  # dollars for a million tokens, in and out
TEXTS = ["a" * 99, "b" * 299, "c" * 599]


def call(**first: object) -> list[Completion]:
    """As a model gives it: all that was counted is on the first response."""
    counted = {"input_tokens": 100, "output_tokens": 1000, "reasoning_tokens": 10, "cost": 0.0082, **first}
    none = {name: None if value is None else 0 for name, value in counted.items() if name != "cached_tokens"}
    return [replace(Completion(text), **(none if n else counted)) for n, text in enumerate(TEXTS)]


def test_the_prompt_is_on_the_first_and_each_has_what_it_wrote() -> None:
    found = by_response(call(), TARIFF)
    assert [one.text for one in found] == TEXTS
    assert [(one.input_tokens, one.output_tokens, one.reasoning_tokens) for one in found] == [
        (100, 100, 1), (0, 300, 3), (0, 600, 6)
    ]  # fmt: skip
    assert [one.cost for one in found] == pytest.approx([0.0002 + 0.0008, 0.0024, 0.0048])
    assert sum(one.cost or 0.0 for one in found) == pytest.approx(0.0082)


@pytest.mark.parametrize("output_tokens", [1, 2, 7, 1001])
def test_nothing_is_lost_by_rounding(output_tokens: int) -> None:
    found = by_response(call(output_tokens=output_tokens), TARIFF)
    assert sum(one.output_tokens or 0 for one in found) == output_tokens


def test_the_providers_own_price_is_divided_as_the_price_list_would_and_without_one_by_tokens() -> None:
    assert by_response(call(cost=0.0164), TARIFF)[0].cost == pytest.approx(2 * 0.001)
    assert by_response(call(cost=1.1), Tariff(None))[0].cost == pytest.approx(0.1 + 0.1)


def test_what_is_not_known_stays_so_and_counts_of_its_own_stay() -> None:
    assert [one.cost for one in by_response(call(cost=None, reasoning_tokens=None), TARIFF)] == [None] * 3
    for as_it_is in (call(output_tokens=None), [Completion("x", 5, 7), Completion("y", 5, 9)], [Completion("x", 5, 7)]):
        assert by_response(as_it_is, TARIFF) == as_it_is
