"""Which experiments there are, and how far each has come. Read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from selftaught.config import Parameters
from selftaught.core.errors import UsageError
from selftaught.experiments.conducting import EXPERIMENTS, read_parameters
from selftaught.experiments.results import RESULT
from selftaught.runs.folder import PARAMETERS, RunFolder, list_runs
from selftaught.runs.records import Answered, Ended
from selftaught.runs.store import Store

BEGUN, STOPPED, RUNNING, FINISHED = "not begun", "stopped", "running", "finished"


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of an experiment: its name, what it does, how it ended ("" while it has not), why, and its responses."""

    name: str
    what: str
    model: str
    status: str
    note: str
    responses: int


@dataclass(frozen=True)
class Standing:
    """How far an experiment has come. `status`: of the whole."""

    folder: Path
    given: Parameters
    cells: Sequence[Cell]
    status: str

    @property
    def finished(self) -> int:
        """Runs that are."""
        return sum(cell.status == FINISHED for cell in self.cells)

    @property
    def responses(self) -> int:
        """Bought by all its runs."""
        return sum(cell.responses for cell in self.cells)


def list_experiments(root: Path) -> list[Path]:
    """The folders of experiments in `root`, the oldest first. Raises UsageError."""
    try:
        found = [path for path in root.iterdir() if (path / PARAMETERS).is_file()] if root.is_dir() else []
        return sorted(found, key=lambda path: ((path / PARAMETERS).lstat().st_mtime, path.name))
    except OSError as error:
        raise UsageError(f"the folder of experiments {root} cannot be read: {error.strerror}") from error


def standing(folder: Path) -> Standing:
    """Of one experiment. Raises UsageError, RecordError."""
    given = read_parameters(folder)
    begun = {run.path.name: run for run in list_runs(folder / "runs")}
    cells = [
        _cell(cell.name, cell.what, str(cell.settings["model"]), begun.get(cell.name))
        for cell in EXPERIMENTS[given.experiment].cells(given)
        if cell.name in begun or given.race is None or not (folder / RESULT).is_file()  # else it was raced, and lost
    ]
    return Standing(folder, given, cells, _status(folder, cells, list(begun.values())))


def _status(folder: Path, cells: Sequence[Cell], begun: Sequence[RunFolder]) -> str:
    if any(run.in_work() for run in begun):
        return RUNNING
    if all(cell.status == FINISHED for cell in cells) and (folder / RESULT).is_file():
        return FINISHED
    return STOPPED if begun else BEGUN


def _cell(name: str, what: str, model: str, folder: RunFolder | None) -> Cell:
    if folder is None:
        return Cell(name, what, model, "", "", 0)
    folder.check_plain()
    with Store.open(folder.store, writable=False, checked=False) as store:
        ended = store.of(Ended)
        responses = store.count(Answered)
    last = next((one for one in ended if one.how == FINISHED), ended[-1] if ended else None)
    return Cell(name, what, model, last.how if last else "", last.note if last else "", responses)
