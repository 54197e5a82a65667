"""What the commands do that only look at runs: quick to start, since nothing is run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from selftaught.cli import printing
from selftaught.cli.options import EXPERIMENTS_FOLDER, find_experiment
from selftaught.cli.terminal import say, write_exactly
from selftaught.config import RunConfig
from selftaught.core.contracts import Program
from selftaught.core.errors import UsageError
from selftaught.core.version import VERSION
from selftaught.report.candidates import Candidates
from selftaught.report.provenance import provenance
from selftaught.report.snapshot import fold_of, kept_fold
from selftaught.report.view import RunView, view
from selftaught.runs.folder import REPORT, RunFolder, find_run, list_runs
from selftaught.runs.provenance import Provenance, with_provenance
from selftaught.runs.records import Answered, Applied, Scored
from selftaught.runs.store import Store
from selftaught.wiring.kept_settings import config_of, frozen_config, in_force


def list_all(runs: Path, *, as_json: bool) -> None:
    """One line a run, the newest last. A damaged run is named, and does not hide the others."""
    rows = []
    for folder in list_runs(runs):
        try:
            with (
                folder.at_rest() as rests,
                Store.open(folder.store, writable=False, checked=False, rests=rests is True) as store,
            ):
                run, responses = _in_short(store, in_work=rests is False, counted=as_json)
                config = in_force(config_of(folder), run.sessions)
                rows.append(printing.summary(folder, config, run, responses))
        except Exception as error:  # any error: one damaged run must not hide the others
            rows.append({"run": folder.path.name, "error": str(error) or type(error).__name__})
    printing.run_list(rows, runs, as_json=as_json)
    if not as_json and EXPERIMENTS_FOLDER.is_dir():
        print(f"For the runs of experiments: selftaught experiments ({EXPERIMENTS_FOLDER}/)")


def _in_short(store: Store, *, in_work: bool, counted: bool) -> tuple[RunView, int | None]:
    """As much of the state as a list shows, and how many responses there are, if that is wanted."""
    fold = kept_fold(store)
    if fold is None:
        return view(store.without(Answered, Scored, Applied), in_work=in_work), store.count(
            Answered
        ) if counted else None
    fold.read(store)
    return fold.view(in_work=in_work), fold.total.responses


def show(name: str, runs: Path, text: str | None, *, candidates: bool, responses: bool, as_json: bool) -> None:
    """The record so far: of the run, of all its candidates or responses, or of one text."""
    if (text is not None) + candidates + responses > 1:
        raise UsageError("wanted only one of ID, --candidates and --responses")
    folder = find_run(name, runs)
    with opened(folder, checked=False) as (config, store):
        from selftaught.cli.candidates import show_candidates, show_one, show_responses

        if text is not None:
            show_one(folder, store, text, as_json=as_json)
        elif candidates:
            show_candidates(folder, store, as_json=as_json)
        elif responses:
            show_responses(folder, store, as_json=as_json)
        else:
            printing.result(*so_far(config, store, folder), store, folder, as_json=as_json)


def diff(name: str, before: str, after: str, runs: Path) -> None:
    """Two programs, or other texts, of a run compared."""
    folder = find_run(name, runs)
    from selftaught.cli.candidates import show_diff

    with opened(folder) as (_, store):
        show_diff(folder, store, before, after)


def export(name: str, runs: Path, what: str | None, out: Path | None, keep: str | None = None) -> None:
    """One program of a run, on stdout or into a file; unless named, the one that it was for.

    In a file, an improver has a first line with its origin and its scores.
    """
    if keep is not None:
        out = _place(keep, out)
    folder = find_run(name, runs)
    with opened(folder) as (config, store):
        what = what or ("solution-1" if config.kind == "improve" else "best-improver")
        if what == "recording" and keep is None:
            _export_recording(folder, store, out)
            return
        from selftaught.cli.candidates import find_id, is_id

        if is_id(what):
            source = store.text(find_id(store, what, folder))
        else:
            source = printing.program_of(*so_far(config, store, folder), store, folder, what)
        told = _told(*so_far(config, store, folder), folder, source) if out and config.kind == "run" else None
        if keep is not None and told is None:
            raise UsageError(f"{what} is not a measured improver of this run; wanted best-improver or improver-N")
    if out is None:
        write_exactly(source)
    else:
        _write(out, source if told is None else with_provenance(source, told))
        say(f"wrote {out}" + (f"; use it with --improver {keep}" if keep else ""))


def _place(keep: str, out: Path | None) -> Path:
    from selftaught.cli.improvers import file_of  # with what loads improvers

    if out is not None:
        raise UsageError("wanted only one of --out and --keep")
    file = file_of(keep)
    if file.exists():
        raise UsageError(f"{keep} exists already ({file}); use another name, or delete the file")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    return file


def _told(config: RunConfig, run: RunView, folder: RunFolder, source: str) -> Provenance | None:
    """Of a measured improver of the run, by its text."""
    id = Program(source).id
    step = next((step for step in run.steps if step.improver == id), None)
    return None if step is None else provenance(run, msgspec.to_builtins(config), folder.path.name, step)


def _export_recording(folder: RunFolder, store: Store, out: Path | None) -> None:
    if out is None:
        raise UsageError(f"a recording is not a text: name a file, as in --out {folder.path.name}.recording")
    from selftaught.runs.recording import pack

    body = pack(folder, store, VERSION)
    try:
        out.write_bytes(body)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from error
    say(f"wrote {out} ({len(body):,} bytes)")


def report(name: str, runs: Path, out: Path | None) -> None:
    """One self-contained HTML file, of a run or of an experiment."""
    if (experiment := find_experiment(name)) is not None:
        from selftaught.cli import experiments  # with what runs them

        experiments.report(experiment, out)
        return
    from selftaught.report.page import MOST_CANDIDATES, page  # with what makes pages

    folder = find_run(name, runs)
    with opened(folder) as (kept, store):
        config, run = so_far(kept, store, folder)
        found = Candidates.of(store, MOST_CANDIDATES)
        html = page(run, msgspec.to_builtins(config), store.text, title=folder.path.name, candidates=found)
    if out is None:
        file = folder.write(REPORT, html)
    else:
        file = out
        _write(file, html)
    print(file)


@contextmanager
def opened(folder: RunFolder, *, checked: bool = True) -> Iterator[tuple[RunConfig, Store]]:
    """The settings that it was begun with, and its store; `checked` as there."""
    with Store.open(folder.store, writable=False, checked=checked) as store:
        yield frozen_config(folder), store


def so_far(config: RunConfig, store: Store, folder: RunFolder) -> tuple[RunConfig, RunView]:
    """The current settings and the state from the whole record. Commands for single texts do not need these."""
    run = fold_of(store, keep=True).view(in_work=folder.in_work())
    return in_force(config, run.sessions), run


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
