"""`selftaught experiment NAME`: the paper's tables and figures, one command each."""

import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from selftaught.cli import printing
from selftaught.cli.experiment_progress import ExperimentProgress
from selftaught.cli.experiment_tables import experiment_table
from selftaught.cli.options import EXPERIMENTS_FOLDER, find_experiment
from selftaught.cli.stopping import run_stoppable
from selftaught.cli.terminal import FAILURE, environment, open_jail, print_json, say, tell
from selftaught.config import Parameters, RunConfig, declared, from_mapping, plainly, preset_of, with_seed_as_text
from selftaught.core.errors import NoSandbox, OtherVersion, RunStopped, SelfTaughtError, UsageError
from selftaught.core.money import Caps
from selftaught.core.run_seed import RunSeed
from selftaught.experiments import suite_version as suite
from selftaught.experiments.conducting import (
    EXPERIMENTS,
    Choose,
    Lab,
    check_free,
    conduct,
    finished_cells,
    of_runs,
    open_experiment,
    read_parameters,
    strategies,
)
from selftaught.experiments.design import Result
from selftaught.experiments.first_questions import in_common, may_share
from selftaught.experiments.forecasting import plan, plan_of_labels
from selftaught.experiments.listing import FINISHED, list_experiments, standing
from selftaught.experiments.power import power
from selftaught.experiments.results import as_json as result_as_json
from selftaught.experiments.shared_inputs import SharedInputs, check_unchanged, gather, kept
from selftaught.middleware.gate import Gate
from selftaught.models.served.traffic import Traffic
from selftaught.models.waiting import Waiting
from selftaught.runs.folder import PARAMETERS
from selftaught.runs.salt import data_folder, salted, salted_afresh
from selftaught.sandbox.choice import check_sandbox_name
from selftaught.tasks.loading import PAPER
from selftaught.wiring.choosing import choose_models
from selftaught.wiring.inputs import IMPROVERS, Inputs, check_race, load_inputs
from selftaught.wiring.machine import machine_speed
from selftaught.wiring.models import Models

if TYPE_CHECKING:
    from selftaught.middleware.tracing.run import Tracing
    from selftaught.sandbox.jail import Jail

_PEOPLES = [
    "seed", "earlier-seed", "chain-of-thought", "greedy", "best-of-n", "beam-search", "genetic", "annealing",
    "temperature-bandit", "decomposition", "islands", "novelty", "pareto", "best-first",
]  # fmt: skip
DEFAULTS: dict[str, dict[str, Any]] = {
    "curve": {"tasks": ["parity-with-noise"], "common_draws": "off"},
    "transfer": {
        "tasks": ["parity-with-noise"],
        "on": [name for name in PAPER if name != "parity-with-noise"],
        "common_draws": "off",
    },
    "baselines": {"tasks": ["parity-with-noise"], "improvers": _PEOPLES},
    "bypass": {"tasks": ["three-sat"]},
    "strategies": {"tasks": ["runs"]},
    "imp-at-k": {"tasks": ["three-sat"]},
    "suite": {"tasks": [suite.NAME]},
}
"""As in the paper, where it says."""


