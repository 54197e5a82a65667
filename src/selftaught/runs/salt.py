"""The salt of a seed that a person chose: drawn once for a folder of runs, so that the same seed repeats a run there.

It is kept as `.salt` in the folder that holds the runs and, so that a first run has it before there is such a folder,
in the user's data folder. Each run keeps its own seed, salted, in its configuration: that repeats it anywhere.
"""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from selftaught.core.run_seed import RunSeed

_FILE, _SALT = ".salt", r"[A-Za-z0-9_-]{8,64}"


def data_folder(environment: Mapping[str, str]) -> Path:
    """The user's, as the XDG base directory specification has it."""
    named = environment.get("XDG_DATA_HOME", "")
    home = Path(environment.get("HOME") or "/nonexistent")
    return (Path(named) if named.startswith("/") else home / ".local" / "share") / "selftaught"


def salted(seed: str | int | None, runs: Path, environment: Mapping[str, str]) -> str:
    """The seed with a salt: both drawn if no seed is given, unchanged if it has a salt. Raises UsageError."""
    if seed is None:
        return salted_afresh(None)
    told = RunSeed.parse(str(seed))
    return str(told if told.salt else RunSeed(told.number, _salt_of(runs, data_folder(environment))))


def salted_afresh(seed: str | int | None) -> str:
    """The seed with a salt that nothing else has, unless it has one. Raises UsageError."""
    if seed is None:
        return str(RunSeed(secrets.randbits(32), _drawn()))
    told = RunSeed.parse(str(seed))
    return str(told if told.salt else RunSeed(told.number, _drawn()))


def _salt_of(runs: Path, data: Path) -> str:
    """The salt of the runs' folder; without one, the user's. A new one if none can be kept."""
    found = kept(runs / _FILE, _SALT)
    if found:
        return found
    salt = keep(data / _FILE, _SALT, _drawn)
    return keep(runs / _FILE, _SALT, lambda: salt) if runs.is_dir() else salt


def _drawn() -> str:
    return secrets.token_hex(8)


def kept(file: Path, pattern: str) -> str:
    """The line that is kept in the file, if it matches; else an empty text."""
    with suppress(OSError, UnicodeDecodeError):
        text = file.read_text(encoding="ascii").strip()
        return text if re.fullmatch(pattern, text) else ""
    return ""


def keep(file: Path, pattern: str, draw: Callable[[], str]) -> str:
    """The line in the file, which is first drawn and written if it is missing. Another process may be faster.

    Where nothing can be kept it is drawn each time.
    """
    if known := kept(file, pattern):
        return known
    drawn = draw()
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as opened:
            opened.write(f"{drawn}\n")
    return kept(file, pattern) or drawn
