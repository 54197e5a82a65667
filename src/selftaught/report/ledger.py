"""Records → the ledger: what was bought from which model, for what, for which I_t, and at what cost."""

from collections import Counter
from dataclasses import dataclass, field, replace

from selftaught.runs.records import Answered, Record, Tried


@dataclass(frozen=True)
class Entry:
    """All that was bought for one role, towards one I_t, of one model.

    Attributes:
        shared: responses that were bought for another improver before, and would have cost `saved` US dollars.
        failed: attempts that gave no response; what they may have cost is in `cost`.
        input_tokens, output_tokens: as far as they are known; `uncounted` responses lack one of them.
        cost: US dollars, as far as they are known; `unpriced` responses have no known cost.
        sources: the sources of the prices.
    """

    role: str
    t: int
    model: str
    responses: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    uncounted: int = 0
    cost: float = 0.0
    unpriced: int = 0
    sources: tuple[str, ...] = ()
    dropped: int = 0
    cut: int = 0
    seconds: float = 0.0
    shared: int = 0
    saved: float = 0.0


class Ledger:
    """The entries so far. Failed attempts stand under the model that answered there in the end, if any."""

    def __init__(self) -> None:
        self._parts: dict[tuple[int, str, str], _Part] = {}
        self._models: dict[str, str] = {}
        self._unanswered: dict[str, list[Tried]] = {}

    def add(self, record: Record) -> None:
        """Count what was bought; ignore other records."""
        match record:
            case Answered():
                asked = record.draw or record.at
                self._models[asked] = record.model
                self._part(record, record.model).answered(record)
                for tried in self._unanswered.pop(asked, ()):
                    self._part(tried, record.model).tried(tried)
            case Tried() if record.ask in self._models:
                self._part(record, self._models[record.ask]).tried(record)
            case Tried():
                self._unanswered.setdefault(record.ask, []).append(record)
            case _:
                pass

    def entries(self) -> list[Entry]:
        """One for each role, t and model, by t."""
        parts = {key: replace(part, count=Counter(part.count)) for key, part in self._parts.items()}
        for tried in (one for several in self._unanswered.values() for one in several):
            parts.setdefault((tried.t, tried.role, ""), _Part()).tried(tried)
        return [part.entry(*key) for key, part in sorted(parts.items())]

    def _part(self, record: Answered | Tried, model: str) -> "_Part":
        return self._parts.setdefault((record.t, record.role, model), _Part())


@dataclass
class _Part:
    """An entry while it grows."""

    count: Counter[str] = field(default_factory=Counter)
    cost: float = 0.0
    saved: float = 0.0
    seconds: float = 0.0
    sources: frozenset[str] = frozenset()

    def answered(self, record: Answered) -> None:
        if record.shared:
            self.count.update(responses=1, shared=1)
            self.saved += record.bought_for or 0.0
            return
        self.cost += record.cost or 0.0
        self.seconds += record.seconds
        self.sources |= {record.price_source} if record.price_source else set()
        self.count.update(
            responses=1,
            input_tokens=record.input_tokens or 0,
            output_tokens=record.output_tokens or 0,
            cached_tokens=record.cached_tokens or 0,
            reasoning_tokens=record.reasoning_tokens or 0,
            uncounted=record.input_tokens is None or record.output_tokens is None,
            unpriced=record.cost is None,
            dropped=record.dropped.startswith("temperature"),
            cut=record.dropped.startswith("prompt"),
        )

    def tried(self, record: Tried) -> None:
        self.cost += record.cost
        self.seconds += record.seconds
        self.count["failed"] += 1

    def entry(self, t: int, role: str, model: str) -> Entry:
        sources = tuple(sorted(self.sources))
        entry = Entry(role, t, model, **self.count, cost=self.cost, seconds=self.seconds, sources=sources)
        return replace(entry, saved=self.saved)
