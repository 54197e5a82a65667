"""A run → one self-contained HTML file. All text of guests and models in it is hostile.

Three protections: every text that the template prints is escaped; every such text loses what cannot be seen
(`finalize`, so that a new field of the page cannot be forgotten); and the page's own policy forbids every script but
its own, by that one's hash, and everything from elsewhere.
"""

import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from selftaught.report import plots, tables
from selftaught.report.candidates import Candidate, Candidates, idea_of
from selftaught.report.curve import Line, curve
from selftaught.report.lineage import improved, lineage
from selftaught.report.over_time import curve_of
from selftaught.report.untrusted import many_lines, one_line, visible
from selftaught.report.view import RunView
from selftaught.runs.records import Sampled

MOST_CANDIDATES = 1000
_MOST_SOURCES, _MOST_SOURCE = 50, 20_000
_NUMBERS = {"calls", "responses", "tokens", "time"}


@dataclass(frozen=True)
class Shown:
    """A candidate on the page; `source` is its text, of the best alone: a page of a long run has to open."""

    candidate: Candidate
    idea: str
    source: str


@dataclass(frozen=True)
class Asked:
    """Something that waits for a person: its words, and the form that answers it. `text` may be a model's or a guest's.

    `buttons`: (value, word) of each.
    """

    title: str
    text: str
    action: str
    name: str
    label: str
    rows: int
    buttons: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Live:
    """What a page has that a server shows: addresses of its events, of all runs, of a text before its id; a script."""

    events: str
    home: str
    text: str
    script: Markup
    waiting: tuple[Asked, ...] = ()


def page(
    run: RunView,
    config: Mapping[str, Any],
    text: Callable[[str], str],
    *,
    title: str,
    candidates: Candidates | None = None,
    live: Live | None = None,
) -> str:
    """`text` gives a program by its id. The page takes nothing from elsewhere.

    `candidates`: of more than are shown (`MOST_CANDIDATES`) the best are enough.
    """
    found = candidates or Candidates()
    return (
        environment()
        .from_string(resource("page.html.jinja"))
        .render(
            title=title,
            run=run,
            live=live,
            policy=Markup(policy(script()) if live is None else live_policy(live.script)),
            script=Markup(script()),
            style=Markup(resource("page.css")),
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
            candidates=_shown(found.best()[:MOST_CANDIDATES], text),
            most_candidates=MOST_CANDIDATES,
            every_candidate=found.course.count,
            best_so_far="" if run.steps else Markup(plots.best_so_far(found.course)),
            solutions=_solutions(run, text),
            probes=tables.probes(run),
            timeline=Markup(plots.timeline(run.over_time.lanes, run.total.seconds)),
            time_in_words=_time_in_words(run),
            spending=Markup(_spending(run, config)),
            improved=improved(run.improvement, text) if run.improvement else None,
            config={name: tables.in_words(value) for name, value in config.items() if value is not None},
        )
    )


def script() -> str:
    """The page's own: tables are sorted and filtered."""
    return resource("page.js")


def policy(*scripts: str, more: str = "") -> str:
    """The content security policy of a page: no script but these, and nothing from elsewhere."""
    hashes = " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in scripts)
    rest = more or "base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src {hashes}; {rest}"


def live_policy(*scripts: str) -> str:
    """Of a page that a server shows: it may ask, and answer, that server."""
    mine = "connect-src 'self'; form-action 'self'; img-src data:; base-uri 'none'"
    return policy(script(), *scripts, more=mine)


@cache
def resource(name: str) -> str:
    """A file of this room."""
    return (files("selftaught.report") / name).read_text(encoding="utf-8")


def _solutions(run: RunView, text: Callable[[str], str]) -> list[tuple[Sampled, str]]:
    """Of the best improver, the solution of each task that is the best on val."""
    best: dict[str, Sampled] = {}
    for sample in run.measured.get(run.best_step.improver, ()) if run.best_step else ():
        if sample.program and (sample.task not in best or sample.val > best[sample.task].val):
            best[sample.task] = sample
    return [(sample, many_lines(text(sample.program or ""), _MOST_SOURCE)) for sample in best.values()]


def _time_in_words(run: RunView) -> str:
    parts = [
        f"{words} in {tables.duration(seconds)}"
        for kind, words in (("model", "the run waited for a response"), ("guest", "programs were scored"))
        if (seconds := run.over_time.busy(kind))
    ]
    return f"Of {tables.duration(run.total.seconds)} at work, {', '.join(parts)}." if parts else ""


def _spending(run: RunView, config: Mapping[str, Any]) -> str:
    """In dollars if they are known; else in tokens; else in calls; with the matching cap."""
    for which, unit, name in ((1, "Dollars", "max_cost"), (2, "Tokens", "max_tokens"), (3, "Calls", "max_calls")):
        points, cap = curve_of(run.over_time.sums, which), config.get(name)
        drawn = plots.spending(points, run.total.seconds, unit, float(cap) if isinstance(cap, (int, float)) else None)
        if drawn:
            return drawn
    return ""


def _shown(ranked: Sequence[Candidate], text: Callable[[str], str]) -> list[Shown]:
    return [
        Shown(
            one,
            idea_of(text(one.response)) if one.response else "",
            many_lines(text(one.program), _MOST_SOURCE) if place < _MOST_SOURCES else "",
        )
        for place, one in enumerate(ranked)
    ]


def environment() -> Environment:
    """What renders pages: it escapes, and cleans, all that it is given."""
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


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds)) if seconds else "—"
