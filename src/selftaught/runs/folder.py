"""The files of a run. The folder is self-contained: copied to another machine it can be shown and resumed.

run.sqlite         the record
config.toml        the frozen configuration
inputs/            every text that the run depends on: the seed improver, the user's own tasks, a script, a program
improvers/I_t.py   the improvers, as they come
best_improver.py   the best so far by its measured meta-utility on val
improved.py        what `selftaught improve` made
report.html        written by `selftaught report`
.run.sqlite.fold   of a long run what was computed of its record (report/snapshot.py); it can be deleted
"""

import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

from selftaught.core.errors import RecordError, UsageError

STORE = "run.sqlite"
CONFIG = "config.toml"
LOCK = f".{STORE}.lock"
INPUTS = "inputs"
IMPROVERS = "improvers"
REPORT = "report.html"
PARAMETERS = "experiment.toml"
"""In the folder of an experiment: its parameters. A folder with it is one."""
GONE = "it was deleted, moved or replaced during the run"
MOST_FILE_BYTES = 64 << 20
"""Of one file of a run but its store, which is read piece by piece, and its report."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where one run is kept."""

    path: Path

    @property
    def store(self) -> Path:
        return self.path / STORE

    @property
    def config(self) -> Path:
        return self.path / CONFIG

    def freeze(self, config: str, inputs: Mapping[str, str | bytes]) -> None:
        """Write what the run depends on, before it starts. Raises RecordError if it cannot be written."""
        self.write(CONFIG, config)
        for name, text in inputs.items():
            self.write(f"{INPUTS}/{name}", text)

    def in_work(self) -> bool:
        """Whether a process works on the run: it holds the lock, which ends with it."""
        with self.at_rest() as rests:
            return rests is False

    @contextmanager
    def at_rest(self) -> Iterator[bool | None]:
        """Whether no process works on the run; then none begins to while the block lasts. None if one cannot tell."""
        try:
            lock = os.open(self.path / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            yield None
            return
        rests: bool | None = True
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            rests = False
        except OSError:  # no locks there, as on some network file systems
            rests = None
        try:
            yield rests
        finally:
            os.close(lock)

    def check_plain(self) -> None:
        """Raises RecordError if it holds what no run's folder does, and a stranger's may: then nothing of it is read.

        Refuses links, which could lead out of it, other special files, and files that are too large.
        """
        try:
            with os.scandir(self.path) as entries:
                inside = list(entries)
            for entry in inside:
                _check_entry(entry)
            for name in (INPUTS, IMPROVERS):
                if (self.path / name).is_dir():
                    _check_below(self.path / name)
        except OSError as error:
            raise RecordError(f"the run {self.path} cannot be read: {error.strerror}") from error

    def frozen(self) -> dict[str, str]:
        """SHA-256 of every file that the run depends on, by its name in the folder. Raises RecordError."""
        try:
            files = [self.config, *self.inputs()]
            return {str(file.relative_to(self.path)): sha256(file.read_bytes()).hexdigest() for file in files}
        except OSError as error:
            raise RecordError(f"cannot read {error.filename}: {why(self.path, error)}") from error

    def inputs(self) -> list[Path]:
        """Every file of its inputs, in order."""
        return sorted(path for path in (self.path / INPUTS).rglob("*") if not path.is_dir())

    def check_frozen(self, recorded: Mapping[str, str], but: str = "") -> None:
        """Raises RecordError, naming the file, if one (`but` that) was changed, lost or added since the run began."""
        now = self.frozen()
        for name in sorted((recorded.keys() | now.keys()) - {but}):
            if recorded.get(name) != now.get(name):
                what = (
                    "was added to"
                    if name not in recorded
                    else "is missing from"
                    if name not in now
                    else "was changed in"
                )
                raise RecordError(f"{name} {what} {self.path} since the run started; restore it, or start a new run")

    def write(self, name: str, text: str | bytes) -> Path:
        """Write one file completely or not at all. Raises RecordError."""
        file = self.path / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_name(f".{file.name}.partial")
            partial.unlink(missing_ok=True)  # of an earlier try; or a link, which is not to be written through
            body = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
            with partial.open("xb") as opened:
                opened.write(body)
            os.replace(partial, file)
        except OSError as error:
            said = why(self.path, error, "is the disk full or read-only?")
            raise RecordError(f"cannot write {file}: {said}") from error
        return file


def why(folder: Path, error: BaseException, hint: str = "") -> str:
    """The problem with a file of a running run: it is gone, or the error with its possible cause."""
    if isinstance(error, FileNotFoundError) or not folder.is_dir():
        return GONE
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{said}; {hint}" if hint else said


_DEEPEST = 50
"""Folders in folders: a task's own files may lie in some."""


def _check_below(folder: Path, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise RecordError(f"{folder} lies in more than {_DEEPEST} folders of a run; no run has that")
    with os.scandir(folder) as entries:
        for entry in entries:
            _check_entry(entry)
            if entry.is_dir(follow_symlinks=False):
                _check_below(Path(entry.path), depth + 1)


def _check_entry(entry: os.DirEntry[str]) -> None:
    found = entry.stat(follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        raise RecordError(f"{entry.path} is a link; a run's folder has no links: remove it if you trust the folder")
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise RecordError(f"{entry.path} is not an ordinary file; a run's folder has only ordinary files")
    if found.st_size > MOST_FILE_BYTES and not entry.name.startswith((STORE, f".{STORE}", REPORT)):
        raise RecordError(f"{entry.path} has {found.st_size} bytes; a run's files have {MOST_FILE_BYTES} at most")


def new_folder(root: Path, label: str, wanted: Path | None = None) -> RunFolder:
    """An empty folder for a new run: `wanted`, or one named by time and `label` below `root`."""
    label = "".join(c if c.isalnum() or c in "-_@." else "_" for c in label)[:60]
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{label}-{secrets.token_hex(2)}"
    path = wanted or root / name
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"{path} exists and is not an empty folder; name another `out`, or resume it")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the run folder {path}: {error.strerror}") from error
    return RunFolder(path)


def list_runs(root: Path) -> list[RunFolder]:
    """Every run below `root`, the oldest first."""
    try:
        paths = list(root.iterdir()) if root.is_dir() else []
    except OSError as error:
        raise UsageError(f"the folder of runs {root} cannot be read: {error.strerror}") from error
    return sorted((RunFolder(path) for path in paths if _may_be_run(path)), key=_begun)


def _may_be_run(path: Path) -> bool:
    """Whether there is a store, or this cannot be determined (which is reported later)."""
    try:
        return (path / STORE).is_file()
    except PermissionError:
        return True
    except OSError:  # a name that leads round in a circle, say
        return False


def _begun(folder: RunFolder) -> tuple[float, Path]:
    try:
        return folder.config.lstat().st_mtime, folder.path
    except OSError:
        return 0, folder.path


def find_run(name: str, root: Path) -> RunFolder:
    """The run called `name`: "last", a name below `root` or the start of one, or a path. Raises UsageError."""
    runs = list_runs(root)
    if name == "last":
        if not runs:
            raise UsageError(f"there is no run in {root}/ yet; start one with: selftaught run TASK")
        return runs[-1]
    path = Path(name)
    if path.is_dir() and _may_be_run(path):
        return RunFolder(path)
    matching = [run for run in runs if run.path.name.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UsageError(f"{name!r} is the start of {len(matching)} runs: {', '.join(r.path.name for r in matching)}")
    if path.exists():
        raise UsageError(f"{name} is not a run folder: it has no {STORE}")
    close = get_close_matches(name, [run.path.name for run in runs], 1, cutoff=0.4)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise UsageError(f"no run is called {name!r} in {root}/{hint}; `selftaught runs` lists them")
