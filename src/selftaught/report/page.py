"""A run → one self-contained HTML file. Whatever a guest or a model wrote is hostile text in it: escaped, cleaned."""

import difflib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from selftaught.report import tables
from selftaught.report.curve import Line, curve
from selftaught.report.untrusted import many_lines, one_line
from selftaught.report.view import RunView, Step

_MOST_DIFF_LINES = 2000
_CLASS = {"+": "added", "-": "removed", "@": "place"}


@dataclass(frozen=True)
class Change:
    """One step of the lineage: I_t against I_{t-1}, as (class, line) pairs."""

    step: Step
    outcome: str
    lines: list[tuple[str, str]]
    source: str


def page(run: RunView, config: Mapping[str, Any], text: Callable[[str], str], *, title: str) -> str:
    """`text` gives a program by its id. The page has no script and takes nothing from elsewhere."""
    template = (files("selftaught.report") / "page.html.jinja").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"line": one_line, "duration": tables.duration, "when": _when}
    lines = [
        Line("val", [(step.t, step.val) for step in run.steps if step.val]),
        Line("test", [(step.t, step.test) for step in run.steps if step.test]),
    ]
    return environment.from_string(template).render(
        title=title,
        run=run,
        headers=tables.HEADERS,
        rows=tables.rows(run),
        summary=tables.summary(run, str(config.get("accept", ""))),
        curve=Markup(curve(lines, "Meta-utility against t")),  # made by us of numbers; its texts are escaped there
        changes=_lineage(run, text),
        config={name: value for name, value in config.items() if value is not None},
        tokens=tables.tokens(run.total),
    )


def _lineage(run: RunView, text: Callable[[str], str]) -> list[Change]:
    changes, before = [], ""
    for step in run.steps:
        source = many_lines(text(step.improver))
        lines = [] if step.t == 0 else _diff(before, source, step.t)
        changes.append(Change(step, tables.outcome(step), lines, source))
        before = source
    return changes


def _diff(before: str, after: str, t: int) -> list[tuple[str, str]]:
    names = f"I_{t - 1}", f"I_{t}"
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm=""))[2:]
    shown = [(_CLASS.get(line[:1], ""), line) for line in lines[:_MOST_DIFF_LINES]]
    return (
        shown
        if len(lines) <= _MOST_DIFF_LINES
        else [*shown, ("place", f"… {len(lines) - _MOST_DIFF_LINES} lines more")]
    )


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds)) if seconds else "—"
