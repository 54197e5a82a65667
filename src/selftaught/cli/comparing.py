"""`selftaught compare RUN RUN…`: what differs, by how much, with what errors, and at what price."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from selftaught.cli import printing
from selftaught.cli.looking import opened, so_far
from selftaught.cli.terminal import tell
from selftaught.core.errors import UsageError
from selftaught.report.comparison import Compared, comparison
from selftaught.runs.folder import find_run


def compare(names: Sequence[str], runs: Path, *, as_json: bool) -> None:
    """The runs beside each other, in the order given; the others against the first."""
    if len(names) < 2:
        raise UsageError(f"wanted two runs or more to compare, got {len(names)}; selftaught runs lists them")
    told = compared_runs(names, runs)
    found = comparison(told)
    if as_json:
        printing.dump({"schema": "selftaught.comparison/1", **msgspec.to_builtins(found)})
        return
    for title, rows in (("result", found.results), ("setting", found.settings)):
        if rows:
            printing.table((title, *found.names), rows)
            print()
    for line in found.differences:
        tell(line)


def compared_runs(names: Sequence[str], runs: Path) -> list[Compared]:
    """Each run as it stands now."""
    found = []
    for name in names:
        folder = find_run(name, runs)
        with opened(folder) as (kept, store):
            config, run = so_far(kept, store, folder)
            found.append(Compared(folder.path.name, msgspec.to_builtins(config), run))
    return found
