"""The name of a model, and its meaning: `openai/gpt-4.1`, `mutate`, `relay:DIR`. Only this file parses it."""

AUTO, MUTATE, SCRIPTED, DEMO = "auto", "mutate", "scripted", "demo"
RELAY, REPLAY, CALLED = "relay:", "replay:", "called:"
"""Before a folder that answers, before a recording, before the name of a Python function that is the model."""

_WORDS = (AUTO, MUTATE, SCRIPTED, DEMO)
_PREFIXES = (RELAY, REPLAY, CALLED)
_WITHOUT_TOKENS = (MUTATE, SCRIPTED, RELAY, DEMO)


def own_kind(name: str) -> str | None:
    """Which of the names above it is, or begins with; None for a model that a provider or a package brings.

    The part after a prefix is a path or the name of a function: a slash in it has no meaning.
    """
    return name if name in _WORDS else next((prefix for prefix in _PREFIXES if name.startswith(prefix)), None)


def own_names() -> list[str]:
    """The names above, as a provider would be called: none that a package brings may have one."""
    return [name.removesuffix(":") for name in (*_WORDS, *_PREFIXES)]


def provider_and_model(name: str) -> tuple[str, str]:
    """("openai", "gpt-4.1") of "openai/gpt-4.1"; the provider is "" where the name has none."""
    provider, slash, model = name.partition("/")
    return (provider, model) if slash and own_kind(name) is None else ("", name)


def has_tokens(name: str) -> bool:
    """Whether its responses are counted in tokens. Edits, scripts, folders and the demo are not language models."""
    return own_kind(name) not in _WITHOUT_TOKENS


def is_free(name: str) -> bool:
    """Whether its responses cost nothing, independent of price lists. A Python function may ask a paid model."""
    return own_kind(name) in (*_WITHOUT_TOKENS, REPLAY)
