"""What each step changed in the improver, as lines of a unified diff. The texts are hostile: they come out cleaned."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, zip_longest

from selftaught.report import tables
from selftaught.report.untrusted import many_lines
from selftaught.report.view import Improvement, RunView, Step

_MOST_COMPARED_LINES = 2000
"""Of either text. difflib can be made to take time with the square of it: at this, a second at most."""
_MOST_DIFF_LINES = 1000
_MOST_LINE = 400
_CLASS = {"+": "added", "-": "removed", "@": "place"}


@dataclass(frozen=True)
class Diff:
    """Two texts compared. `lines` are (class, line) pairs; `remark`: what the lines cannot show; `after` is whole."""

    lines: tuple[tuple[str, str], ...]
    remark: str
    after: str

    @property
    def sides(self) -> list[tuple[str, str, str, str]]:
        """The lines side by side, as (class, line, class, line): what was removed, and what was added in its place."""
        rows: list[tuple[str, str, str, str]] = []
        removed: list[str] = []
        added: list[str] = []
        for kind, line in (*self.lines, ("place", "")):
            if kind == "removed":
                removed.append(line[1:])
            elif kind == "added":
                added.append(line[1:])
            else:
                for old, new in zip_longest(removed, added):
                    rows.append((_kind("removed", old), old or "", _kind("added", new), new or ""))
                removed, added = [], []
                rows.append((kind, line, kind, line) if kind == "place" else (kind, line[1:], kind, line[1:]))
        return rows[:-1]


@dataclass(frozen=True)
class Change:
    """One step of the lineage. `diff` is of what was proposed against its parent; of I_0 it has the text alone."""

    step: Step
    outcome: str
    remark: str
    diff: Diff | None


def lineage(run: RunView, text: Callable[[str], str]) -> list[Change]:
    """One change for each step. `text` gives a program by its id."""
    changes, parent = [], ""
    for step in run.steps:
        changes.append(_change(step, parent, text))
        parent = step.improver
    return changes


def improved(made: Improvement, text: Callable[[str], str]) -> Diff | None:
    """What `selftaught improve` changed; None where nothing was made."""
    return compare(text(made.solution), text(made.made)) if made.made else None


def compare(before: str, after: str) -> Diff:
    """`after` against `before`, cleaned and cut to a bearable size."""
    shown = many_lines(after)
    old, new = many_lines(before).splitlines(), shown.splitlines()
    if max(len(old), len(new)) > _MOST_COMPARED_LINES:
        return Diff((), f"Too long to compare: more than {_MOST_COMPARED_LINES} lines.", shown)
    told = difflib.unified_diff(old, new, lineterm="")
    lines = tuple((_CLASS.get(line[:1], ""), _cut(line)) for line in islice(told, 2, _MOST_DIFF_LINES + 2))
    rest = sum(1 for _ in told)
    if rest:
        return Diff(lines, f"{rest} more lines of the diff are not shown.", shown)
    if not lines:
        return Diff(
            (),
            "The same text." if before == after else "They differ only in the last line end, or past what is shown.",
            shown,
        )
    return Diff(lines, "", shown)


def _change(step: Step, parent: str, text: Callable[[str], str]) -> Change:
    outcome = tables.outcome(step)
    if step.t == 0 or not parent:
        return Change(step, outcome, "", Diff((), "", many_lines(text(step.improver))))
    if step.accepted:
        return Change(step, outcome, "", compare(text(parent), text(step.improver)))
    if step.proposed is None:
        return Change(step, outcome, f"I_{step.t - 1} proposed no program; I_{step.t} is I_{step.t - 1}.", None)
    if step.proposed == parent:
        return Change(step, outcome, f"I_{step.t - 1} proposed itself.", None)
    measured = f", measured {tables.shown(step.proposed_val)} on val" if step.proposed_val else ""
    remark = f"Proposed and not accepted: {step.proposed[:8]}{measured}. I_{step.t} is I_{step.t - 1}."
    return Change(step, outcome, remark, compare(text(parent), text(step.proposed)))


def _kind(kind: str, line: str | None) -> str:
    return "" if line is None else kind


def _cut(line: str) -> str:
    return line if len(line) <= _MOST_LINE else line[: _MOST_LINE - 1] + "…"