def experiment(
    name: str,
    what: list[str],
    settings: Mapping[str, Any],
    label_with: str | None,
    out: Path | None,
    runs: Path,
    *,
    dry_run: bool = False,
    tracing: "Tracing | None" = None,
    as_json: bool,
) -> None:
    """Start an experiment, or continue the one in `out`; or only show the cost."""
    if name == POWER:
        _power(what, settings, as_json=as_json)
        return
    _check_name(name)
    folder = out or EXPERIMENTS_FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-{secrets.token_hex(2)}"
    told, limits = _split(settings)
    check_sandbox_name(limits.get("sandbox", "auto"))  # a dry run opens none
    if what:
        told["tasks"] = what
    if name == "suite":
        told = _of_suite(told, folder)
        _check_isolates(limits.get("sandbox", "auto"))
    given = _parameters(name, told, folder, runs)
    _check(given, told)
    begun = (folder / PARAMETERS).is_file()
    if out is not None and not begun and not what:
        raise UsageError(_nothing_there(name, out))
    check_free(folder)
    caps = Caps(limits.get("max_calls"), limits.get("max_tokens"), limits.get("max_cost"))
    gate, traffics, waiting = Gate(limits.get("max_time_seconds")), dict[str, Traffic](), Waiting()

    def choose(inputs: Inputs, gate: Gate) -> tuple[Models, RunConfig]:
        chosen = choose_models(inputs, gate, runs, environment(), traffics=traffics, caps=caps, waiting=waiting)
        return chosen.models, chosen.config

    if name == "strategies":
        outcomes = of_runs(given.tasks, runs)
        _say_what_is_left_out(given.tasks)
        if dry_run:
            labeller = choose(_labelling(given, label_with, runs), gate)[0] if label_with else None
            printing.plan(plan_of_labels(outcomes, labeller), caps, as_json=as_json)
            return
        shared_inputs = SharedInputs({}, {})
    else:
        given, shared_inputs = _shared_inputs(given, told, folder, runs)
        named = begun or "models" in told or bool(environment().get("SELFTAUGHT_MODEL"))
        if begun and "models" in told and not _may_be(given.models, read_parameters(folder).models):
            open_experiment(folder, given, shared_inputs)  # says so, before it is looked for
        given = _resolved(given, shared_inputs, gate, runs, caps, named=named)
        if dry_run:
            done = finished_cells(folder) if begun else ()
            planned = plan(given, shared_inputs, choose, done)
            alike = _in_common(given, shared_inputs, done, limits.get("sandbox", "auto"))
            printing.plan(replace(planned, in_common=alike), caps, as_json=as_json)
            return
    open_experiment(folder, given, shared_inputs)
    if not begun:
        say(f"a new experiment in {folder}")
    expected = None if name == "strategies" else _expected(given, shared_inputs, choose, folder)
    seconds = limits.get("max_time_seconds")

    with (
        _sandbox(name, limits.get("sandbox", "auto")) as jail,
        ExperimentProgress(name, waiting=waiting, caps=caps, expected=expected, seconds=seconds) as progress,
    ):
        other_version = bool(limits.get("other_version"))
        lab = Lab(folder, shared_inputs, jail, choose, gate, caps, progress, other_version, tracing)
        found: list[Result] = []

        def work() -> None:
            if name == "strategies":
                label = choose(_labelling(given, label_with, runs), gate)[0] if label_with else None
                found.append(strategies(given, outcomes, lab, label))
            else:
                found.append(conduct(given, lab))

        try:
            run_stoppable(work, gate, jail.close)
        except SelfTaughtError as error:
            hint = f"all finished work is recorded; continue with: selftaught experiment {name} --out {folder}"
            if isinstance(error, UsageError | OtherVersion):
                raise  # the same command would be refused again: the message says what to do
            if isinstance(error, RunStopped):
                raise RunStopped(f"{error}; {hint}", interrupted=error.interrupted) from error
            raise type(error)(f"{error} ({hint})") from error
    _print(found[0], given, folder, as_json=as_json)
    if found[0].failed:
        say(f"to retry the failed runs: selftaught experiment {name} --out {folder}")
        raise SystemExit(FAILURE)  # a script must not take it for the whole


def _say_what_is_left_out(names: Sequence[str]) -> None:
    """The runs of experiments that are not finished: of a model that failed for good, or of one that stopped."""
    for folder in (Path(name) for name in names if (Path(name) / PARAMETERS).is_file()):
        of_it = standing(folder)
        if left := len(of_it.cells) - of_it.finished:
            say(f"not finished, so left out: {left} of the {len(of_it.cells)} runs of {folder}")


