"""From a name to a model, and why. The caller passes the environment in: nothing here reads it."""

import json
import re
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from selftaught import plugins
from selftaught.core.contracts import LanguageModel
from selftaught.core.errors import ModelUnavailable, UsageError
from selftaught.core.model_name import AUTO, DEMO, MUTATE, RELAY, REPLAY, SCRIPTED, provider_and_model
from selftaught.models.calling import from_package
from selftaught.models.mutate import Mutate
from selftaught.models.relay import Relay
from selftaught.models.scripted import Scripted
from selftaught.models.served.asking import MOST_TOGETHER, AskOptions
from selftaught.models.served.capabilities import capabilities_of
from selftaught.models.served.openai_chat import OpenAIChat
from selftaught.models.served.providers import PROVIDERS, first_set
from selftaught.models.served.retrying import FailedAttempt, RetryPolicy
from selftaught.models.waiting import Waiting

DEFAULT_OPENAI = "gpt-4.1-mini"
"""The model for a key without a name: it accepts a temperature, which the seed improver sets."""
_OLLAMA_PORT = 11434
_FAMILIES = {"openai": r"gpt-|chatgpt|o\d\b", "anthropic": r"claude", "google": r"gemini"}
"""The providers of such model names: suggested if only the provider's name is missing."""
_OLLAMA_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model; its full name and its server (None: the provider's own), by which it is chosen again; and why.

    `together`: how many equal prompts are one call. `served_at`: the URL, also the provider's own.
    """

    model: LanguageModel
    name: str
    base_url: str | None
    why: str
    together: int = 1
    served_at: str | None = None


def choose_model(
    name: str,
    *,
    base_url: str | None,
    environment: Mapping[str, str],
    seed: int,
    script: str | None,
    max_connections: int,
    stop: Callable[[], None] = lambda: None,
    failed: Callable[[FailedAttempt], None] = lambda attempt: None,
    waiting: Waiting | None = None,
    ask_options: AskOptions | None = None,
    capability: Sequence[str] = (),
) -> ChosenModel:
    """The model called `name`. Raises UsageError for an unknown name, ModelUnavailable for a missing key.

    `stop` and `failed` are those of `RetryPolicy`; `waiting` gets what calls wait for. Of `ask_options` all is used
    but what the other arguments say, and the capabilities: they are the model's, with `capability` (as
    "temperature=no") over them.
    """
    why, waits = "asked for by name", waiting or Waiting()
    if name == AUTO and environment.get("SELFTAUGHT_MODEL"):
        name, why = environment["SELFTAUGHT_MODEL"], "SELFTAUGHT_MODEL is set"

    def served(provider_name: str, model: str, why: str, url: str | None = base_url) -> ChosenModel:
        provider = PROVIDERS[provider_name]
        provider.check_installed()
        server = provider.server(url, environment, model)
        elsewhere = server.base_url if server.base_url != provider.url else None
        kind = "" if elsewhere and provider_name == "openai" else provider_name  # another's server: another's models
        asked = replace(
            ask_options or AskOptions(),
            capabilities=capabilities_of(kind, model, capability),
            max_connections=max_connections,
            seed=seed,
            retry_policy=replace((ask_options or AskOptions()).retry_policy, stop=stop, failed=failed),
            waiting=waits,
            server=server.shown,
        )
        together = MOST_TOGETHER if asked.capabilities.n else 1
        made = provider.make(model, server, asked)
        return ChosenModel(made, f"{provider_name}/{model}", elsewhere, why, together, server.base_url)

    def automatic() -> ChosenModel:
        url = base_url or first_set(environment, PROVIDERS["openai"].urls)
        if url is not None:
            return served("openai", _first_model(url, environment), "the first model of the server at the base URL")
        if first_set(environment, PROVIDERS["openai"].keys):
            return served("openai", DEFAULT_OPENAI, "OPENAI_API_KEY is set; this is the default with it")
        ollama = _ollama(environment)
        if ollama is not None:
            return served("ollama", ollama[1], "a local Ollama server answers; this is its first model", ollama[0])
        return ChosenModel(Mutate(seed), MUTATE, None, "no model is configured, no key is set, no Ollama answers")

    if name == AUTO:
        return automatic()
    if name == MUTATE:
        return ChosenModel(Mutate(seed), MUTATE, None, why)
    if name == SCRIPTED and script is not None:
        return ChosenModel(Scripted(script, seed), SCRIPTED, None, why)
    if name == SCRIPTED or name.startswith(f"{SCRIPTED}:"):
        raise UsageError("the model scripted answers from a file: `model=scripted` `script=FILE.json`")
    if name.startswith(RELAY) and name != RELAY:
        folder = Path(name.removeprefix(RELAY)).absolute()  # a resume may begin in another folder
        return ChosenModel(Relay(folder, seed=seed, stop=stop, waiting=waits), f"{RELAY}{folder}", None, why)
    provider, model = provider_and_model(name)
    if provider == "ollama" and model:
        return served("ollama", model, why, base_url or _ollama_url(environment))
    if provider in PROVIDERS and model:
        return served(provider, model, why)
    if provider in plugins.names("models") and model:
        return ChosenModel(from_package(provider, model), name, None, why)
    if provider not in PROVIDERS and (base_url or first_set(environment, PROVIDERS["openai"].urls)):
        return served("openai", name, why)  # a server's own name for its model, slashes and all
    raise _unknown(name, why)


def _unknown(name: str, why: str) -> UsageError:
    served = [f"{provider}/MODEL" for provider in (*PROVIDERS, *plugins.names("models"))]
    if family := next((of for of, begins in _FAMILIES.items() if re.match(begins, name)), None):
        return UsageError(
            f"no model is called {name!r} ({why}): the provider's name is missing; did you mean {family}/{name}?"
        )
    known = [AUTO, MUTATE, DEMO, SCRIPTED, f"{RELAY}DIR", f"{REPLAY}RUN", *served]
    begins = name.partition("/")[0]
    close = get_close_matches(begins, [AUTO, MUTATE, SCRIPTED, RELAY, *PROVIDERS], 1)
    hint = f"; did you mean {close[0]!r}?" if close and close[0] != begins else ""
    return UsageError(
        f"no model is called {name!r} ({why}){hint}; there are {', '.join(known)}, or any name with `base_url`"
    )


def _first_model(url: str, environment: Mapping[str, str]) -> str:
    server = PROVIDERS["openai"].server(url, environment, "")
    names = OpenAIChat("", server, AskOptions(retry_policy=RetryPolicy())).models()
    if not names:
        raise ModelUnavailable(f"{server.shown} has no model; load one, or name one with `model=openai/NAME`")
    return names[0]


def _ollama_url(environment: Mapping[str, str]) -> str | None:
    """The address in OLLAMA_HOST, if it is set, in Ollama's own notations."""
    url, host = first_set(environment, PROVIDERS["ollama"].urls), first_set(environment, ("OLLAMA_HOST",))
    return url or (f"{ollama_address(host)}/v1" if host else None)


