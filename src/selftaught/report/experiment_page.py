"""An experiment → one self-contained HTML file, with the same protections as a run's (page.py)."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from selftaught.report import tables
from selftaught.report.page import Live, environment, live_policy, policy, resource, script

CELLS = ("run", "does", "model", "status", "note", "responses")


def experiment_page(
    title: str,
    parameters: Mapping[str, Any],
    result: Mapping[str, Any],
    figures: Mapping[str, str],
    cells: Sequence[Sequence[str]],
    standing: str,
    *,
    live: Live | None = None,
) -> str:
    """`result`: tables (lists of rows by column), titles and notes, or nothing yet. `figures`: as `data:` addresses.

    `cells`: a row for each run, as in `CELLS`. `standing`: how far it has come. `live`: what a server adds.
    """
    drawn = "img-src data:; base-uri 'none'; form-action 'none'"
    return (
        environment()
        .from_string(resource("experiment.html.jinja"))
        .render(
            title=title,
            live=live,
            policy=Markup(policy(script(), more=drawn) if live is None else live_policy(live.script)),
            style=Markup(resource("page.css")),
            script=Markup(script()),
            parameters={name: tables.in_words(value) for name, value in parameters.items() if value is not None},
            tables=[
                (
                    str(result.get("titles", {}).get(name, name)),
                    list(rows[0]),
                    [list(map(_cell, r.keys(), r.values())) for r in rows],
                )
                for name, rows in result.get("tables", {}).items()
                if rows
            ],
            notes=list(result.get("notes", ())),
            figures=figures,
            cells=cells,
            cell_headers=CELLS,
            standing=standing,
        )
    )


def _cell(column: str, value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, float) and column.removeprefix("+") in _COUNTS:
        return f"{value:,.1f}".removesuffix(".0")
    return f"{value:.4f}" if isinstance(value, float) else str(value)


_COUNTS = ("responses", "tokens")
"""Means of counts, and nearly always whole numbers."""
