"""The fenced blocks of a response, through all that models and editors put around fences. Standard library only."""

import os.path
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from selftaught.guest.outline import MOST_CHARACTERS, Effort, Outline

_MOST_FENCES = 2000
_MOST_UNCLOSED = 3
"""How many openings without an end are read on to the end of the text: each costs all of it."""
_MOST_CUTS = 3
_RUN = re.compile(r"`{3,}|~{3,}")
_BEFORE_A_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?")
_NOISE = re.compile(r"(?:[.,;:!*\s]|</?\w{1,12}>|<\|\w{1,30}\|>|\[/?\w{1,12}\])*")
"""What may stand behind a closing fence: a full stop, the end of a turn."""
_WORD = re.compile(r"[\w.+:/-]+")
_QUOTED = re.compile(r"^[ \t]*>[ ]?", re.MULTILINE)
_NUMBERED = re.compile(r"^ *\d+(?: ?[|:] ?|\t|  ?|$)", re.MULTILINE)
_PYTHON = frozenset("py python python2 python3 py3 ipython ipython3 sage cython pyi".split())
_DIFF = frozenset("diff patch udiff gitdiff git-diff".split())
_OTHER = frozenset(
    """
    json jsonc json5 jsonl yaml yml toml ini cfg csv tsv xml html css text txt plaintext plain output out
    result console log stdout stderr traceback error bash sh shell zsh shell-session terminal cmd powershell
    bat dockerfile makefile markdown md rst latex tex math sql pycon c cpp c++ cxx h hpp cs csharp java
    javascript js jsx typescript ts tsx go rust rs ruby rb php perl r julia jl kotlin swift scala haskell hs
    lua matlab fortran asm mermaid dot graphql http quote pseudocode pseudo algorithmic
    """.split()
)
_TYPED = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'"}
    | dict.fromkeys("\ufeff\u200b\u200c\u200d\u2060", "")
)
"""What chat windows and word processors make of a program's characters."""


class Kind(IntEnum):
    """What a block seems to be; of two programs the one of the higher kind is rather the answer."""

    DIFF = 0
    OTHER = 1
    QUOTED = 2
    CODE = 3


@dataclass(frozen=True, slots=True)
class Block:
    """A block's text without its margin, and its outline, where it was read as Python and is.

    `span`: where it stands in the response, fences included. `whole`: not read from a block without an end.
    """

    kind: Kind
    text: str
    outline: Outline | None
    span: tuple[int, int]
    tagged: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Fence:
    """A run of backticks or tildes that may begin or end a block.

    Attributes:
        start, end: of its line.
        before: what stands before the run. `alone`: that is a margin only, a quotation's or list's mark included.
        word: the first word behind it. `bare`: behind it stands nothing, or what only looks like something.
    """

    start: int
    end: int
    before: str
    mark: str
    size: int
    word: str
    alone: bool
    bare: bool

    @property
    def python(self) -> bool:
        return self.word.split(":")[0] in _PYTHON or self.word.startswith("python") or self.word.endswith(".py")

    @property
    def kind(self) -> Kind:
        if self.word in _DIFF:
            return Kind.DIFF
        if self.word in _OTHER or os.path.splitext(self.word)[1][1:] in _OTHER:
            return Kind.OTHER
        return Kind.QUOTED if ">" in self.before else Kind.CODE


def blocks(text: str, effort: Effort) -> list[Block]:
    """All blocks in order, none within a block that is Python.

    A block ends at the first fence before which it is Python. A program may hold fences of its own (an improver holds
    a prompt). But those stand in a string, and a program that is cut off within a string does not parse.
    """
    return list(_Reader(text, effort).blocks())


def code_in(text: str, effort: Effort) -> tuple[str, Outline] | None:
    """The text as Python, mended where only its characters were changed on the way; None if it is none."""
    for read in (_plain(text), _mended(text)):
        if read and read.strip() and (outline := effort.outline(read)):
            return read, outline
        if _open_string(effort):
            break
    return None


def first_statements(text: str, effort: Effort) -> tuple[str, Outline] | None:
    """The whole statements with which a text begins, before what is no Python: prose, or the place where it was cut."""
    for _ in range(_MOST_CUTS):
        if not text.strip() or (found := code_in(text, effort)):
            return found if text.strip() else None
        if effort.error is None or effort.error.lineno is None:
            return None
        text = _before_statement(_plain(text), effort.error.lineno)
    return None


def margin_removed(text: str) -> str:
    """Without the white space with which all of its lines begin; it ends in one line end."""
    lines = [line.rstrip() if not line.strip() else line for line in text.split("\n")]
    margin = os.path.commonprefix([line for line in lines if line])
    size = len(margin) - len(margin.lstrip(" \t"))
    return "\n".join(line[size:] for line in lines).strip("\n") + "\n"


def _plain(text: str) -> str:
    text = margin_removed(text)
    first, _, rest = text.partition("\n")
    return rest if first.strip().lower() in _PYTHON and rest.strip() else text  # the tag, a line too low


def _mended(text: str) -> str | None:
    mended = text.translate(_TYPED)
    lines = [line for line in mended.split("\n") if line.strip()]
    if lines and all(map(_NUMBERED.match, lines)):
        mended = _NUMBERED.sub("", mended)
    return _plain(mended) if mended != text else None


