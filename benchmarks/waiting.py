"""How long a step waits for a slow model: run `python benchmarks/waiting.py`. Prints seconds; judges nothing.

One step of `official` budgets against a model that takes a second (or 50 ms) for each answer of 6 responses: 6
proposals, each scored by the meta-utility over 5 repeats. One after the other that is 1 + 6 × 5 = 31 answers. With
everything independent waiting at once it is 1 + 6 where the improver scores its proposals in turn (paper-seed), and
1 + 1 where it scores them as a batch (seed), or where they are scored before it asks (`speculate=all`): the critical
path. The model here takes any number of calls at once. The step is the application of the improver to itself: from the
end of the seed improver's measurement to the end of the application.

The sequential loop is measured at the shorter latency: the same step with one thread for everything that is asked or
scored, and nothing guessed. For the longer latency it is computed: 31 answers more. `host` is the CPU time of this
process within the step. Of that Python computes nearly all on one core at a time, however many there are.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from unittest.mock import patch

from quick_task import TASK

from selftaught.config import make_config
from selftaught.core.address import depth
from selftaught.core.contracts import In, Out
from selftaught.core.money import Tariff
from selftaught.models.scripted import Scripted
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Applied, Record, Stepped
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import OpenSandbox
from selftaught.wiring.inputs import load_inputs
from selftaught.wiring.models import Models, PricedModel
from selftaught.wiring.run import Run

PROPOSALS, REPEATS = 6, 5
ANSWERS = 1 + PROPOSALS * REPEATS
IN_TURN, TOGETHER = 1 + PROPOSALS, 2
CRITICAL = {("paper-seed", "cpu"): IN_TURN, ("seed", "cpu"): TOGETHER, ("paper-seed", "all"): TOGETHER,
            ("seed", "all"): TOGETHER}  # fmt: skip
"""Answers on the critical path, by improver and `speculate`."""


def script(latency_seconds: float, improver: str) -> str:
    """Answers with the seed improver, or with a solution; a comment makes each a program of its own."""
    improvers = [f"```python\n{improver}\n# version {number}\n```" for number in range(60)]
    solutions = [f"```python\ndef algorithm(x):\n    return {number / 1000}\n```" for number in range(1000)]
    rules = [{"contains": ["meta_utility"], "responses": improvers}, {"responses": solutions}]
    return json.dumps({"delay_seconds": latency_seconds, "rules": rules})


def one_by_one(function: Callable[[In], Out], items: Sequence[In], /) -> Iterable[Out]:
    """Implements `Map`, in the caller's thread."""
    return [function(item) for item in items]


def step_seconds(sandbox: OpenSandbox, improver: str, latency_seconds: float, speculate: str) -> tuple[float, float]:
    """Wall seconds from the seed improver's measurement to the end of the first step's application; CPU of the host."""
    with tempfile.TemporaryDirectory() as place:
        task = Path(place) / "number.py"
        task.write_text(TASK)
        flags = {
            "tasks": [str(task)], "improver": improver, "depth": 1, "seed": "1:00ff", "speculate": speculate,
            "probes": False, "preset": "official",
        }  # fmt: skip
        inputs = load_inputs(make_config(flags), Path(place))
        began: list[tuple[float, float]] = []
        ended: list[tuple[float, float]] = []

        def watch(record: Record) -> None:
            if isinstance(record, Stepped) and not record.t:
                began.append((time.monotonic(), time.process_time()))
            if isinstance(record, Applied) and depth(record.at) == 1:
                ended.append((time.monotonic(), time.process_time()))

        model = PricedModel(Scripted(script(latency_seconds, inputs.improver.source)), "scripted", Tariff(), PROPOSALS)
        with Run.begin(inputs, lambda: RunFolder(Path(place) / "run"), Models(model, model), sandbox) as run:
            run.work(watch)
        return ended[0][0] - began[0][0], ended[0][1] - began[0][1]


def sequential_seconds(sandbox: OpenSandbox, improver: str, latency_seconds: float) -> float:
    """The same, with one thread for all that is asked and scored."""
    with (
        patch("selftaught.wiring.parts.thread_map", one_by_one),
        patch("selftaught.wiring.stack.thread_map", one_by_one),
    ):
        return step_seconds(sandbox, improver, latency_seconds, "off")[0]


def main() -> None:
    """Both seeds, at both latencies, without guesses of improvers and with them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, action="append", help="seconds; twice for two [default: 1 and 0.05]")
    parser.add_argument("--times", type=int, default=1, help="of which the median is printed")
    arguments = parser.parse_args()
    latencies = sorted(arguments.latency or [0.05, 1.0])
    print(f"{'improver':<11}{'latency':>8}{'speculate':>11}{'step':>8}{'critical':>10}{'ratio':>7}{'one by one':>12}"
          f"{'speed-up':>10}{'host':>8}")  # fmt: skip
    with open_sandbox("auto") as sandbox:
        for improver in ("paper-seed", "seed"):
            shortest = sequential_seconds(sandbox, improver, latencies[0])
            for latency in latencies:
                loop = shortest + ANSWERS * (latency - latencies[0])
                for speculate in ("cpu", "all"):
                    steps = [step_seconds(sandbox, improver, latency, speculate) for _ in range(arguments.times)]
                    took, host = (median(one) for one in zip(*steps, strict=True))
                    path = CRITICAL[improver, speculate] * latency
                    source = "" if latency == latencies[0] else " computed"
                    print(f"{improver:<11}{latency:>6g} s{speculate:>11}{took:>6.2f} s{path:>8.2f} s{took / path:>7.2f}"
                          f"{loop:>10.2f} s{loop / took:>9.1f}×{host:>6.2f} s{source}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
