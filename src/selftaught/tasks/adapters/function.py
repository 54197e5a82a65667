"""A function in a repository: `src/pkg/mod.py::function`, with a command that must succeed."""

import ast
import re
import subprocess
import textwrap
from pathlib import Path

from selftaught.core.errors import UsageError
from selftaught.core.text import printable
from selftaught.tasks.adapters.adapted import Adapted, task_text
from selftaught.tasks.beside import MOST_FILES
from selftaught.tasks.syntax import UNREADABLE, tree_of

SIGN = "::"
_MOST_SOURCE_BYTES = 1_000_000
_GIT_SECONDS = 60
_MOST_CALLS, _MOST_OF_A_LINE = 12, 160
_SECONDS = 300.0
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def adapt(name: str, check: str | None, score: str | None) -> Adapted:
    """The task to make the function faster, or better by the number that `score` prints. Raises UsageError."""
    path, _, function = name.partition(SIGN)
    if not check:
        raise UsageError(f"{name} needs a check, a command that succeeds if the function is right: "
                         f'`check="pytest -q tests/test_mod.py"`')  # fmt: skip
    file = Path(path)
    root = _root(file)
    text = _text(file)
    before, source, behind, margin = _cut(text, function, path)
    files, notes = _tracked(root)
    place = file.resolve().relative_to(root).as_posix()
    if place not in files:
        raise UsageError(f"{path} is not tracked by git in {root}; add it: git add {path}")
    parts = {
        "SEED": source,
        "ENTRY": function.rpartition(".")[2],
        "FILES": files,
        "CHECK": check,
        "SCORE": score or "",
        "REPLACES": [place, before, behind, margin],
        "DIRECTION": "maximize",
        "WALL_SECONDS": _SECONDS,
        "ENVIRONMENT": _environment(root),
    }
    parts |= {} if score else {"BASELINE": 1.0}
    calls = _calls(root, files, function.rpartition(".")[2])
    return Adapted(
        source=task_text(_about(source, function, place, calls, faster=not score), parts),
        name=function.replace(".", "_"),
        folder=root,
        notes=notes,
    )


def _calls(root: Path, files: list[str], name: str) -> list[str]:
    """Lines of the repository's Python files that look like a call of it, as "file:line: text"; the first few."""
    call = re.compile(rf"(?<!def )\b{re.escape(name)}\(")
    found: list[str] = []
    for file in (file for file in files if file.endswith(".py")):
        try:
            text = (root / file).read_bytes()[:_MOST_SOURCE_BYTES].decode("utf-8", "replace")
        except OSError:
            continue
        if f"{name}(" in text:
            lines = (line for line in enumerate(text.splitlines(), start=1) if call.search(line[1]))
            found += [f"{file}:{number}: {printable(line.strip())[:_MOST_OF_A_LINE]}" for number, line in lines]
        if len(found) >= _MOST_CALLS:
            break
    return found[:_MOST_CALLS]


def _about(source: str, function: str, place: str, calls: list[str], *, faster: bool) -> str:
    wanted = "faster, with the same answers" if faster else "better"
    node = tree_of(source).body[-1]
    assert isinstance(node, _Function)
    said = ast.get_docstring(node)
    signature = f"def {node.name}({ast.unparse(node.args)})"
    words = f"\n\nIts docstring: {said}" if said else ""
    called = "\n".join(["", "", "Where it is called:", *calls]) if calls else ""
    return f"Make {signature} of {place} {wanted}. Only the function ({function}) is replaced.{words}{called}"


def _root(file: Path) -> Path:
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    for folder in file.resolve().parents:
        if (folder / ".git").exists():
            return folder
    raise UsageError(
        f"{file} is not in a git repository: the check runs on a copy of the files that git tracks (git init, git add)"
    )


def _text(file: Path) -> str:
    body = file.read_bytes()
    if len(body) > _MOST_SOURCE_BYTES:
        raise UsageError(f"{file} has {len(body)} bytes; a source may have {_MOST_SOURCE_BYTES}")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text") from error


def _cut(text: str, function: str, where: str) -> tuple[str, str, str, str]:
    """The text before the function, its own without its margin, that after it, and the margin. Raises UsageError."""
    try:
        tree = tree_of(text.removeprefix("\ufeff"))
    except UNREADABLE as error:
        raise UsageError(f"{where} is not Python: {error}") from error
    node = _find(tree, function.split("."), where, function)
    lines = text.splitlines(keepends=True) if "\f" not in text else text.split("\n")
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1
    last = node.end_lineno or node.lineno
    own = "".join(lines[first:last])
    margin = own[: len(own) - len(own.lstrip(" \t"))]
    source = textwrap.dedent(own.replace("\r\n", "\n")).strip("\n") + "\n"
    return "".join(lines[:first]), source, "".join(lines[last:]), margin


def _find(tree: ast.Module, names: list[str], where: str, function: str) -> _Function:
    bodies: list[ast.stmt] = tree.body
    for place, name in enumerate(names):
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef) if place == len(names) - 1 else (ast.ClassDef,)
        found = [node for node in bodies if isinstance(node, kinds) and node.name == name]
        if not found:
            there = [node.name for node in bodies if isinstance(node, (*_FUNCTIONS, ast.ClassDef))]
            raise UsageError(f"{where} has no function {function}; it defines {', '.join(there[:10]) or 'none'}")
        last = found[-1]
        bodies = last.body
    assert isinstance(last, _Function)
    return last


def _tracked(root: Path) -> tuple[list[str], list[str]]:
    """The files that git tracks, and notes on files that were left out. Raises UsageError."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z"], capture_output=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"git cannot list the files of {root}: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise UsageError(f"git cannot list the files of {root}: {''.join(said)[:200]}")
    names = [name for name in done.stdout.decode("utf-8", "surrogateescape").split("\0") if name]
    if len(names) > MOST_FILES:
        raise UsageError(
            f"git tracks {len(names):,} files in {root}, and a check can copy at most {MOST_FILES:,}: put "
            "the function, and the files of its check, into a separate repository"
        )
    inside = [name for name in names if (root / name).is_file() and (root / name).resolve().is_relative_to(root)]
    left = len(names) - len(inside)
    notes = (
        [f"{left} tracked files are not copied: submodules, links out of the repository, or missing files"]
        if left
        else []
    )
    return sorted(inside), notes


def _environment(root: Path) -> str:
    found = next((root / name for name in (".venv", "venv") if (root / name / "bin" / "python").exists()), None)
    return str(found) if found else ""
