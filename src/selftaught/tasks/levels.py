"""What the levels of a task are made of: its text with a level's own sizes, and sizes that go up evenly."""

import textwrap
from collections.abc import Mapping

_WIDTH = 120


def described(text: str | None, level: Mapping[str, object]) -> str:
    """The text with the level's values in place of their names in braces, its paragraphs wrapped again."""
    filled = (text or "").format(**level)
    return "\n\n".join(textwrap.fill(" ".join(part.split()), _WIDTH) for part in filled.split("\n\n"))


def ladder(fewest: int, most: int, count: int) -> list[int]:
    """Sizes from `fewest` to `most` in `count` even steps: so a score is a share of a way, and no step."""
    return [fewest + round((most - fewest) * i / (count - 1)) for i in range(count)]
