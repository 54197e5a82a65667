"""Records written by hand, through a real store: what the tests of the report fold and draw."""

from collections.abc import Sequence
from pathlib import Path

from selftaught.core.contracts import Program
from selftaught.runs.records import (
    Answered,
    Applied,
    Ended,
    Measured,
    Noticed,
    Record,
    Sampled,
    Scored,
    Session,
    Stepped,
    Tried,
)
from selftaught.runs.store import Store

SEED = "def improve_algorithm(s, u, l):\n    return s\n"
CHILD = "def improve_algorithm(s, u, l):\n    return l.prompt('', s)[0]\n"
WORSE = "def improve_algorithm(s, u, l):\n    return ''\n"
SOLUTION = "def sort(xs):\n    return sorted(xs)\n"
CONFIG = {"kind": "run", "tasks": ["sorting"], "model": "scripted", "accept": "better", "depth": 2, "base_url": None}


def identity(source: str) -> str:
    return Program(source).id


class Pen:
    """Writes records into a new store, each a second after the one before unless given."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.create(folder / "run.sqlite")
        self.now = 1_000_000.0
        self._number = 0

    def write(self, record: Record, *texts: str) -> None:
        self.store.append(record, texts)

    def tick(self, seconds: float = 1.0) -> float:
        self.now += seconds
        return self.now

    def below(self, kind: str) -> str:
        """A fresh address inside an application that an improver makes on a task."""
        self._number += 1
        return f"/measure:0123456789abcdef/0/apply:aa#0/{kind}:bb#{self._number}"

    def session(self, number: int = 0) -> None:
        self.write(
            Session(
                at=f"/session#{number}", time=self.tick(), version="1.0", tier="landlock", layers=["seccomp"], model="m"
            )
        )

    def answered(
        self, given: int | None = 10, made: int | None = 5, *, at: str = "", no_program: str = "", **more: object
    ) -> None:
        at, what = at or self.below("ask"), {"prompt": "p", "response": "r", **more}
        self.write(
            Answered(
                at=at, time=self.tick(), temperature=0.7, model="m",
                input_tokens=given, output_tokens=made, finish_reason="stop", seconds=1.0,
                no_program=no_program, **what,  # type: ignore[arg-type]
            )
        )  # fmt: skip

    def tried(self, ask: str) -> None:
        self.write(Tried(at=f"{ask}/tried#0", time=self.tick(), ask=ask, role="", t=0, error="e", seconds=1.0))

    def scored(
        self, verdict: str = "ok", note: str = "", *, reused: bool = False, at: str = "", **more: object
    ) -> None:
        what = {"utility": "sorting/val", "program": identity(SOLUTION), "value": 0.0, **more}
        at = at or self.below("score")
        record = Scored(
            at=at, time=self.tick(), verdict=verdict, note=note, reused=reused, seconds=0.5, **what  # type: ignore[arg-type]
        )  # fmt: skip
        self.write(record, SOLUTION)

    def applied(
        self, verdict: str = "ok", note: str = "", *, at: str = "", texts: Sequence[str] = (), **more: object
    ) -> None:
        what = {"improver": "i", "utility": "sorting/val", "solution": "s", "program": "p", **more}
        record = Applied(
            at=at or self.below("apply"), time=self.tick(), verdict=verdict, note=note, model_calls=2, responses=3,
            utility_calls=4, seconds=1.0, **what,  # type: ignore[arg-type]
        )  # fmt: skip
        self.write(record, *texts)

    def measured(self, source: str, val: Sequence[float], test: Sequence[float] | None) -> None:
        on_tests: Sequence[float | None] = test or [None] * len(val)
        samples = [
            Sampled(
                task="sorting", program=identity(SOLUTION), verdict="ok", note="", val=on_val, val_verdict="ok",
                test=on_test, test_verdict=None if on_test is None else "ok",
            )
            for on_val, on_test in zip(val, on_tests, strict=True)
        ]  # fmt: skip
        at = f"/measure:{identity(source)[:16]}"
        record = Measured(at=at, time=self.tick(), improver=identity(source), samples=samples, seconds=1.0)
        self.write(record, source, SOLUTION)

    def stepped(
        self, t: int, source: str, proposed: str | None, *, accepted: bool, verdict: str = "ok", note: str = ""
    ) -> None:
        """As a run writes it: the seed's step has no time."""
        texts = [source, *([proposed] if proposed is not None else [])]
        proposal = identity(proposed) if proposed is not None else None
        record = Stepped(
            at=f"/step#{t}", time=self.tick() if t else 0.0, t=t, improver=identity(source),
            proposed=proposal, accepted=accepted, verdict=verdict, note=note,
        )  # fmt: skip
        self.write(record, *texts)

    def noticed(self, note: str = "n") -> None:
        self._number += 1
        self.write(Noticed(at=f"/noticed#{self._number}", program="p" * 64, what="file denied", note=note))

    def ended(self, how: str = "finished", note: str = "", number: int = 0) -> None:
        self.write(Ended(at=f"/ended#{number}", time=self.tick(), how=how, note=note))


def a_finished_run(folder: Path) -> Store:
    """I_1 is better than the seed, I_2's proposal is worse, and I_3's application times out."""
    pen = Pen(folder)
    pen.session()
    pen.answered()
    pen.applied()
    pen.measured(SEED, [0.4, 0.6], [0.3, 0.5])
    pen.stepped(0, SEED, None, accepted=True)
    pen.tick(7)  # a model that takes its time: of the next step
    pen.answered(given=10, made=None)
    pen.scored("crashed", "KeyError: 3")
    pen.scored("crashed", "KeyError: 3", reused=True)
    pen.measured(CHILD, [0.8, 1.0], [0.7, 0.9])
    pen.stepped(1, CHILD, CHILD, accepted=True)
    pen.applied("no program", "returned None")
    pen.measured(WORSE, [0.0, 0.0], [0.0, 0.0])
    pen.stepped(2, CHILD, WORSE, accepted=False)
    pen.stepped(3, CHILD, None, accepted=False, verdict="timed out", note="used its 60 s")
    pen.ended()
    return pen.store
