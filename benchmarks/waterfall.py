"""Spans as a platform has them → one small SVG file: a waterfall of one trace. For docs/monitoring.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

_WIDTH, _NAMES, _ROW, _TOP = 860, 240, 22, 40
_CHARACTER = 6.8
"""Its width, or a little more."""
_COLOURS = {"CHAIN": "#8a8f98", "AGENT": "#7a4fa0", "LLM": "#1f5fa8", "EVALUATOR": "#2f7d4f"}
_FAILED = "#c0392b"
_STYLE = "text{font:12px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:14px}.right{fill:#555}"


@dataclass(frozen=True)
class Bar:
    """A span. `start`: in seconds, on any clock; `said`: what stands beside its name. `depth`: 0 for the root."""

    name: str
    kind: str
    start: float
    seconds: float
    depth: int
    failed: bool
    said: str


def drawn(title: str, bars: Sequence[Bar], file: Path) -> None:
    """The first is the root, which all others lie in."""
    root = bars[0]
    a_second = (_WIDTH - _NAMES - 20) / max(root.seconds, 1e-6)
    height = _TOP + _ROW * len(bars) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="10" y="22">{escape(title)}</text>',
        *(_bar(bar, _NAMES + (bar.start - root.start) * a_second, _TOP + _ROW * row, bar.seconds * a_second)
          for row, bar in enumerate(bars)),
        "</svg>",
    ]  # fmt: skip
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _bar(bar: Bar, left: float, top: float, width: float) -> str:
    colour = _FAILED if bar.failed else _COLOURS.get(bar.kind, "#555")
    middle = top + _ROW * 0.68
    words = f'<text x="{10 + 14 * bar.depth}" y="{middle:.0f}">{escape(bar.name)}</text>'
    rect = f'<rect x="{left:.1f}" y="{top + 3:.1f}" width="{max(width, 2.0):.1f}" height="{_ROW - 6}" fill="{colour}"/>'
    return words + rect + _beside(bar.said, left, left + width, middle)


def _beside(said: str, left: float, right: float, middle: float) -> str:
    """After the bar, or before it, or in it, wherever there is most room."""
    after, before, within = _WIDTH - right - 12, left - _NAMES - 12, right - left - 12
    room = max(after, before, within)
    fits = said if len(said) * _CHARACTER <= room else said[: int(room / _CHARACTER) - 1] + "…"
    if room == after:
        place = f'x="{right + 6:.1f}" class="right"'
    elif room == before:
        place = f'x="{left - 6:.1f}" class="right" text-anchor="end"'
    else:
        place = f'x="{left + 6:.1f}" style="fill:#fff"'
    return f'<text {place} y="{middle:.0f}">{escape(fits)}</text>'
