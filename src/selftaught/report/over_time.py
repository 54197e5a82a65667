"""What took how long, and what was spent when, in a run's time at work: as much of it as a drawing can show.

However long the run is, this stays small. So the drawings of a long run are a little coarser than its record.
"""

from collections.abc import Sequence
from itertools import accumulate

import msgspec

from selftaught.runs.records import Number

KINDS = {"model": "waiting for the model", "guest": "scoring programs", "failed": "attempts that failed"}
_MOST_PARTS = 2048
"""Into which the time is divided, at most; half as many at least."""
_FIRST_WIDTH = 2.0**-10
_MOST_APART = 1000
_MOST_POINTS = 2000


class Lane(msgspec.Struct):
    """Work of one kind. The time is divided into parts of `width` seconds, which doubles as the run goes on.

    Attributes:
        count: pieces of work.
        partly: by part, seconds of work that covers a part of it, or belongs to narrower parts of before.
        wholly: by part, how many more pieces of work cover all of it than of the part before.
        apart: the latest times (begin, end) in which at least one was under way, none of which meet.
        before: seconds of all earlier such times, which ended at `since`.
    """

    count: int = 0
    width: Number = _FIRST_WIDTH
    partly: list[Number] = []
    wholly: list[int] = []
    apart: list[tuple[Number, Number]] = []
    before: Number = 0.0
    since: Number = 0.0

    def add(self, begin: float, end: float) -> None:
        """The ends come in order."""
        self.count += 1
        self._merge(begin, end)
        while end >= self.width * _MOST_PARTS:
            self._widen()
        first, last = int(begin / self.width), int(end / self.width)
        lacking = last + 2 - len(self.partly)
        self.partly += [0.0] * lacking
        self.wholly += [0] * lacking
        if first == last:
            self.partly[first] += end - begin
            return
        self.partly[first] += (first + 1) * self.width - begin
        self.partly[last] += end - last * self.width
        self.wholly[first + 1] += 1
        self.wholly[last] -= 1

    def _merge(self, begin: float, end: float) -> None:
        begin = max(begin, self.since)
        while self.apart and self.apart[-1][1] >= begin:
            begin = min(begin, self.apart.pop()[0])
        self.apart.append((begin, end))
        if len(self.apart) > _MOST_APART:
            first, self.since = self.apart.pop(0)
            self.before += self.since - first

    def _widen(self) -> None:
        seconds = self._seconds()
        self.width *= 2
        self.partly = [sum(seconds[place : place + 2]) for place in range(0, len(seconds), 2)]
        self.wholly = [0] * len(self.partly)

    def _seconds(self) -> list[float]:
        return [part + self.width * whole for part, whole in zip(self.partly, accumulate(self.wholly), strict=True)]

    def frozen(self) -> "Lane":
        """As it is now."""
        return msgspec.structs.replace(self, partly=[*self.partly], wholly=[*self.wholly], apart=[*self.apart])

    @property
    def busy(self) -> float:
        """Seconds in which at least one was under way. Of the latest thousand times apart exactly; at least that."""
        return self.before + sum(end - begin for begin, end in self.apart)

    def loads(self, seconds: float, most: int) -> list[float]:
        """The mean number under way in each of at `most` so many equal parts of the time."""
        count = min(most, max(1, 4 * self.count))
        wide, loads = seconds / count, [0.0] * count
        for place, worked in enumerate(self._seconds()):
            begin, end = place * self.width, min((place + 1) * self.width, seconds)
            for number in range(int(begin / wide), min(count, int(end / wide) + 1)) if begin < end else ():
                shared = max(0.0, min(end, (number + 1) * wide) - max(begin, number * wide))
                loads[number] += worked * shared / (end - begin) / wide
        return loads


class OverTime(msgspec.Struct):
    """A run over its time.

    Attributes:
        lanes: by kind.
        sums: (seconds at work, dollars, tokens, calls) so far: after every `each`-th call, and after the last.
    """

    lanes: dict[str, Lane] = {}
    sums: list[tuple[Number, Number, int, int]] = []
    each: int = 1

    def worked(self, kind: str, now: float, seconds: float) -> None:
        """Work of this kind ended now."""
        self.lanes.setdefault(kind, Lane()).add(max(0.0, now - max(0.0, seconds)), now)

    def spent(self, now: float, dollars: float, tokens: int) -> None:
        """In one more call, as far as they are known."""
        _, before, already, calls = self.sums[-1] if self.sums else (0.0, 0.0, 0, 0)
        if self.sums and calls % self.each:
            self.sums.pop()
        self.sums.append((now, before + dollars, already + tokens, calls + 1))
        if len(self.sums) > _MOST_POINTS:
            self.each *= 2
            last = self.sums[-1]
            self.sums = [point for point in self.sums if point[3] % self.each == 0]
            self.sums += [last] if last not in self.sums[-1:] else []

    def busy(self, kind: str) -> float:
        """Seconds in which at least one of this kind was under way."""
        return self.lanes[kind].busy if kind in self.lanes else 0.0

    def frozen(self) -> "OverTime":
        """As it is now."""
        return msgspec.structs.replace(
            self, lanes={kind: lane.frozen() for kind, lane in self.lanes.items()}, sums=[*self.sums]
        )


def curve_of(sums: Sequence[tuple[float, float, int, int]], which: int) -> list[tuple[float, float]]:
    """(Seconds at work, the sum by then), of dollars (1), tokens (2) or calls (3)."""
    return [(point[0], float(point[which])) for point in sums]
