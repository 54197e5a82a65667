"""Which known programs a prompt shows, found without a look at every program: a run may know a hundred thousand."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from selftaught.core.contracts import Program


@dataclass
class Shown:
    """Programs, each under one of its lines: that which fewest others are kept under.

    The first and the last line of a program may be parts of longer lines of a prompt; those between are whole lines of
    it. Programs without any are looked for one by one. Not for several threads at once.
    """

    _by_line: defaultdict[str, list[Program]] = field(default_factory=lambda: defaultdict(list))
    _short: list[Program] = field(default_factory=list)

    def add(self, program: Program) -> None:
        """From now on it is looked for."""
        lines = program.source.strip().split("\n")[1:-1]
        if not lines:
            self._short.append(program)
            return
        rarest = min(dict.fromkeys(lines), key=lambda line: len(self._by_line.get(line, ())))
        self._by_line[rarest].append(program)

    def within(self, text: str) -> Iterator[Program]:
        """Those whose text is in this one word for word, except for white space around it."""
        kept = [self._short, *(self._by_line.get(line, []) for line in set(text.split("\n")))]
        return (program for programs in kept for program in programs if program.source.strip() in text)
