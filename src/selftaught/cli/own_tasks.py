"""`selftaught new` and `selftaught check`: a task of one's own."""

from pathlib import Path

from selftaught.cli.terminal import environment, open_jail, print_json, say
from selftaught.core.errors import UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.report.untrusted import one_line
from selftaught.runs.salt import salted
from selftaught.tasks.contract import as_name, template
from selftaught.tasks.loading import load_task
from selftaught.wiring.checkup import checkup


def new(name: str, kind: str) -> None:
    """Write NAME.py, of this kind, unless the file exists. Raises UsageError."""
    text = template(kind)
    file = Path(name if name.endswith(".py") else f"{name}.py")
    if file.stem != as_name(file.stem) or not file.stem:
        raise UsageError(f'a task cannot be called {file.stem!r}; wanted letters, digits, "-" and "_"')
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise UsageError(f"{file} exists already; use another name") from error
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    say(f"wrote {file}. Change it to what you want, then: selftaught improve {file}")


def check(name: str, seed: str | None, runs: Path, *, sandbox: str, as_json: bool) -> bool:
    """Say what can be known of a task before anything is spent; whether nothing is wrong. Raises UsageError."""
    task = load_task(name)
    drawn = RunSeed.parse(salted(seed, runs, environment()))
    remarks = []
    with open_jail(sandbox) as jail:
        for remark in checkup(task, jail, drawn):
            remarks.append(remark)
            if not as_json:
                print(f"{'PROBLEM ' if remark.problem else 'ok      '}{one_line(remark.text)}", flush=True)
    fine = not any(remark.problem for remark in remarks)
    if as_json:
        found = [{"text": one_line(remark.text), "problem": remark.problem} for remark in remarks]
        print_json(
            {"schema": "selftaught.check/1", "task": task.name, "seed": str(drawn), "fine": fine, "found": found}
        )
    return fine
