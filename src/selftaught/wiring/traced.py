"""The contents of the span of a traced run: names and numbers, and the first and the last program."""

from selftaught.middleware.tracing.run import Description, Traced
from selftaught.report.snapshot import fold_of
from selftaught.report.tables import shown
from selftaught.report.view import Improvement, RunView
from selftaught.runs.records import Session, Stepped, run_id
from selftaught.runs.store import Store
from selftaught.wiring.inputs import Inputs


def traced(name: str, inputs: Inputs, store: Store, session: Session) -> Traced:
    """`session`: of the traced start. The run's first session identifies it."""
    first = next(iter(store.of(Session)), session)
    config = inputs.config
    return Traced(
        id=run_id(name, first),
        name=name,
        kind=config.kind,
        tasks=[task.name for task in inputs.tasks],
        model=session.model,
        depth=config.depth,
        on_record=len(store.of(Stepped)),
        begun=_begun(inputs, session.model),
        came=lambda: _came(fold_of(store).view(), store),
    )


def _begun(inputs: Inputs, model: str) -> Description:
    works_on = ", ".join(task.name for task in inputs.tasks)
    if inputs.config.kind == "improve":
        return Description(f"improve {works_on} with {model}", (inputs.program or inputs.tasks[0].seed).source)
    return Description(
        f"{inputs.config.kind} on {works_on} with {model}, depth {inputs.config.depth}", inputs.improver.source
    )


def _came(run: RunView, store: Store) -> Description:
    if run.improvement is not None:
        made = run.improvement.made
        return Description(f"{run.status}: {_improvement(run.improvement)}", store.text(made) if made else None)
    seed, best = run.seed_step, run.best_step
    if seed is None or best is None:
        return Description(run.status)
    told = [f"val {shown(seed.val)} → {shown(best.val)}", f"test {shown(seed.test)} → {shown(best.test)}"]
    return Description(f"{run.status}: best is I_{best.t}; {'; '.join(told)}", store.text(best.improver))


def _improvement(made: Improvement) -> str:
    if made.made is None:
        return f"no program: {made.verdict}"
    return "; ".join(
        f"{name} {value:.4f} → {made.after[name]:.4f}" if name in made.after else f"{name} {value:.4f}"
        for name, value in made.before.items()
    )
