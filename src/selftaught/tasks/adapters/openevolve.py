"""A folder in OpenEvolve's format: initial_program.py, evaluator.py, and config.yaml if it exists."""

import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from selftaught.core.errors import UsageError
from selftaught.tasks.adapters.adapted import Adapted, task_text

PROGRAM, EVALUATOR, CONFIG = "initial_program", "evaluator.py", ("config.yaml", "config.yml")
_LEFT_OUT = ("openevolve_output", "checkpoints", "__pycache__", "node_modules")
_MOST_FILE_BYTES = 16 << 20
_THRESHOLDS = (0.5, 0.75, 0.9)
_SECONDS = 300.0
"""OpenEvolve's own defaults."""


def is_one(folder: Path) -> bool:
    """Whether the folder holds a program and an evaluator."""
    return folder.is_dir() and (folder / EVALUATOR).is_file() and bool(_programs(folder))


def adapt(folder: Path) -> Adapted:
    """The task that it is. Raises UsageError."""
    program = _programs(folder)[0]
    config, notes = _config(folder)
    used, unused = _what_applies(config)
    seed = _text(program)
    parts: dict[str, Any] = {"SEED": seed, "EVALUATOR": EVALUATOR, "FILES": sorted(_files(folder))}
    parts |= {"SUFFIX": program.suffix, "DIRECTION": "maximize", "DETERMINISTIC": False, **used}
    about = parts.pop("about", "") or f"Improve the program: {EVALUATOR} should give it a higher score."
    if unused:
        notes.append(f"{CONFIG[0]} has names that have no effect here: {', '.join(unused)}")
    return Adapted(source=task_text(about, parts), name=folder.resolve().name, folder=folder, notes=notes)


def _programs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{PROGRAM}.*") if path.is_file())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path} as UTF-8 text: {error}") from error


def _files(folder: Path) -> Iterator[str]:
    """All other files, except outputs, hidden files and large ones."""
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not name.startswith(".")]
        for name in files:
            path = Path(parent) / name
            if not name.startswith(".") and path.is_file() and path.stat().st_size <= _MOST_FILE_BYTES:
                yield path.relative_to(folder).as_posix()


def _config(folder: Path) -> tuple[Mapping[str, Any], list[str]]:
    file = next((folder / name for name in CONFIG if (folder / name).is_file()), None)
    if file is None:
        return {}, []
    try:
        yaml = import_module("yaml")
    except ImportError:
        return {}, [f"{file.name} is not read, because that needs PyYAML (pip install pyyaml)"]
    try:
        read = yaml.safe_load(_text(file))
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{file} is not YAML: {' '.join(str(error).split())[:200]}") from error
    if not isinstance(read, (dict, type(None))):
        raise UsageError(f"{file} contains a {type(read).__name__}; wanted names and values")
    return read or {}, []


def _what_applies(config: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Parts of a task; and the names that have no effect."""
    flat = {f"{name}.{key}" if key else name: value for name, key, value in _flat(config)}
    used: dict[str, Any] = {"THRESHOLDS": list(_THRESHOLDS), "WALL_SECONDS": _SECONDS}
    for name in [name for name in flat if name in _TAKEN]:
        value, (part, kind) = flat.pop(name), _TAKEN[name]
        try:
            used |= {part: kind(value)}
        except (TypeError, ValueError) as error:
            raise UsageError(f"{name} in {CONFIG[0]} is {value!r}: {error}") from error
    if not used.pop("cascade", True):
        used["THRESHOLDS"] = []
    return used, sorted(flat)


def _flat(config: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for name, value in config.items():
        if isinstance(value, dict):
            yield from ((str(name), str(key), inner) for key, inner in value.items())
        else:
            yield str(name), "", value


def _mebibytes(value: Any) -> int:
    return int(value) << 20 if value else 512 << 20


def _numbers(value: Any) -> list[float]:
    return [float(one) for one in value]


_TAKEN: dict[str, tuple[str, Any]] = {
    "prompt.system_message": ("about", str),
    "system_message": ("about", str),
    "evaluator.timeout": ("WALL_SECONDS", float),
    "evaluator.cascade_evaluation": ("cascade", bool),
    "evaluator.cascade_thresholds": ("THRESHOLDS", _numbers),
    "evaluator.memory_limit_mb": ("MEMORY_BYTES", _mebibytes),
    "file_suffix": ("SUFFIX", str),
}
"""What applies: the part of a task that it becomes."""
