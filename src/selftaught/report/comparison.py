"""Several runs compared: their results and costs, the settings that differ, and by how much results differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

from selftaught.core.measurement import Estimate
from selftaught.report import tables
from selftaught.report.untrusted import one_line
from selftaught.report.view import RunView, compared

_ABOUT_INSTANCES = ("seed", "fidelity", "tasks", "repeats")
"""Runs that agree in these were measured on the same instances: they are compared pair by pair."""


@dataclass(frozen=True)
class Compared:
    """One of the runs. `config`: its settings in force, by name."""

    name: str
    config: Mapping[str, Any]
    run: RunView


@dataclass(frozen=True)
class Comparison:
    """Rows have a title, and a cell for each run.

    Attributes:
        results: the result and the cost of each.
        settings: those in which they differ.
        differences: of each run against the first, in words.
    """

    names: tuple[str, ...]
    results: list[tuple[str, ...]]
    settings: list[tuple[str, ...]]
    differences: list[str]


def comparison(runs: Sequence[Compared]) -> Comparison:
    """Of two runs or more."""
    columns = [_facts(one) for one in runs]
    results = [
        (title, *(column.get(title, "") for column in columns))
        for title in dict.fromkeys(title for column in columns for title in column)
    ]
    names = list(dict.fromkeys(name for one in runs for name in one.config))
    settings = [(name, *(tables.in_words(one.config.get(name)) for one in runs)) for name in names]
    return Comparison(
        tuple(one.name for one in runs),
        results,
        [row for row in settings if len(set(row[1:])) > 1],
        [line for other in runs[1:] for line in _differences(runs[0], other)],
    )


def _facts(one: Compared) -> dict[str, str]:
    run = one.run
    facts = {"status": run.status}
    seed, best = run.seed_step, run.best_step
    if seed and best:
        facts |= {
            "best improver": f"I_{best.t} ({best.improver[:8]})",
            "val of the seed": tables.shown(seed.val),
            "val of the best": tables.shown(best.val),
            "test of the seed": tables.shown(seed.test),
            "test of the best": tables.shown(best.test),
        }
        facts |= {f"gain on {split}": _signed(run.gain(split)) for split in ("val", "test")}
    if run.improvement is not None:
        made = run.improvement
        for name in {**made.before, **made.after}:
            before, after = made.before.get(name), made.after.get(name)
            facts[f"{one_line(name)} before"] = "" if before is None else f"{before:.4f}"
            facts[f"{one_line(name)} after"] = "" if after is None else f"{after:.4f}"
            facts[f"gain on {one_line(name)}"] = _signed(made.gains.get(name))
    dollars, unpriced = sum(entry.cost for entry in run.ledger), sum(entry.unpriced for entry in run.ledger)
    facts |= {
        "responses": f"{run.total.responses:,}",
        "without a program": f"{sum(run.no_program.values()):,}",
        "tokens": tables.tokens(run.total),
        "cost": "—" if unpriced and not dollars else f"${dollars:,.4f}{'+' if unpriced else ''}",
        "scores run": f"{run.total.scores_run:,}",
        "time at work": tables.duration(run.total.seconds),
    }
    return {title: text for title, text in facts.items() if text}


def _differences(first: Compared, other: Compared) -> list[str]:
    """In the best improver's measurements; of runs of `improve`, in what they gained."""
    lines = []
    for split in ("val", "test"):
        found, how = _difference(first, other, split)
        if found is not None:
            lines.append(f"{one_line(other.name)} against {one_line(first.name)}, {split}: {_judged(found)} {how}.")
    one, two = first.run.improvement, other.run.improvement
    for name in (one.gains.keys() & two.gains.keys()) if one and two else ():
        gains = one.gains[name], two.gains[name]  # type: ignore[union-attr]
        difference = _apart(*gains)
        what = f"gain on {one_line(name)}"
        lines.append(f"{one_line(other.name)} against {one_line(first.name)}, {what}: {_judged(difference)}.")
    return lines or [f"{one_line(other.name)} against {one_line(first.name)}: no measurement that both have."]


def _difference(first: Compared, other: Compared, split: str) -> tuple[Estimate | None, str]:
    """Pair by pair where both met the same instances, with its error; and how it was found."""
    before, after = first.run.best_step, other.run.best_step
    if before is None or after is None or first.config.get("tasks") != other.config.get("tasks"):
        return None, ""
    alike = all(first.config.get(name) == other.config.get(name) for name in _ABOUT_INSTANCES)
    if alike and first.config.get("seed") and first.config.get("kind") == other.config.get("kind"):
        old, new = first.run.measured.get(before.improver, ()), other.run.measured.get(after.improver, ())
        return compared(old, new, split), "(on the same instances, pair by pair)"
    one, two = (before.val, after.val) if split == "val" else (before.test, after.test)
    return (None, "") if one is None or two is None else (_apart(one, two), "(on different instances)")


def _apart(before: Estimate, after: Estimate) -> Estimate:
    """The difference of two that have nothing in common."""
    errors = before.standard_error, after.standard_error
    error = None if errors[0] is None or errors[1] is None else hypot(errors[0], errors[1])
    return Estimate(after.mean - before.mean, error, min(before.n, after.n))


def _judged(found: Estimate) -> str:
    if found.standard_error is None:
        return f"{found.mean:+.4f}, without a standard error"
    beyond = tables.beyond_noise(found)
    return f"{found.mean:+.4f} ± {found.standard_error:.4f}, {'more' if beyond else 'less'} than two standard errors"


def _signed(gain: Estimate | None) -> str:
    if gain is None:
        return ""
    return f"{gain.mean:+.4f}" + ("" if gain.standard_error is None else f" ± {gain.standard_error:.4f}")
