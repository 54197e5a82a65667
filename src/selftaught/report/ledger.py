"""Records → the ledger: what was bought from which model, for what, for which I_t, and at what cost."""

from copy import copy
from dataclasses import dataclass

import msgspec

from selftaught.runs.records import Answered, Number, Record, Tried


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


class _Part(msgspec.Struct):
    """An entry while it grows."""

    responses: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    uncounted: int = 0
    cost: Number = 0.0
    unpriced: int = 0
    sources: list[str] = []
    dropped: int = 0
    cut: int = 0
    seconds: Number = 0.0
    shared: int = 0
    saved: Number = 0.0

    def answered(self, record: Answered) -> None:
        self.responses += 1
        if record.shared:
            self.shared += 1
            self.saved += record.bought_for or 0.0
            return
        self.cost += record.cost or 0.0
        self.seconds += record.seconds
        if record.price_source and record.price_source not in self.sources:
            self.sources.append(record.price_source)
        self.input_tokens += record.input_tokens or 0
        self.output_tokens += record.output_tokens or 0
        self.cached_tokens += record.cached_tokens or 0
        self.reasoning_tokens += record.reasoning_tokens or 0
        self.uncounted += record.input_tokens is None or record.output_tokens is None
        self.unpriced += record.cost is None
        self.dropped += record.dropped.startswith("temperature")
        self.cut += record.dropped.startswith("prompt")

    def tried(self, record: Tried) -> None:
        self.cost += record.cost
        self.seconds += record.seconds
        self.failed += 1

    def entry(self, t: int, role: str, model: str) -> Entry:
        return Entry(role, t, model, **{**msgspec.structs.asdict(self), "sources": tuple(sorted(self.sources))})


class Ledger(msgspec.Struct):
    """The entries so far. Failed attempts stand under the model that answered there in the end, if any."""

    _parts: dict[int, dict[str, dict[str, _Part]]] = {}
    """By t, role and model."""
    _unanswered: dict[str, list[Tried]] = {}
    """By the address of the response that is waited for."""

    def add(self, record: Record) -> None:
        """Count what was bought; ignore other records."""
        match record:
            case Answered():
                self._part(record, record.model).answered(record)
                for tried in self._unanswered.pop(record.draw or record.at, ()):
                    self._part(tried, record.model).tried(tried)
            case Tried():
                self._unanswered.setdefault(record.ask, []).append(record)
            case _:
                pass

    def entries(self) -> list[Entry]:
        """One for each role, t and model, by t."""
        parts = {
            (t, role, model): copy(part)
            for t, by_role in self._parts.items()
            for role, by_model in by_role.items()
            for model, part in by_model.items()
        }
        for tried in (one for several in self._unanswered.values() for one in several):
            parts.setdefault((tried.t, tried.role, ""), _Part()).tried(tried)
        return [part.entry(*key) for key, part in sorted(parts.items(), key=lambda pair: pair[0])]

    def _part(self, record: Answered | Tried, model: str) -> _Part:
        return self._parts.setdefault(record.t, {}).setdefault(record.role, {}).setdefault(model, _Part())
