"""Runs that are killed, or whose folder is taken away, at random moments; and what became of what was paid for.

Shared by a test and a benchmark (`benchmarks/kills.py`). The runs are real commands against a real HTTP server,
which counts what it sold. They run a copy of the package: whoever edits it meanwhile does not disturb them.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import selftaught
from nearness import TASK
from openai_server import OpenAIServer, improve_anything
from selftaught.report.view import view
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Answered
from selftaught.runs.store import Store

CONNECTIONS = 2
MOST_AT_A_KILL = 2 * CONNECTIONS
"""Responses that cannot be known to us: in the air, or answered a moment ago. A connection is free for the question of
another call before the answer that came over it is written."""
_BUDGETS = ["--max-connections", str(CONNECTIONS), "--seed", "1", "--no-probes", "--model", "openai/small"]
_RUN = [
    "run", "nearness.py", "--depth", "1", "--repeats", "2", "--improver", "paper-seed", "--model-calls", "1",
    "--responses", "3", "--utility-calls", "4",
]  # fmt: skip
_IMPROVE = ["improve", "nearness.py", "--improver", "paper-seed", "--responses", "4", "--model-calls", "1"]
_COPY = "copy"
PAID = 3 + 3 * 2 * 3 + 2 * 2 * 3
"""Responses of one undisturbed run: for the step, of each proposal's meta-utility, of both improvers' measurements."""


@dataclass
class Kills:
    """`lies`: what was seen that may not be. `lost`: responses that were on record and are no more.
    `paid_twice`: responses that the server sold beyond those on record, of which one that several share was sold once.
    """

    kills: int = 0
    finished: int = 0
    recorded: int = 0
    lost: int = 0
    paid_twice: int = 0
    lies: list[str] = field(default_factory=list)


def kills(folder: Path, count: int, seed: int) -> Kills:
    """Kill runs, and go on with them, until there were so many kills; then let the last one finish."""
    chance, seen = random.Random(seed), Kills()
    _prepare(folder)
    with OpenAIServer(improve_anything, seconds=0.02) as server:
        while seen.kills < count:
            _killed_until_it_ends(folder / f"k{seen.finished}", server, count, chance, seen)
    return seen


def _prepare(folder: Path) -> None:
    """Put the task into it, and a copy of the package."""
    folder.mkdir(exist_ok=True)
    (folder / "nearness.py").write_text(TASK)
    package = Path(selftaught.__file__).parent
    shutil.copytree(package, folder / _COPY / package.name, ignore=shutil.ignore_patterns("__pycache__"))


def _killed_until_it_ends(run: Path, server: OpenAIServer, count: int, chance: random.Random, seen: Kills) -> None:
    sold, kills_before = server.answered, seen.kills
    while True:
        before = answered(run)
        with _begun(run, _RUN, server) as child:
            if seen.kills < count and _a_moment_came(child, server, chance):
                child.kill()
                child.wait()
                seen.kills += 1
                lost = before - answered(run)
                seen.lost += len(lost)
                seen.lies += [f"{at} was on record and is no more" for at in sorted(lost)] + _untrue_status(run)
                continue
            code = child.wait(120)
        if code != 0:
            seen.lies.append(f"exit code {code}: {(run.parent / 'err').read_text()[-300:]}")
        break
    found = responses(run)
    seen.finished, seen.recorded = seen.finished + 1, seen.recorded + len(found)
    again = server.answered - sold - sum(not one.shared for one in found)
    seen.paid_twice += again
    if len(found) != PAID:
        seen.lies.append(f"{len(found)} responses on record, {PAID} in an undisturbed run")
    if again > MOST_AT_A_KILL * (seen.kills - kills_before):
        seen.lies.append(f"{again} responses were bought again")


def _a_moment_came(child: subprocess.Popen[bytes], server: OpenAIServer, chance: random.Random) -> bool:
    """Wait for a random moment, after some more questions or while it starts; whether the run still goes on then."""
    more = chance.choice([0, 1, 2, 3, 5, 8, 12])
    enough = len(server.requests) + more
    while child.poll() is None and len(server.requests) < enough:
        time.sleep(0.002)
    time.sleep((0.05 if more else 1.0) * chance.random())
    return child.poll() is None


def _untrue_status(run: Path) -> list[str]:
    """Of a run that was just killed."""
    if not (run / "run.sqlite").exists():
        return []
    with Store.open(run / "run.sqlite", writable=False) as store:
        status = view(store, in_work=RunFolder(run).in_work()).status
    return [] if status in ("killed", "finished") else [f"it is said to be {status}"]


def responses(run: Path) -> list[Answered]:
    """Those on record."""
    if not (run / "run.sqlite").exists():
        return []
    with Store.open(run / "run.sqlite", writable=False) as store:
        return [record for record in store if isinstance(record, Answered)]


def answered(run: Path) -> set[str]:
    """Their addresses."""
    return {record.at for record in responses(run)}


@dataclass
class Deletions:
    """`told`: runs that ended with exit code 1 and said why; `late`: those that had ended, or all but ended, before."""

    told: int = 0
    late: int = 0
    lies: list[str] = field(default_factory=list)


def deletions(folder: Path, count: int, seed: int) -> Deletions:
    """Delete or move the folders of so many runs, each once, while they work."""
    chance, seen, made = random.Random(seed), Deletions(), 0
    _prepare(folder)
    with OpenAIServer(improve_anything, seconds=0.2) as server:
        while seen.told + len(seen.lies) < count:
            _taken_away(folder / f"d{made}", server, chance, seen)
            made += 1
    return seen


def _taken_away(run: Path, server: OpenAIServer, chance: random.Random, seen: Deletions) -> None:
    with _begun(run, _IMPROVE, server) as child:
        while child.poll() is None and not (run / "run.sqlite").exists():
            time.sleep(0.01)
        time.sleep(1.2 * chance.random())
        if child.poll() is not None:
            seen.late += 1
            return
        printed = (run.parent / "out").stat().st_size
        if chance.random() < 0.5:
            shutil.rmtree(run, ignore_errors=True)
        else:
            run.rename(run.with_name(f"{run.name}-elsewhere"))
        code = child.wait(120)
    said, err = (run.parent / "out").read_text()[printed:], (run.parent / "err").read_text()
    missing = [path for path in re.findall(rf"{run.name}/[\w./]+", said) if not (run.parent / path).exists()]
    if code == 1 and "deleted, moved or replaced" in err and "Traceback" not in err and not missing:
        seen.told += 1
    elif code == 0 and not missing:
        seen.late += 1
    else:
        seen.lies.append(f"exit code {code}; not there: {missing}; {err[-300:]}")


@contextmanager
def _begun(run: Path, arguments: list[str], server: OpenAIServer) -> Iterator[subprocess.Popen[bytes]]:
    """The command that begins the run, or goes on with it. What it prints is in the files `out` and `err`."""
    fresh = [*arguments, *_BUDGETS, "--base-url", server.base_url, "--out", run.name]
    words = ["resume", run.name] if (run / "run.sqlite").exists() else fresh
    unset = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SELFTAUGHT_MODEL")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment["PYTHONPATH"] = str(run.parent / _COPY)
    with (run.parent / "out").open("wb") as out, (run.parent / "err").open("wb") as err:
        child = subprocess.Popen(
            [sys.executable, "-m", "selftaught", *words], cwd=run.parent, env=environment, stdout=out, stderr=err
        )
        try:
            yield child
        finally:
            child.kill()
            child.wait()
