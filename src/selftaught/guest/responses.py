"""The program in a model's response, found as a careful reader would. Standard library only.

The host and its guests read responses with this alone. Reasoning is no answer; of several blocks the last that defines
what is wanted counts, joined with what it needs; where only changes are shown they are made, if they fit.
"""

import ast
import html
import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from selftaught.guest.blocks import Block, Kind, blocks, code_in, first_statements
from selftaught.guest.outline import Effort, Outline, bound_at_top
from selftaught.guest.patches import changed, changes_in
from selftaught.guest.reasoning import final_message, has_reasoning, without_reasoning

_MOST_READ = 400_000
"""Characters of a response. Of a longer one the end is read, then the beginning: a model may babble on."""
_ENTRIES = frozenset({"algorithm", "improve_algorithm"})
"""What programs are called by, usually: where a program defines one of them, it is there for that."""
_BEGINS_CODE = re.compile(
    r"^([ \t]*)(?:(?:async def|def|class|import|from|@\w+)\b|[A-Za-z_]\w{0,60}[ \t]*=[^=]).*$", re.MULTILINE
)
_WRAPPING = re.compile(
    r"</?(?:code|pre|python|answer|solution|program|final|output|file|artifact|improved\w*)\b[^<>\n]{0,120}>"
    r"|\[/?(?:PYTHON|CODE|ANSWER|SOLUTION)\]|<!\[CDATA\[|\]\]>",
    re.IGNORECASE,
)
_MOST_LOOSE, _MOST_PARTS = 8, 100
_MOST_STRINGS = 1000
_MOST_JOINED = 8
_NAME = re.compile(r"[A-Za-z_]\w*")
_LINE_START_NOISE = re.compile(r"^[\ufeff\u200b\u200c\u200d\u2060]+", re.MULTILINE)

Wanted = frozenset[str]


