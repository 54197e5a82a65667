"""Docs, help, errors and printed lines use plain words: none of a list of words that readers had to read twice."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from selftaught.cli.app import app
from selftaught.config import Parameters, RunConfig, declared

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "selftaught"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

AVOIDED = {
    "told": "reported, shown, printed",
    "tells": "shows, reports",
    "nor": "and not",
    "whoever": "anybody who",
    "whence": "from where",
    "behind": "after, with, on",
    "gibberish": "a protocol error",
    "purse": "a run budget",
    "gone on with": "continued, resumed",
    "goes on": "continues",
    "go on with": "continue",
    "lets go of": "releases",
    "there is none": "state what is missing",
    "is none": "is not one",
    "are none": "are invalid",
    "is left": "remains",
    "stands in": "is in",
    "as good as": "state the fact",
    "handed over": "returned",
    "whole or not at all": "completely or not at all",
}
"""Each with words to use instead."""
ALLOWED = {
    ("autoconvolution.py", "are none"),  # the text of a task of the suite, which a version fixes
    ("experiments.md", "as good as"),  # a candidate "that is as good as its parent": a comparison of scores
}
"""A page or a file, and the word that it may have: as a name, or with its plain meaning."""
PRINTED_BY = [*(SOURCE / "cli").rglob("*.py"), SOURCE / "config.py", SOURCE / "api.py", SOURCE / "plugins.py"]
RAISED_BY = [
    file for room in ("core", "runs", "report", "models", "middleware", "wiring", "tasks", "experiments", "sandbox")
    for file in sorted((SOURCE / room).rglob("*.py"))
]  # fmt: skip


ANY = re.compile(rf"\b(?:{'|'.join(AVOIDED)})\b".replace(" ", r"\s+"), re.IGNORECASE)


def avoided_in(name: str, text: str) -> list[str]:
    """The words of the list that a text has, each with what to write instead."""
    if not ANY.search(text):
        return []
    spoken = re.sub(r"\s+", " ", text)
    return [
        f"{name}: {word!r} (use: {instead}): …{spoken[max(0, found.start() - 40) : found.end() + 40]}…"
        for word, instead in AVOIDED.items()
        if (name, word) not in ALLOWED
        for found in re.finditer(rf"\b(?:{word}|{word.capitalize()})\b", spoken)
    ]


def tree_of(file: Path) -> ast.Module:
    """The syntax tree of a file; an empty one if no word of the list is in it."""
    text = file.read_text(encoding="utf-8")
    return ast.parse(text if ANY.search(text) else "")


def prose(page: str) -> str:
    """A page without its blocks of code and without names in backticks."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^(`{3,}).*?^\1", "", page, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_plain_words(page: Path) -> None:
    assert avoided_in(page.name, prose(page.read_text(encoding="utf-8"))) == []


def test_the_help_has_plain_words() -> None:
    settings = {**declared(Parameters), **declared(RunConfig)}
    texts = [(f"--{setting.name}", setting.help) for setting in settings.values()]
    texts += [
        (str(command.name), (command.callback and command.callback.__doc__) or "")
        for command in app.registered_commands
    ]
    assert len(texts) > 60
    assert [line for name, text in texts for line in avoided_in(name, text)] == []


def literals(tree: ast.AST) -> Iterator[str]:
    """The text of every literal below, without what is formatted into it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def printed(tree: ast.Module) -> Iterator[str]:
    """What a file of commands may print: its texts of two words or more, docstrings of functions aside."""
    docs = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in remarks else None
        if isinstance(text, str) and " " in text and text not in docs:
            yield text


def raised(tree: ast.Module) -> Iterator[str]:
    """The texts of the errors that a file raises."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield from literals(node.exc)


def test_what_commands_print_has_plain_words() -> None:
    found = [line for file in PRINTED_BY for text in printed(tree_of(file)) for line in avoided_in(file.name, text)]
    assert found == []


def test_errors_have_plain_words() -> None:
    found = [line for file in RAISED_BY for text in raised(tree_of(file)) for line in avoided_in(file.name, text)]
    assert found == []


def test_a_word_of_the_list_is_found() -> None:
    (line,) = avoided_in("page.md", "The user is\ntold nothing.")
    assert "'told'" in line and "reported" in line
    assert avoided_in("page.md", prose("`told` and\n```\ntold\n```\n")) == []
