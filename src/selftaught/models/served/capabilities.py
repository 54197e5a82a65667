"""What each model takes: a small table, and how the user corrects it. Not a guess made again at every call.

A model that is not in the table is taken to be what its provider usually serves. Where the table is wrong the server
refuses, and the message names the `--capability` to set.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selftaught.core.errors import UsageError


@dataclass(frozen=True)
class Capabilities:
    """What one model takes.

    Attributes:
        temperature: the highest that it accepts; None if it accepts none.
        n: several responses to one call. If not, n samples are n calls.
        seed: a number that makes a draw repeatable.
        token_limit: the name of the parameter that bounds a response's tokens.
    """

    temperature: float | None = 2.0
    n: bool = False
    seed: bool = False
    token_limit: str = "max_tokens"


_OPENAI = Capabilities(n=True, token_limit="max_completion_tokens")
_REASONING = Capabilities(temperature=None, token_limit="max_completion_tokens")
_TABLE: tuple[tuple[str, str, Capabilities], ...] = (
    # Reasoning models refuse any temperature but their own; gpt-5.1 and 5.2 do not reason unless asked to.
    ("openai", r"gpt-5(\.[12])?-chat|gpt-5\.[12](-2\d{3}-\d\d-\d\d)?$", _OPENAI),
    ("openai", r"o\d|gpt-([5-9]|1\d)", _REASONING),
    ("openai", r"gpt-|chatgpt-|ft:gpt-", _OPENAI),
    ("openrouter", r"openai/(o\d|gpt-[5-9])", Capabilities(temperature=None)),
    ("openrouter", r"anthropic/claude-(opus-4\.[7-9]|[a-z]+-[5-9])", Capabilities(temperature=None)),
    ("vllm", "", Capabilities(n=True, seed=True)),
    ("ollama", "", Capabilities(seed=True)),
    ("llamacpp", "", Capabilities(seed=True)),
    # Up to 4.6 a temperature is taken; Opus 4.7 and all that came after refuse it.
    ("anthropic", r"claude-([23]|instant)|claude-(opus|sonnet|haiku)-4(-[0-6])?(-\d{8}|-latest)?$", Capabilities(1.0)),
    ("anthropic", "", Capabilities(temperature=None)),
    ("google", "", Capabilities(seed=True, token_limit="max_output_tokens")),
)
"""Provider, the beginning of the model's name (a regular expression), and what it accepts. The first that fits."""

_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_HINT = (
    "`capability=temperature=no` (or the highest that it takes), n=yes, seed=no, token_limit=max_completion_tokens; "
    "MODEL: in front limits it to one model"
)


def capabilities_of(provider: str, model: str, overrides: Sequence[str] = ()) -> Capabilities:
    """From the table, with the user's own word over it: of every model, or, as "MODEL:temperature=no", of that one.

    Raises UsageError for an invalid override.
    """
    found = (takes for of, begins, takes in _TABLE if of == provider and re.match(begins, model))
    takes = next(found, Capabilities())
    for override in overrides:
        name, of_one, setting = override.rpartition(":")
        changed = _overridden(takes, setting)
        if not of_one or model in (name, name.partition("/")[2]):
            takes = changed
    return takes


def _overridden(takes: Capabilities, override: str) -> Capabilities:
    name, _, value = override.partition("=")
    if name == "n" and value in ("yes", "no"):
        return replace(takes, n=value == "yes")
    if name == "seed" and value in ("yes", "no"):
        return replace(takes, seed=value == "yes")
    if name == "token_limit" and value in _LIMITS:
        return replace(takes, token_limit=value)
    if name == "temperature" and value in ("yes", "no"):
        return replace(takes, temperature=(takes.temperature or Capabilities().temperature) if value == "yes" else None)
    if name == "temperature" and re.fullmatch(r"\d+(\.\d+)?", value):
        return replace(takes, temperature=float(value))
    raise UsageError(f"`capability={override}`: wanted one of {_HINT}")
