"""The experiments that there are, and the report of one."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec

from selftaught.cli import printing
from selftaught.core.errors import RecordError, SelfTaughtError, UsageError
from selftaught.experiments.listing import FINISHED, Standing, list_experiments, standing
from selftaught.experiments.results import RESULT
from selftaught.report.experiment_page import experiment_page
from selftaught.report.page import Live
from selftaught.report.untrusted import one_line
from selftaught.runs.folder import PARAMETERS, REPORT, RunFolder

_MOST_BYTES = 64 << 20


def show_all(root: Path, *, as_json: bool) -> None:
    """One line an experiment, the newest last. A damaged one is named, and does not hide the others."""
    rows: list[dict[str, Any]] = []
    itself = (root / PARAMETERS).is_file()
    for folder in [root] if itself else list_experiments(root):
        try:
            rows.append(_row(standing(folder)))
        except SelfTaughtError as error:
            rows.append({"name": folder.name, "error": str(error)})
    if as_json:
        printing.dump({"schema": "selftaught.experiments/1", "experiments": rows})
        return
    if not rows:
        print(f"There is no experiment in {root}/ yet. Start one with: selftaught experiment curve TASK")
        return
    headers = ("folder", "what", "tasks", "models", "runs", "responses", "status")
    shown = [
        (one["name"], one_line(one["error"], 60), "", "", "", "", "")
        if "error" in one
        else (
            one["name"], one["experiment"], " ".join(one["tasks"]), " ".join(one["models"]),
            f"{one['finished']} of {one['runs']}", f"{one['responses']:,}", one["status"],
        )
        for one in rows
    ]  # fmt: skip
    printing.table(headers, shown, right=("runs", "responses"), spare=("responses", "models", "tasks", "what"))
    if any(one.get("status") not in (FINISHED, None) for one in rows):
        print(f"To continue one: selftaught experiment WHAT --out {root if itself else f'{root}/FOLDER'}")


def _row(told: Standing) -> dict[str, Any]:
    given = told.given
    return {
        "name": told.folder.name, "experiment": given.experiment, "tasks": given.tasks, "models": given.models,
        "finished": told.finished, "runs": len(told.cells), "responses": told.responses, "status": told.status,
    }  # fmt: skip


def report(folder: Path, out: Path | None) -> None:
    """One self-contained HTML file: figures and tables as far as there are, and every run of it."""
    html = page_of(folder)
    if out is None:
        print(RunFolder(folder).write(REPORT, html))
        return
    try:
        out.write_text(html, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from error
    print(out)


def page_of(folder: Path, live: Live | None = None) -> str:
    """The current report; `live`: the additions of a server. Raises UsageError, RecordError."""
    told = standing(folder)
    return experiment_page(
        folder.name,
        msgspec.to_builtins(told.given),
        _result(folder / RESULT),
        {path.stem: _as_data(path) for path in sorted(folder.glob("*.svg")) if not path.is_symlink()},
        [(c.name, c.what, c.model, c.status or "not begun", c.note, str(c.responses)) for c in told.cells],
        f"{told.finished} of {len(told.cells)} runs finished; {told.responses:,} responses",
        live=live,
    )


def _result(file: Path) -> dict[str, Any]:
    """As it was written; empty where the experiment has none yet. Raises RecordError."""
    try:
        if file.is_symlink() or not file.is_file():
            return {}
        told = msgspec.json.decode(file.read_bytes()[:_MOST_BYTES], type=_Result)
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise RecordError(f"{file} cannot be read: {one_line(str(error), 200)}") from error
    return {"tables": told.tables, "titles": told.titles, "notes": told.notes}


class _Result(msgspec.Struct):
    """What of a result file is shown."""

    tables: dict[str, list[dict[str, str | float | int | bool | None]]]
    notes: list[str]
    titles: dict[str, str] = {}


def _as_data(picture: Path) -> str:
    """A drawing as an address: in an image nothing of it can run."""
    try:
        return "data:image/svg+xml;base64," + b64encode(picture.read_bytes()[:_MOST_BYTES]).decode("ascii")
    except OSError as error:
        raise RecordError(f"{picture} cannot be read: {error.strerror}") from error
