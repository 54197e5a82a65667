"""A run from Python, with a model that is a function of your own: all else is as the command line does it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from selftaught.config import make_config
from selftaught.core.errors import UsageError
from selftaught.core.money import Tariff
from selftaught.middleware.gate import Gate
from selftaught.models.calling import Answer, Called
from selftaught.models.prices import find_price
from selftaught.report.view import RunView, view
from selftaught.runs.folder import RunFolder
from selftaught.runs.salt import salted
from selftaught.runs.store import Store
from selftaught.sandbox.choice import open_sandbox
from selftaught.wiring.checking import check_tasks
from selftaught.wiring.going_on import RAISED, going_on
from selftaught.wiring.inputs import Inputs, freeze, load_frozen, load_inputs
from selftaught.wiring.models import Lent, Models, failed_attempt
from selftaught.wiring.session import Start, check_resumable, work


def run(tasks: Sequence[str], model: Answer, out: Path | str, *, kind: str = "run", **settings: Any) -> RunView:
    """Improve an improver (`kind="improve"`: a solution) on tasks, asking the function `model`.

    Args:
        tasks: built-in names, or paths of Python files.
        model: one `core.contracts.Prompt` in, a `str` or a `Completion` out; called from several threads at once.
        out: the run's folder. One that holds a run of the same kind is gone on with, with its own tasks and settings.
        kind: run or improve.
        settings: by the names of the configuration (`config.RunConfig`): depth=3, preset="quick", max_calls=100 …

    Raises SelfTaughtError: RunStopped at a cap, ModelUnavailable where `model` raises. What is done is on record then,
    and the same call goes on.
    """
    name = getattr(model, "__name__", type(model).__name__)
    folder = RunFolder(Path(out))
    there = folder.store.is_file()
    if there:
        inputs = _as_it_stands(folder, settings)
    else:
        given = {"kind": kind, "tasks": list(tasks), "model": f"called:{name}", **settings}
        config = make_config(given)
        seed = salted(config.seed, Path("runs"), os.environ)
        inputs = load_inputs(msgspec.structs.replace(config, seed=seed), Path("runs"))
    config = inputs.config
    price = find_price(name, None, config.price)
    if config.max_cost is not None and price is None:
        raise UsageError('max_cost needs a price for a function of your own: price=["IN,OUT"]')
    gate = Gate(config.max_time_seconds)
    patience = replace(config.manner.patience, stop=gate.check, failed=failed_attempt)
    lent = Lent(Called(model, name, replace(config.manner, patience=patience)), name, Tariff(price, None, True))
    with open_sandbox(config.sandbox) as jail:
        if not there:
            check_tasks(inputs, jail)
            folder.path.mkdir(parents=True, exist_ok=True)
            freeze(inputs, folder)
        store = Store.open(folder.store) if there else Store.create(folder.store)
        try:
            check_resumable(store, folder, jail.tier, weaker_allowed=False)
            work(inputs, Start(folder, jail, Models(lent, lent), gate), store)
            return view(store)
        finally:
            store.close()


def _as_it_stands(folder: RunFolder, settings: Mapping[str, Any]) -> Inputs:
    """A run that is there, deeper or with more budget where the settings say so."""
    store = Store.open(folder.store, writable=False)
    try:
        inputs = going_on(load_frozen(folder), store, {})
        more = {n: settings[n] for n in RAISED if settings.get(n, 0) > getattr(inputs.config, n)}
        return going_on(inputs, store, more)
    finally:
        store.close()
