"""Where the time of a candidate goes: `python benchmarks/segments.py`. Prints a table; judges nothing.

The run of `candidates.py`, one candidate after the other against a server that answers at once, of which the seams
between the processes note when they are passed. The segments follow each other and add up to a candidate; below stand
the parts of a score, which overlap with them where a score is begun ahead, and the CPU time of each process.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from candidates import ours
from instant_server import serving

from models import compiled

_WARM = 20
_SEAMS = {
    "asked": "the model's server answers",
    "answered": "response: read, put on record",
    "told": "improver: finds the program in it",
    "wanted": "score: waited for, put on record",
    "scored": "improver: makes the next prompt",
    "wants": "question: address, caps, barrier",
}
"""What begins at each seam, in their order."""
_PARTS = ("guest taken", "program loaded", "program called", "barrier")


class Marks:
    """When each seam was passed, and how long each part took, in seconds; with the CPU time of the thread."""

    def __init__(self) -> None:
        self.passed: list[tuple[str, float]] = []
        self.parts: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def at(self, seam: str) -> None:
        self.passed.append((seam, time.monotonic()))

    def part(self, owner: type, method: str, name: Callable[[tuple[Any, ...]], str]) -> None:
        """Time a method."""
        made = getattr(owner, method)

        def timed(*arguments: Any, **more: Any) -> Any:
            began, computed = time.monotonic(), time.thread_time()
            try:
                return made(*arguments, **more)
            finally:
                took = time.monotonic() - began, time.thread_time() - computed
                self.parts[name(arguments)].append(took)

        setattr(owner, method, timed)

    def seam(self, owner: type, method: str, before: Callable[[tuple[Any, ...]], str], after: str = "") -> None:
        """Note when a method is called, and when it has returned."""
        made = getattr(owner, method)

        def noted(*arguments: Any, **more: Any) -> Any:
            if name := before(arguments):
                self.at(name)
            given = made(*arguments, **more)
            if after:
                self.at(after)
            return given

        setattr(owner, method, noted)


def watched(marks: Marks) -> None:
    """Puts the marks on the seams of this process."""
    from selftaught.guest import wire
    from selftaught.models.served.openai_chat import OpenAIChat
    from selftaught.runs.store import Store
    from selftaught.sandbox.broker import Broker
    from selftaught.sandbox.conversation import Guest
    from selftaught.sandbox.worker import Worker

    services: dict[int, str] = {}

    def request(arguments: tuple[Any, ...]) -> str:
        services[arguments[1].id] = arguments[1].service
        return {"utility": "wanted", "prompt": "wants"}.get(arguments[1].service, "")

    def reply(arguments: tuple[Any, ...]) -> str:
        return {"utility": "scored", "prompt": "told"}.get(services.pop(arguments[1].id, ""), "")

    def exchange(arguments: tuple[Any, ...]) -> str:
        kind = wire.to_guest.decode(arguments[1].frame[wire.HEADER.size :])
        return "program loaded" if isinstance(kind, wire.Load) else "program called"

    marks.seam(OpenAIChat, "_ask", lambda _: "asked", "answered")
    marks.seam(Broker, "_accept", request)
    marks.seam(Guest, "reply", reply)
    marks.part(Guest, "exchange", exchange)
    marks.part(Worker, "take", lambda _: "guest taken")
    marks.part(Store, "barrier", lambda _: "barrier")


def table(marks: Marks) -> list[tuple[str, float]]:
    """Each segment and its median in seconds."""
    order = list(_SEAMS)
    took: dict[str, list[float]] = {name: [] for name in order}
    for (seam, began), (following, ended) in zip(marks.passed, marks.passed[1:], strict=False):
        if order[(order.index(seam) + 1) % len(order)] == following:
            took[seam].append(ended - began)
    return [(_SEAMS[seam], statistics.median(times[_WARM:])) for seam, times in took.items()]


def watch(words: list[str]) -> None:
    """`selftaught` with these words, in this process; the table goes to a file in the current folder."""
    from selftaught.cli.app import main

    marks = Marks()
    watched(marks)
    began = time.process_time()
    sys.argv = ["selftaught", *words]
    try:
        main()
    finally:
        computed = time.process_time() - began
        count = sum(seam == "answered" for seam, _ in marks.passed)
        lines = [f"{name:<44}{1e6 * seconds:>8.0f} us" for name, seconds in table(marks)]
        whole = [ended for seam, ended in marks.passed if seam == "asked"][_WARM:]
        lines.append(f"{'together, as a mean':<44}{1e6 * (whole[-1] - whole[0]) / (len(whole) - 1):>8.0f} us")
        lines.append("of these, or at the same time:")
        for name in _PARTS:
            times = marks.parts[name][_WARM:]
            wall, cpu = (statistics.median(each) for each in zip(*times, strict=True))
            lines.append(f"  {name:<42}{1e6 * wall:>8.0f} us {1e6 * cpu:>8.0f} us of CPU in its thread")
        lines.append(f"{'CPU of the host, its start included':<44}{1e6 * computed / count:>8.0f} us")
        Path("segments.txt").write_text("\n".join(lines) + "\n")


def processes(root: int) -> dict[int, tuple[str, float]]:
    """The process and those below it: their words, and CPU seconds so far with those of reaped children."""
    tick, found, kin = os.sysconf("SC_CLK_TCK"), {}, {root}
    for file in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda one: int(one.parent.name)):
        try:
            fields = file.read_text().rpartition(")")[2].split()
            words = (file.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        number = int(file.parent.name)
        if number in kin or int(fields[1]) in kin:
            kin.add(number)
            found[number] = words, sum(map(int, fields[11:15])) / tick
    return found


def main() -> None:
    """One run; or the run itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=400)
    parser.add_argument("--more", action="append", default=[], metavar="FLAG", help="to selftaught, as --more=--flag")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving() as url:
        here = os.getcwd()
        os.chdir(folder)
        words = ours(url, given.candidates, given.more)
        os.chdir(here)
        command = [sys.executable, __file__, "--watched", *words[3:]]
        run = subprocess.run(command, cwd=folder, env=compiled(), capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(run.stderr[-2000:])
        print((Path(folder) / "segments.txt").read_text(), end="")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watched"]:
        watch(sys.argv[2:])
    else:
        main()
