"""run.sqlite: the one store of a run. Append-only, one writer thread, and durable on request.

A record that was `put` is written in its turn, and nothing waits for the disk. A kill of the process loses only what
the writer has not reached, a power cut at most what came after the last `barrier`. With the log of SQLite (WAL) any cut
leaves a prefix of what was put. Records that are put together share a commit, waits for a barrier share an fsync.

Texts are kept once, by SHA-256, compressed. SQL no newer than SQLite 3.40.
"""

import errno
import fcntl
import os
import queue
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

import msgspec

from selftaught.core.errors import RecordError
from selftaught.core.text import identity
from selftaught.runs.folder import GONE, LOCK, RunFolder, why
from selftaught.runs.records import (
    Corrected,
    Ended,
    Record,
    Session,
    Stepped,
    decode,
    encode,
    whole_characters,
)

OfTheRun = TypeVar("OfTheRun", Session, Stepped, Corrected, Ended)
_OF_THE_RUN: dict[type, str] = {Session: "session", Stepped: "step", Corrected: "corrected", Ended: "ended"}
"""Kinds of which each record has the address /WORD#NUMBER."""
Fields = TypeVar("Fields")
SCHEMA_VERSION = 2
"""The version of the record. 1: selftaught 0.1.0; its records lack fields that have a default now, and are readable."""
APPLICATION_ID = 0x53544F50  # "STOP": distinguishes our store from other SQLite files

_SCHEMA = """
CREATE TABLE texts (id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE records (seq INTEGER PRIMARY KEY, at TEXT NOT NULL UNIQUE, body BLOB NOT NULL);
"""
_STATEMENTS = [statement.strip() for statement in _SCHEMA.split(";") if statement.strip()]
_IS_OF_KIND = "instr(substr(body, 1, 40), ?) = 1"
_MOST_ROWS = 1000
"""That are read at once."""
UNWATCHED_SECONDS = 0.1
"""The longest time until a record reaches the disk if nothing waits for it."""
_LINGER_SECONDS = 0.001
"""How long a record that nothing waits for leaves the processor to other threads before it is written."""
_LOCK_TRIES, _LOCK_PAUSE_SECONDS = 4, 0.05
MOST_TEXT_BYTES = 64 << 20
"""Of one text, unpacked: more than any prompt, response or program may have."""


