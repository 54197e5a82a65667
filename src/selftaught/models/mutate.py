"""The model `mutate`: no network, no key. It answers with a random change of the program in the prompt.

It is the honest floor: what a language model has to beat. It knows nothing of any task and holds no prepared answers.
"""

import ast
import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass

from selftaught.core.address import draw_seed, here
from selftaught.core.contracts import Completion, Prompt
from selftaught.models.edits import EDITS

_TRIES = 20
_MOST_CHARACTERS = 200_000
_BOLDNESS = 1.5
"""Mean number of further edits at temperature 1."""
_MOST_FENCES = 40
"""Fences that are looked at: a bound on the work that a hostile prompt costs."""
_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Mutate:
    """Implements `LanguageModel`. Equal seed, address and prompt: equal answer. Temperature 0 is one small edit."""

    seed: int

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return [Completion(self._answer(prompt, number), model="mutate") for number, prompt in enumerate(prompts)]

    def _answer(self, prompt: Prompt, number: int) -> str:
        programs = _programs(prompt.user)
        if not programs:
            return "There is no Python program in a fenced block of the prompt, so there is nothing to change."
        about = (prompt.system, prompt.user, repr(prompt.temperature), str(number))
        rng = random.Random(draw_seed(str(self.seed), here(), *about))
        source, said = _changed(programs[0], programs[1:], rng, prompt.temperature)
        return f"Idea: {said}.\n\n```python\n{source}\n```\n"


def _changed(
    program: ast.Module, donors: Sequence[ast.Module], rng: random.Random, temperature: float
) -> tuple[str, str]:
    """A changed program that parses, and what was done; the program as it is if no change of it parses."""
    before = ast.unparse(program)
    for _ in range(_TRIES):
        try:
            tree = copy.deepcopy(program)
            wanted = 1 + int(rng.expovariate(1.0) * _BOLDNESS * temperature) if temperature > 0 else 1
            said: list[str] = []
            for edit in rng.choices(list(EDITS), list(EDITS.values()), k=3 * wanted):
                if len(said) < wanted and (done := edit(tree, rng, donors)):
                    said.append(done)
            after = ast.unparse(ast.fix_missing_locations(tree))
            ast.parse(after)
        except _UNPARSABLE:
            continue
        if after != before:
            return after, ", ".join(said)
    return before, "nothing could be changed"


def _programs(text: str) -> list[ast.Module]:
    """The fenced blocks that are Python; first the first of them that defines a function.

    A program may hold fences of its own (an improver holds a prompt), so a block ends at the first bare fence at
    which what came before it is Python.
    """
    lines = text[:_MOST_CHARACTERS].split("\n")
    fences = [number for number, line in enumerate(lines) if line.strip().startswith("```")][:_MOST_FENCES]
    found: list[ast.Module] = []
    past = -1
    for start in fences:
        if start <= past:
            continue
        for end in (end for end in fences if end > start and lines[end].strip() == "```"):
            tree = _parsed("\n".join(lines[start + 1 : end]))
            if tree is not None and tree.body:
                found.append(tree)
                past = end
                break
    subject = next((tree for tree in found if any(isinstance(n, ast.FunctionDef) for n in ast.walk(tree))), None)
    return [] if subject is None else [subject, *(tree for tree in found if tree is not subject)]


def _parsed(source: str) -> ast.Module | None:
    try:
        tree = ast.parse(source)
        ast.unparse(tree)
    except _UNPARSABLE:
        return None
    return tree
