"""Draws what `selftaught demo` shows, as SVG: the picture in the README.

    python benchmarks/demo_picture.py

It runs the demo, and leaves out most of the diff. The fonts are the reader's own; nothing is fetched from elsewhere.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

PICTURE = Path(__file__).parents[1] / "docs" / "demo.svg"
COLUMNS = 88
_SIZE, _ADVANCE, _LINE, _MARGIN = 13, 7.83, 18, 16
_MOST_DIFF = 8
_COLOURS = {
    re.compile(r"^\$ "): "#ffffff",
    re.compile(r"^\+(?!\d)"): "#7ee787",
    re.compile(r"^-"): "#ff9b93",
    re.compile(r"^@@"): "#79c0ff",
    re.compile(r"^ +round \d"): "#79c0ff",
    re.compile(r"^(val|sealed test) "): "#ffffff",
}


def shown() -> list[str]:
    """The lines of the demo, both streams as they come on a screen."""
    with tempfile.TemporaryDirectory() as scratch:
        run = subprocess.run(
            [sys.executable, "-um", "selftaught", "demo"],
            cwd=scratch,
            env={**os.environ, "COLUMNS": str(COLUMNS)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
    return ["$ selftaught demo", *run.stdout.splitlines()]


def shortened(lines: list[str]) -> list[str]:
    """Without most of the diff, and with the number of lines that are left out."""
    start = next(place for place, line in enumerate(lines) if line.startswith("@@"))
    end = next(place for place, line in enumerate(lines) if line.endswith("more lines of the diff."))
    left = end - start - _MOST_DIFF + int(lines[end].split()[0])
    return [*lines[: start + _MOST_DIFF], f"… {left} more lines of the diff", *lines[end + 1 :]]


def drawn(lines: list[str]) -> str:
    """As SVG, one element for each line."""
    width = round(2 * _MARGIN + COLUMNS * _ADVANCE)
    height = 2 * _MARGIN + _LINE * len(lines)
    texts = [
        f'<text x="{_MARGIN}" y="{_MARGIN + _LINE * place + _SIZE}" fill="{_colour(line)}" xml:space="preserve"'
        f' textLength="{len(line) * _ADVANCE:.1f}">{escape(line)}</text>'
        for place, line in enumerate(lines)
        if line
    ]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<title>What selftaught demo shows</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
        f'<g font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="{_SIZE}">',
        *texts,
        "</g>",
        "</svg>\n",
    ])  # fmt: skip


def _colour(line: str) -> str:
    return next((colour for begin, colour in _COLOURS.items() if begin.match(line)), "#c9d1d9")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draw what `selftaught demo` shows.")
    parser.add_argument("--out", type=Path, default=PICTURE, help="the file; the README's picture unless given")
    parser.parse_args().out.write_text(drawn(shortened(shown())), encoding="utf-8")
