"""Grades of reference answers, kept on disk by the content of all that they depend on: some take a long search."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from math import isfinite
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from selftaught.core.version import VERSION
from selftaught.tasks.bounds.loading import Bound, load_bound
from selftaught.tasks.spec import Instance, TaskSpec

REFERENCES = "references"
"""The folder's name in the user's data folder."""


class Kept:
    """A folder of them. What cannot be read or written there is computed again: it is there to save time alone.

    Without a folder, nothing is kept.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def best(self, bound: Bound, instance: Instance) -> float:
        """`bound.best(instance)`."""
        if self._folder is None or not (bound.searched or bound.answer):
            return bound.best(instance)
        file = self._folder / f"{_key(bound, instance)}.json"
        known = _read(file)
        if known is None:
            known = bound.best(instance)
            _write(file, known)
        return known

    def best_known(self, task: TaskSpec, instances: Sequence[Instance]) -> float | None:
        """Of a task that states it: the mean over these instances, in its own number. Raises TaskError."""
        if task.best is None:
            return task.bound
        bound = load_bound(task)
        return fmean(self.best(bound, instance) for instance in instances)


def _write(file: Path, grade: float) -> None:
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "w") as out:
            json.dump(grade, out)
        os.replace(name, file)  # completely or not at all: another process may read it


def _read(file: Path) -> float | None:
    with suppress(OSError, ValueError):
        grade = json.loads(file.read_text())
        if isinstance(grade, float) and isfinite(grade):
            return grade
    return None


def _key(bound: Bound, instance: Instance) -> str:
    texts = [bound.task.source, *(text for _, text in sorted(bound.task.modules.items()))]
    parts = [VERSION, bound.task.name, *texts, bound.about, *_content((instance.args, instance.hidden))]
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _content(value: Any) -> Iterator[str]:
    if isinstance(value, np.ndarray):
        yield f"{value.dtype} {value.shape} {sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    elif isinstance(value, (list, tuple)):
        yield f"{len(value)}("
        for item in value:
            yield from _content(item)
    else:
        yield f"{type(value).__name__} {value!r}"
