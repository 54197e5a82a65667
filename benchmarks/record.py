"""What the record costs: run `python benchmarks/record.py`. Prints medians; judges nothing.

answer     one response of a replayed run: its address, its look-up, its text; of 2,000 calls
write      one response of a new run, and the barrier before it: from one thread, and from 32 at once
candidate  one response and one score of a new run, one after the other, with models and guests that take no time
resume     10,000 records: the store opened, and every answer and score of it given from the record
fold       10,000 records read, and made into a view
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from selftaught.core.contracts import Completion, LanguageModel, Program, Prompt, Score
from selftaught.middleware.recorded import RecordedModel, RecordedUtility
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.threads import thread_map
from selftaught.report.view import view
from selftaught.runs.store import Store

CALLS = 2_000
PROGRAM = "x = 1\n" * 400
PROMPTS = [Prompt("You are an expert.", f"Improve this program, number {n}:\n{PROGRAM}", 0.7) for n in range(CALLS)]


def instant(prompts: Sequence[Prompt]) -> list[Completion]:
    """A model that takes no time."""
    return [Completion(f"{prompt.user[:60]}\n{'y = 2' * 400}", 700, 500) for prompt in prompts]


def gone(prompts: Sequence[Prompt]) -> list[Completion]:
    """A model that must not be asked."""
    raise AssertionError("asked the model again")


def milliseconds(work: Callable[[], None], calls: int) -> float:
    """Of one call."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began) / calls


def main() -> None:
    """Five rounds of each."""
    written, together, answered = [], [], []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as folder:
            store = Store.create(Path(folder) / "run.sqlite")
            model = RecordedModel(instant, Recorder(store), thread_map)
            few, rest = PROMPTS[: CALLS // 4], PROMPTS[CALLS // 4 :]
            written.append(milliseconds(partial(ask_each, model, few), len(few)))
            together.append(milliseconds(partial(ask_at_once, model, rest, 32), len(rest)))
            replayed = RecordedModel(gone, Recorder(store), thread_map)
            answered.append(milliseconds(partial(ask_each, replayed, PROMPTS), CALLS))
            store.close()
    for name, times in (("answer from the record", answered), ("write, one thread", written), ("write, 32", together)):
        print(f"{name:<24}{statistics.median(times):7.3f} ms   (from {min(times):.3f} to {max(times):.3f})")
    with tempfile.TemporaryDirectory() as folder:
        candidates(Path(folder) / "run.sqlite")


@dataclass(frozen=True)
class Instant:
    """A utility that takes no time."""

    name: str = "instant/val"
    description: str = ""
    deterministic: bool = True

    def __call__(self, program: Program) -> Score:
        return Score(0.5, error=0.01, grades=(0.5,) * 20)


def candidates(path: Path) -> None:
    """5,000 candidates: what one costs when it is new, and all of them when the run is resumed and shown."""
    with Store.create(path) as store:
        one = candidate(store, instant)
        few = [timed(partial(one, n))[0] for n in range(300)]
        with ThreadPoolExecutor(32) as pool:  # the disk is shared
            list(pool.map(one, range(300, 5_000)))
    print(f"{'candidate, one by one':<24}{1000 * statistics.median(few):7.3f} ms   (median of 300)")

    def resumed() -> None:
        with Store.open(path) as store:
            one = candidate(store, gone)
            for n in range(5_000):
                one(n)

    seconds, cpu = timed(resumed)
    print(f"{'resume, 10,000 records':<24}{seconds:7.3f} s    ({cpu:.3f} s of CPU)")
    with Store.open(path, writable=False) as store:
        seconds, cpu = timed(lambda: view(store))
    print(f"{'fold, 10,000 records':<24}{seconds:7.3f} s    ({cpu:.3f} s of CPU)")


def candidate(store: Store, model: LanguageModel) -> Callable[[int], None]:
    """Asks for the n-th candidate, and scores what came."""
    recorder = Recorder(store)
    asking, scoring = RecordedModel(model, recorder, thread_map), RecordedUtility(Instant(), recorder)

    def one(n: int) -> None:
        answer = asking([Prompt("You are an expert.", f"Improve this program, number {n}:\n{PROGRAM}", 0.7)])[0]
        scoring(Program(f"{answer.text}\n# {n}"))

    return one


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and seconds of CPU."""
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - cpu


def ask_each(model: RecordedModel, prompts: Sequence[Prompt]) -> None:
    """One after the other."""
    for prompt in prompts:
        model([prompt])


def ask_at_once(model: RecordedModel, prompts: Sequence[Prompt], threads: int) -> None:
    """From so many threads."""
    parts = [threading.Thread(target=ask_each, args=(model, prompts[n::threads])) for n in range(threads)]
    for part in parts:
        part.start()
    for part in parts:
        part.join()


if __name__ == "__main__":
    main()
