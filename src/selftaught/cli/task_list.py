"""`selftaught tasks`: the built-in tasks, a row for each level."""

import dataclasses

from selftaught.cli import printing
from selftaught.tasks.loading import load_task
from selftaught.tasks.measured import MEASURED


def show(*, as_json: bool) -> None:
    """The measurements of each task, with the facts from its file."""
    rows = []
    for name, measured in MEASURED.items():
        task = load_task(name)
        kind = "interactive" if task.play else "function"
        rows.append({"task": name, "about": task.about.splitlines()[0], "kind": kind, **dataclasses.asdict(measured)})
    printing.tasks(rows, as_json=as_json)
