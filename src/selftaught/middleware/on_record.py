"""What is on record, asked for one by one: the record is not in memory, however long the run is.

Of an address that was written since the start its hash is kept; of a score, where it is on record.
"""

import threading
from hashlib import sha256

import msgspec

from selftaught.runs.records import Record, Scored, Stepped
from selftaught.runs.store import Store


class _Known(msgspec.Struct):
    """As much of a `Scored` as tells where a score is."""

    at: str
    utility: str
    program: str
    guessed: bool = False
    fault: str = ""
    layout: str = ""
    reused: bool = False


class OnRecord:
    """The record of a run that goes on. From any thread; only this process writes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._written: set[bytes] = set()
        """Hashes of the addresses that were written since the start."""
        self._missed: set[bytes] = set()
        """Looked up, and not on record then: they are about to be written."""
        self._scores: dict[bytes, str] = {}
        self._unclaimed: set[bytes] = set()
        """Of scores that nobody has asked for."""
        self._layouts: dict[bytes, bytes] = {}
        self.steps = len(store.of(Stepped))
        self._resumed = store.last > 0
        for known in store.parts(Scored, _Known) if self._resumed else ():
            self.note(known)

    def find(self, at: str) -> Record | None:
        """What is on record at this address."""
        key = _key(at)
        with self._lock:
            written = key in self._written
        if not written and not self._resumed:
            return None
        found = self._store.find(at, new=written)
        if found is None and not written:
            with self._lock:
                self._missed.add(key)
        return found

    def has(self, at: str) -> bool:
        """Whether anything is on record at this address, or about to be."""
        with self._lock:
            written = _key(at) in self._written
        return written or (self._resumed and self._store.find(at) is not None)

    def take(self, record: Record) -> bool:
        """Whether nothing is on record at its address; then the record is about to be."""
        key = _key(record.at)
        with self._lock:
            if key in self._written:
                return False
            self._written.add(key)
            new = not self._resumed or key in self._missed
            self._missed.discard(key)
        new = new or self._store.find(record.at) is None
        with self._lock:
            self.steps += isinstance(record, Stepped) and new
        return new

    def note(self, record: Scored | _Known) -> None:
        """Where this score is. The first of several is the one that counts."""
        if record.fault:  # scored again: the task may have been corrected
            return
        key = _key(record.utility, record.program)
        with self._lock:
            if record.guessed and key not in self._scores:
                self._unclaimed.add(key)
            elif not record.guessed:
                self._unclaimed.discard(key)
            self._scores.setdefault(key, record.at)
            if record.layout and not record.reused:
                self._layouts.setdefault(_key(record.utility, record.layout), bytes.fromhex(record.program))

    def score(self, utility: str, program: str) -> tuple[Scored, bool] | None:
        """What the utility gave the program first, and whether anybody has asked for it."""
        key = _key(utility, program)
        with self._lock:
            at, claimed = self._scores.get(key), key not in self._unclaimed
        found = self.find(at) if at is not None else None
        return (found, claimed) if isinstance(found, Scored) else None

    def knows(self, utility: str, program: str) -> bool:
        """Whether `score` has one."""
        with self._lock:
            return _key(utility, program) in self._scores

    def claimed(self, utility: str, program: str) -> bool:
        """Whether `score` has one that somebody has asked for."""
        key = _key(utility, program)
        with self._lock:
            return key in self._scores and key not in self._unclaimed

    def layout(self, utility: str, layout: str) -> str:
        """The id of the first program of this layout that the utility scored; "" if there is none."""
        with self._lock:
            return self._layouts.get(_key(utility, layout), b"").hex()


def _key(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()[:16]
