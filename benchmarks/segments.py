"""Where the time of a candidate goes: `python benchmarks/segments.py`. Prints a table; judges nothing.

The run of `candidates.py`, one candidate after the other against a server that answers at once, of which the seams
between the processes note when they are passed. The segments follow each other and add up to a candidate: medians of
their wall time, and of the CPU time of the host within them, all its threads together. Below stand parts that lie
within them, where a score is begun ahead across several, and the CPU time of each kind of process.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from candidates import ours
from instant_server import serving

from models import compiled

_WARM = 20
_SEGMENTS = {
    "asked": "the model's server is asked, and answers",
    "answered": "the response is read and put on record",
    "told": "the improver finds the program in it",
    "wanted": "its score is waited for, and put on record",
    "scored": "the improver makes the next prompt",
    "wants": "address, caps, barrier of the question",
}
"""What begins at each seam, in their order."""
_PARTS = ("a guest is taken", "it loads its program", "it is called", "the barrier")


@dataclass(frozen=True)
class Mark:
    """A seam that was passed: when, and the CPU time of this process until then. In seconds."""

    seam: str
    at: float
    cpu: float


class Marks:
    """What was seen of a run.

    Attributes:
        parts: wall and CPU seconds of each call, by name.
        guests: CPU seconds of each that has ended. zygotes: those of each zygote, by its pid, when a guest had ended.
    """

    def __init__(self) -> None:
        self.passed: list[Mark] = []
        self.parts: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.guests: list[float] = []
        self.zygotes: dict[int, list[float]] = defaultdict(list)

    def at(self, seam: str) -> None:
        self.passed.append(Mark(seam, time.monotonic(), time.process_time()))

    def part(self, owner: type, method: str, name: Callable[[tuple[Any, ...]], str]) -> None:
        """Time a method, by the name that it has with these arguments."""
        made = getattr(owner, method)

        def timed(*arguments: Any, **more: Any) -> Any:
            began, computed = time.monotonic(), time.thread_time()
            try:
                return made(*arguments, **more)
            finally:
                self.parts[name(arguments)].append((time.monotonic() - began, time.thread_time() - computed))

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
        message = wire.to_guest.decode(arguments[1].frame[wire.HEADER.size :])
        return "it loads its program" if isinstance(message, wire.Load) else "it is called"

    def end(arguments: tuple[Any, ...]) -> str:
        if isinstance(arguments[1], wire.Exited):
            marks.guests.append(arguments[1].cpu_seconds)
            told = Path(f"/proc/{arguments[0].pid}/schedstat").read_text()
            marks.zygotes[arguments[0].pid].append(int(told.split()[0]) / 1e9)
        return ""

    marks.seam(OpenAIChat, "_ask", lambda _: "asked", "answered")
    marks.seam(Broker, "_accept", request)
    marks.seam(Guest, "reply", reply)
    marks.seam(Worker, "_note", end)
    marks.part(Guest, "exchange", exchange)
    marks.part(Worker, "take", lambda _: "a guest is taken")
    marks.part(Store, "barrier", lambda _: "the barrier")


def table(marks: Marks) -> list[str]:
    """The lines that are printed."""
    order, took = list(_SEGMENTS), defaultdict[str, list[tuple[float, float]]](list)
    for one, next_one in zip(marks.passed, marks.passed[1:], strict=False):
        if order[(order.index(one.seam) + 1) % len(order)] == next_one.seam:
            took[one.seam].append((next_one.at - one.at, next_one.cpu - one.cpu))
    lines = [f"{'':<46}{'wall us':>9}{'CPU us':>9}"]
    lines += [_line(_SEGMENTS[seam], *_medians(took[seam])) for seam in order]
    asked = [mark for mark in marks.passed if mark.seam == "asked"][_WARM:]
    each = len(asked) - 1
    wall, cpu = asked[-1].at - asked[0].at, asked[-1].cpu - asked[0].cpu
    lines.append(_line("a candidate, as a mean", wall / each, cpu / each))
    lines += ["within these", *(_line(f"  {name}", *_medians(marks.parts[name])) for name in _PARTS)]
    forks = sum(len(times) - 1 for times in marks.zygotes.values())
    forking = sum(times[-1] - times[0] for times in marks.zygotes.values())
    *guests, improver = sorted(marks.guests)
    return [
        *lines,
        "beside the host",
        _line("  the zygote, to fork and reap a guest", None, forking / forks),
        _line("  the guest: locks itself in, loads, runs, ends", None, statistics.median(guests)),
        _line("  the improver", None, improver / len(asked)),
    ]


def _medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    wall, cpu = zip(*times[_WARM:], strict=True)
    return statistics.median(wall), statistics.median(cpu)


def _line(name: str, wall: float | None, cpu: float) -> str:
    return f"{name:<46}{'' if wall is None else f'{1e6 * wall:.0f}':>9}{1e6 * cpu:>9.0f}"


def watch(words: list[str]) -> None:
    """`selftaught` with these words, in this process; the table goes to a file in the current folder."""
    from selftaught.cli.app import main

    marks = Marks()
    watched(marks)
    sys.argv = ["selftaught", *words]
    try:
        main()
    finally:
        Path("segments.txt").write_text("\n".join(table(marks)) + "\n")


def main() -> None:
    """One run; or the run itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=400)
    parser.add_argument("--more", action="append", default=[], metavar="FLAG", help="to selftaught, as --more=--flag")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving() as url:
        with contextlib.chdir(folder):
            words = ours(url, given.candidates, given.more)
        command = [sys.executable, __file__, "--watched", *words[3:]]
        run = subprocess.run(command, cwd=folder, env=compiled(), capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(run.stderr[-2000:])
        load = os.getloadavg()[0]
        print(f"{given.candidates} candidates one by one, load {load:.1f}")
        print((Path(folder) / "segments.txt").read_text(), end="")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watched"]:
        watch(sys.argv[2:])
    else:
        main()
