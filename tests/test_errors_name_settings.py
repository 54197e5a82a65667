"""Below the command line, texts name settings (`max_calls=3`), which the command line shows as flags."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command

from selftaught import __file__ as package
from selftaught.cli.app import app
from selftaught.cli.options import in_flags

SOURCE = Path(package).parent
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def own_flags() -> set[str]:
    """Of every command."""
    commands = get_command(app).commands  # type: ignore[attr-defined]
    return {flag for command in commands.values() for parameter in command.params for flag in parameter.opts}


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """Each string of the code, and each part of an f-string; docstrings are for those who read the code."""
    tree = ast.parse(file.read_text())
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.lineno, node.value


def test_no_text_below_the_command_line_holds_a_flag() -> None:
    ours, found = own_flags(), []
    assert {"--max-calls", "--base-url", "--sandbox", "--dry-run"} <= ours
    for file in sorted(SOURCE.rglob("*.py")):
        place = file.relative_to(SOURCE)
        if place.parts[0] in ("cli", "seeds"):
            continue
        for line, text in texts(file):
            declaration = str(place) == "config.py" and text in ours
            bubblewraps_own = place.parts[0] == "sandbox" and text == "--size"  # a word of its command line
            if not (declaration or bubblewraps_own) and ours & set(FLAG.findall(text)):
                found.append(f"{place}:{line}: {text}")
    assert found == []


def test_the_command_line_shows_them_as_flags() -> None:
    said = "ask without it: `capability=temperature=no` `temperature_policy=drop`, or name another with `model`"
    shown = "ask without it: --capability temperature=no --temperature-policy drop, or name another with --model"
    assert in_flags(said) == shown
