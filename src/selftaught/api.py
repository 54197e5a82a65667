"""What `import selftaught` gives: runs, improvements and scores from Python. A thin front, as the command line is.

Nothing here reads a command line or prints. Settings are keywords, by the names of the configuration (config.py).
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from difflib import get_close_matches, unified_diff
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from selftaught.config import RunConfig, declared, make_config
from selftaught.core.contracts import ModelFunction, Program, Score
from selftaught.core.errors import UsageError
from selftaught.core.model_name import CALLED
from selftaught.core.run_seed import RunSeed
from selftaught.report.candidates import Candidate, candidates
from selftaught.report.view import RunView, view
from selftaught.runs.folder import RunFolder, find_run, new_folder
from selftaught.runs.records import Record
from selftaught.runs.salt import data_folder, salted
from selftaught.runs.store import Store
from selftaught.tasks.bounds.kept import REFERENCES, Kept
from selftaught.tasks.from_python import Task
from selftaught.tasks.loading import load_task
from selftaught.tasks.spec import TaskSpec
from selftaught.wiring import scoring
from selftaught.wiring.choosing import choose_models
from selftaught.wiring.going_on import RAISED
from selftaught.wiring.inputs import IMPROVERS, check_program, load_frozen, load_inputs, read_text
from selftaught.wiring.kept_settings import frozen_config
from selftaught.wiring.run import Run

Progress: TypeAlias = Callable[[Record], None]
RUNS = Path("runs")


class Value(float):
    """A mean, and its standard error over the instances; `error` is None if it has none.

    >>> Value(0.5, 0.02)
    0.5 ± 0.02
    """

    error: float | None

    def __new__(cls, value: float, error: float | None = None) -> "Value":
        made = super().__new__(cls, value)
        made.error = error
        return made

    def __repr__(self) -> str:
        return float.__repr__(self) if self.error is None else f"{float.__repr__(self)} ± {self.error:.2g}"


@dataclass(frozen=True)
class Result:
    """What a run came to, or has come to so far.

    Attributes:
        folder: the run's folder; `resume` on the command line and the same call from Python continue it.
        run: everything that is on record, folded (`selftaught.report.view.RunView`).
        program: text of the improved program, or of the best improver of a `run`; None before there is one.
        before: text that it started from.
        candidates: every program that an improver had scored, with its score, parent, prompt and response
            (`selftaught.report.candidates.Candidate`); `text` gives their texts by id.
        score: of `program` on val: a float with `.error`. test: the same on the sealed test.
    """

    folder: Path
    run: RunView
    program: str | None
    before: str
    score: Value | None
    test: Value | None
    candidates: tuple[Candidate, ...] = ()

    def text(self, id: str) -> str:
        """A program, prompt or response of the run, by its id."""
        with Store.open(RunFolder(self.folder).store, writable=False) as store:
            return store.text(id)

    @property
    def cost(self) -> float | None:
        """US dollars spent so far; None where a model has no price."""
        entries = self.run.ledger
        return None if any(entry.unpriced for entry in entries) else sum(entry.cost for entry in entries)

    def diff(self) -> str:
        """The changes, as a unified diff; empty if there is no better program."""
        before, after = (text.splitlines(keepends=True) for text in (self.before, self.program or self.before))
        return "".join(unified_diff(before, after, "before.py", "after.py"))

    def _repr_html_(self) -> str:
        """For notebooks. What programs wrote is escaped."""
        rows = {"status": self.run.status, "val": self.score, "test": self.test, "folder": self.folder}
        cells = "".join(f"<tr><th>{name}</th><td>{escape(str(value))}</td></tr>" for name, value in rows.items())
        return f"<table>{cells}</table><pre>{escape(self.diff())}</pre>"


def run(
    tasks: str | Path | Task | Sequence[str | Path | Task],
    *,
    model: str | ModelFunction = "auto",
    out: str | Path | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Result:
    """Improve an improver on tasks (Algorithm 1), or continue the run in `out`.

    Args:
        tasks: a built-in name, the path of a task's file, or a `Task` made of functions; or several.
        model: a name, as `--model` takes it; or a function of your own, sync or async: one `Prompt` in, a str or a
            `Completion` out, called from several threads at once.
        out: the run's folder; by default a new one in runs/. If it contains this run, the run continues, and may be
            given other caps.
        progress: gets every record when it is made.
        **settings: depth=3, preset="quick", max_calls=100 …; see `selftaught run --help`.

    Raises `UsageError` for a call that cannot be right, `RunStopped` at a cap, `ModelUnavailable` where the model
    fails. Finished work is recorded then, and the same call continues.

    >>> result = run("string-grid-distance", model="mutate", out="it", preset="quick", depth=1, repeats=1, probes=False)
    >>> result.run.status
    'finished'
    """
    named = [tasks] if isinstance(tasks, (str, Path, Task)) else list(tasks)
    return _go("run", named, model, out, progress, settings)


def improve(
    task: str | Path | Task,
    program: str | Path | None = None,
    *,
    model: str | ModelFunction = "auto",
    out: str | Path | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Result:
    """Improve one program, once: the task's seed, or `program`, the path of a file. The rest is as in `run`.

    >>> result = improve("string-grid-distance", model="mutate", out="better", responses=2, probes=False)
    >>> "def algorithm" in result.program, result.score.error is not None
    (True, True)
    """
    given = {**settings, **({"program": str(program)} if program is not None else {})}
    return _go("improve", [task], model, out, progress, given)


def score(
    task: str | Path | Task,
    program: str | Path,
    *,
    split: str = "val",
    seed: str | int | None = None,
    sandbox: str = "auto",
    fidelity: str = "honest",
    model: str | ModelFunction | None = None,
) -> Score:
    r"""The score of a program, a path or its text, on a task. A program that fails has a verdict other than ok.

    `model`: the one that the program asks, where the task has ASKS_MODEL; as in `run`.

    >>> str(score("parity", "def algorithm(x, *rest):\n    raise ValueError\n").verdict)
    'crashed'
    """
    spec = task.spec() if isinstance(task, Task) else load_task(str(task), fidelity)
    text = str(program)
    named = "\n" not in text and text.endswith(".py")
    source = Program(read_text(Path(text), "a program") if named else text)
    check_program(source, spec.entry, text if named else "the program")
    drawn = RunSeed.parse(salted(seed, RUNS, _environment()))
    asked = None
    if model is not None:
        name, function = _named(model)
        made = {task.name: spec} if isinstance(task, Task) else {}
        called = task.name if isinstance(task, Task) else str(task)
        asked = scoring.asked_model(called, name, RUNS, _environment(), function=function, made=made).models.asked.model
    return scoring.score(spec, source, split, drawn, sandbox, asked)


def _named(model: str | ModelFunction) -> tuple[str, ModelFunction | None]:
    """A model's name, and the function that it is, if it is one."""
    if isinstance(model, str):
        return model, None
    if not callable(model):
        raise UsageError(f"model: wanted a name or a function, got {model!r}")
    return f"{CALLED}{getattr(model, '__name__', type(model).__name__)}", model


