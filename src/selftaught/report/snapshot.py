"""The fold of a record, kept in a file beside it, so that the next look at a long run reads only what came after.

The file is derived from the record, and never needed. If it does not fit this package's code, the record or its own
hash, it is ignored and made anew; if it cannot be written, there is none. It is data: no code in it is run.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from selftaught.core.version import VERSION
from selftaught.report.view import Fold
from selftaught.runs.folder import STORE
from selftaught.runs.store import Store

FILE = f".{STORE}.fold"
LEAST_NEW = 500
"""Records that are read again at most: for fewer no file is written."""
_MOST_BYTES = 16 << 20
_HASH_BYTES = 32
_CODE = ("core", "report", "runs")


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """The fold up to a record, the mark of this record (`Store.mark`), and the code that made it."""

    code: str
    mark: str
    fold: Fold


def fold_of(store: Store, *, keep: bool = False) -> Fold:
    """The fold of the whole record. `keep`: a file may be written, for the next time. Raises RecordError.

    All pages of the store are checked before the whole record is read; else only what is read is checked.
    """
    fold = kept_fold(store)
    if fold is None:
        store.check()
        fold = Fold()
    known = fold.last
    fold.read(store)
    if keep and fold.last - known >= LEAST_NEW:
        _keep(store, fold)
    return fold


def kept_fold(store: Store) -> Fold | None:
    """The fold of the beginning of the record, from the file; None if there is none that fits."""
    try:
        body = _read(store.path.with_name(FILE))
        if sha256(body[_HASH_BYTES:]).digest() != body[:_HASH_BYTES]:
            return None
        kept = msgspec.json.decode(body[_HASH_BYTES:], type=_Kept)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return None
    fits = kept.code == _code() and kept.mark and kept.mark == store.mark(kept.fold.last)
    return kept.fold if fits else None


def _keep(store: Store, fold: Fold) -> None:
    """Another process that writes it now has the same to write."""
    try:
        body = msgspec.json.encode(_Kept(_code(), store.mark(fold.last), fold))
        if len(body) > _MOST_BYTES - _HASH_BYTES:
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(store.path.with_name(FILE), flags, 0o666), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.write(sha256(body).digest() + body)
            file.truncate()
    except (OSError, OverflowError, ValueError):  # read-only, full, or a number or character that JSON has not
        return


def _read(path: Path) -> bytes:
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            raise ValueError("not a file of ours")
        return file.read()


@cache
def _code() -> str:
    """Equal for two installed packages if they make the same fold of a record."""
    found = sha256(VERSION.encode())
    for room in _CODE:
        for file in _sources(files("selftaught") / room):
            found.update(file.read_bytes() + b"\0")
    return found.hexdigest()


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".py"):
            yield entry
