"""`selftaught improvers`: built in, from installed packages, and kept by the user; with their origin."""

import re
from pathlib import Path
from typing import Any

import msgspec

from selftaught.cli import printing
from selftaught.cli.terminal import environment
from selftaught.core.errors import UsageError
from selftaught.report.untrusted import one_line
from selftaught.runs.provenance import Measure, provenance_of, without_provenance
from selftaught.runs.salt import data_folder
from selftaught.sandbox.machine import ENTRY
from selftaught.sandbox.reading import docstring_of
from selftaught.tasks.contract import as_name
from selftaught.wiring.inputs import IMPROVERS, improver_names, load_improver, read_text
from selftaught.wiring.installed import installed_plugins

_MOST_ABOUT = 160
_END = re.compile(r"\. |: |; | \(")
"""The longest short description of an improver."""


def kept_improvers() -> Path:
    """Where `export --keep` puts them."""
    return data_folder(environment()) / IMPROVERS


def file_of(name: str) -> Path:
    """The file of a kept improver. Raises UsageError if the name is invalid or in use."""
    if name != as_name(name) or not name or name == "last":
        raise UsageError(f'an improver cannot be called {name!r}; wanted letters, digits, "-" and "_"')
    if name in improver_names():
        raise UsageError(f"{name} is the name of a built-in improver; use another name")
    return kept_improvers() / f"{name}.py"


def list_improvers(*, as_json: bool) -> None:
    """One row each."""
    rows = [*_built_in(), *_installed(), *_kept()]
    if as_json:
        printing.dump({"schema": "selftaught.improvers/1", "kept_in": str(kept_improvers()), "improvers": rows})
        return
    headers = ("improver", "from", "trained on", "model", "val", "test", "what it does")
    shown = [
        (row["name"], row["from"], " ".join(row["trained_on"]), row["model"], _shown(row["val"]), _shown(row["test"]),
         row["trouble"] or row["about"])
        for row in rows
    ]  # fmt: skip
    printing.table(headers, shown, spare=("model", "test", "trained on"), free="what it does")
    print("val, test: the scores of its run's seed improver → its own scores.")
    print("To use one: --improver NAME. To keep one of a run: selftaught export RUN --keep NAME")


def _row(name: str, whence: str, about: str = "", trouble: str = "") -> dict[str, Any]:
    nothing: dict[str, Any] = {"trained_on": [], "model": "", "val": None, "test": None, "run": ""}
    return {"name": name, "from": whence, "about": about, "trouble": trouble, **nothing}


def _built_in() -> list[dict[str, Any]]:
    runs = Path()  # a built-in name is looked for nowhere else
    return [_row(name, "built in", _about(load_improver(name, runs).source)) for name in improver_names()]


def _installed() -> list[dict[str, Any]]:
    return [
        _row(one.name, one.package, "" if one.trouble else _about(load_improver(one.name, Path()).source), one.trouble)
        for one in installed_plugins()
        if one.kind == "improvers"
    ]


def _kept() -> list[dict[str, Any]]:
    rows = []
    for file in sorted(kept_improvers().glob("*.py")):
        try:
            text = read_text(file, "an improver")
        except UsageError as error:
            rows.append(_row(file.stem, "kept", trouble=str(error)))
            continue
        row, told = _row(file.stem, "kept", _about(without_provenance(text))), provenance_of(text)
        if told is not None:
            row |= {name: getattr(told, name) for name in ("trained_on", "model", "run")}
            row |= {name: msgspec.to_builtins(getattr(told, name)) for name in ("val", "test")}
            row["from"] = f"{told.name} of {told.run}"
        rows.append(row)
    return rows


def _about(source: str) -> str:
    """The first sentence of its docstring, if any. It may be a model's text, so another process reads it."""
    said = docstring_of(source, ENTRY)
    return one_line(_END.split(" ".join(said.split()))[0], _MOST_ABOUT).rstrip(".") if said else ""


def _shown(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    told = msgspec.convert(found, Measure)
    error = "" if told.error is None else f" ± {told.error:.3f}"
    before = "" if told.seed is None else f"{told.seed:.3f} → "
    return f"{before}{told.mean:.3f}{error}"
