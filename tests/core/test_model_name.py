"""What a model's name says."""

import pytest

from selftaught.core.model_name import has_tokens, is_free, own_kind, provider_and_model


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("openai/gpt-4.1", "openai", "gpt-4.1"),
        ("openrouter/meta-llama/llama-3", "openrouter", "meta-llama/llama-3"),
        ("llama3", "", "llama3"),
        ("relay:/a/box", "", "relay:/a/box"),
        ("replay:runs/one/run.sqlite", "", "replay:runs/one/run.sqlite"),
        ("mutate", "", "mutate"),
    ],
)
def test_a_name_is_a_provider_and_a_model(name: str, provider: str, model: str) -> None:
    assert provider_and_model(name) == (provider, model)


def test_what_costs_nothing_and_what_counts_tokens() -> None:
    names = ["mutate", "scripted", "demo", "relay:box", "replay:run", "called:f", "openai/mutate", "mutated"]
    assert [own_kind(name) for name in names] == [
        "mutate",
        "scripted",
        "demo",
        "relay:",
        "replay:",
        "called:",
        None,
        None,
    ]
    assert [is_free(name) for name in names] == [True, True, True, True, True, False, False, False]
    assert [has_tokens(name) for name in names] == [False, False, False, False, True, True, True, True]
