"""What an experiment found, in files: one JSON object, a CSV for each table, an SVG for each figure."""

import csv
import io
from pathlib import Path
from typing import Any

import msgspec

from selftaught.config import Parameters
from selftaught.experiments.design import Result, Table
from selftaught.report.figures import drawing
from selftaught.report.untrusted import in_table
from selftaught.runs.folder import RunFolder

RESULT = "result.json"


def write_result(result: Result, given: Parameters, folder: Path) -> None:
    """result.json, a CSV for each table, an SVG for each figure."""
    files = RunFolder(folder)
    for table in result.tables:
        files.write(f"{table.name}.csv", _as_csv(table))
    for figure in result.figures:
        files.write(f"{figure.name}.svg", drawing(figure))
    files.write(RESULT, msgspec.json.format(msgspec.json.encode(as_json(result, given))).decode() + "\n")


def as_json(result: Result, given: Parameters) -> dict[str, object]:
    """One stable object: "selftaught.experiment/1"; each table a list of rows by the names of its columns."""
    tables = {table.name: [dict(zip(table.headers, row, strict=True)) for row in table.rows] for table in result.tables}
    titles = {table.name: table.title for table in result.tables}
    body = {
        "parameters": given,
        "tables": tables,
        "titles": titles,
        "notes": list(result.notes),
        "failed": list(result.failed),
    }
    return {"schema": "selftaught.experiment/1", **msgspec.to_builtins(body)}


def _as_csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.headers)
    writer.writerows([_cell(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def _cell(cell: Any) -> Any:
    if isinstance(cell, str):
        return in_table(cell)
    return "" if cell is None else cell
