"""The files beside a task's own that its programs may read."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from selftaught.core.errors import UsageError

MOST_FILES = 10_000
MOST_BYTES = 64 << 20
"""Of all of them: a run keeps a copy."""


def read_files(folder: Path, names: Iterable[str]) -> tuple[tuple[str, bytes], ...]:
    """(name, content) of each file, and of all below each folder, by their names in `folder`. Raises UsageError."""
    found: dict[str, bytes] = {}
    size = 0
    for path in (path for name in names for path in _files(folder, name)):
        try:
            size += path.stat().st_size
            if size > MOST_BYTES or len(found) >= MOST_FILES:
                raise UsageError(f"FILES are more than {MOST_FILES} files or {MOST_BYTES >> 20} MiB; name fewer")
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
        except OSError as error:
            raise UsageError(f"FILES: cannot read {path}: {error.strerror}") from error
    return tuple(sorted(found.items()))


def _files(folder: Path, name: str) -> Iterator[Path]:
    path = folder / name
    if path.is_file():
        yield path
    elif path.is_dir():
        for parent, _, files in os.walk(path):
            yield from (Path(parent) / file for file in files if (Path(parent) / file).is_file())
    else:
        raise UsageError(f"FILES names {name!r}, but there is no such file in {folder}")
