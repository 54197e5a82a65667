"""From a name to a model, and why. The caller passes the environment in: nothing here reads it."""

import json
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urlsplit

from selftaught.core.contracts import LanguageModel
from selftaught.core.errors import UsageError
from selftaught.models.mutate import Mutate
from selftaught.models.openai_chat import OpenAIChat, list_models
from selftaught.models.patience import Patience
from selftaught.models.scripted import Scripted

DEFAULT_OPENAI = "gpt-4.1-mini"
"""Taken where there is a key and no name: it takes a temperature, which the seed improver sets."""
_OLLAMA = "http://localhost:11434"
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
) -> ChosenModel:
    """The model called `name`. Raises UsageError for a name that is none, ModelUnavailable for a missing key."""
    key = environment.get("OPENAI_API_KEY") or None
    base_url = base_url or environment.get("OPENAI_BASE_URL") or None

    def openai(model: str, why: str, server: str | None = base_url) -> ChosenModel:
        if server is not None and urlsplit(server).scheme not in ("http", "https"):
            raise UsageError(f"--base-url {server}: wanted a URL that starts with http:// or https://")
        if server is not None and urlsplit(server).username is not None:
            raise UsageError("--base-url holds a user or a key; put the key into OPENAI_API_KEY: URLs are recorded")
        patience = Patience(stop=stop)
        chat = OpenAIChat(model, api_key=key, base_url=server, max_connections=max_connections, patience=patience)
        return ChosenModel(chat, f"openai/{model}", server, why)

    if name == "auto" and environment.get("SELFTAUGHT_MODEL"):
        name, why = environment["SELFTAUGHT_MODEL"], "SELFTAUGHT_MODEL is set"
    else:
        why = "asked for by name"
    if name == "auto":
        if base_url is not None:
            first = (list_models(base_url, key) or [DEFAULT_OPENAI])[0]
            return openai(first, "the first model of the server at the base URL")
        if key is not None:
            return openai(DEFAULT_OPENAI, "OPENAI_API_KEY is set")
        ollama = _ollama(environment)
        if ollama is not None:
            return openai(ollama[1], "a local Ollama server answers", ollama[0])
        return ChosenModel(Mutate(seed), "mutate", None, "no model is configured, no key is set, no Ollama answers")
    if name == "mutate":
        return ChosenModel(Mutate(seed), "mutate", None, why)
    if name == "scripted":
        if script is None:
            raise UsageError("the model scripted answers from a file: name it with --script FILE.json")
        return ChosenModel(Scripted(script), "scripted", None, why)
    provider, _, model = name.partition("/")
    if provider == "openai" and model:
        return openai(model, why)
    if base_url is not None and provider != "openai":
        return openai(name, why)  # a server's own name for its model, slashes and all
    close = get_close_matches(name, ["auto", "mutate", "scripted", "openai/"], 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise UsageError(f"no model is called {name!r}{hint}; there are {', '.join(_KNOWN)}, or any name with --base-url")


def _ollama(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """(base URL, first model) of a local Ollama server that answers at once and has a model."""
    host = environment.get("OLLAMA_HOST") or _OLLAMA
    address = (host if "://" in host else f"http://{host}").rstrip("/")
    with suppress(Exception):  # nothing there, or something else: then it is not Ollama
        with urllib.request.urlopen(f"{address}/api/tags", timeout=_OLLAMA_SECONDS) as answer:
            models = json.loads(answer.read(1 << 20))["models"]
        return f"{address}/v1", models[0]["name"]
    return None
