"""Spans as a platform has them → one small SVG file: a waterfall of one trace. For docs/monitoring.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

_WIDTH, _NAMES, _ROW, _TOP = 860, 330, 22, 40
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
    # Beside the bar, on the side where there is room.
    after = left + width + 6
    anchor, x = ("start", after) if after < _WIDTH - 190 else ("end", left - 6)
    if x < _NAMES + 150 and anchor == "end":
        return f'{words}{rect}<text x="{left + 6:.1f}" y="{middle:.0f}" style="fill:#fff">{escape(bar.said)}</text>'
    said = f'<text class="right" x="{x:.1f}" y="{middle:.0f}" text-anchor="{anchor}">{escape(bar.said)}</text>'
    return words + rect + said