def ollama_address(host: str) -> str:
    """As Ollama reads it: a scheme that is named brings its own port, a bare address may be one of IPv6."""
    host = host.strip().strip("\"'")
    scheme, named, rest = host.partition("://")
    scheme, rest = (scheme, rest) if named else ("http", host)
    default = {"http": 80, "https": 443}.get(scheme, _OLLAMA_PORT) if named else _OLLAMA_PORT
    place, slash, path = rest.partition("/")
    if place.count(":") > 1 and not place.startswith("["):
        place = f"[{place}]"
    if place.startswith(":"):
        place = f"127.0.0.1{place}"
    if not re.search(r":\d*$", place.rpartition("]")[2]):
        place = f"{place or '127.0.0.1'}:{default}"
    return f"{scheme}://{place}{slash}{path}".rstrip("/")


def _ollama(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """(base URL, first model) of a local Ollama server that answers at once and has a model."""
    address = (_ollama_url(environment) or "http://localhost:11434/v1").removesuffix("/v1")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy leads to this machine
    with suppress(Exception):  # nothing there, or something else: then it is not Ollama
        with direct.open(f"{address}/api/tags", timeout=_OLLAMA_SECONDS) as answer:
            models = json.loads(answer.read(1 << 20))["models"]
        return f"{address}/v1", str(models[0]["name"])
    return None
