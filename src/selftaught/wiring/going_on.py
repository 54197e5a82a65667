"""What a later start of a run may raise: how deep a run goes, and what an `improve` may spend. All else stays."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import ceil
from typing import Any

import msgspec

from selftaught.config import RunConfig
from selftaught.core.budget import Allowance
from selftaught.core.errors import UsageError
from selftaught.runs.records import Record, Session
from selftaught.wiring.inputs import Inputs
from selftaught.wiring.kept_settings import RAISED_OF_KIND, in_force

RAISED = ("depth", "model_calls", "utility_calls")


def going_on(inputs: Inputs, records: Iterable[Record], given: Mapping[str, Any]) -> Inputs:
    """The inputs of a start that continues, with the budgets that `given` raises. Raises UsageError if it cannot."""
    told = list(records)
    config = raised(in_force(inputs.config, told), given)
    budgets = [(s.model_calls, s.utility_calls) for s in told if isinstance(s, Session) and s.model_calls]
    earlier = [Allowance(calls, config.responses, scores) for calls, scores in dict.fromkeys(budgets)]
    if inputs.config.kind != "improve":
        earlier = []
    return replace(inputs, config=config, earlier=tuple(one for one in earlier if one != config.allowance))


def raised(config: RunConfig, given: Mapping[str, Any]) -> RunConfig:
    """More of what may be raised. Scores grow with the model calls unless they are given."""
    more = {name: given[name] for name in RAISED if name in given}
    for name, value in more.items():
        before = getattr(config, name)
        if value != before and name not in RAISED_OF_KIND.get(config.kind, ()):
            raise UsageError(f"{name} cannot be changed in a run of kind {config.kind}: it decides what is computed")
        if value < before:
            raise UsageError(f"{name}: wanted at least the {before} that the run has, got {value}")
    if "model_calls" in more and "utility_calls" not in more:
        more["utility_calls"] = ceil(config.utility_calls * more["model_calls"] / config.model_calls)
    return msgspec.structs.replace(config, **more)
