"""`selftaught experiment NAME`: the paper's tables and figures, one command each."""

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from selftaught.cli import printing
from selftaught.cli.actions import open_jail, say
from selftaught.cli.lending import borrow
from selftaught.cli.stopping import run_stoppable
from selftaught.config import RunConfig
from selftaught.core.errors import RunStopped, SelfTaughtError, UsageError
from selftaught.core.money import Caps
from selftaught.executors.gate import Gate
from selftaught.experiments.design import Parameters, Result
from selftaught.models.traffic import Traffic
from selftaught.tasks.loading import load_task, task_names
from selftaught.wiring.experimenting import (
    EXPERIMENTS,
    PARAMETERS,
    Lab,
    conduct,
    of_runs,
    open_experiment,
    read_parameters,
    strategies,
)
from selftaught.wiring.inputs import Inputs, load_improver, load_inputs
from selftaught.wiring.lent import Models
from selftaught.wiring.results import as_json as result_as_json

if TYPE_CHECKING:
    from selftaught.tracing.run import Tracing

_PEOPLES = [
    "seed", "earlier-seed", "chain-of-thought", "greedy", "best-of-n", "beam-search", "genetic", "annealing",
    "temperature-bandit", "decomposition",
]  # fmt: skip
DEFAULTS: dict[str, dict[str, Any]] = {
    "curve": {"tasks": ["parity-with-noise"]},
    "transfer": {"tasks": ["parity-with-noise"], "on": [name for name in task_names() if name != "parity-with-noise"]},
    "baselines": {"tasks": ["parity-with-noise"], "improvers": _PEOPLES},
    "bypass": {"tasks": ["three-sat"]},
    "strategies": {"tasks": ["runs"]},
    "imp-at-k": {"tasks": ["three-sat"]},
}
"""As in the paper, where it says."""


def experiment(
    name: str,
    what: list[str],
    flags: Mapping[str, Any],
    caps: Caps,
    max_time: float | None,
    label_with: str | None,
    sandbox: str | None,
    out: Path | None,
    runs: Path,
    *,
    tracing: "Tracing | None" = None,
    as_json: bool,
) -> None:
    """Begin an experiment, or go on with the one in `out`."""
    if name not in EXPERIMENTS:
        known = "; ".join(f"{one.name} ({one.about})" for one in EXPERIMENTS.values())
        raise UsageError(f"no experiment is called {name!r}; there are {known}")
    folder = out or Path("experiments") / f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-{secrets.token_hex(2)}"
    given = _parameters(name, what, flags, folder)
    _check(given, runs)
    gate = Gate(max_time)
    open_experiment(folder, given)

    traffics: dict[str, Traffic] = {}

    def lend(inputs: Inputs) -> tuple[Models, RunConfig]:
        borrowed = borrow(inputs, gate, runs, traffics)
        return borrowed.models, borrowed.config

    with open_jail(sandbox or "auto") as jail:
        lab = Lab(folder, jail, lend, gate, caps, say, tracing)
        found: list[Result] = []

        def work() -> None:
            if name == "strategies":
                label = None
                if label_with:
                    config = RunConfig(
                        tasks=["three-sat"], model=label_with, base_url=given.base_url, script=given.script
                    )
                    label = lend(load_inputs(config, runs))[0]
                found.append(strategies(given, of_runs(given.tasks, runs), lab, label))
            else:
                found.append(conduct(given, lab))

        try:
            run_stoppable(work, gate, jail.close)
        except SelfTaughtError as error:
            hint = f"everything finished is on record; go on with: selftaught experiment {name} --out {folder}"
            if isinstance(error, RunStopped):
                raise RunStopped(f"{error}; {hint}", interrupted=error.interrupted) from error
            raise type(error)(f"{error} ({hint})") from error
    _print(found[0], given, folder, as_json=as_json)


def _parameters(name: str, what: list[str], flags: Mapping[str, Any], folder: Path) -> Parameters:
    """Those given; of an experiment that is there and was given none, its own."""
    told = {key: value for key, value in flags.items() if value not in (None, [])}
    if what:
        told["tasks"] = what
    if (folder / PARAMETERS).is_file():
        there = msgspec.to_builtins(read_parameters(folder))
        return _converted({**there, **told, "experiment": name})
    seed = {"seed": secrets.randbits(32)}
    return _converted({"models": ["auto"], **seed, **DEFAULTS[name], **told, "experiment": name})


def _converted(settings: Mapping[str, Any]) -> Parameters:
    try:
        return msgspec.convert(settings, Parameters)
    except msgspec.ValidationError as error:
        raise UsageError(f"the experiment's settings: {error}") from error


def _check(given: Parameters, runs: Path) -> None:
    """Everything that is named, before anything is made or spent. Raises UsageError."""
    for what, names in (("task", given.tasks), ("task", given.on), ("model", given.models)):
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"the {what} {name} is listed twice; name each once, and use --runs")
    improvers = [*given.improvers, given.improver]
    for name in given.improvers:
        if given.improvers.count(name) > 1:
            raise UsageError(f"the improver {name} is listed twice")
    if given.experiment == "strategies":
        of_runs(given.tasks, runs)
        return
    for name in [*given.tasks, *given.on]:
        load_task(name, given.fidelity)
    for name in improvers:
        load_improver(name, runs)
    if given.against and given.against not in given.improvers:
        raise UsageError(f"--against {given.against}: wanted one of the improvers, {', '.join(given.improvers)}")


def _print(result: Result, given: Parameters, folder: Path, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result_as_json(result, given), indent=2, allow_nan=False, ensure_ascii=False))
        return
    for table in result.tables:
        print(f"\n{table.title}")
        printing.table(table.headers, [tuple(map(_shown, row)) for row in table.rows], right=table.headers[1:])
    print()
    for note in result.notes:
        print(note)
    files = [f"{one.name}.csv" for one in result.tables] + [f"{one.name}.svg" for one in result.figures]
    print(f"In {folder}: result.json, {', '.join(files)}")


def _shown(cell: object) -> str:
    if cell is None:
        return "—"
    if isinstance(cell, float):
        return f"{cell:.4f}" if abs(cell) < 100 else f"{cell:,.1f}"
    return str(cell)
