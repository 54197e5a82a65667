"""A run → one self-contained HTML file. Whatever a guest or a model wrote is hostile text in it.

Three walls: every text that the template prints is escaped, whatever it is; every such text loses what cannot be seen
(`finalize`, so that a new field of the page cannot be forgotten); and the page's own policy forbids scripts and
everything from elsewhere.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from selftaught.report import tables
from selftaught.report.candidates import Candidate, idea_of
from selftaught.report.curve import Line, curve
from selftaught.report.lineage import improved, lineage
from selftaught.report.untrusted import many_lines, one_line, visible
from selftaught.report.view import RunView

_MOST_CANDIDATES, _MOST_SOURCES, _MOST_SOURCE = 1000, 50, 20_000
_NUMBERS = {"calls", "responses", "tokens", "time"}


@dataclass(frozen=True)
class Shown:
    """A candidate on the page; `source` is its text, of the best alone: a page of a long run has to open."""

    candidate: Candidate
    idea: str
    source: str


def page(
    run: RunView,
    config: Mapping[str, Any],
    text: Callable[[str], str],
    *,
    title: str,
    candidates: Sequence[Candidate] = (),
) -> str:
    """`text` gives a program by its id. The page has no script and takes nothing from elsewhere."""
    template = (files("selftaught.report") / "page.html.jinja").read_text(encoding="utf-8")
    return (
        _environment()
        .from_string(template)
        .render(
            title=title,
            run=run,
            headers=[(name, "number" if name in _NUMBERS else "") for name in tables.HEADERS],
            rows=list(zip(run.steps, tables.rows(run), strict=True)),
            ledger=tables.ledger_rows(run),
            ledger_headers=[(name, "" if name in ("for", "model") else "number") for name in tables.LEDGER_HEADERS],
            summary=[
                *tables.summary(run, str(config.get("accept", ""))),
                *([tables.fidelity(str(config["fidelity"]))] if "fidelity" in config else []),
            ],
            # Made by us of numbers, and escaped there.
            curve=Markup(curve(_lines(run), "Meta-utility of the improver I_t against t")),
            changes=lineage(run, text),
            candidates=_shown(candidates, text),
            most_candidates=_MOST_CANDIDATES,
            every_candidate=len(candidates),
            improved=improved(run.improvement, text) if run.improvement else None,
            config={name: _in_words(value) for name, value in config.items() if value is not None},
        )
    )


def _shown(candidates: Sequence[Candidate], text: Callable[[str], str]) -> list[Shown]:
    """The best first; of equal ones the earlier."""
    ranked = sorted(candidates, key=lambda one: -one.value)[:_MOST_CANDIDATES]
    return [
        Shown(
            one,
            idea_of(text(one.response)) if one.response else "",
            many_lines(text(one.program), _MOST_SOURCE) if place < _MOST_SOURCES else "",
        )
        for place, one in enumerate(ranked)
    ]


def _environment() -> Environment:
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined, finalize=_finalize
    )
    environment.filters |= {
        "line": one_line, "duration": tables.duration, "shown": tables.shown, "tokens": tables.tokens, "when": _when,
    }  # fmt: skip
    return environment


def _finalize(value: object) -> object:
    """The last thing done to each value before it is escaped and printed."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _lines(run: RunView) -> list[Line]:
    return [
        Line("val", [(step.t, step.val) for step in run.steps if step.val]),
        Line("test", [(step.t, step.test) for step in run.steps if step.test]),
    ]


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds)) if seconds else "—"
