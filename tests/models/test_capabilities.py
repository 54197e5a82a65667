"""What each model takes."""

import pytest

from selftaught.core.errors import UsageError
from selftaught.models.served.capabilities import capabilities_of


@pytest.mark.parametrize(
    ("provider", "model", "hottest"),
    [
        ("openai", "gpt-4.1-mini", 2.0),
        ("openai", "gpt-3.5-turbo", 2.0),
        ("openai", "gpt-5", None),
        ("openai", "gpt-5-mini", None),
        ("openai", "gpt-5-chat-latest", 2.0),
        ("openai", "gpt-5.1", 2.0),
        ("openai", "gpt-5.6-luna", None),
        ("openai", "o3-mini", None),
        ("", "gpt-5", 2.0),
        ("anthropic", "claude-3-5-haiku-latest", 1.0),
        ("anthropic", "claude-sonnet-4-20250514", 1.0),
        ("anthropic", "claude-opus-4-6", 1.0),
        ("anthropic", "claude-haiku-4-5-20251001", 1.0),
        ("anthropic", "claude-opus-4-7", None),
        ("anthropic", "claude-sonnet-5", None),
        ("openrouter", "anthropic/claude-opus-4.7", None),
        ("openrouter", "anthropic/claude-sonnet-4.5", 2.0),
        ("google", "gemini-2.5-flash", 2.0),
    ],
)
def test_which_temperatures_a_model_takes(provider: str, model: str, hottest: float | None) -> None:
    assert capabilities_of(provider, model).temperature == hottest


def test_the_users_word_is_over_the_table() -> None:
    takes = capabilities_of("openai", "gpt-5", ["temperature=1.5", "n=yes", "seed=yes", "token_limit=max_tokens"])
    assert (takes.temperature, takes.n, takes.seed, takes.token_limit) == (1.5, True, True, "max_tokens")
    assert capabilities_of("openai", "gpt-5", ["temperature=yes"]).temperature == 2.0
    assert capabilities_of("vllm", "x", ["temperature=no", "n=no"]).n is False


@pytest.mark.parametrize("override", ["", "n", "n=3", "temperatur=no", "temperature=-1", "token_limit=x", "seed=maybe"])
def test_what_is_no_capability_is_answered_with_those_there_are(override: str) -> None:
    with pytest.raises(UsageError, match="`capability=temperature=no`"):
        capabilities_of("openai", "x", [override])


@pytest.mark.parametrize("name", ["small:8b", "ollama/small:8b"])
def test_an_override_may_be_for_one_model_alone(name: str) -> None:
    override = [f"{name}:temperature=no"]
    assert capabilities_of("ollama", "small:8b", override).temperature is None
    assert capabilities_of("ollama", "large", override) == capabilities_of("ollama", "large")
    with pytest.raises(UsageError, match="wanted one of"):
        capabilities_of("ollama", "large", [f"{name}:temperatur=no"])
