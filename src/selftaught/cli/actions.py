"""What each command does."""

import dataclasses
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from selftaught import __version__
from selftaught.cli import printing
from selftaught.cli.progress import Progress
from selftaught.cli.stopping import run_stoppable
from selftaught.cli.terminal import FAILURE, environment, open_jail, say
from selftaught.config import RunConfig, from_mapping, make_config
from selftaught.core.address import draw_seed
from selftaught.core.contracts import Program
from selftaught.core.errors import RunStopped, SelfTaughtError, TaskError, UsageError
from selftaught.middleware.gate import Gate
from selftaught.report.page import page
from selftaught.report.view import RunView, view
from selftaught.runs.folder import RunFolder, find_run, list_runs, new_folder
from selftaught.runs.recording import pack
from selftaught.runs.store import Store
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import is_built_in, load_task, task_names
from selftaught.wiring.checking import check_tasks
from selftaught.wiring.choosing import borrow
from selftaught.wiring.correcting import correct, find_corrected
from selftaught.wiring.forecast import forecast
from selftaught.wiring.going_on import RAISED, going_on, in_force
from selftaught.wiring.inputs import (
    Inputs,
    check_program,
    freeze,
    frozen_config,
    frozen_tasks,
    load_frozen,
    load_inputs,
    read_text,
    task_input,
)
from selftaught.wiring.replay import Comparison, open_recorded
from selftaught.wiring.replay import replay as repeat
from selftaught.wiring.session import Start, check_resumable, work

if TYPE_CHECKING:
    from selftaught.tracing.run import Tracing

DEMO = {"depth": 2, "repeats": 3, "model_calls": 1, "responses": 6, "utility_calls": 7}
"""Budgets of the demo: under a minute on two cores."""


def start(
    settings: Mapping[str, Any],
    file: Path | None,
    out: Path | None,
    runs: Path,
    *,
    dry_run: bool = False,
    tracing: "Tracing | None" = None,
    as_json: bool,
) -> None:
    """`run` and `improve`: check everything, make the folder, go; or only say what it would cost."""
    config = make_config(settings, file)
    inputs = load_inputs(config, runs)
    gate = Gate(config.max_time_seconds)
    borrowed = borrow(inputs, gate, runs, environment())
    for line in borrowed.said:
        say(line)
    if dry_run:
        printing.forecast(forecast(inputs, borrowed.models), as_json=as_json)
        return
    with open_jail(config.sandbox) as jail:
        inputs = dataclasses.replace(inputs, config=msgspec.structs.replace(borrowed.config, sandbox=jail.tier))
        check_tasks(inputs, jail)
        folder = new_folder(runs, inputs.tasks[0].name, out)
        try:
            freeze(inputs, folder)
            store = Store.create(folder.store)
        except SelfTaughtError:  # nothing has begun: nothing is left that would be in the way of the next try
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        _go(inputs, Start(folder, jail, borrowed.models, gate, tracing=tracing), store, as_json=as_json)


def resume(
    name: str,
    runs: Path,
    changed: Mapping[str, Any],
    sandbox: str | None,
    *,
    task: str | None = None,
    tracing: "Tracing | None" = None,
    as_json: bool,
) -> None:
    """Go on where the record ends. `changed`: of the settings, those that decide when it ends and not what comes.

    `task`: a corrected file of one of its tasks.
    """
    folder = find_run(name, runs)
    store = Store.open(folder.store)
    inputs = going_on(load_frozen(folder), store, changed)
    kept = {name: value for name, value in changed.items() if name not in RAISED}
    settings = {**msgspec.to_builtins(inputs.config), "max_time_seconds": None, **kept}
    config = from_mapping(settings, str(folder.config), kept)
    inputs = dataclasses.replace(inputs, config=config)
    gate = Gate(config.max_time_seconds)
    with open_jail(sandbox or config.sandbox) as jail:
        corrected = find_corrected(task, inputs, jail) if task else None
        check_resumable(
            store,
            folder,
            jail.tier,
            weaker_allowed=sandbox is not None,
            corrected=task_input(corrected.name) if corrected else "",
        )
        if corrected:
            inputs = correct(corrected, inputs, folder, store)
        borrowed = borrow(inputs, gate, runs, environment())
        say(f"resuming {folder.path} · model: {borrowed.models.name}")
        _go(inputs, Start(folder, jail, borrowed.models, gate, tracing=tracing), store, as_json=as_json)


def _go(inputs: Inputs, begin: Start, store: Store, *, as_json: bool) -> None:
    folder = begin.folder
    depth = inputs.config.depth if inputs.config.kind == "run" else 1
    with Progress(depth=depth, on_record=store, waiting=begin.models.waiting) as progress:
        ready = dataclasses.replace(begin, watch=progress.watch)
        try:
            run_stoppable(lambda: work(inputs, ready, store), begin.gate, begin.sandbox.close)
        except SelfTaughtError as error:
            store.close()
            hint = f"everything finished is on record; go on with: selftaught resume {folder.path}"
            if isinstance(error, RunStopped):
                raise RunStopped(f"{error}; {hint}", interrupted=error.interrupted) from error
            if isinstance(error, TaskError):
                hint = "the run keeps its own copy of the task: correct the file, and start a new run"
            raise type(error)(f"{error} ({hint})") from error
    printing.result(inputs.config, store, folder, as_json=as_json)
    useless = nothing_usable(view(store))
    store.close()
    if useless:
        raise SystemExit(FAILURE)  # it was no search: the lines above say why
    if inputs.config.kind == "improve" and not (folder.path / "improved.py").is_file():
        raise SystemExit(FAILURE)  # a script that goes on with the program must not go on


