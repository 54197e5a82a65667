"""What a run did over its time → SVG drawings, inline. Colours are the page's.

Times are seconds at work: the time between two sessions does not count.
"""

from collections.abc import Mapping, Sequence
from html import escape

from selftaught.report.candidates import Course
from selftaught.report.over_time import KINDS, Lane
from selftaught.report.tables import duration

_WIDTH, _LEFT, _RIGHT, _TOP = 720, 60, 16, 10
_LANE, _GAP, _BELOW = 44, 30, 26
_HEIGHT = 200
_BUCKETS = 240
_DOT = "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z"
"""A disc around 0 0."""


def timeline(known: Mapping[str, Lane], seconds: float) -> str:
    """For each kind a lane with how many were under way; "" where nothing took any time."""
    lanes = [kind for kind in KINDS if kind in known]
    if not lanes or seconds <= 0:
        return ""
    height = _TOP + len(lanes) * (_LANE + _GAP) + _BELOW
    parts = [_head(height, "timeline", "Work in progress at the same time")]
    for place, kind in enumerate(lanes):
        loads = known[kind].loads(seconds, _BUCKETS)
        most, bottom = max(loads), _TOP + (place + 1) * (_LANE + _GAP) - _GAP / 2
        step = (_WIDTH - _LEFT - _RIGHT) / len(loads)
        corners = [f"{_LEFT},{bottom:.1f}"]
        for number, load in enumerate(loads):
            y = bottom - _LANE * load / most if most else bottom
            corners += [f"{_LEFT + number * step:.1f},{y:.1f}", f"{_LEFT + (number + 1) * step:.1f},{y:.1f}"]
        corners.append(f"{_WIDTH - _RIGHT},{bottom:.1f}")
        parts += [
            f'<text x="{_LEFT}" y="{bottom - _LANE - 3:.1f}">{KINDS[kind]}: at most {_count(most)} at once</text>',
            f'<polygon class="{kind}" points="{" ".join(corners)}"/>',
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom:.1f}" y2="{bottom:.1f}"/>',
        ]
    return "".join([*parts, *_time_axis(height, seconds), "</svg>"])


def spending(points: Sequence[tuple[float, float]], seconds: float, unit: str, cap: float | None) -> str:
    """Total spending against time: `points` are (seconds, the sum by then). "" if nothing was spent."""
    spent = points[-1][1] if points else 0.0
    if spent <= 0 or seconds <= 0:
        return ""
    most = max(spent, cap if cap and cap < 4 * spent else 0)
    bottom = _TOP + _HEIGHT

    def place(time: float, amount: float) -> str:
        return f"{_x(time, seconds):.1f},{bottom - _HEIGHT * amount / most:.1f}"

    line = [place(0, 0), *(place(*point) for point in points)]
    parts = [_head(bottom + _BELOW, "spending", f"{unit} spent in total"), *_levels(most, bottom)]
    if cap and cap <= most:
        y = bottom - _HEIGHT * cap / most
        parts.append(f'<line class="cap" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT + 6}" y="{y + 16:.1f}">the cap, {_amount(cap)}</text>')
    parts.append(f'<g class="line0"><polyline points="{" ".join(line)}"/></g>')
    return "".join([*parts, *_time_axis(bottom + _BELOW, seconds), "</svg>"])


def best_so_far(scores: Course) -> str:
    """A dot for each candidate in order, and the best so far as a line; "" for fewer than two."""
    if scores.count < 2:
        return ""
    low, high = scores.low, scores.high
    span, bottom = (high - low) or 1.0, _TOP + _HEIGHT

    def x(number: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * number / (scores.count - 1)

    def y(score: float) -> float:
        return bottom - (_HEIGHT - 10) * (score - low) / span

    first, *later = scores.best
    line, best = [f"{x(0):.1f},{y(first[1]):.1f}"], first[1]
    for number, score in later:
        line += [f"{x(number):.1f},{y(best):.1f}", f"{x(number):.1f},{y(score):.1f}"]
        best = score
    line.append(f"{x(scores.count - 1):.1f},{y(best):.1f}")
    dots = [
        f'<path class="mark" transform="translate({x(number):.1f} {y(score):.1f})" d="{_DOT}"/>'
        for number, score in scores.dots
    ]
    words = f"{scores.count} candidates, the best {best:.4g}"
    parts = [_head(bottom + _BELOW, "best", f"Scores in the order of the record: {words}")]
    for value in dict.fromkeys((low, high)):
        parts.append(f'<text x="{_LEFT - 10}" y="{y(value) + 5:.1f}" text-anchor="end">{value:.3g}</text>')
    parts += [f'<g class="line1">{"".join(dots)}</g><g class="line0"><polyline points="{" ".join(line)}"/></g>']
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(
        f'<text x="{middle:.0f}" y="{bottom + _BELOW - 6}" text-anchor="middle">candidates, 1 to {scores.count}</text>'
    )
    return "".join([*parts, "</svg>"])


def _head(height: float, name: str, words: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-labelledby="{name}-title">'
        f'<title id="{name}-title">{escape(words)}</title>'
    )


def _x(time: float, seconds: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(time, seconds) / seconds


def _levels(most: float, bottom: float) -> list[str]:
    parts = []
    for share in (0, 0.5, 1):
        y = bottom - _HEIGHT * share
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 10}" y="{y + 5:.1f}" text-anchor="end">{_amount(most * share)}</text>')
    return parts


def _time_axis(height: float, seconds: float) -> list[str]:
    y = height - 6
    return [
        f'<text x="{_LEFT}" y="{y:.1f}">0</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="{y:.1f}" text-anchor="end">{duration(seconds)} at work</text>',
    ]


def _count(load: float) -> str:
    return f"{load:.0f}" if load >= 10 else f"{load:.1f}".removesuffix(".0")


def _amount(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"
