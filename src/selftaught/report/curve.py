"""Means and standard errors → an SVG drawing, inline, with nothing from elsewhere. Colours are the page's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from selftaught.core.measurement import Estimate

_WIDTH, _HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 16, 40
_LARGE_STEPS = 12


@dataclass(frozen=True)
class Line:
    """One line of the drawing: its name, which is its class too, and (t, estimate) from left to right."""

    name: str
    points: Sequence[tuple[int, Estimate]]


def curve(lines: Sequence[Line], title: str) -> str:
    """An `<svg>` element; "" if there is nothing to draw. The y axis spans the data, and says what it spans."""
    drawn = [line for line in lines if line.points]
    if not drawn:
        return ""
    low, high = _span([estimate for line in drawn for _, estimate in line.points])
    last = max(t for line in drawn for t, _ in line.points)

    def x(t: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (t / last if last else 0.5)

    def y(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)

    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="curve-title curve-text">',
        f'<title id="curve-title">{escape(title)}</title><desc id="curve-text">{escape(_told(drawn))}</desc>',
    ]
    for number in range(5):
        value = low + (high - low) * number / 4
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        )
        parts.append(f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    step = max(1, -(-last // _LARGE_STEPS))
    for t in range(0, last + 1, step):
        parts.append(f'<text x="{x(t):.1f}" y="{_HEIGHT - 18}" text-anchor="middle">{t}</text>')
    parts.append(f'<text x="{(_LEFT + _WIDTH) / 2:.0f}" y="{_HEIGHT - 2}" text-anchor="middle">t</text>')
    for offset, line in zip((-3, 3), drawn, strict=False):  # error bars side by side, not on top of each other
        parts += _line(line, x, y, offset)
    return "".join([*parts, "</svg>"])


def _line(line: Line, x: Callable[[float], float], y: Callable[[float], float], offset: int) -> list[str]:
    places = [(x(t) + offset, estimate) for t, estimate in line.points]
    path = " ".join(f"{place:.1f},{y(estimate.mean):.1f}" for place, estimate in places)
    parts = [f'<polyline class="{line.name}" points="{path}"/>']
    for place, estimate in places:
        if estimate.standard_error:
            top, bottom = y(estimate.mean + estimate.standard_error), y(estimate.mean - estimate.standard_error)
            parts.append(
                f'<line class="{line.name}" x1="{place:.1f}" x2="{place:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
            )
        parts.append(f'<circle class="{line.name}" cx="{place:.1f}" cy="{y(estimate.mean):.1f}" r="4"/>')
    return parts


def _span(estimates: Sequence[Estimate]) -> tuple[float, float]:
    errors = [estimate.standard_error or 0.0 for estimate in estimates]
    low = min(e.mean - error for e, error in zip(estimates, errors, strict=True))
    high = max(e.mean + error for e, error in zip(estimates, errors, strict=True))
    margin = max(0.02, 0.1 * (high - low))
    return low - margin, high + margin


def _told(lines: Sequence[Line]) -> str:
    return "; ".join(f"{line.name}: " + ", ".join(f"t={t} {e.mean:.3f}" for t, e in line.points) for line in lines)
