"""Prices: the user's word, else the published list, else none."""

import pytest

from selftaught.core.errors import UsageError
from selftaught.models.prices import find_price


def test_a_listed_model_has_a_price_and_the_list_is_named_with_its_version() -> None:
    price = find_price("openai/gpt-4.1-mini", None, [])
    assert price is not None
    assert price.source.startswith("genai-prices ") and price.source.split()[1][0].isdigit()
    assert price.dollars(1_000_000, 0) > 0
    assert price.dollars(1_000_000, 0, 1_000_000) < price.dollars(1_000_000, 0)  # cached tokens are cheaper


@pytest.mark.parametrize("name", ["openai/no-such-model", "ollama/qwen3", "something"])
def test_a_model_that_nobody_prices_has_none(name: str) -> None:
    assert find_price(name, None, []) is None


def test_a_model_behind_a_servers_own_address_is_not_taken_for_the_providers() -> None:
    assert find_price("openai/gpt-4.1-mini", "http://localhost:8000/v1", []) is None


@pytest.mark.parametrize("name", ["mutate", "scripted", "relay:box", "replay:x.recording"])
def test_what_buys_nothing_is_free(name: str) -> None:
    price = find_price(name, None, [])
    assert price is not None and price.dollars(10**9, 10**9) == 0.0


def test_the_users_word_wins_and_one_for_the_model_before_one_for_all() -> None:
    told = ["3,4", "openai/gpt-4.1-mini=1,2"]
    ours, other = find_price("openai/gpt-4.1-mini", None, told), find_price("openai/x", None, told)
    assert ours is not None and other is not None
    assert (ours.dollars(10**6, 10**6), other.dollars(10**6, 10**6), ours.source) == (3.0, 7.0, "own price")


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "a,b", "-1,2", "nan,1", "inf,1", "m=1", "1;2"])
def test_a_price_that_is_none_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match="US dollars per million tokens"):
        find_price("openai/x", None, [text])
