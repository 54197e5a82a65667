"""From a name to a model, and why. The caller passes the environment in: nothing here reads it."""

import json
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

from selftaught.core.contracts import LanguageModel
from selftaught.core.errors import ModelUnavailable, UsageError
from selftaught.models.endpoint import Endpoint
from selftaught.models.mutate import Mutate
from selftaught.models.openai_chat import OpenAIChat
from selftaught.models.patience import Patience
from selftaught.models.scripted import Scripted

DEFAULT_OPENAI = "gpt-4.1-mini"
"""Taken where there is a key and no name: it takes a temperature, which the seed improver sets."""
_OLLAMA_PORT = 11434
_OLLAMA_SECONDS = 0.3
_KNOWN = ("auto", "mutate", "scripted", "openai/MODEL")


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model; its full name, by which it is chosen again on resume; its server; and why it was taken."""

    model: LanguageModel
    name: str
    base_url: str | None
    why: str


def choose_model(
    name: str,
    *,
    base_url: str | None,
    environment: Mapping[str, str],
    seed: int,
    script: str | None,
    max_connections: int,
    stop: Callable[[], None] = lambda: None,
    failed: Callable[[str, float], None] = lambda message, seconds: None,
) -> ChosenModel:
    """The model called `name`. Raises UsageError for a name that is none, ModelUnavailable for a missing key.

    `stop` and `failed` are those of `Patience`.
    """
    key = (environment.get("OPENAI_API_KEY") or "").strip() or None
    base_url = base_url or environment.get("OPENAI_BASE_URL") or None

    def openai(model: str, why: str, server: str | None = base_url) -> ChosenModel:
        patience = Patience(stop=stop, failed=failed)
        chat = OpenAIChat(model, api_key=key, base_url=server, max_connections=max_connections, patience=patience)
        return ChosenModel(chat, f"openai/{model}", server, why)

    why = "asked for by name"
    if name == "auto" and environment.get("SELFTAUGHT_MODEL"):
        name, why = environment["SELFTAUGHT_MODEL"], "SELFTAUGHT_MODEL is set"
    if name == "auto":
        if base_url is not None:
            return openai(_first_model(base_url, key), "the first model of the server at the base URL")
        if key is not None:
            return openai(DEFAULT_OPENAI, "OPENAI_API_KEY is set; this is the default with it")
        ollama = _ollama(environment)
        if ollama is not None:
            return openai(ollama[1], "a local Ollama server answers; this is its first model", ollama[0])
        return ChosenModel(Mutate(seed), "mutate", None, "no model is configured, no key is set, no Ollama answers")
    if name == "mutate":
        return ChosenModel(Mutate(seed), "mutate", None, why)
    if name == "scripted" and script is not None:
        return ChosenModel(Scripted(script), "scripted", None, why)
    if name == "scripted" or name.startswith("scripted:"):
        raise UsageError("the model scripted answers from a file: --model scripted --script FILE.json")
    provider, _, model = name.partition("/")
    if provider == "openai" and model:
        return openai(model, why)
    if base_url is not None and provider != "openai":
        return openai(name, why)  # a server's own name for its model, slashes and all
    raise _unknown(name, why)


def _unknown(name: str, why: str) -> UsageError:
    close = get_close_matches(name, ["auto", "mutate", "scripted", "openai/"], 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    known = ", ".join(_KNOWN)
    return UsageError(f"no model is called {name!r} ({why}){hint}; there are {known}, or any name with --base-url")


def _first_model(base_url: str, key: str | None) -> str:
    server = Endpoint(base_url, key)
    names = server.models()
    if not names:
        raise ModelUnavailable(f"{server.shown} has no model; load one, or name one with --model openai/NAME")
    return names[0]


def _ollama(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """(base URL, first model) of a local Ollama server that answers at once and has a model."""
    host = (environment.get("OLLAMA_HOST") or "localhost").rstrip("/")
    address = host if "://" in host else f"http://{host}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy leads to this machine
    with suppress(Exception):  # nothing there, or something else: then it is not Ollama
        if urlsplit(address).port is None:
            address += f":{_OLLAMA_PORT}"
        with direct.open(f"{address}/api/tags", timeout=_OLLAMA_SECONDS) as answer:
            models = json.loads(answer.read(1 << 20))["models"]
        return f"{address}/v1", str(models[0]["name"])
    return None