def _may_be(named: Sequence[str], resolved: Sequence[str]) -> bool:
    """Whether names as people write them, without a provider or `auto`, may stand for these models."""
    return "auto" in named or all(any(model.endswith(name) for model in resolved) for name in named)


def _in_common(given: Parameters, shared_inputs: SharedInputs, done: Collection[str], sandbox: str) -> int | None:
    """Responses that arms certainly have in common; None where there are no such arms, or nothing to look in."""
    cells = EXPERIMENTS[given.experiment].cells(given)
    if not may_share(cells):
        return None
    try:
        with open_jail(sandbox) as jail:
            return sum(in_common(cells, done, shared_inputs, jail).values())
    except NoSandbox:
        return None


def _expected(given: Parameters, shared_inputs: SharedInputs, choose: Choose, folder: Path) -> int:
    """About how many responses all runs will take: those of the finished ones, and the forecast of the others."""
    done = {cell.name: cell.responses for cell in standing(folder).cells if cell.status == FINISHED}
    return sum(done.values()) + plan(given, shared_inputs, choose, done).total.expected.calls


POWER = "power"


def _power(folders: list[str], settings: Mapping[str, Any], *, as_json: bool) -> None:
    """How many trials would be needed, from finished experiments."""
    other = [name for name in settings if name != "effect"]
    if other:
        raise UsageError(f"`{other[0]}` has no effect in {POWER}, which reads a finished experiment; use `effect`")
    if len(folders) != 1:
        raise UsageError(f"{POWER} needs the folder of one finished experiment, got {len(folders)}")
    (named,) = folders
    folder = find_experiment(named) or Path(named)
    given, done = read_parameters(folder), finished_cells(folder)
    kind = EXPERIMENTS[given.experiment]
    every = kind.cells(given)
    if not kind.partial and len(done) < len(every):
        raise UsageError(f"{folder} is not finished: {len(done)} of {len(every)} runs are")
    asked = _converted({**msgspec.to_builtins(given), **settings})
    found = power(kind, given, done, asked.effect)
    if as_json:
        print_json(result_as_json(found, asked))
        return
    tell(found.tables[0].title)
    experiment_table(found.tables[0], given.models)
    for note in [f"From {folder}: {len(done)} of {len(every)} runs.", *found.notes]:
        tell(note)


def _check_name(name: str) -> None:
    if name not in EXPERIMENTS:
        close = get_close_matches(name, [*EXPERIMENTS, POWER], 1)
        hint = f"did you mean {close[0]!r}? There are " if close else "there are "
        known = "; ".join(f"{one.name} ({one.about})" for one in EXPERIMENTS.values())
        known += f"; {POWER} (how many trials would be needed, from a finished one)"
        raise UsageError(f"no experiment is called {name!r}; {hint}{known}")


def _nothing_there(name: str, out: Path) -> str:
    """Checks the folder of an experiment that should continue."""
    beside = [path.name for path in list_experiments(out.parent)]
    close = get_close_matches(out.name, beside, 1)
    hint = f" (did you mean {out.parent / close[0]}?)" if close else ""
    tasks = " ".join(DEFAULTS[name]["tasks"])
    return (
        f"{out} has no experiment to continue{hint}. To start one there, name its tasks: "
        f"selftaught experiment {name} {tasks} --out {out}"
    )


