"""How long a step waits for a slow model: run `python benchmarks/waiting.py`. Prints seconds; judges nothing.

One step of `official` budgets against a model that takes a second for each answer: 6 proposals, each scored by the
meta-utility over 5 repeats of 6 responses. One after the other that is 1 + 6 × 5 = 31 seconds of waiting; with
everything independent waiting at once it is 1 + 6 where the improver scores its proposals in turn (paper-seed), and
1 + 1 where it scores them as a batch (seed). The model here takes any number of calls at once.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from quick_task import TASK

from selftaught.config import make_config
from selftaught.models.scripted import Scripted
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Record, Stepped
from selftaught.wiring.inputs import load_inputs
from selftaught.wiring.models import Models
from selftaught.wiring.run import Run


def script(latency_seconds: float, improver: str) -> str:
    """Answers with the seed improver, or with a solution; a comment makes each a program of its own."""
    improvers = [f"```python\n{improver}\n# version {number}\n```" for number in range(60)]
    solutions = [f"```python\ndef algorithm(x):\n    return {number / 1000}\n```" for number in range(1000)]
    rules = [{"contains": ["meta_utility"], "responses": improvers}, {"responses": solutions}]
    return json.dumps({"delay_seconds": latency_seconds, "rules": rules})


def step_seconds(improver: str, latency_seconds: float) -> float:
    """Wall seconds from the seed improver's measurement to the end of the first step's application."""
    with tempfile.TemporaryDirectory() as place:
        task = Path(place) / "number.py"
        task.write_text(TASK)
        flags = {"tasks": [str(task)], "improver": improver, "depth": 1, "seed": 1}
        inputs = load_inputs(make_config({**flags, "preset": "official"}), Path(place))
        stepped: list[float] = []

        def watch(record: Record) -> None:
            if isinstance(record, Stepped):
                stepped.append(time.monotonic())

        model = Scripted(script(latency_seconds, inputs.improver.source))
        with Run.begin(inputs, lambda: RunFolder(Path(place) / "run"), Models.only(model, "scripted")) as run:
            run.work(watch)
        return stepped[1] - stepped[0] - latency_seconds  # the proposal's own measurement is not the step's


def main() -> None:
    """Both seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=1.0)
    arguments = parser.parse_args()
    for improver in ("paper-seed", "seed"):
        took = step_seconds(improver, arguments.latency)
        print(f"a step of {improver}: {took:.1f} s at {arguments.latency:g} s latency")


if __name__ == "__main__":
    main()
