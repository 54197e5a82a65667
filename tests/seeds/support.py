"""Improvers run as they are run: in the sandbox, metered, with the scripted model and a utility that can be read."""

import itertools
import json
import re
import threading
from collections.abc import Mapping, Sequence
from importlib.resources import files

from selftaught.core.address import Addresses, working_at
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Completion, LanguageModel, Program, Prompt, Score
from selftaught.models.scripted import Scripted
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.machine import IMPROVER_LIMITS, Machine

Rule = Mapping[str, object]


def seed_text(name: str) -> str:
    """The text of the seed that `--improver NAME` takes."""
    return (files("selftaught") / "seeds" / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")


def program(score: float) -> str:
    """A program that `Returns` scores so."""
    return f"def algorithm():\n    return {score!r}\n"


def answer(score: float) -> str:
    return f"Idea: {score!r}.\n```python\n{program(score)}```\n"


def to(contained: str, *responses: str) -> Rule:
    """A rule of the script: prompts with this text get these responses in turn."""
    return {"contains": [contained], "responses": responses, "order": "cycle"}


def script(*rules: Rule) -> Scripted:
    return Scripted(json.dumps({"rules": rules}))


INITIAL = program(0.5)


class Returns:
    """A utility: the sum of what a program's functions return, read from its text. Keeps what it scored."""

    name, description, deterministic = "returns", "def utility(program): ...", True

    def __init__(self) -> None:
        self.scored: list[str] = []

    def value(self, source: str) -> float:
        return sum(map(float, re.findall(r"return (-?[\d.]+)", source)))

    def __call__(self, program: Program) -> Score:
        self.scored.append(program.source)
        return Score(self.value(program.source))


class InTurn:
    """A model that gives these responses in turn, whatever it is asked."""

    def __init__(self, *responses: str) -> None:
        self._responses = itertools.cycle(responses)
        self._lock = threading.Lock()

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        with self._lock:
            return [Completion(next(self._responses)) for _ in prompts]


class Asked:
    """A model, its draws told apart as the recorder does. Keeps what it was asked, call by call."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.calls: list[list[Prompt]] = []
        self._addresses = Addresses(threading.Lock())

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self.calls.append(list(prompts))
        return [self._answer(prompt) for prompt in prompts]

    def _answer(self, prompt: Prompt) -> Completion:
        with working_at(self._addresses.next("ask", prompt.system, prompt.user, repr(prompt.temperature))):
            (completion,) = self.model([prompt])
        return completion

    def shown(self) -> list[list[list[float]]]:
        """Of each prompt of each call, the scores of the programs in it."""
        return [
            [[float(score) for score in re.findall(r"return (-?[\d.]+)", prompt.user)] for prompt in prompts]
            for prompts in self.calls
        ]


def applied(
    sandbox: Jail,
    improver: str,
    model: LanguageModel,
    utility: Returns,
    allowance: Allowance,
    *,
    initial: str = INITIAL,
    run_seed: int = 1,
    released_reader: bool = False,
) -> Application:
    """One application of an improver's text."""
    machine = Machine(sandbox, allowance, IMPROVER_LIMITS, run_seed, map, released_reader=released_reader)
    return machine(Program(improver), utility, Program(initial), model)