def text_id(text: str) -> str:
    """SHA-256 in hex; equals `Program(text).id`."""
    return identity(text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _unpacked(packed: bytes) -> bytes:
    """Raises ValueError for a text that is larger than any text of a run."""
    text = zlib.decompressobj().decompress(packed, MOST_TEXT_BYTES + 1)
    if len(text) > MOST_TEXT_BYTES:
        raise ValueError(f"a text of more than {MOST_TEXT_BYTES >> 20} MiB")
    return text


class Gone(OSError):
    """The store is no longer where it was opened."""


def _place(path: Path) -> tuple[int, int] | None:
    """Which file is there; None where none can be seen."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class _Job:
    """Rows to write, or none. `durable`: somebody waits until all before it is on the platter, too; `soon`: will wait.

    Done when `finished` is set, which is there where somebody waits; failed if `error` is set.
    """

    def __init__(
        self, record: Record | None = None, texts: Sequence[str] = (), *, durable: bool = False, soon: bool = False
    ) -> None:
        self.record = None if record is None else (whole_characters(record.at), encode(record))
        self._texts = texts
        self.durable, self.soon = durable, soon
        self.urgent = durable or soon or record is None
        self.finished = threading.Event() if durable or record is None else None
        self.error: BaseException | None = None
        self._rows: list[tuple[str, bytes]] | None = None

    def texts(self) -> list[tuple[str, bytes]]:
        """As rows: made by the thread that writes them, so that nobody waits for that."""
        if self._rows is None:
            self._rows = [(text_id(text), zlib.compress(_bytes(text), 1)) for text in self._texts]
        return self._rows

    def finish(self) -> None:
        """Whoever waits goes on."""
        if self.finished is not None:
            self.finished.set()


class Store:
    """Open with `Store.create` or `Store.open`; close when done. All methods may be called from any thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        self.path = path
        self._reader = connection
        self._reading = threading.Lock()
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._queueing = threading.Lock()
        self._queued = self._written = self._durable = 0
        self._failure: BaseException | None = None
        self._closed = False
        self._checked = True
        self._writer: threading.Thread | None = None
        self._lock = _locked(path) if writable else None
        self._place = _place(path)
        if writable:
            self._writer = threading.Thread(
                target=self._write, args=_connect_to_write(path), name="store-writer", daemon=True
            )
            self._writer.start()

    @classmethod
    def create(cls, path: Path) -> "Store":
        """A new, empty store. Raises RecordError if `path` exists or cannot be written."""
        if path.exists():
            raise RecordError(f"{path} exists already; resume that run, or use another folder")
        partial = path.with_name(f".{path.name}.partial")  # completely or not at all: a kill leaves no half store
        try:
            partial.unlink(missing_ok=True)
            begun = sqlite3.connect(partial)
            begun.executescript(
                f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};" + _SCHEMA
            )
            begun.close()
            os.replace(partial, path)
            connection = _connect(path)
        except (sqlite3.Error, OSError) as error:
            said = why(path.parent, error, "is the disk full or read-only?")
            raise RecordError(f"cannot create {path}: {said}") from error
        return cls(path, connection, writable=True)

    @classmethod
    def open(cls, path: Path, *, writable: bool = True, checked: bool = True, rests: bool = False) -> "Store":
        """An existing store. Raises RecordError if it is missing, damaged, not ours, or of a newer version.

        `checked`: all its pages are read first; else damage is found, and reported, when a page is read. `rests`:
        nobody writes to it while it is open, so it is read without locks and without files beside it.
        """
        RunFolder(path.parent).check_plain()
        if not path.is_file():
            raise RecordError(f"{path.parent} is not a run folder: it has no {path.name}")
        if not path.stat().st_size:
            raise RecordError(f"{path} is empty: its disk was full, or a copy was broken off; restore it from a copy")
        if writable and not all(os.access(one, os.W_OK, effective_ids=_OWN_IDS) for one in (path.parent, path)):
            raise RecordError(
                f"cannot write to {path.parent}: this user may not, or it is read-only; a copy of the folder can be "
                "resumed"
            )
        try:
            connection = _connect(path) if writable else _connect_to_read(path, rests=rests)
            ours = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            strange = _strange(connection) if ours == APPLICATION_ID and 1 <= version <= SCHEMA_VERSION else ""
        except sqlite3.Error as error:
            raise RecordError(f"{path} is damaged: {error}; restore it from a copy") from error
        if ours != APPLICATION_ID:
            raise RecordError(f"{path} is not the store of a selftaught run")
        if version > SCHEMA_VERSION:
            raise RecordError(
                f"{path} was written by a newer selftaught: its record has version {version}, and this one reads "
                f"versions up to {SCHEMA_VERSION}; install a newer selftaught"
            )
        if version < 1:
            raise RecordError(f"{path} is damaged: its record has version {version}; restore it from a copy")
        if strange:
            raise RecordError(f"{path} is damaged: {strange}; restore it from a copy")
        if checked:
            _check(path, connection)
        store = cls(path, connection, writable=writable)
        store._checked = checked
        if writable and version < SCHEMA_VERSION:
            store._migrate()
        return store

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _migrate(self) -> None:
        """From now on it holds records that an older selftaught cannot read: it is to say so, and not to fail."""
        with self._reading:
            self._reader.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def check(self) -> None:
        """Read all its pages, if that was not done when it was opened. Raises RecordError for a damaged one."""
        with self._reading:
            if not self._checked:
                _check(self.path, self._reader)
            self._checked = True

    def put(self, record: Record, texts: Sequence[str] = (), *, soon: bool = False) -> None:
        """Write `record` and the `texts` that it names, after all that was put before. Does not wait for the disk.

        `soon`: a barrier is likely to come next. The way to the platter begins now, so that less of it is waited for.

        Raises RecordError for what cannot be written, and where anything that was put before could not be.
        """
        self._queue(self._job(record, texts, soon=soon))

    def barrier(self) -> None:
        """All that was put before is on the platter when this returns. Raises RecordError."""
        if self._failure is not None or self._durable < self._queued:
            self._wait(self._queue(_Job(durable=True)))

    def append(self, record: Record, texts: Sequence[str] = ()) -> None:
        """Put `record`; on the platter when this returns, with all that was put before. Raises RecordError."""
        self._wait(self._queue(self._job(record, texts, durable=True)))

    def append_all(self, records: Sequence[Record], texts: Sequence[str]) -> None:
        """Append a whole record at once, in order. Raises RecordError."""
        for number, record in enumerate(records):
            self.put(record, texts if number == 0 else ())
        self.barrier()

    def _job(self, record: Record, texts: Sequence[str], *, durable: bool = False, soon: bool = False) -> _Job:
        try:
            return _Job(record, texts, durable=durable, soon=soon)
        except ValueError as error:
            raise RecordError(f"cannot write to {self.path}: {error}") from error

    def _queue(self, job: _Job) -> _Job:
        if self._writer is None:
            raise RecordError(f"{self.path} was opened for reading only")
        with self._queueing:
            if self._closed:
                raise RecordError(f"cannot write to {self.path}: it was closed")
            self._check(self._failure)
            self._queued += 1
            self._waiting.put(job)
        return job

    def _wait(self, job: _Job) -> None:
        if job.finished is not None:
            job.finished.wait()
        self._check(job.error)

    def _check(self, error: BaseException | None) -> None:
        if error is not None:
            said = GONE if isinstance(error, Gone) else why(self.path.parent, error, _advice(error))
            raise RecordError(f"cannot write to {self.path}: {said}") from error

    def _unreadable(self, error: Exception) -> RecordError:
        """The problem with a store that was opened and cannot be read: it is gone, or damaged."""
        if not self.path.exists():
            return RecordError(f"cannot read {self.path}: {GONE}")
        if "unknown field" in str(error):
            return RecordError(
                f"{self.path} holds what this selftaught does not know ({error}): read it with the one that wrote it"
            )
        return RecordError(f"{self.path} is damaged: {error}; restore it from a copy")

    def _catch_up(self) -> None:
        """Wait until all records that were put can be read."""
        if self._written < self._queued and not self._closed:
            self._wait(self._queue(_Job()))

    def ids(self, beginning: str = "") -> list[str]:
        """The ids of the texts that begin so, in order. Raises RecordError."""
        query = "SELECT id FROM texts WHERE substr(id, 1, ?) = ? ORDER BY id"
        return [id for (id,) in self._select(query, (len(beginning), beginning))]

    def texts(self) -> list[str]:
        """Every text, by its id. Raises RecordError if one is damaged."""
        return [self.text(id) for id in self.ids()]

    def __iter__(self) -> Iterator[Record]:
        """Every record, in the order written. Raises RecordError on one that cannot be read."""
        return (record for _, record in self.since(0))

    def without(self, *kinds: type[Record]) -> list[Record]:
        """Every record but those of `kinds`, which are not decoded: quick, even of a long run."""
        return [record for _, record in self.since(0, but=kinds)]

    @property
    def last(self) -> int:
        """The number of the last record; 0 if there is none."""
        return int(self._select("SELECT coalesce(max(seq), 0) FROM records")[0][0])

    def find(self, at: str, *, new: bool = False) -> Record | None:
        """The record at this address, if there is one. `new`: it may have been put since the store was opened."""
        rows = self._select("SELECT body FROM records WHERE at = ?", (at,), wait=new)
        return self._decoded(rows[0][0]) if rows else None

    def of(self, kind: type[OfTheRun]) -> list[OfTheRun]:
        """The records of this kind, in the order written."""
        return [record for record in self.of_any(kind) if isinstance(record, kind)]

    def of_any(self, *kinds: type[Session | Stepped | Corrected | Ended]) -> list[Record]:
        """The records of these kinds, in the order written. They are found by their addresses."""
        query = " UNION ALL ".join("SELECT seq, body FROM records WHERE at >= ? AND at < ?" for _ in kinds)
        ends = [f"/{_OF_THE_RUN[kind]}{end}" for kind in kinds for end in "#$"]  # $ comes after #
        return [self._decoded(body) for _, body in self._select(f"{query} ORDER BY 1", ends)]

    def parts(self, kind: type[Record], fields: type[Fields]) -> Iterator[Fields]:
        """Of every record of this kind only these fields, in the order written: quick, even of a long run."""
        decoder = msgspec.json.Decoder(fields)
        query = f"SELECT seq, body FROM records WHERE seq > ? AND {_IS_OF_KIND} ORDER BY seq LIMIT {_MOST_ROWS}"
        for _, body in self._all(query, 0, (_begins(kind),)):
            try:
                yield decoder.decode(body)
            except (msgspec.MsgspecError, TypeError, RecursionError) as error:
                raise self._unreadable(error) from error

    def mark(self, seq: int) -> str:
        """What identifies this record among all that could stand at its number: its SHA-256. "" if there is none."""
        rows = self._select("SELECT at, body FROM records WHERE seq = ?", (seq,))
        return sha256(repr(rows[0]).encode("utf-8", "surrogatepass")).hexdigest() if rows else ""

    def count(self, kind: type[Record]) -> int:
        """How many records of this kind there are."""
        return int(self._select(f"SELECT count(*) FROM records WHERE {_IS_OF_KIND}", (_begins(kind),))[0][0])

    def since(self, seq: int, *, but: Sequence[type[Record]] = ()) -> Iterator[tuple[int, Record]]:
        """The records after number `seq` (the first is number 1), each with its number; none of the kinds in `but`.

        They are read bit by bit: a long record is never in memory as a whole.
        """
        wanted = "".join(f" AND NOT {_IS_OF_KIND}" for _ in but)
        query = f"SELECT seq, body FROM records WHERE seq > ?{wanted} ORDER BY seq LIMIT {_MOST_ROWS}"
        for number, body in self._all(query, seq, tuple(map(_begins, but))):
            yield number, self._decoded(body)

    def _all(self, query: str, seq: int, values: tuple[object, ...]) -> Iterator[tuple[int, bytes]]:
        """Numbers and bodies after number `seq`, as many at once as the query is limited to."""
        rows: list[Any] = [()] * _MOST_ROWS
        while len(rows) == _MOST_ROWS:
            rows = self._select(query, (seq, *values))
            yield from rows
            seq = rows[-1][0] if rows else seq

    def _decoded(self, body: bytes) -> Record:
        try:
            return decode(body)
        # TypeError: a body of another type. RecursionError: one that is nested too deep.
        except (msgspec.MsgspecError, TypeError, RecursionError) as error:
            raise self._unreadable(error) from error

    def _select(self, query: str, values: Sequence[object] = (), *, wait: bool = True) -> list[Any]:
        """The rows; unless told not to `wait`, with all that was put before. Raises RecordError."""
        if wait:
            self._catch_up()
        try:
            with self._reading:
                return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._unreadable(error) from error

    def text(self, id: str) -> str:
        """The text with this SHA-256. Raises RecordError if the store has none such, or it is damaged."""
        rows = self._select("SELECT body FROM texts WHERE id = ?", (id,))
        try:
            text = _unpacked(rows[0][0]).decode("utf-8", "surrogatepass") if rows else None
        except (zlib.error, UnicodeDecodeError, TypeError, ValueError) as error:
            raise self._unreadable(error) from error
        if text is None or text_id(text) != id:
            raise RecordError(f"{self.path} is damaged: text {id[:12]}… is missing or altered")
        return text

    def close(self) -> None:
        """Write what waits, to the platter, then close. May be called twice."""
        with self._queueing:
            self._closed = True
            self._waiting.put(None)
        if self._writer is not None:
            self._writer.join()
        with self._reading:
            self._reader.close()
        if self._lock is not None:
            self._lock.close()

    def _write(self, connection: sqlite3.Connection, log: "_Log") -> None:
        """Serve the queue until `close`. Every waiting thread gets an answer, in any case."""
        with closing(connection), closing(log):
            going_on = True
            while going_on:
                batch = self._next(UNWATCHED_SECONDS if self._durable < self._written else None)
                going_on = None not in batch
                jobs = [job for job in batch if job is not None]
                new = any(job.record is not None for job in jobs)
                if new:
                    self._commit(connection, jobs)
                elif self._durable == self._written:  # a wait for what has come to the platter meanwhile
                    self._durable += len(jobs)
                self._written += len(jobs)
                waited_for = not jobs or not going_on or any(job.durable for job in jobs)
                if waited_for and self._durable < self._written:
                    self._sync(log, jobs)
                for job in jobs:
                    job.error = job.error or (None if new else self._failure)
                    job.finish()
                if self._durable < self._written and jobs[-1].soon and self._waiting.empty():
                    self._sync(log, [])

    def _next(self, seconds: float | None) -> list[_Job | None]:
        """All that waits, at least one; none if none comes within `seconds`."""
        try:
            batch = [self._waiting.get(timeout=seconds)]
        except queue.Empty:
            return []
        until = time.monotonic() + _LINGER_SECONDS
        while batch[-1] is not None:
            if batch[-1].urgent:
                until = 0.0
            else:
                with suppress(Exception):  # raised where it is written
                    batch[-1].texts()
            left = max(0.0, until - time.monotonic())
            try:
                batch.append(self._waiting.get(timeout=left))
            except queue.Empty:
                break
        return batch

    def _commit(self, connection: sqlite3.Connection, jobs: Sequence[_Job]) -> None:
        if not _commit(connection, jobs):
            for job in jobs:  # one bad record must not take with it what came before
                if self._failure is not None:  # what comes after one that is lost would leave a hole in the record
                    job.error = self._failure
                elif (
                    not _commit(connection, [job]) and not job.durable
                ):  # nothing waits for it that could get the error
                    self._failure = job.error

    def _sync(self, log: "_Log", jobs: Sequence[_Job]) -> None:
        try:
            if _place(self.path) != self._place:  # the written file cannot be found any more
                raise Gone(GONE)
            log.sync()
        except Exception as error:
            self._failure = self._failure or error
        for job in jobs:
            job.error = job.error or self._failure
        self._durable = self._written


