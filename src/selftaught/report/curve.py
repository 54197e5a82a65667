"""Means and standard errors → an SVG drawing, inline, with nothing from elsewhere. Colours are the page's.

Lines differ by colour, by the shape of their marks, by a dash, and by a name at their right end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from selftaught.core.measurement import Estimate
from selftaught.report.ticks import round_numbers

_WIDTH, _HEIGHT = 720, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 64, 16, 46
_MOST_NAMED_STEPS = 12
_LEAST_SPAN = 0.04
_LABEL_HEIGHT = 18
COLOURS = 4
"""The page's classes line0, line1 and so on."""
_ASIDE, _INSET = 4, 16
_MARKS = ("M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", "M-4 -4h8v8h-8z")
"""A disc and a square, around 0 0."""

Scale = Callable[[float], float]


@dataclass(frozen=True)
class Line:
    """One line of the drawing: its name, and (t, estimate) from left to right."""

    name: str
    points: Sequence[tuple[int, Estimate]]


def curve(lines: Sequence[Line], title: str) -> str:
    """An `<svg>` element; "" if there is nothing to draw. The y axis spans the data, and its labels show the range."""
    drawn = [line for line in lines if line.points]
    if not drawn:
        return ""
    ticks = round_numbers(*_span([estimate for line in drawn for _, estimate in line.points]))
    low, high = ticks[0], ticks[-1]
    last = max(t for line in drawn for t, _ in line.points)

    def x(t: float) -> float:
        return _LEFT + _INSET + (_WIDTH - _LEFT - _RIGHT - 2 * _INSET) * (t / last if last else 0.5)

    def y(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)

    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="curve-title curve-text">',
        f'<title id="curve-title">{escape(title)}</title><desc id="curve-text">{escape(_told(drawn))}</desc>',
        *_axes(ticks, last, x, y),
    ]
    for place, line in enumerate(drawn):
        aside = _ASIDE * (2 * place + 1 - len(drawn))  # error bars side by side, not on top of each other
        mark = _MARKS[place % len(_MARKS)]
        places = [(x(t) + aside, t, estimate) for t, estimate in line.points]
        parts += _line(line, places, y, mark, place % COLOURS)
    return "".join([*parts, *_names(drawn, y), "</svg>"])


def _axes(ticks: Sequence[float], last: int, x: Scale, y: Scale) -> list[str]:
    parts, decimals = [], max(0, -floor(log10(ticks[1] - ticks[0]) + 1e-9))  # 0.1 is 0.09999… where subtracted
    for value in ticks:
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        )
        parts.append(f'<text x="{_LEFT - 10}" y="{y(value) + 5:.1f}" text-anchor="end">{value:.{decimals}f}</text>')
    for t in range(0, last + 1, max(1, ceil(last / _MOST_NAMED_STEPS))):
        parts.append(f'<text x="{x(t):.1f}" y="{_HEIGHT - 24}" text-anchor="middle">{t}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return [*parts, f'<text x="{middle:.0f}" y="{_HEIGHT - 5}" text-anchor="middle">step t</text>']


def _line(line: Line, places: Sequence[tuple[float, int, Estimate]], y: Scale, mark: str, colour: int) -> list[str]:
    path = " ".join(f"{place:.1f},{y(estimate.mean):.1f}" for place, _, estimate in places)
    parts = [f'<g class="line{colour}"><polyline points="{path}"/>']
    for place, t, estimate in places:
        parts.append(f"<g><title>{escape(line.name)}, t = {t}: {_in_words(estimate)}</title>")
        if estimate.standard_error:
            top, bottom = y(estimate.mean + estimate.standard_error), y(estimate.mean - estimate.standard_error)
            parts.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>')
        parts.append(f'<path class="mark" transform="translate({place:.1f} {y(estimate.mean):.1f})" d="{mark}"/></g>')
    return [*parts, "</g>"]


def _names(lines: Sequence[Line], y: Scale) -> list[str]:
    """The lines' names at their right ends, moved down where one would cover another."""
    parts, free = [], 0.0
    for colour, line in sorted(enumerate(lines), key=lambda numbered: -numbered[1].points[-1][1].mean):
        height, name = max(y(line.points[-1][1].mean) + 5, free), escape(line.name)
        free = height + _LABEL_HEIGHT
        parts.append(
            f'<text class="line{colour % COLOURS} name" x="{_WIDTH - _RIGHT + 6}" y="{height:.1f}">{name}</text>'
        )
    return parts


def _span(estimates: Sequence[Estimate]) -> tuple[float, float]:
    low = min(estimate.mean - (estimate.standard_error or 0.0) for estimate in estimates)
    high = max(estimate.mean + (estimate.standard_error or 0.0) for estimate in estimates)
    lacking = max(0.0, _LEAST_SPAN - (high - low))  # equal values are a line, not a division by zero
    return low - lacking / 2, high + lacking / 2


def _in_words(estimate: Estimate) -> str:
    error = "" if estimate.standard_error is None else f" ± {estimate.standard_error:.3f}"
    return f"{estimate.mean:.3f}{error}"


def _told(lines: Sequence[Line]) -> str:
    return "; ".join(f"{line.name}: " + ", ".join(f"t = {t}: {_in_words(e)}" for t, e in line.points) for line in lines)
