"""Records → the ledger: what was bought of which model, for what, towards which I_t, at what cost. A pure fold."""

from collections.abc import Iterable
from dataclasses import dataclass

from selftaught.runs.records import Answered, Record, Tried


@dataclass(frozen=True)
class Entry:
    """All that was bought for one role, towards one I_t, of one model.

    Attributes:
        failed: attempts that gave no response; what they may have cost is in `cost`.
        input_tokens, output_tokens: as far as they were told; `uncounted` responses had one missing.
        cost: US dollars, as far as they are known; `unpriced` responses have none.
        sources: who told the prices.
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
    seconds: float = 0.0


def ledger(records: Iterable[Record]) -> list[Entry]:
    """One entry for each role, t and model, by t. Failed attempts stand under the model that answered there, if any."""
    told = list(records)
    models = {record.at: record.model for record in told if isinstance(record, Answered)}
    parts: dict[tuple[int, str, str], list[Answered | Tried]] = {}
    for record in told:
        if isinstance(record, Answered):
            parts.setdefault((record.t, record.role, record.model), []).append(record)
        elif isinstance(record, Tried):
            parts.setdefault((record.t, record.role, models.get(record.ask, "")), []).append(record)
    return [_entry(*key, part) for key, part in sorted(parts.items())]


def _entry(t: int, role: str, model: str, part: list[Answered | Tried]) -> Entry:
    bought = [record for record in part if isinstance(record, Answered)]
    failed = [record for record in part if isinstance(record, Tried)]
    return Entry(
        role=role,
        t=t,
        model=model,
        responses=len(bought),
        failed=len(failed),
        input_tokens=sum(record.input_tokens or 0 for record in bought),
        output_tokens=sum(record.output_tokens or 0 for record in bought),
        cached_tokens=sum(record.cached_tokens or 0 for record in bought),
        reasoning_tokens=sum(record.reasoning_tokens or 0 for record in bought),
        uncounted=sum(record.input_tokens is None or record.output_tokens is None for record in bought),
        cost=sum(record.cost or 0.0 for record in part),
        unpriced=sum(record.cost is None for record in bought),
        sources=tuple(sorted({record.price_source for record in bought if record.price_source})),
        dropped=sum(bool(record.dropped) for record in bought),
        seconds=sum(record.seconds for record in part),
    )