def _advice(error: BaseException) -> str:
    """What to do about a failure to write."""
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or (
        isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    )
    return "make room there and resume the run" if full else "is the disk full?"


_OWN_IDS = os.access in os.supports_effective_ids


class _Log:
    """The file beside the store that SQLite writes to first, and how to sync it to disk.

    Where the file system allows none, each commit waits for the disk, and there is nothing more to wait for.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path.with_name(f"{path.name}-wal")
        self._used = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        self._file: int | None = None

    def sync(self) -> None:
        """Raises OSError."""
        if not self._used:
            return
        if self._file is None:
            self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)  # the log's own name, too
            finally:
                os.close(folder)
        os.fdatasync(self._file)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)


def _begins(kind: type[Record]) -> bytes:
    """How the body of every record of this kind begins."""
    return b'{"kind":"%s",' % str(kind.__struct_config__.tag).encode()


def _strange(connection: sqlite3.Connection) -> str:
    """What its schema holds that ours does not: a view may have no end, a trigger may do anything. "" for ours."""
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master LIMIT 100"):
        ours = sql in _STATEMENTS or (kind == "index" and str(name).startswith("sqlite_autoindex_") and sql is None)
        if not ours:
            return f"it has the {str(kind)[:20]} {str(name)[:40]!r}, which is not part of a run"
    return ""


def _check(path: Path, connection: sqlite3.Connection) -> None:
    """Reads all its pages. Raises RecordError for the first that is damaged."""
    try:
        damage = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        damage = str(error)
    if damage != "ok":
        raise RecordError(f"{path} is damaged: {' '.join(damage.split())}; restore it from a copy")


def _has_log(path: Path) -> bool:
    try:
        return os.stat(f"{path}-wal").st_size > 0
    except OSError:
        return False


def _connect_to_read(path: Path, *, rests: bool) -> sqlite3.Connection:
    """Without a write to the file or its folder. If the store is read-only, the files beside it are ours."""
    whole = rests and not _has_log(path)  # all that was written is in the file
    for mode in ("immutable=1",) if whole else ("mode=ro", "immutable=1"):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?{mode}", uri=True, check_same_thread=False, timeout=30
        )
        try:
            connection.execute("PRAGMA schema_version").fetchone()
            return connection
        except sqlite3.OperationalError:  # a log without its index, in a folder where none can be made
            connection.close()
    raise sqlite3.OperationalError("unable to open database file")


def _locked(path: Path) -> IO[bytes]:
    """The run's lock, held. It ends with this process, however that ends. Raises RecordError."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        lock = open(os.open(path.parent / LOCK, flags, 0o666), "ab")  # noqa: SIM115 - held on to
    except OSError as error:
        raise RecordError(f"cannot write to {path.parent}: {why(path.parent, error, 'is it read-only?')}") from error
    try:
        _lock_soon(lock)
    except BlockingIOError:
        lock.close()
        raise RecordError(f"{path.parent} is being worked on by another process; wait for it, or stop it") from None
    except OSError as error:
        lock.close()
        raise RecordError(
            f"{path.parent} cannot be locked: {error.strerror}; its file system has no locks, as some network file "
            "systems have none: copy the run to a local disk"
        ) from error
    return lock


