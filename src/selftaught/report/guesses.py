"""Records → what was scored before anybody asked for it, and what of that was bought in vain."""

from dataclasses import dataclass

import msgspec

from selftaught.runs.records import META_UTILITY, Answered, Record, Scored


@dataclass(frozen=True, slots=True)
class Guessed:
    """Scores that were begun before they were asked for.

    `used`: asked for in the end; `unused`: not, or not yet. For the latter so many `responses` of a model were bought,
    for so many US dollars as are known; `unpriced` of them have no known cost. `tokens`: in and out, as far as counted.
    """

    used: int = 0
    unused: int = 0
    responses: int = 0
    tokens: int = 0
    dollars: float = 0.0
    unpriced: int = 0


class Guesses(msgspec.Struct):
    """Counts them, record by record."""

    _used: int = 0
    _unused: set[str] = set()
    _bought: dict[str, dict[str, Answered]] = {}
    """By the score (as in `_score_of`), then by its address: what was bought for scores nobody has asked for."""

    def add(self, record: Record) -> None:
        """Records that tell nothing of guesses are let pass."""
        match record:
            case Scored(guessed=True):
                self._unused.add(_score_of(record))
            case Scored():
                self._used += record.ahead or record.at in self._bought
                self._unused.discard(_score_of(record))
                self._bought.pop(record.at, None)
            case Answered(shared=True):  # it was not in vain
                if bought := self._bought.get(_address_of_score(record.bought_at)):
                    bought.pop(record.bought_at, None)
            case Answered(guessed=True):
                self._bought.setdefault(_address_of_score(record.at), {})[record.at] = record
            case _:
                pass

    def so_far(self) -> Guessed:
        """What is known of them."""
        in_vain = [answered for bought in self._bought.values() for answered in bought.values()]
        return Guessed(
            self._used,
            len(self._unused | set(self._bought)),
            len(in_vain),
            sum((one.input_tokens or 0) + (one.output_tokens or 0) for one in in_vain),
            sum(one.cost or 0.0 for one in in_vain),
            sum(one.cost is None for one in in_vain),
        )


def _score_of(record: Scored) -> str:
    """What tells it from other scores: where it is asked for, if it asks a model; else what is scored, and by what."""
    if record.utility == META_UTILITY:
        return record.at.replace("/guessed:", "/score:")
    return f"{record.utility} {record.program}"


def _address_of_score(at: str) -> str:
    """Of a score that asks a model: the outermost at this address."""
    parts = at.split("/")
    return "/".join(parts[: next((n for n, part in enumerate(parts) if part.startswith("score:")), len(parts)) + 1])