def program_in(response: str, like: str | None = None, *, strict: bool = False) -> str | None:
    """The text of a program that parses, or None.

    Args:
        response: all that the model answered.
        like: the program that is to be replaced. It tells what the new one has to define, lends it what it still
            uses of it, and is what changes are made to.
        strict: nothing else than a program that defines the same function.
    """
    text = _cleaned(response)
    parts = [text] if len(text) <= _MOST_READ else [text[-_MOST_READ // 2 :], text[: _MOST_READ // 2]]
    for part in parts:
        found = _Response(part, like, strict).program()
        if found is not None:
            return found.strip("\n") + "\n"
    return None


def _cleaned(text: str) -> str:
    """Line ends as line ends, and without what a wrong reading of UTF-16 or a byte order mark left."""
    if text.count("\0") > len(text) // 4:
        text = text.replace("\0", "").lstrip("\ufffd\xff\xfe")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else _LINE_START_NOISE.sub("", text)


@lru_cache(maxsize=4)
def _read_before(like: str) -> tuple[str, Outline] | None:
    """The program to be replaced: one for many responses."""
    return code_in(like, Effort())


class _Response:
    def __init__(self, text: str, like: str | None, strict: bool) -> None:
        self._effort = Effort()
        self._like = like
        self._outline = _read_before(like) if like and like.strip() else None
        self._wanted = _wanted(self._outline[1]) if self._outline else Wanted()
        self._strict = strict and self._outline is not None and bool(self._wanted & self._outline[1].defs)
        text = final_message(text)
        if has_reasoning(text):
            spans = [block.span for block in blocks(text, Effort()) if block.outline and block.whole]
            text = without_reasoning(text, spans)
        self._text = text
        self._blocks = blocks(text, self._effort)

    def program(self) -> str | None:
        if self._like and self._like.strip() and self._outline is None:
            return self._text_block()  # what is wanted is no Python
        sources: list[Callable[[], Sequence[Block]]] = [
            lambda: [block for block in self._blocks if block.outline],
            self._changed,
            self._mislabelled,
            self._loose,
            self._in_json,
        ]
        rest: list[Sequence[Block]] = []
        for source in sources:
            found = source()
            if self._wanted and (chosen := self._last_wanted(found)):
                return self._joined(chosen, found)
            rest.append(found)
        if self._strict:
            return self._spliced()
        last = next(filter(None, map(self._last_of_any, rest)), None)
        return self._joined(*last, lends=False) if last else None

    def _last_wanted(self, found: Sequence[Block]) -> Block | None:
        """Of those that define most of what is wanted the last of the likeliest kind."""
        hits = [(len(self._wanted & _outline(block).names), block.kind, place) for place, block in enumerate(found)]
        most = max(hits, default=(0, 0, 0))
        return found[most[2]] if most[0] else None

    def _last_of_any(self, found: Sequence[Block]) -> tuple[Block, Sequence[Block]] | None:
        """The last that defines a function; where none does, the last that does anything."""
        broken = any(block.kind is Kind.CODE and not block.outline for block in self._blocks)
        with_functions = [b for b in found if _outline(b).functions]
        whole = [b for b in found if b.whole and (_outline(b).acts or (b.tagged and not broken))]
        best = with_functions or whole
        if not best:
            return None
        return max(enumerate(best), key=lambda each: (each[1].kind, each[0]))[1], found

    def _joined(self, chosen: Block, found: Sequence[Block], *, lends: bool = True) -> str:
        """With the blocks, and the statements of the program to be replaced, that define what it uses."""
        pieces = [chosen]
        for _ in range(_MOST_JOINED):
            others = [block for block in found if not any(block is piece for piece in pieces)]
            lacks = _lacks(pieces) if others else frozenset()
            helper = next((block for block in reversed(others) if lacks & _outline(block).names), None)
            if helper is None:
                break
            pieces.append(helper)
        order = {id(block): place for place, block in enumerate(found)}
        before = sorted((block for block in pieces if block is not chosen), key=lambda block: order[id(block)])
        texts = [self._lent(pieces) if lends else "", *(block.text for block in before), chosen.text]
        joined = _with_future_first("\n\n".join(text.strip("\n") for text in texts if text.strip()))
        return joined if len(texts) == 2 and not texts[0] or self._effort.outline(joined) else chosen.text

    def _lent(self, pieces: Sequence[Block]) -> str:
        """The statements of the program to be replaced that define what these lack, and what those need in turn."""
        if self._outline is None or not _may_lack(pieces, self._outline[1].names):
            return ""
        lacks = _lacks(pieces)
        tree = Effort().tree(self._outline[0])
        statements = [] if tree is None else [(node, frozenset(bound_at_top(node))) for node in tree.body]
        taken: dict[int, ast.stmt] = {}
        for _ in range(_MOST_JOINED):
            new = {n: node for n, (node, names) in enumerate(statements) if names & lacks and n not in taken}
            if not new:
                break
            taken |= new
            lacks = frozenset(name.id for node in new.values() for name in ast.walk(node) if isinstance(name, ast.Name))
        return "\n\n".join(_source(self._outline[0], taken[n]) for n in sorted(taken))

    def _changed(self) -> Sequence[Block]:
        """The program to be replaced, with the changes made that the response shows."""
        if self._outline is None:
            texts = [block.text for block in self._blocks if block.kind is Kind.DIFF]
        else:
            texts = [block.text for block in self._blocks if not block.outline] or [self._text]
        changes = [change for text in texts for change in changes_in(text) if _shows_changes(text)]
        made = changed(self._outline[0] if self._outline else "", changes)
        return self._read(made)

    def _mislabelled(self) -> Sequence[Block]:
        """Blocks with the tag of something else that hold functions all the same."""
        found = [block for block in self._blocks if block.kind is Kind.OTHER and "def " in block.text]
        return [made for block in found for made in self._read(block.text, Kind.OTHER) if _outline(made).functions]

    def _loose(self) -> Sequence[Block]:
        """Programs that stand in no fence."""
        text = self._text
        for block in reversed(self._blocks):  # what stands in fences was read
            text = text[: block.span[0]] + "\n" + text[block.span[1] :]
        if whole := [block for block in self._read(text) if _outline(block).functions]:
            return whole
        for read in (text, html.unescape(text) if "&" in text else ""):
            if found := [block for part in _WRAPPING.split(read)[:_MOST_PARTS] for block in self._regions(part)]:
                return found
        return []

    def _regions(self, text: str) -> Iterator[Block]:
        place = 0
        for _ in range(_MOST_LOOSE):
            begin = _BEGINS_CODE.search(text, place)
            if begin is None:
                return
            region = _indented_alike(text, begin.start(), begin[1])
            found = first_statements(region, self._effort)
            if found and found[1].functions:
                yield Block(Kind.CODE, *found, (0, 0))
                place = begin.start() + max(len(begin[0]), len(found[0]) - 2)
            else:
                place = begin.end()

    def _in_json(self) -> Sequence[Block]:
        """Programs that are strings of JSON, itself fenced or not."""
        texts = [block.text for block in self._blocks if not block.outline] + [self._text]
        strings = [one for text in texts for one in _strings_of_json(text)][:_MOST_STRINGS]
        found: list[Block] = []
        for one in strings:
            read = [one] if "```" not in one else [b.text for b in blocks(one, self._effort) if b.outline]
            found += [block for text in read for block in self._read(text) if _outline(block).functions]
        return found

    def _spliced(self) -> str | None:
        """The program to be replaced with new versions of some of its functions, where a response holds only these."""
        if self._outline is None:
            return None
        parts = [b for b in self._blocks if b.outline and b.kind is Kind.CODE and b.outline.functions]
        known = set(self._outline[1].functions)
        if not parts or not all(known.issuperset(_outline(block).functions) for block in parts):
            return None
        return self._with_functions("\n\n".join(block.text for block in parts))

    def _with_functions(self, parts: str) -> str | None:
        assert self._outline is not None
        old, new = Effort().tree(self._outline[0]), self._effort.tree(parts)
        if old is None or new is None:
            return None
        named = {name: node for node in new.body for name in bound_at_top(node)}
        lines = self._outline[0].split("\n")
        for node in reversed(old.body):
            name = getattr(node, "name", "")
            if name in named:
                lines[_first_line(node) : node.end_lineno] = _source(parts, named.pop(name)).split("\n")
        more = "\n\n".join(_source(parts, node) for node in dict.fromkeys(named.values()))
        made = _with_future_first(f"{more}\n\n" * bool(more) + "\n".join(lines))
        return made if self._effort.outline(made) else None

    def _text_block(self) -> str | None:
        """Of a response to a prompt for text the last block, changes made."""
        made = changed(self._like or "", [c for b in self._blocks if b.kind is Kind.DIFF for c in changes_in(b.text)])
        last = [block.text for block in self._blocks if block.kind is not Kind.DIFF and block.text.strip()]
        return made or (last[-1] if last else None)

    def _read(self, text: str | None, kind: Kind = Kind.CODE) -> list[Block]:
        found = code_in(text, self._effort) if text else None
        return [Block(kind, *found, (0, 0))] if found else []


def _wanted(outline: Outline) -> Wanted:
    return outline.names & _ENTRIES or outline.roots


def _outline(block: Block) -> Outline:
    assert block.outline is not None  # only such are asked
    return block.outline


def _lacks(pieces: Sequence[Block]) -> frozenset[str]:
    outlines = [_outline(piece) for piece in pieces]
    bound: frozenset[str] = frozenset().union(*(outline.names for outline in outlines))
    return frozenset().union(*(outline.lacks for outline in outlines)) - bound


def _may_lack(pieces: Sequence[Block], names: frozenset[str]) -> bool:
    """Whether they may use any of these names that they do not define, by the words in their texts alone."""
    undefined = names.difference(*(_outline(piece).names for piece in pieces))
    # Python takes some other characters for the same name.
    return bool(undefined) and any(
        not piece.text.isascii() or undefined.intersection(_NAME.findall(piece.text)) for piece in pieces
    )


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)]) - 1