def _split(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of the experiment, and those of this start alone."""
    own = declared(Parameters)
    told = {name: value for name, value in settings.items() if name in own}
    return told, {name: value for name, value in settings.items() if name not in own}


def _parameters(name: str, told: Mapping[str, Any], folder: Path, runs: Path) -> Parameters:
    """Those given; of an experiment that is there and was given none, its own."""
    if (folder / PARAMETERS).is_file():
        there = msgspec.to_builtins(read_parameters(folder))
        if "seed" in told:
            told = {**told, "seed": salted(told["seed"], runs, environment())}
        return _converted({**there, **told, "experiment": name})
    speed = told.get("machine_speed") or machine_speed()  # once: the improvers of all cells get the same number
    told = {**told, "seed": salted(told.get("seed"), runs, environment()), "machine_speed": speed}
    added = [one.removeprefix("+") for one in told.get("improvers", []) if one.startswith("+")]
    if added:
        plain = [one for one in told["improvers"] if not one.startswith("+")]
        told = {**told, "improvers": [*(plain or _PEOPLES), *added]}
    preset = preset_of(told.get("preset", "default"))
    return _converted({"models": ["auto"], **DEFAULTS[name], **preset, **told, "experiment": name})


def _of_suite(told: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The settings that a suite fixes, at its first start; later only those that were named."""
    there = read_parameters(folder) if (folder / PARAMETERS).is_file() else None
    size = _converted({"experiment": "suite", "tasks": ["-"], "models": ["-"], **_of(told, "size")}).size
    size = there.size if there and "size" not in told else size
    seed, named = told.get("seed"), dict[str, Any]()
    if "tasks" in told or there is None:
        named["tasks"] = suite.chosen_tasks(told.get("tasks", []), size)
    if "improvers" in told or there is None:
        named["improvers"] = suite.arms(told.get("improvers", []))
    if there is None:
        named |= {
            "seed": salted_afresh(seed),
            "suite": suite.label(salt_given=bool(RunSeed.parse(f"{seed or 0}").salt)),
        }
        return {**suite.fixed(size), **told, **named}
    suite.check_version(there)
    if seed is not None and str(seed) == str(there.run_seed.number):
        named["seed"] = there.seed  # its salt was drawn for this result alone
    return {**told, **named}


def _of(settings: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: settings[name] for name in names if name in settings}


def _check_isolates(sandbox: str) -> None:
    """Raises UsageError: a suite measures only isolated programs."""
    if sandbox == "unsafe":
        raise UsageError(f"`sandbox=unsafe` does not isolate: {_ISOLATED}")


_ISOLATED = (
    "a suite needs a sandbox that does, because a program could read the reference programs that it is compared with, "
    "and its score would mean nothing"
)


def _sandbox(name: str, sandbox: str) -> "Jail":
    """Raises NoSandbox, and UsageError for a suite in an installed sandbox that does not isolate."""
    try:
        jail = open_jail(sandbox)
    except NoSandbox as error:
        raise (NoSandbox(f"{error}; but {_ISOLATED}") if name == "suite" else error) from error
    if name == "suite" and not jail.tier_in_force.isolates:
        jail.close()
        raise UsageError(f"`sandbox={sandbox}` does not isolate: {_ISOLATED}")
    return jail


def _converted(settings: Mapping[str, Any]) -> Parameters:
    try:
        return msgspec.convert(with_seed_as_text(settings), Parameters)
    except msgspec.ValidationError as error:
        raise UsageError(plainly(str(error), settings, Parameters, "the experiment", settings)) from error


_READ_BY = {
    "on": ("transfer", "imp-at-k"),
    "improvers": ("baselines", "suite"),
    "against": ("baselines", "suite"),
    "effect": ("curve", "transfer", "baselines", "imp-at-k", "suite"),
    "size": ("suite",),
    "race": ("curve", "transfer", "baselines", "suite"),
    "improver": ("curve", "transfer", "baselines", "bypass", "imp-at-k"),
    "proposals": ("bypass",),
}


def _check(given: Parameters, told: Mapping[str, Any]) -> None:
    """What needs nothing to be loaded, before anything is made or spent. Raises UsageError."""
    for name, readers in _READ_BY.items():
        if name in told and given.experiment not in readers:
            raise UsageError(f"--{name} is for {' and '.join(readers)}; it has no effect in {given.experiment}")
    tasks = given.tasks if given.experiment != "strategies" else []  # there they are runs, which are checked as such
    for what, names in (("task", tasks), ("task", given.on), ("model", given.models)):
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"the {what} {name} is listed twice; name each once, and use --trials")
    if given.experiment == "baselines" and not given.improvers:
        raise UsageError("--improvers: wanted at least one improver to compare, got none")
    for name in given.improvers:
        if given.improvers.count(name) > 1:
            raise UsageError(f"the improver {name} is listed twice")
    if given.race is not None:
        check_race(given.fidelity)
    if given.experiment == "bypass" and len(given.tasks) > 1:
        raise UsageError(f"bypass runs each proposal on one task, got {', '.join(given.tasks)}")
    if given.against and given.against not in given.improvers:
        raise UsageError(f"--against {given.against}: wanted one of the improvers, {', '.join(given.improvers)}")


