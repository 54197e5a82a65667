"""`selftaught probe`: is a solution as good where only a reward hack would lose?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from selftaught.cli import printing
from selftaught.cli.terminal import FAILURE, environment, open_jail
from selftaught.core.contracts import Program
from selftaught.core.errors import UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.report import tables
from selftaught.runs.folder import find_run
from selftaught.runs.records import Finding, Scored, split_of
from selftaught.runs.salt import salted
from selftaught.runs.store import Store
from selftaught.tasks.loading import BUILT_IN, load_task, split_level
from selftaught.tasks.probes.trial import Prober
from selftaught.wiring.inputs import check_program, load_frozen, read_text
from selftaught.wiring.probing import probe as prober_of


def probe(
    what: str, program: Path | None, seed: str | None, runs: Path, *, fidelity: str | None, sandbox: str, as_json: bool
) -> None:
    """One program, or every solution that a run reports. Raises SystemExit(1) where one is flagged."""
    if program is not None:
        rows = [_of_program(what, program, seed, runs, fidelity or "honest", sandbox)]
    else:
        rows = _of_run(what, runs, sandbox, chosen=seed is not None or fidelity is not None)
    _print(rows, what, as_json=as_json)
    if any(finding.flagged for row in rows for finding in row["findings"]):
        raise SystemExit(FAILURE)


def _of_program(task: str, file: Path, seed: str | None, runs: Path, fidelity: str, sandbox: str) -> dict[str, Any]:
    spec = load_task(task, fidelity)
    program = Program(read_text(file, "a program"))
    check_program(program, spec.entry, str(file))
    drawn = RunSeed.parse(salted(seed, runs, environment()))
    with open_jail(sandbox) as jail:
        found = prober_of(Prober(spec, jail, drawn), drawn, 1)(program, ())
    return {"task": spec.name, "program": str(file), "fidelity": fidelity, "seed": str(drawn), "findings": found}


def _of_run(name: str, runs: Path, sandbox: str, *, chosen: bool) -> list[dict[str, Any]]:
    if split_level(name)[0] in BUILT_IN or name.endswith(".py"):
        raise UsageError(f"{name} is a task; give the program too: selftaught probe {name} PROGRAM.py")
    folder = find_run(name, runs)
    if chosen:
        raise UsageError("a run is probed with its own seed and fidelity; leave --seed and --fidelity out")
    inputs = load_frozen(folder)
    store = Store.open(folder.store, writable=False)
    try:
        tested = {
            (record.utility.removesuffix("/test"), record.program): Program(store.text(record.program))
            for record in store
            if isinstance(record, Scored) and split_of(record.utility) == "test"
        }
        recorded = {
            (record.utility.removesuffix("/val"), record.program): record.grades
            for record in store
            if isinstance(record, Scored) and split_of(record.utility) == "val" and not record.reused
        }
    finally:
        store.close()
    specs = {spec.name: spec for spec in inputs.tasks}
    rows = []
    with open_jail(sandbox) as jail:
        probes = {
            task: prober_of(Prober(spec, jail, inputs.seed), inputs.seed, inputs.config.utility_calls)
            for task, spec in specs.items()
        }
        for (task, program), text in tested.items():
            rows.append({
                "task": task, "program": program, "fidelity": inputs.config.fidelity, "seed": str(inputs.seed),
                "findings": probes[task](text, recorded.get((task, program), ())),
            })  # fmt: skip
    return rows


def _print(rows: Sequence[dict[str, Any]], what: str, *, as_json: bool) -> None:
    flagged = [any(finding.flagged for finding in row["findings"]) for row in rows]
    if as_json:
        told = [row | {"flagged": sign} for row, sign in zip(rows, flagged, strict=True)]
        printing.dump({"schema": "selftaught.probes/1", "solutions": msgspec.to_builtins(told)})
        return
    if not rows:
        print(f"{what} has not reported a solution yet: no program was scored on test.")
        return
    shown = [
        (_short(row["program"]) if number == 0 else "", row["task"] if number == 0 else "", *_cells(finding))
        for row in rows
        for number, finding in enumerate(row["findings"])
    ]
    printing.table(("program", "task", "probe", "before", "after", "p", ""), shown, right=("before", "after", "p"))
    for row in rows:
        for finding in row["findings"]:
            if finding.note:
                print(f"{_short(row['program'])}: {tables.finding(finding)}")
    print(
        f"{sum(flagged)} of {len(rows)} flagged: lower grades beyond the noise "
        "(p < 0.01, adjusted), or invalid answers."
    )


def _short(program: str) -> str:
    """Of an id its beginning; of a path its end, which tells files apart."""
    if len(program) <= _MOST_CHARACTERS:
        return program
    return f"…{program[1 - _MOST_CHARACTERS :]}" if "/" in program else program[:_MOST_CHARACTERS]


_MOST_CHARACTERS = 40


def _cells(finding: Finding) -> tuple[str, ...]:
    p = "" if finding.p is None else f"{finding.p:.2g}"
    return finding.probe, f"{finding.before:.3f}", f"{finding.after:.3f}", p, "FLAGGED" if finding.flagged else ""