def _lock_soon(lock: IO[bytes]) -> None:
    """A check whether a run is at work holds its lock for a moment. Raises OSError."""
    for _ in range(_LOCK_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_LOCK_PAUSE_SECONDS)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _connect_to_write(path: Path) -> tuple[sqlite3.Connection, _Log]:
    try:
        connection = _connect(path)
        return connection, _Log(path, connection)
    except sqlite3.Error as error:
        raise RecordError(f"cannot write to {path}: {why(path.parent, error)}") from error


def _connect(path: Path) -> sqlite3.Connection:
    """To one that is there: of a folder that is being deleted no new one is made."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, check_same_thread=False, timeout=30)
    logged = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal"
    # The log is synced at barriers, and by SQLite before it is moved into the store.
    connection.execute(f"PRAGMA synchronous = {'NORMAL' if logged else 'FULL'}")
    return connection


def _commit(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> bool:
    try:
        with connection:
            for job in jobs:
                if texts := job.texts():
                    connection.executemany("INSERT OR IGNORE INTO texts VALUES (?, ?)", texts)
                if job.record is not None:
                    connection.execute("INSERT INTO records (at, body) VALUES (?, ?)", job.record)
    except BaseException as error:  # of any kind: it is raised where the record was put, or at the next
        for job in jobs:
            job.error = error
        return False
    for job in jobs:
        job.error = None
    return True
