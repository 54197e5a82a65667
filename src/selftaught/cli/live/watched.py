"""The runs of a folder as the page shows them. Read-only; each record is read once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from selftaught.config import RunConfig
from selftaught.experiments.results import RESULT
from selftaught.report.candidates import Candidates
from selftaught.report.page import MOST_CANDIDATES
from selftaught.report.snapshot import fold_of
from selftaught.report.view import Fold, RunView
from selftaught.runs.folder import PARAMETERS, RunFolder, list_runs
from selftaught.runs.store import Store
from selftaught.wiring.kept_settings import frozen_config, in_force


class Watched:
    """One run. From any thread."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._fold = Fold()
        self._candidates, self._read = Candidates(MOST_CANDIDATES), 0
        self._made: tuple[int, int] | None = None
        self.page_seconds = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """How long it took to make its page: the longer, the less often it is made again."""
        began = time.monotonic()
        yield
        self.page_seconds = time.monotonic() - began

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """Its store, to read. Raises RecordError."""
        self.folder.check_plain()
        with Store.open(self.folder.store, writable=False, checked=False) as store:
            yield store

    def so_far(self, store: Store) -> tuple[RunConfig, RunView]:
        """The current settings and the state: new records are added."""
        with self._lock:
            self._begin(store)
            self._fold.read(store)
            run = self._fold.view(in_work=self.folder.in_work())
        return in_force(frozen_config(self.folder), run.sessions), run

    @contextmanager
    def candidates(self, store: Store) -> Iterator[Candidates]:
        """The best so far: new records are added. Nobody else adds any within the block."""
        with self._lock:
            self._begin(store)
            for number, record in store.since(self._read):
                self._candidates.add(record)
                self._read = number
            yield self._candidates

    def _begin(self, store: Store) -> None:
        """Anew if another store is in its place."""
        made = self._identity()
        if made != self._made:
            self._fold, self._made = fold_of(store), made
            self._candidates, self._read = Candidates(MOST_CANDIDATES), 0

    def state(self) -> str:
        """Differs when there is something new to show. Raises OSError where the run is gone."""
        log = self.folder.store.with_name(f"{self.folder.store.name}-wal")
        sizes = [self.folder.store.stat()] + ([log.stat()] if log.exists() else [])
        sizes = [found for found in sizes if found.st_size]  # reading a store creates an empty log beside it
        told = [f"{found.st_size}.{found.st_mtime_ns}" for found in sizes]
        waiting = self.folder.path / "approval"
        asked = sorted(path.name for path in waiting.iterdir()) if waiting.is_dir() else []
        return "-".join([*told, str(self.folder.in_work()), str(len(asked))])

    def _identity(self) -> tuple[int, int]:
        found = self.folder.store.stat()
        return found.st_dev, found.st_ino


class WatchedExperiment:
    """One experiment, with all its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def state(self) -> str:
        """Differs when there is something new to show. Raises OSError where the experiment is gone."""
        result = self.folder / RESULT
        told = [str(result.stat().st_mtime_ns if result.is_file() else (self.folder / PARAMETERS).stat().st_mtime_ns)]
        told += [f"{run.path.name}:{Watched(run).state()}" for run in list_runs(self.folder / "runs")]
        return sha256("|".join(told).encode("utf-8", "surrogateescape")).hexdigest()[:16]


class Runs:
    """All below one folder, or `only` one of them."""

    def __init__(self, root: Path, only: str | None = None) -> None:
        self.root, self.only = root, only
        self._known: dict[str, Watched] = {}
        self._lock = threading.Lock()

    def find(self, folder: RunFolder) -> Watched:
        """Its state, kept from one look to the next."""
        with self._lock:
            return self._known.setdefault(folder.path.name, Watched(folder))
