"""The name of each piece of work (design law 4): parent's address / kind : hash of content # how many times before.

Content, not position: an improver that runs threads, or changes its mind after a resume, finds its work again. The
count keeps two equal questions two independent draws.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256

from selftaught.core.comparing import comparing_below
from selftaught.core.contracts import In, Map, Out
from selftaught.core.within import Within

_here: ContextVar[str] = ContextVar("selftaught_address", default="")


def here() -> str:
    """The address of the piece of work being done in this context; "" outside of any."""
    return _here.get()


def working_at(address: str) -> Within[str]:
    """Within the block, `here()` is `address`."""
    return Within(_here, address)


@dataclass
class Addresses:
    """Hands out addresses. `lock` makes it safe for threads; equal runs get equal addresses in any order."""

    lock: AbstractContextManager[object]
    _given: Counter[str] = field(default_factory=Counter, init=False)

    def next(self, kind: str, *content: str) -> str:
        """The address, under `here()`, of asking for this content once more."""
        stem = _stem(kind, content)
        with self.lock:
            count = self._given[stem]
            self._given[stem] += 1
        return f"{stem}#{count}"

    def forget(self, address: str) -> None:
        """What was asked below this address is asked anew: a first time again."""
        with self.lock:
            for stem in [stem for stem in self._given if stem.startswith(f"{address}/")]:
                del self._given[stem]


def first_address(kind: str, *content: str) -> str:
    """The address, under `here()`, of asking for this content the first time."""
    return f"{_stem(kind, content)}#0"


def in_places(map: Map) -> Map:
    """A map whose i-th call works at the place i below `here()`: for items that have a fixed order, like D."""

    def placed(function: Callable[[In], Out], items: Sequence[In], /) -> Iterable[Out]:
        def work(place: tuple[int, In]) -> Out:
            with working_at(f"{here()}/{place[0]}"), comparing_below(str(place[0])):
                return function(place[1])

        return map(work, list(enumerate(items)))

    return placed


def times_before(address: str) -> int:
    """How many times the same was requested there before: the number after the address's last "#"."""
    return int(address.rpartition("#")[2])


def depth(address: str) -> int:
    """How far below the run itself it was asked for: 1 is the run's own work, 2 that of its one application."""
    return address.count("/")


def draw_seed(*content: str) -> int:
    """63 bits that depend on every part of `content` and reveal nothing of it (SHA-256)."""
    return int.from_bytes(_digest(content)[:8]) >> 1


def _stem(kind: str, content: tuple[str, ...]) -> str:
    return f"{here()}/{kind}:{_digest(content).hex()[:16]}"


def _digest(content: tuple[str, ...]) -> bytes:
    """Each part goes in with its length, so that no two lists of parts read alike."""
    return sha256("".join(f"{len(part)}:{part}" for part in content).encode("utf-8", "surrogatepass")).digest()