def nothing_usable(run: RunView) -> bool:
    """Whether not one response of the model could be used."""
    return run.total.responses > 0 and sum(run.no_program.values()) == run.total.responses


def score(
    task: str, program: Path, split: str, seed: int | None, *, fidelity: str, sandbox: str, as_json: bool
) -> None:
    """One program, one task, one split. Exit code 0 whatever the score: a bad program is a result."""
    if split not in ("val", "test"):
        raise UsageError(f"no split is called {split!r}; there are val and test")
    spec = load_task(task, fidelity)
    source = Program(read_text(program, "a program"))
    check_program(source, spec.entry, str(program))
    drawn = secrets.randbits(48) if seed is None else seed
    # A run of the same --seed has its sealed test drawn from it: a look at that from here would be on no record.
    instances = drawn if split == "val" else draw_seed(str(drawn), "score")
    with open_jail(sandbox) as jail:
        judged = Judge(spec, jail, split, instances)(source)
    printing.score(spec.name, split, fidelity, drawn, jail.tier, judged, as_json=as_json)


def list_all(runs: Path, *, as_json: bool) -> None:
    """One line a run, the newest last. A damaged run is named, and does not hide the others."""
    rows = []
    for folder in list_runs(runs):
        try:
            rows.append(printing.summary(folder, *_read(folder)))
        except SelfTaughtError as error:
            rows.append({"run": folder.path.name, "error": str(error)})
    printing.run_list(rows, runs, as_json=as_json)


def show(name: str, runs: Path, *, as_json: bool) -> None:
    """What is on record so far."""
    folder = find_run(name, runs)
    config, store = _read(folder)
    printing.result(config, store, folder, as_json=as_json)


def export(name: str, runs: Path, what: str | None, out: Path | None) -> None:
    """One program of a run, on stdout or into a file; unless told which, the one that it was for."""
    folder = find_run(name, runs)
    config, store = _read(folder)
    what = what or ("solution-1" if config.kind == "improve" else "best-improver")
    if what == "recording":
        _export_recording(folder, store, out)
        return
    source = printing.program_of(config, store, folder, what)
    if out is None:
        sys.stdout.write(source)
    else:
        _write(out, source)
        say(f"wrote {out}")


def _export_recording(folder: RunFolder, store: Store, out: Path | None) -> None:
    if out is None:
        raise UsageError(f"a recording is no text: name a file, as in --out {folder.path.name}.recording")
    body = pack(folder, store, __version__)
    try:
        out.write_bytes(body)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from error
    say(f"wrote {out} ({len(body):,} bytes)")


def replay(name: str, runs: Path, sandbox: str | None, *, trust_tasks: bool = False, as_json: bool) -> bool:
    """Run it again with no model; whether everything came out as recorded."""
    with tempfile.TemporaryDirectory(prefix="selftaught-") as scratch:
        folder = open_recorded(name, runs, Path(scratch) / "run")
        if Path(name).is_file() and not trust_tasks:
            _check_tasks_are_ours(name, frozen_tasks(folder))
        depth = frozen_config(folder).depth
        gate = Gate()
        with open_jail(sandbox or "auto") as jail, Progress(depth=depth) as progress:
            found: list[Comparison] = []
            run_stoppable(lambda: found.append(repeat(folder, jail, progress.watch, gate)), gate, jail.close)
    printing.comparison(found[0], name, as_json=as_json)
    return not found[0].differences


def _check_tasks_are_ours(recording: str, tasks: Mapping[str, str]) -> None:
    """A recording may be anybody's, and a task's file runs with the user's rights. Raises UsageError."""
    foreign = [task for task, source in tasks.items() if not is_built_in(source)]
    if foreign:
        raise UsageError(
            f"the recording {recording} brings a task of its own, {', '.join(foreign)}: a Python file that would run "
            "here with all your rights. If you trust whoever made it: --trust-tasks"
        )


def report(name: str, runs: Path, out: Path | None) -> None:
    """One self-contained HTML file."""
    folder = find_run(name, runs)
    config, store = _read(folder)
    html = page(view(store), msgspec.to_builtins(config), store.text, title=folder.path.name)
    file = out or folder.path / "report.html"
    _write(file, html)
    print(file)


def tasks(*, as_json: bool) -> None:
    """The built-in tasks and the first sentence of each."""
    rows = [{"task": name, "about": load_task(name).description.strip().splitlines()[0]} for name in task_names()]
    if as_json:
        print(json.dumps({"schema": "selftaught.tasks/1", "tasks": rows}, indent=2))
    else:
        width = max(len(row["task"]) for row in rows)
        print("\n".join(f"{row['task']:<{width}}  {row['about']}" for row in rows))
        print("\nA task of your own is a Python file: selftaught run path/to/task.py")


def demo(seed: int | None, sandbox: str | None, runs: Path, *, as_json: bool) -> None:
    """A short run that needs nothing: three-sat, the model `mutate`."""
    flags = {"kind": "run", "tasks": ["three-sat"], "model": "mutate", "sandbox": sandbox, "seed": seed, **DEMO}
    say("demo: a short self-improvement on three-sat; no key, no network. The model is `mutate`: random edits,")
    say("the honest floor that any language model has to beat. Whatever comes out is shown.")
    start(flags, None, None, runs, as_json=as_json)


def _read(folder: RunFolder) -> tuple[RunConfig, Store]:
    store = Store.open(folder.store, writable=False)
    return in_force(frozen_config(folder), store), store


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
