"""Records → the origin of an improver, and its scores."""

from collections.abc import Mapping
from typing import Any

from selftaught.core.measurement import Estimate
from selftaught.report.view import RunView, Step
from selftaught.runs.provenance import Measure, Provenance


def provenance(run: RunView, settings: Mapping[str, Any], name: str, step: Step) -> Provenance:
    """Of the improver of one step of the run called `name`, with these settings."""
    seed, last = run.seed_step, run.sessions[-1]
    return Provenance(
        name=f"I_{step.t}",
        program=step.improver,
        run=name,
        t=step.t,
        came_from=settings["improver"],
        trained_on=list(settings["tasks"]),
        model=last.model,
        fidelity=settings["fidelity"],
        version=last.version,
        time=last.time,
        val=_measure(step.val, seed.val if seed else None),
        test=_measure(step.test, seed.test if seed else None),
    )


def _measure(found: Estimate | None, seed: Estimate | None) -> Measure | None:
    if found is None:
        return None
    return Measure(mean=found.mean, error=found.standard_error, n=found.n, seed=seed.mean if seed else None)