def _shared_inputs(
    given: Parameters, told: Mapping[str, Any], folder: Path, runs: Path
) -> tuple[Parameters, SharedInputs]:
    """The user's inputs at the first start; later the kept copies. Refuses inputs that changed."""
    if not (folder / PARAMETERS).is_file():
        return gather(given, runs, data_folder(environment()) / IMPROVERS)
    before = kept(read_parameters(folder), folder)
    named = [name for name in ("tasks", "on", "improver", "improvers", "script") if name in told]
    if not named:
        return given, before
    there = msgspec.to_builtins(read_parameters(folder))
    again = {"tasks": ["three-sat"], "on": [], "improver": "seed", "improvers": [], "script": None}
    now = _converted({**there, **again, **{name: told[name] for name in named}})
    now, shared_inputs = gather(now, runs, data_folder(environment()) / IMPROVERS)
    shared_inputs = SharedInputs(
        {name: task for name, task in shared_inputs.tasks.items() if "tasks" in named or name in now.on},
        {name: one for name, one in shared_inputs.improvers.items() if "improver" in named or name in now.improvers},
        shared_inputs.script if "script" in named else before.script,
    )
    check_unchanged(shared_inputs, before)
    return msgspec.structs.replace(given, **{name: getattr(now, name) for name in named}), before


def _of_one_run(given: Parameters, tasks: list[str], model: str) -> RunConfig:
    settings = {name: value for name, value in given.settings("models").items() if value is not None}
    return from_mapping({**settings, "tasks": tasks, "model": model}, "the experiment's settings")


def _labelling(given: Parameters, label_with: str, runs: Path) -> Inputs:
    """A run's, so that the model that labels is chosen as a run's is."""
    return load_inputs(_of_one_run(given, ["three-sat"], label_with), runs)


def _resolved(
    given: Parameters, shared_inputs: SharedInputs, gate: Gate, runs: Path, caps: Caps, *, named: bool
) -> Parameters:
    """The parameters with the models that their names mean today, and prints why each was chosen.

    Raises UsageError where none was `named`: what many runs will cost is not left to what happens to be there.
    """
    names, base_url = [], given.base_url
    for model in given.models:
        config = _of_one_run(given, list(shared_inputs.tasks), model)
        improver = next(iter(shared_inputs.improvers.values()))
        inputs = Inputs(config, tuple(shared_inputs.tasks.values()), improver, script=shared_inputs.script)
        chosen = choose_models(inputs, gate, runs, environment(), caps=caps)
        if not named:
            taken = "; ".join(chosen.said).removeprefix("model: ")
            raise UsageError(f"no model is named, and an experiment is many runs: `models=auto` would use {taken}")
        printing.chosen_models(chosen.said)
        names.append(chosen.config.model)
        base_url = base_url or chosen.config.base_url
    return msgspec.structs.replace(given, models=list(dict.fromkeys(names)), base_url=base_url)


def _print(result: Result, given: Parameters, folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(result_as_json(result, given))
        return
    for table in result.tables:
        if table.on_screen:
            print()
            tell(table.title)
            experiment_table(table, given.models)
    print()
    for note in result.notes:
        tell(note)
    files = [f"{one.name}.csv" for one in result.tables] + [f"{one.name}.svg" for one in result.figures]
    tell(f"In {folder}: result.json, {', '.join(files)}")
