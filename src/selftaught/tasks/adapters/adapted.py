"""What an adapter gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Adapted:
    """A task file that was written for the user.

    Attributes:
        source: its text.
        folder: where its FILES are.
        notes: what does not apply, or was left out; one line each.
    """

    source: str
    name: str
    folder: Path
    notes: Sequence[str] = ()


def task_text(about: str, parts: dict[str, Any]) -> str:
    """A task file with these parts."""
    lines = [repr(about), "", *(f"{name} = {value!r}" for name, value in parts.items())]
    return "\n".join(lines) + "\n"