def load_run(name: str | Path = "last", runs: str | Path = RUNS) -> Result:
    """A run by its folder, its name below `runs`, or "last". Nothing of it is executed. Raises `UsageError`."""
    folder = RunFolder(Path(name)) if Path(name).is_dir() else find_run(str(name), Path(runs))
    with Store.open(folder.store, writable=False) as store:
        return _result(folder, frozen_config(folder), store)


def _go(
    kind: str,
    tasks: Sequence[str | Path | Task],
    model: str | ModelFunction,
    out: str | Path | None,
    progress: Progress | None,
    settings: Mapping[str, Any],
) -> Result:
    _check_names(settings)
    name, function = _named(model)
    made = {task.name: task.spec() for task in tasks if isinstance(task, Task)}
    names = [task.name if isinstance(task, Task) else str(task) for task in tasks]
    given = {"kind": kind, "tasks": names, "model": name, **settings}

    choose = partial(choose_models, runs=RUNS, environment=_environment(), function=function)
    with ExitStack() as closing:
        if out is not None and RunFolder(Path(out)).store.is_file():
            folder = RunFolder(Path(out))
            changed = _changed(folder, given, settings, made)
            going = closing.enter_context(
                Run.resume(folder, lambda *run: choose(*run).models, changed=changed, made=made)
            )
        else:
            kept = data_folder(_environment()) / IMPROVERS
            inputs = load_inputs(_salted(make_config(given)), RUNS, made, kept)
            chosen = choose(inputs, None)
            inputs = replace(inputs, config=chosen.config)
            name, wanted = inputs.tasks[0].name, Path(out) if out is not None else None
            begun = Run.begin(
                inputs,
                lambda: new_folder(RUNS, name, wanted),
                chosen.models,
                gate=chosen.gate,
                references=_references(),
            )
            going = closing.enter_context(begun)
        going.work_until_stopped(progress or (lambda record: None))
        return _result(going.folder, going.inputs.config, going.store)


