"""A response that shows changes instead of a program: diffs, search and replace. Standard library only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SEARCH = re.compile(r"^[ \t]*<{5,9} ?(?:SEARCH|ORIGINAL|HEAD|BEFORE|OLD)\b[^\n]*$", re.MULTILINE | re.IGNORECASE)
_DIVIDER = re.compile(r"^[ \t]*={5,9}[ \t]*$", re.MULTILINE)
_REPLACE = re.compile(
    r"^[ \t]*>{5,9}(?: ?(?:REPLACE|UPDATED?|AFTER|NEW)\b[^\n]*)?[ \t]*$", re.MULTILINE | re.IGNORECASE
)
_HUNK = re.compile(r"^@@(?:[ \t]*-(\d{1,9})(?:,\d{1,9})?[ \t]+\+\d{1,9}(?:,\d{1,9})?)?[^\n]*$")
_HEADER = re.compile(r"^(?:--- |\+\+\+ |---$|diff |index |new file|\*\*\* |similarity |rename )")
_MOST_CHANGES = 200
_MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of a program, and their replacement. `near`: their line number, counted from 0."""

    old: list[str]
    new: list[str]
    near: int | None = None


def changes_in(text: str) -> list[Change]:
    """The changes that a text shows; none where it shows none, or more than can be read."""
    found: list[Change] = []
    for change in _search_and_replace(text) if _SEARCH.search(text) else _hunks(text):
        found.append(change)
        if len(found) > _MOST_CHANGES:
            return []
    return found


def changed(program: str, changes: list[Change]) -> str | None:
    """The program with all changes made; None where one does not fit at exactly one place."""
    if len(changes) == 1 and not changes[0].old:  # a new file
        return "\n".join(changes[0].new) + "\n"
    lines = program.rstrip("\n").split("\n")
    if not changes or len(lines) > _MOST_LINES:
        return None
    moved = 0
    for change in changes:
        place = _place(lines, change.old, None if change.near is None else change.near + moved)
        if place is None:
            return None
        lines[place : place + len(change.old)] = change.new
        moved += len(change.new) - len(change.old)
    return "\n".join(lines) + "\n"


def _search_and_replace(text: str) -> Iterator[Change]:
    place = 0
    while start := _SEARCH.search(text, place):
        middle = _DIVIDER.search(text, start.end())
        end = middle and _REPLACE.search(text, middle.end())
        if middle is None or end is None:
            return
        yield Change(_lines(text[start.end() : middle.start()]), _lines(text[middle.end() : end.start()]))
        place = end.end()


def _lines(text: str) -> list[str]:
    """Of the text between two marks, each on a line of its own."""
    inner = text[1:] if text.startswith("\n") else text
    return inner.split("\n")[:-1] if inner.endswith("\n") else inner.split("\n") if inner else []


def _hunks(text: str) -> Iterator[Change]:
    """Of a unified diff. Where its lines stood is a hint only: models miscount."""
    old: list[str] = []
    new: list[str] = []
    near: int | None = None
    for line in [*text.split("\n"), "@@"]:
        if hunk := _HUNK.match(line):
            if old != new:
                yield _trimmed(Change(old, new, near))
            old, new = [], []
            near = int(hunk[1]) - 1 if hunk[1] and hunk[1] != "0" else None
        elif _HEADER.match(line) or line.startswith("\\"):  # the latter: "No newline at end of file"
            continue
        else:
            kept = line[1:] if line.startswith((" ", "-", "+")) else line
            old += [] if line.startswith("+") else [kept]
            new += [] if line.startswith("-") else [kept]


def _trimmed(change: Change) -> Change:
    """Without empty lines of context around, which are as likely the response's own."""
    old, new, near = list(change.old), list(change.new), change.near
    while old and new and not old[-1].strip() and not new[-1].strip():
        del old[-1], new[-1]
    while old and new and not old[0].strip() and not new[0].strip():
        del old[0], new[0]
        near = None if near is None else near + 1
    return Change(old, new, near)


def _place(lines: list[str], old: list[str], near: int | None) -> int | None:
    """Where the old lines stand: exactly, else but for white space at their ends."""
    if not any(line.strip() for line in old):  # nothing to find it by
        return None if near is None else min(near, len(lines))
    for same in (str, str.rstrip):
        wanted, there = [same(line) for line in old], [same(line) for line in lines]
        places = [n for n, line in enumerate(there) if line == wanted[0] and there[n : n + len(wanted)] == wanted]
        if near is not None and places:
            return min(places, key=lambda place: abs(place - near))
        if places:
            return places[0] if len(places) == 1 else None
    return None
