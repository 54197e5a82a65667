"""What a candidate costs in a long run and in a short one: `python benchmarks/growth.py`. It judges nothing.

Each size in a process of its own: so many candidates one after the other, with a model and a utility that take no time,
through the recorder, the history of an application and the fold that feeds the progress; none waits for the disk but at
the barrier of each question. Then the run is resumed, and looked at as `show` and a live page do.

candidate  CPU milliseconds of one of the last tenth; memory: of the whole process for each candidate, beyond the start
start      CPU seconds until a resumed run knows what is on record: what finished work costs, which is not done again
resume     CPU seconds until every answer was given from the record, to an application that had not finished
show       CPU seconds of the first look; again: CPU milliseconds of one that follows, after ten more candidates
new        CPU milliseconds of a look of a live page at ten more candidates
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from instant_server import program

from selftaught.core.address import working_at
from selftaught.core.contracts import Completion, LanguageModel, Program, Prompt, Score
from selftaught.middleware.recorded import RecordedModel, RecordedUtility
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.threads import thread_map
from selftaught.report.snapshot import fold_of
from selftaught.report.view import Fold
from selftaught.runs.records import Record
from selftaught.runs.store import Store
from selftaught.sandbox.history import History

SEED = Program("def algorithm(x):\n    return 0.25\n")
FEEDBACK = "grade 0.5000 on each of 20 instances\n" * 5


class Instant:
    """A utility that takes no time."""

    name, description, deterministic = "instant/val", "", True

    def __call__(self, program: Program) -> Score:
        return Score(0.5, error=0.01, grades=(0.5,) * 20, feedback=FEEDBACK)


class Answers:
    """A model that takes no time: another program for each question."""

    def __init__(self, before: int = 0) -> None:
        self.asked = before

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self.asked += 1
        return [Completion(f"An idea.\n```python\n{program(self.asked)}```", 700, 500) for _ in prompts]


def gone(prompts: Sequence[Prompt]) -> list[Completion]:
    """A model that must not be asked."""
    raise AssertionError("asked the model again")


def candidates(store: Store, model: LanguageModel, count: int, watch: Callable[[Record], object]) -> list[float]:
    """Asks for each and scores it, as `Machine` does. CPU time after each."""
    with working_at("/apply:growing#0"):
        return _candidates(store, model, count, watch)


def _candidates(store: Store, model: LanguageModel, count: int, watch: Callable[[Record], object]) -> list[float]:
    recorder = Recorder(store, lambda record: (watch(record), None)[1])
    asking, scoring = RecordedModel(model, recorder, thread_map), RecordedUtility(Instant(), recorder)
    history, shown, times = History(SEED, threading.Lock()), SEED, [time.process_time()]
    for number in range(count):
        prompt = Prompt("You are an expert.", f"Improve this program:\n{shown.source}", 0.7)
        call = history.next_call()
        answers = asking([prompt])
        history.heard(call, [prompt], answers)
        found = Program(answers[0].text.split("```python\n")[1].split("```")[0])
        with history.scoring(found, 1):
            history.scored(found, scoring(found))
        shown = found if number % 10 == 0 else shown
        times.append(time.process_time())
    return times


def mebibytes() -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def measure(count: int) -> str:
    """One row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.sqlite"
        before = mebibytes()
        with Store.create(path) as store:
            times = candidates(store, Answers(), count, Fold().add)
            held = mebibytes() - before
            last = max(1, count // 10)
            each = 1000 * (times[-1] - times[-1 - last]) / last
        began = time.process_time()
        with Store.open(path, checked=False) as store:
            Recorder(store)
        start = time.process_time() - began
        began = time.process_time()
        with Store.open(path) as store:
            candidates(store, gone, count, lambda record: None)
        resumed = time.process_time() - began
        shown, fold = look(path)
        with Store.open(path) as store:
            candidates(store, Answers(count), count + 10, lambda record: None)
            store.barrier()
            began = time.process_time()
            fold.read(store)
            new = 1000 * (time.process_time() - began)
        again = 1000 * look(path)[0]
    return (
        f"{count:>9,}  {each:9.3f} ms  {1024 * held / count:7.1f} KiB  {start:7.3f} s  {resumed:7.3f} s  "
        f"{shown:7.3f} s  {again:7.2f} ms  {new:7.3f} ms"
    )


def look(path: Path) -> tuple[float, Fold]:
    """CPU seconds of what `show` reads."""
    began = time.process_time()
    with Store.open(path, writable=False, checked=False) as store:
        fold = fold_of(store, keep=True)
        fold.view()
    return time.process_time() - began, fold


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(measure(given.one))
        return
    print("candidates   candidate      memory      start     resume       show       again         new")
    for size in given.sizes:
        subprocess.run([sys.executable, __file__, "--one", str(size)], check=True)


if __name__ == "__main__":
    main()
