"""A figure of an experiment → one self-contained SVG file: lines over a number, or dots over names, with intervals."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from selftaught.report.ticks import round_numbers
from selftaught.report.untrusted import visible

_WIDTH, _PLOT = 760, 300
_LEFT, _TOP, _RIGHT = 64, 48, 24
_COLOURS = ("#1f5fa8", "#c2512b", "#2f7d4f", "#7a4fa0", "#8a6d00", "#b0306a", "#3d7f8c", "#555555")
_DASHES = ("", "6 4", "2 3", "10 3 2 3")
"""Of lines that share a colour: those after the first have hollow marks, too."""
_LEGEND_HEIGHT = 18
_ASIDE, _MOST_ASIDE = 5.0, 32.0
"""How far apart lines are drawn, so that none hides another; and how far in all, over a number."""
_CHARACTER = 6.4
_LEAST_SPAN = 0.01
_MOST_MARKS = 12
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:14px}.axis{stroke:#999}"
    ".grid{stroke:#e4e4e4}rect.paper{fill:#fff}"
)
Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Point:
    """A value at x with its interval; low and high are None without an interval."""

    x: float
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """Lines over a number (`categories` empty), or dots over named categories (x is the place in them)."""

    name: str
    title: str
    x: str
    y: str
    lines: Mapping[str, Sequence[Point]]
    categories: tuple[str, ...] = ()


def drawing(figure: Figure) -> str:
    """The whole file. Lines differ by colour and dashes and, in the legend, by name; intervals are bars."""
    points = [point for line in figure.lines.values() for point in line]
    values = [v for p in points for v in (p.value, p.low, p.high) if v is not None] or [0.0, 1.0]
    ticks = round_numbers(min(values), max(max(values), min(values) + _LEAST_SPAN), about=6)
    names = [name for name in figure.lines if name]
    longest = max((len(name) for name in figure.categories), default=0) * _CHARACTER
    slanted = longest * len(figure.categories) > _WIDTH - _LEFT - _RIGHT  # else each has room below its dot
    labels = longest * 0.7 if slanted else 0
    bottom = _TOP + _PLOT
    height = bottom + 44 + labels + _LEGEND_HEIGHT * len(names)
    right = max([float(len(figure.categories) - 1), *(point.x for point in points), 0.0])

    def x(value: float) -> float:
        inset = 28
        return _LEFT + inset + (_WIDTH - _LEFT - _RIGHT - 2 * inset) * (value / right if right else 0.5)

    def y(value: float) -> float:
        return bottom - _PLOT * (value - ticks[0]) / (ticks[-1] - ticks[0])

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" role="img">',
        f"<title>{escape(figure.title)}</title><style>{_STYLE}</style>",
        f'<rect class="paper" width="{_WIDTH}" height="{height:.0f}"/>',
        f'<text class="title" x="{_LEFT}" y="24">{escape(figure.title)}</text>',
        f'<text x="{_LEFT}" y="{_TOP - 8}">{escape(figure.y)}</text>',
        *(_tick(value, y(value)) for value in ticks),
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>',
        *_below(figure, x, bottom, right, slanted=slanted),
        f'<text x="{_WIDTH - _RIGHT}" y="{bottom + 36 + labels:.0f}" text-anchor="end">{escape(figure.x)}</text>',
    ]
    room = (x(1) - x(0)) * 0.8 if len(figure.categories) > 1 else _MOST_ASIDE
    step = min(_ASIDE, room / max(1, len(figure.lines)))
    for place, (name, line) in enumerate(figure.lines.items()):
        look = _Look.of(place)
        aside = step * (place - (len(figure.lines) - 1) / 2)  # intervals side by side, not on top of each other
        parts += _line(line, look, _shifted(x, aside), y, joined=not figure.categories)
        if name:
            at = bottom + 44 + labels + _LEGEND_HEIGHT * names.index(name)
            parts.append(f'<rect x="{_LEFT + 1}" y="{at + 1:.0f}" width="10" height="10" {look.mark} {look.dashed}/>')
            parts.append(f'<text x="{_LEFT + 18}" y="{at + 10:.0f}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


@dataclass(frozen=True, slots=True)
class _Look:
    """Of a line: no two of a figure's first 32 look alike."""

    colour: str
    dash: str
    filled: bool

    @classmethod
    def of(cls, place: int) -> "_Look":
        turn = place // len(_COLOURS)
        return cls(_COLOURS[place % len(_COLOURS)], _DASHES[turn % len(_DASHES)], turn == 0)

    @property
    def dashed(self) -> str:
        return f'stroke-dasharray="{self.dash}"' if self.dash else ""

    @property
    def mark(self) -> str:
        return f'fill="{self.colour if self.filled else "#fff"}" stroke="{self.colour}" stroke-width="2"'


def escape(text: str) -> str:
    """Text of anybody's as part of the drawing."""
    return html.escape(visible(text))


def _shifted(scale: Scale, by: float) -> Scale:
    return lambda value: scale(value) + by


def _tick(value: float, at: float) -> str:
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{value:g}</text>'
    )


def _below(figure: Figure, x: Scale, bottom: float, right: float, *, slanted: bool) -> list[str]:
    places: dict[float, str] = {value: f"{value:,g}" for value in _along(right)}
    if figure.categories:
        places = {float(place): name for place, name in enumerate(figure.categories)}
    turn = ' text-anchor="end" transform="rotate(-40 {x:.1f} {y:.1f})"' if slanted else ' text-anchor="middle"'
    return [
        f'<text x="{x(place):.1f}" y="{bottom + 18:.1f}"{turn.format(x=x(place), y=bottom + 18)}>{escape(name)}</text>'
        for place, name in places.items()
    ]


def _along(right: float) -> list[float]:
    """The marks of the axis: every whole number if they are few, else round numbers."""
    if right == int(right) and right <= _MOST_MARKS:
        return [float(number) for number in range(int(right) + 1)]
    return [value for value in round_numbers(0.0, right) if value <= right]


def _line(points: Sequence[Point], look: _Look, x: Scale, y: Scale, *, joined: bool) -> list[str]:
    parts = []
    if joined and len(points) > 1:
        path = " ".join(f"{x(point.x):.1f},{y(point.value):.1f}" for point in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{look.colour}" stroke-width="2" {look.dashed}/>')
    for point in points:
        if point.low is not None and point.high is not None:
            at = f'x1="{x(point.x):.1f}" x2="{x(point.x):.1f}"'
            parts.append(f'<line {at} y1="{y(point.low):.1f}" y2="{y(point.high):.1f}" stroke="{look.colour}"/>')
        parts.append(f'<circle cx="{x(point.x):.1f}" cy="{y(point.value):.1f}" r="3" {look.mark}/>')
    return parts