def _references() -> Kept:
    return Kept(data_folder(_environment()) / REFERENCES)


def _check_names(settings: Mapping[str, Any]) -> None:
    known = declared(RunConfig)
    for name in settings:
        if name not in known:
            close = get_close_matches(name, known, 1)
            raise UsageError(f"no setting is called {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))


def _salted(config: RunConfig) -> RunConfig:
    return msgspec.structs.replace(config, seed=salted(config.seed, RUNS, _environment()))


def _changed(
    folder: RunFolder, given: Mapping[str, Any], settings: Mapping[str, Any], made: Mapping[str, TaskSpec]
) -> dict[str, Any]:
    """The changed settings of a call for an existing run. Raises UsageError if the call is for another run."""
    there, known = load_frozen(folder, made), declared(RunConfig)
    tasks = [made.get(name) or load_task(name, there.config.fidelity) for name in given["tasks"]]
    if there.config.kind != given["kind"] or [task.source for task in tasks] != [task.source for task in there.tasks]:
        names = ", ".join(task.name for task in there.tasks)
        raise UsageError(f"{folder.path} contains another run: {there.config.kind} of {names}; use another `out`")
    wanted = _salted(make_config(given))
    for name in settings:
        now, before = getattr(wanted, name), getattr(there.config, name)
        if now != before and "resume" not in known[name].commands and name not in ("model", "program", "preset"):
            raise UsageError(f"{folder.path} was started with {name}={before!r}, not {now!r}; use another `out`")
    changed = {name: value for name, value in settings.items() if "resume" in known[name].commands}
    return {name: value for name, value in changed.items() if name not in RAISED or value > getattr(there.config, name)}


def _result(folder: RunFolder, config: RunConfig, store: Store) -> Result:
    told, tried = view(store), tuple(candidates(store))
    if config.kind == "improve" and told.improvement is not None:
        made = told.improvement
        program = store.text(made.made) if made.made else None

        def value(split: str) -> Value | None:
            found = next((one for one in made.after.items() if one[0].endswith(f"/{split}")), None)
            return None if found is None else Value(found[1], made.errors.get(found[0]))

        before = store.text(made.solution)
        return Result(folder.path, told, program, before, value("val"), value("test"), tried)
    if not told.steps or told.best is None:
        return Result(folder.path, told, None, "", None, None, tried)
    best = told.steps[told.best]
    val, test = (None if one is None else Value(one.mean, one.standard_error) for one in (best.val, best.test))
    return Result(folder.path, told, store.text(best.improver), store.text(told.steps[0].improver), val, test, tried)


def _environment() -> dict[str, str]:
    """The process's own: keys and servers. A `.env` file is the command line's."""
    return dict(os.environ)


__all__ = ["Progress", "Result", "Task", "Value", "improve", "load_run", "run", "score"]