def _open_string(effort: Effort) -> bool:
    """Whether the last text ended within a string of several lines: it may go on behind the fence."""
    return effort.error is not None and "unterminated triple-quoted" in str(effort.error.msg)


def _before_statement(text: str, line: int) -> str:
    """The lines before the statement of the top level to which line number `line` belongs."""
    lines = text.split("\n")
    start = min(line, len(lines)) - 1
    while start > 0 and (not lines[start] or lines[start][0] in " \t)]}#@" or lines[start - 1].startswith("@")):
        start -= 1
    return "\n".join(lines[:start])


class _Reader:
    def __init__(self, text: str, effort: Effort) -> None:
        self._text, self._effort = text, effort
        self._fences = list(_fences(text))[-_MOST_FENCES:]
        self._unclosed = 0

    def blocks(self) -> Iterator[Block]:
        past, closing = 0, -1
        for place, fence in enumerate(self._fences):
            opens = fence.alone or (fence.python and fence.mark == "`")
            if not opens or fence.start < past or (fence.start == closing and fence.bare):
                continue
            end = self._plain_end(place)
            found = self._made(fence, end) if fence.kind < Kind.QUOTED else self._code(place)
            if found is None:
                closing = end.start if end else -1  # else the prose behind it would be tried as code
                found = self._made(fence, end)
            elif found.kind >= Kind.QUOTED or (end and end.bare):
                past = found.span[1]
            yield found

    def _plain_end(self, place: int) -> _Fence | None:
        """Where a block of other text ends: at a fence as long as its own, or where another block begins."""
        fence = self._fences[place]
        for end in self._fences[place + 1 :]:
            if end.alone and (not end.bare or (end.mark == fence.mark and end.size >= fence.size)):
                return end
        return None

    def _code(self, place: int) -> Block | None:
        """What begins at a fence and is Python, up to the first fence at which it is."""
        fence, end = self._fences[place], None
        for end in self._fences[place + 1 :]:
            if not end.alone and (not end.bare or "#" in end.before):
                continue
            if found := self._read(fence, end):
                return self._made(fence, end, found)
            if not _open_string(self._effort):
                break  # what is wrong before this fence is as wrong before a later one
        else:
            end = None  # no fence ends it
        if self._unclosed >= _MOST_UNCLOSED or (end and end.bare and end.alone):
            return None
        self._unclosed += 1
        cut = first_statements(self._between(fence, end), self._effort)
        return self._made(fence, end, cut, whole=False) if cut else None

    def _read(self, fence: _Fence, end: _Fence) -> tuple[str, Outline] | None:
        self._effort.error = None
        if end.start - fence.end > min(self._effort.left, MOST_CHARACTERS):
            return None
        return code_in(self._between(fence, end), self._effort)

    def _between(self, fence: _Fence, end: _Fence | None) -> str:
        stop = len(self._text) if end is None else end.start
        text = self._text[fence.end + 1 : stop]
        if end is not None and not end.alone:
            text += end.before
        return _QUOTED.sub("", text) if ">" in fence.before else text

    def _made(
        self, fence: _Fence, end: _Fence | None, found: tuple[str, Outline] | None = None, *, whole: bool = True
    ) -> Block:
        text, outline = found or (margin_removed(self._between(fence, end)), None)
        stop = len(self._text) if end is None else end.end if end.bare else end.start
        return Block(fence.kind, text, outline, (fence.start + len(fence.before), stop), fence.python, whole)


def _fences(text: str) -> Iterator[_Fence]:
    """Each line with exactly one run: more of them on one line are inline code."""
    end, runs = -1, list["re.Match[str]"]()
    start = 0
    for run in _runs(text):
        if run.start() > end:
            if len(runs) == 1:
                yield _fence(text, start, end, runs[0])
            start = text.rfind("\n", max(end, 0), run.start()) + 1
            newline = text.find("\n", run.end())
            end, runs = len(text) if newline < 0 else newline, []
        runs.append(run)
    if len(runs) == 1:
        yield _fence(text, start, end, runs[0])


def _runs(text: str) -> Iterator["re.Match[str]"]:
    """Of backticks or tildes, in order: each of the two is looked for by itself, which is quicker."""

    def next_of(mark: str, place: int) -> int:
        found = text.find(mark, place)
        return len(text) if found < 0 else found

    ticks, tildes = next_of("```", 0), next_of("~~~", 0)
    while run := _RUN.match(text, min(ticks, tildes)):
        yield run
        ticks = next_of("```", run.end()) if ticks < run.end() else ticks
        tildes = next_of("~~~", run.end()) if tildes < run.end() else tildes


def _fence(text: str, start: int, end: int, run: "re.Match[str]") -> _Fence:
    before, after = text[start : run.start()], text[run.end() : end]
    word = _WORD.search(after[:200])
    alone, bare = _BEFORE_A_FENCE.fullmatch(before) is not None, _NOISE.fullmatch(after) is not None
    return _Fence(start, end, before, run[0][0], len(run[0]), word[0].lower() if word else "", alone, bare)


def python_blocks(text: str, effort: Effort | None = None) -> list[str]:
    """The texts of those blocks that are Python."""
    return [block.text for block in blocks(text, effort or Effort()) if block.outline]
