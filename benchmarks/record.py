"""What the record costs: run `python benchmarks/record.py`. Prints medians; judges nothing.

answer   one response of a replayed run: its address, its look-up, its text; of 2,000 calls
write    one response of a new run, on disk when it is handed on: from one thread, and from 32 at once
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from selftaught.core.contracts import Completion, Prompt
from selftaught.middleware.recorded import RecordedModel
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.threads import thread_map
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
