"""The tables of an experiment on a screen: few digits, short names of models, the dispensable columns left out.

Its CSV and JSON files have every digit, column and name.
"""

from collections.abc import Sequence

from selftaught.cli import printing
from selftaught.core.model_name import MUTATE
from selftaught.experiments.design import Table

_SPARE = (
    "trials needed", "least p", "+tokens", "+responses", "own number", "as seen", "se", "tokens", "crashed",
    "responses", "p", "failed", "n",
)  # fmt: skip
"""What goes where the screen is too narrow, in this order."""
_WORDS = ("what it does", "compared", "improver", "improved by", "task")
"""Columns that may be cut; of a table the first that it has."""
_SHORTER = {"dollars": "$", "+dollars": "+$", "p (Holm)": "Holm", "difference": "diff."}
_MODEL = ("model", "used with")
"""Columns without meaning if there is one model."""


def experiment_table(table: Table, models: Sequence[str]) -> None:
    """On stdout."""
    shown = [n for n, header in enumerate(table.headers) if not _says_nothing(table, n, header, models)]
    short = _short_names(models)
    headers = tuple(_SHORTER.get(table.headers[n], _renamed(table.headers[n], short)) for n in shown)
    signed = bool({"difference", "gain"} & set(table.headers))
    rows = [tuple(_renamed(_cell(table.headers[n], row[n], signed), short) for n in shown) for row in table.rows]
    words = next((name for name in _WORDS if name in headers), "")
    right = tuple(name for n, name in enumerate(headers) if any(_is_number(row[shown[n]]) for row in table.rows))
    printing.table(headers, rows, right=right, spare=(*table.spare, *_SPARE), free=words)


def _says_nothing(table: Table, n: int, header: str, models: Sequence[str]) -> bool:
    """The model if there is only one, besides the one that costs nothing; a price that is unknown or zero."""
    of_price = header.removeprefix("+") in ("tokens", "dollars")
    empty = (of_price or header in _MODEL) and not any(row[n] for row in table.rows)
    others = {row[n] for row in table.rows} - {"", MUTATE}
    return empty or (header in _MODEL and len(models) == 1 and len(others) <= 1)


def _is_number(cell: object) -> bool:
    return isinstance(cell, (int, float))


def _cell(header: str, cell: object, signed: bool) -> str:
    if cell is None:
        return "—"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        plus = "+" if header.startswith("+") else ""
        name = header.removeprefix("+")
        if name == "dollars":
            return f"{cell:{plus}.2f}" if abs(cell) >= 1 else f"{cell:{plus}.4f}"
        if name in ("responses", "tokens"):
            return f"{cell:{plus},.0f}" if cell == int(cell) or abs(cell) >= 100 else f"{cell:{plus},.1f}"
        if header in ("p", "p (Holm)", "least p"):
            return f"{cell:.3f}" if cell >= 0.001 else "<.001"
        sign = "+" if signed and header in ("difference", "gain", "low", "high") else ""
        return f"{cell:{sign}.3f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _short_names(models: Sequence[str]) -> dict[str, str]:
    """Without the provider, if the names stay different."""
    short = {model: model.rpartition("/")[2] for model in models}
    return short if len(set(short.values())) == len(models) else {}


def _renamed(text: str, short: dict[str, str]) -> str:
    for model in sorted(short, key=len, reverse=True):
        text = text.replace(model, short[model])
    return text
