"""Choosing a run's models, with their prices: the messages, and the refusals before anything is spent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from selftaught.config import PRESETS, RunConfig, Settings
from selftaught.core.contracts import ModelFunction
from selftaught.core.errors import UsageError
from selftaught.core.model_name import CALLED, DEMO, REPLAY, has_tokens, provider_and_model
from selftaught.core.money import Caps, Tariff
from selftaught.middleware.gate import Gate
from selftaught.models.calling import Called
from selftaught.models.choose import ChosenModel, choose_model
from selftaught.models.prices import find_price
from selftaught.models.served.asking import AskOptions, traffic
from selftaught.models.served.providers import PROVIDERS
from selftaught.models.served.retrying import RetryPolicy
from selftaught.models.served.traffic import Traffic
from selftaught.models.waiting import Waiting
from selftaught.wiring.inputs import Inputs
from selftaught.wiring.models import Models, PricedModel, failed_attempt
from selftaught.wiring.recorded_answers import demo_model, replay_model

BOUNDED_OUTPUT_TOKENS = 8192
"""The most of one response where a cap needs a bound and the user named none."""


@dataclass(frozen=True)
class ChosenModels:
    """The models, the configuration with their names as resolved, why each was taken, and what stops them."""

    models: Models
    config: RunConfig
    said: list[str]
    gate: Gate


def choose_models(
    inputs: Inputs,
    gate: Gate | None,
    runs: Path,
    environment: Mapping[str, str],
    *,
    function: ModelFunction | None = None,
    traffics: dict[str, Traffic] | None = None,
    caps: Caps | None = None,
    waiting: Waiting | None = None,
) -> ChosenModels:
    """The models that a configuration names, found and priced. Raises UsageError, ModelUnavailable.

    Models of one server share its limits and what is known of how much it takes at once; so do runs that are given the
    same `traffics`. `gate`: for a run that has none yet, one is made with its time. `caps`: those of several runs
    together, where they are not the run's own. `waiting`: gets what their calls wait for. `function`: the model,
    where the settings say that a function is called.
    """
    traffics = {} if traffics is None else traffics
    config = inputs.config
    gate = gate or Gate(config.max_time_seconds)
    caps = caps or config.caps
    bound = config.max_output_tokens or (BOUNDED_OUTPUT_TOKENS if caps.need_bound else None)
    found: dict[str, ChosenModel] = {}
    waiting = waiting or Waiting()

    def priced(name: str) -> PricedModel:
        if name.startswith(REPLAY) and name not in found:
            recording, where, otherwise = replay_model(name[len(REPLAY) :], inputs, runs)
            why = "only its recorded responses"
            why += f"; recorded with {otherwise}: other prompts may have no response" if otherwise else ""
            found[name] = ChosenModel(recording, f"{REPLAY}{where}", None, why)
        elif name == DEMO and name not in found:
            found[name] = ChosenModel(demo_model(inputs), DEMO, None, "only answers from the package")
        elif name.startswith(CALLED) and name not in found:
            found[name] = _called(name, config, gate, function)
        elif name not in found:
            found[name] = choose_model(
                name,
                base_url=_url_of(name, config),
                environment=environment,
                seed=inputs.seed.number,
                script=inputs.script,
                max_connections=config.max_connections,
                stop=gate.check,
                failed=failed_attempt,
                waiting=waiting,
                ask_options=replace(
                    ask_options(config),
                    max_output_tokens=bound,
                    traffic=traffics.setdefault(_server(name, config), traffic(ask_options(config), gate.check)),
                ),
                capability=config.capability,
            )
        chosen = found[name]
        tariff = Tariff(find_price(chosen.name, chosen.base_url, config.price), bound, has_tokens(chosen.name))
        if caps.dollars is not None and tariff.price is None:
            whose = " for the provider's own server" if chosen.base_url else ""
            raise UsageError(
                f"`max_cost` needs a price for {chosen.name}{_elsewhere(chosen)}, and no price list has one{whose}: "
                "give it with `price=IN,OUT` (US dollars per million tokens; 0,0 for your own model)"
            )
        return PricedModel(chosen.model, chosen.name, tariff, chosen.together, chosen.served_at)

    solution = priced(config.task_model or config.model)
    improver = priced(config.improver_model or config.model)
    program = priced(config.program_model) if config.program_model else None
    said = [f"model: {chosen.name}{_elsewhere(chosen)} ({chosen.why})" for chosen in found.values()]
    said += _bounded_by_preset(config, found.values())
    resolved: dict[str, str | None] = {}
    if config.model in found:
        main = found[config.model]
        resolved = {"model": main.name, "base_url": main.base_url}
    if config.improver_model:
        resolved["improver_model"] = improver.name
    if config.task_model:
        resolved["task_model"] = solution.name
    if program:
        resolved["program_model"] = program.name
    models = Models(improver, solution, waiting, program)
    return ChosenModels(models, msgspec.structs.replace(config, **resolved), said, gate)


def _bounded_by_preset(config: RunConfig, chosen: Iterable[ChosenModel]) -> list[str]:
    """A message for a bound that nobody requested, and that a model's reasoning may use up."""
    bound = PRESETS[config.preset].get("max_output_tokens") if config.preset in PRESETS else None
    if bound is None or bound != config.max_output_tokens or not any(one.served_at for one in chosen):
        return []
    return [
        f"responses have at most {bound:,} tokens, as in the paper (preset {config.preset}). A model that reasons may "
        "use them up before it answers: in that case set a larger `max_output_tokens`"
    ]


def _elsewhere(chosen: ChosenModel) -> str:
    """Where the prompts and the key go, if that is not the provider's own server."""
    return f" at {chosen.base_url}" if chosen.base_url else ""


def _called(name: str, config: RunConfig, gate: Gate, function: ModelFunction | None) -> ChosenModel:
    if function is None:
        raise UsageError(
            f"the model of this run is the Python function {name.removeprefix(CALLED)}: continue the run from Python, "
            "with selftaught.run(…, model=that function, out=this folder)"
        )
    retry_policy = replace(ask_options(config).retry_policy, stop=gate.check, failed=failed_attempt)
    short = name.removeprefix(CALLED)
    return ChosenModel(
        Called(function, short, replace(ask_options(config), retry_policy=retry_policy)), name, None, "your function"
    )


def _url_of(name: str, config: RunConfig) -> str | None:
    """The base URL is the main model's. Another provider's model, and its key, do not go there."""
    return config.base_url if _provider(name) == _provider(config.model) else None


def _server(name: str, config: RunConfig) -> str:
    return f"{_provider(name)} {_url_of(name, config) or ''}"


def _provider(name: str) -> str:
    """The provider. A name without a provider is a name of an OpenAI-compatible server."""
    provider, model = provider_and_model(name)
    return provider if model and provider in PROVIDERS else "openai"


def ask_options(config: Settings) -> AskOptions:
    """How the settings have a model asked."""
    return AskOptions(
        temperature_policy="drop" if config.temperature_policy == "drop" else "clamp",
        max_connections=config.max_connections,
        requests_per_minute=config.requests_per_minute,
        tokens_per_minute=config.tokens_per_minute,
        timeout_seconds=config.timeout_seconds,
        max_output_tokens=config.max_output_tokens,
        stream=config.stream,
        retry_policy=RetryPolicy(config.patience_seconds),
    )
