"""A run on a disk that fills while it works, and goes on when there is room: in a file system of its own.

    unshare --mount python full_disk.py FOLDER FILLED_AT

FOLDER becomes a file system of 64 MiB, of this process alone. In question number FILLED_AT nothing is left of it.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from durability import world
from durability.test_kill_after_every_record import answered, asked, history
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import RecordError
from selftaught.runs.folder import RunFolder
from selftaught.sandbox.choice import open_sandbox
from selftaught.wiring.models import Models
from selftaught.wiring.run import Run


class Filling(world.Witness):
    """Writes down what it is asked elsewhere."""

    def __init__(self, log: Path, filler: Path, at: int) -> None:
        super().__init__(log)
        self._filler, self._left = filler, at

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self._left -= 1
        if not self._left:
            fill(self._filler)
        return super().__call__(prompts)


def fill(path: Path) -> None:
    """To the last byte: what SQLite has of its file already is its own."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def main(disk: Path, at: int) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], check=True)
    log, filler, run, whole = disk.parent / "asked.txt", disk / "filler", disk / "run", disk / "whole"
    for folder in (whole, run):
        world.prepare(folder, "threads")
    world.go(whole)
    with open_sandbox("auto", 1) as sandbox:
        models = Models.only(Filling(log, filler, at), "witness")
        try:
            with Run.resume(RunFolder(run), lambda inputs, gate: models, sandbox) as going:
                going.work()
        except RecordError as error:
            print(error)
        kept = answered(run)
        filler.unlink()
        with Run.resume(RunFolder(run), lambda inputs, gate: models, sandbox) as going:
            going.work()
    bought = Counter(log.read_text().split())
    assert history(run) == history(whole)
    assert bought.keys() == asked(whole).keys()
    assert not kept & {address for address, times in bought.items() if times > 1}, "bought again what is on record"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
