"""Each room says in its `__init__.py` what each of its files is for: all of them, and no others."""

import ast
import re
from pathlib import Path

import pytest

from selftaught.tasks.loading import BUILT_IN

HOUSE = Path(__file__).parents[1] / "src" / "selftaught"


def described(room: Path) -> set[str]:
    """The files and folders at the start of a line of the room's docstring."""
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    return set(re.findall(r"^([a-z_]+(?:\.py|/))(?= |$|\n)", text, re.MULTILINE)) | set(
        re.findall(r"; ([a-z_]+\.py):", text)
    )


ROOMS = sorted(file.parent for file in HOUSE.rglob("__init__.py") if described(file.parent))


def test_there_are_rooms_to_look_at() -> None:
    assert len(ROOMS) > 15


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(HOUSE)))
def test_a_room_names_all_of_its_files_and_no_others(room: Path) -> None:
    of_a_task = {f"{name.replace('-', '_')}.py" for name in BUILT_IN} if room.parent != HOUSE else set()
    there = {file.name for file in room.glob("*.py")} - {"__init__.py"} - of_a_task
    there |= {f"{file.parent.name}/" for file in room.glob("*/__init__.py")}
    assert described(room) - of_a_task == there | (described(room) & {f"{file.name}/" for file in room.iterdir()})
