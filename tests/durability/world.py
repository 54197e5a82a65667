"""A small world for durability tests: a task, improvers, and a model that writes down whatever it is asked.

Run as a script it does one run, or what is left of it, and kills itself after the N-th new record:

    python world.py FOLDER [--kill-after N] [--executor NAME] [--loops N]
"""

import argparse
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from nearness import TASK
from selftaught.config import make_config
from selftaught.core.address import draw_seed, here
from selftaught.core.contracts import Completion, Prompt
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Record
from selftaught.runs.store import Store
from selftaught.sandbox.choice import open_sandbox
from selftaught.wiring.executors.choice import open_executor
from selftaught.wiring.inputs import load_inputs
from selftaught.wiring.models import Models
from selftaught.wiring.run import Run

ASKS = """
def improve_algorithm(initial_solution, utility, language_model):
    responses = language_model.batch_prompt("expert", [initial_solution] * 2, temperature=0.5)
"""
IMPROVERS = {
    # scores each candidate twice: two draws of the meta-utility, one of a deterministic utility
    "twice": ASKS + "    return max(responses, key=lambda r: utility(r) + utility(r))\n",
    # asks and scores from threads, in whatever order they come
    "threads": """
from concurrent.futures import ThreadPoolExecutor

def improve_algorithm(initial_solution, utility, language_model):
    def candidate(temperature):
        return language_model.prompt("expert", initial_solution, n_responses=1, temperature=temperature)[0]
    with ThreadPoolExecutor(2) as pool:
        responses = list(pool.map(candidate, [0.1, 0.2]))
        scores = list(pool.map(utility, responses))
    return responses[scores.index(max(scores))]
""",
}

OTHERS = {
    # reads its responses, and scores the first alone: what is guessed of the others nobody asks for
    "first": """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    responses = language_model.batch_prompt("expert", [initial_solution] * 2, temperature=0.5)
    first = min(extract_code(response) for response in responses)
    utility(first)
    return first
""",
}
REPEATS = {"twice": 1, "threads": 2}


class Witness:
    """A model whose every draw is another program, fixed by its address; each question is written to a file.

    `loops`: turns of an empty loop in each program that it writes.
    """

    def __init__(self, log: Path, loops: int = 0) -> None:
        self._log, self._loops = log, loops

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        with self._log.open("a") as log:
            log.write("".join(f"{here()}\n" for _ in prompts))
        return [Completion(self._answer(prompt)) for prompt in prompts]

    def _answer(self, prompt: Prompt) -> str:
        draw = draw_seed(here()) % 1000
        if "improve_algorithm" in prompt.user:
            return prompt.user.rstrip("\n") + f"\n# draw {draw}\n"
        return f"def algorithm(x):\n    for _ in range({self._loops}): pass\n    return {draw / 1000}\n"


class MortalStore(Store):
    """Kills the process after the N-th record that it writes, before anybody is told that it is written."""

    left: int | None = None

    def put(self, record: Record, texts: Sequence[str] = (), *, soon: bool = False) -> None:
        self.append(record, texts)

    def append(self, record: Record, texts: Sequence[str] = ()) -> None:
        super().append(record, texts)
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


def prepare(folder: Path, improver: str, *, depth: int = 1, **more: str) -> None:
    """A run folder as `selftaught run` makes it. `more`: of its settings."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    source, task = folder.parent / f"{improver}.py", folder.parent / "nearness.py"
    source.write_text((IMPROVERS | OTHERS)[improver])
    task.write_text(TASK)
    flags = {
        "kind": "run", "tasks": [str(task)], "improver": str(source), "depth": depth, "seed": 5, "model": "mutate",
        "repeats": REPEATS.get(improver, 1), "model_calls": 2, "responses": 2, "utility_calls": 8, "accept": "better",
    }  # fmt: skip
    inputs = load_inputs(make_config({**flags, **more}), folder.parent)
    with open_sandbox("auto", 1) as sandbox:
        Run.begin(
            inputs, lambda: RunFolder(folder), Models.only(Witness(folder / "asked.txt"), "witness"), sandbox
        ).close()


def go(folder: Path, kill_after: int | None = None, executor: str = "local", loops: int = 0) -> None:
    """Do the run, or what is left of it."""
    with open_sandbox("auto", 1) if executor == "local" else open_executor(executor, "auto") as sandbox:
        models = Models.only(Witness(folder / "asked.txt", loops), "witness")
        with Run.resume(RunFolder(folder), lambda inputs, gate: models, sandbox) as run:
            run.store.__class__ = MortalStore
            assert isinstance(run.store, MortalStore)
            run.store.left = kill_after
            run.work()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kill-after", type=int, default=None)
    parser.add_argument("--executor", default="local")
    parser.add_argument("--loops", type=int, default=0)
    go(**vars(parser.parse_args()))