def _source(text: str, node: ast.stmt) -> str:
    return "\n".join(text.split("\n")[_first_line(node) : node.end_lineno])


def _with_future_first(text: str) -> str:
    lines = text.split("\n")
    future = [line for line in lines if line.startswith("from __future__ ")]
    if not future or lines[0] == future[0]:
        return text
    return "\n".join(dict.fromkeys(future)) + "\n" + "\n".join(line for line in lines if line not in future)


def _shows_changes(text: str) -> bool:
    return re.search(r"^(?:@@|<{5,9} ?\w|[-+](?![-+]))", text.lstrip(), re.MULTILINE) is not None


def _indented_alike(text: str, start: int, margin: str) -> str:
    """From `start` on, the lines that begin with this margin, and empty ones."""
    if not margin:
        return text[start:]
    taken = []
    for line in text[start:].split("\n"):
        if line.strip() and not line.startswith(margin):
            break
        taken.append(line)
    return "\n".join(taken)


def _strings_of_json(text: str) -> Iterator[str]:
    begin = min((place for mark in "{[" if (place := text.find(mark)) >= 0), default=-1)
    end = max(text.rfind("}"), text.rfind("]"))
    if begin < 0 or end < begin:
        return
    try:
        left = [json.loads(text[begin : end + 1], strict=False)]
    except (ValueError, RecursionError):
        return
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            left.extend(reversed(list(value.values())))
        elif isinstance(value, list) and value and all(isinstance(line, str) for line in value):
            yield "".join(value) if value[0].endswith("\n") else "\n".join(value)
        elif isinstance(value, list):
            left.extend(reversed(value))


_RELEASED_FENCE = re.compile(r"^```(\w*)[ \t]*\n?", re.MULTILINE)


def released_program_in(response: str) -> str | None:
    """By the rule of the paper's code: the largest of the fenced blocks that have a tag and an end.

    A fence with a tag inside a block begins a block within it, which its own end closes: the paper's improvers hold
    such prompts.
    """
    found, depth, begin = [""], 0, 0
    for fence in _RELEASED_FENCE.finditer(response):
        if fence[1]:
            begin = begin if depth else fence.end()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                found.append(response[begin : fence.start()])
    return max(found, key=len) or None
