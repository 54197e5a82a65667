"""The model `mutate`: no network, no key. It answers with a random change of the program in the prompt.

It is the honest floor: what a language model has to beat. It knows nothing of any task and holds no prepared answers.
"""

import ast
import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass

from selftaught.bounded import READER, NotRead
from selftaught.core.address import draw_seed, here
from selftaught.core.contracts import Completion, Prompt
from selftaught.guest.blocks import python_blocks
from selftaught.models.edits import EDITS
from selftaught.models.splicing import MARKER, within_markers

_TRIES = 60
_HOTTEST = 2.0
"""Any higher temperature counts as this one: the work grows with it."""
_MOST_CHARACTERS = 200_000
_BOLDNESS = 1.5
"""Mean number of further edits at temperature 1."""
_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Mutate:
    """Implements `LanguageModel`. Equal seed, address and prompt: equal answer. Temperature 0 is one small edit."""

    seed: int

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return [Completion(self._answer(prompt, number), model="mutate") for number, prompt in enumerate(prompts)]

    def _answer(self, prompt: Prompt, number: int) -> str:
        about = (prompt.system, prompt.user, repr(prompt.temperature), str(number))
        seed = draw_seed(str(self.seed), here(), *about)
        try:
            answer: str = READER.call(f"{__name__}:answer", prompt.user[:_MOST_CHARACTERS], prompt.temperature, seed)
        except NotRead as error:
            return f"The program in the prompt cannot be read: {error}."
        return answer


def answer(text: str, temperature: float, seed: int) -> str:
    """The response to a prompt's text. The text is hostile, so `Mutate` reads it in another process."""
    programs = _programs(text)
    if not programs:
        return "There is no Python program in a fenced block of the prompt, so there is nothing to change."
    source, said = _changed(programs[0], programs[1:], random.Random(seed), temperature)
    return f"Idea: {said}.\n\n```python\n{source}\n```\n"


def _changed(source: str, others: Sequence[str], rng: random.Random, temperature: float) -> tuple[str, str]:
    """A changed program that parses, and the change; the unchanged program if no change of it parses."""
    boldness = _BOLDNESS * min(temperature, _HOTTEST) if temperature > 0 else 0.0
    donors = [tree for other in others if (tree := _parsed(other))]
    try:
        program = ast.parse(source)
        before = ast.unparse(program)
    except _UNPARSABLE:  # Python reads deeper nesting, and longer numbers, than it writes
        return source, "nothing could be changed"
    for _ in range(_TRIES):
        try:
            tree = copy.deepcopy(program)
            wanted = 1 + int(rng.expovariate(1.0) * boldness) if boldness else 1
            said: list[str] = []
            for edit in rng.choices(list(EDITS), list(EDITS.values()), k=3 * wanted):
                if len(said) < wanted and (done := edit(tree, rng, donors)):
                    said.append(done)
            after = ast.unparse(ast.fix_missing_locations(tree))
            if MARKER in source and after != before:
                after = within_markers(source, program, tree)
            ast.parse(after)
        except _UNPARSABLE:
            continue
        if after not in (before, source):
            return after, ", ".join(said)
    return source if MARKER in source else before, "nothing could be changed"


_UTILITY = "def utility(program):\n"


def _programs(text: str) -> list[str]:
    """The fenced blocks that are Python; first the first of them that defines a function. None, if none does.

    A utility's text does not count: its parts have no meaning in a solution.
    """
    blocks = [block for block in python_blocks(text) if _UTILITY not in block]
    subject = next((number for number, block in enumerate(blocks) if _defines_a_function(block)), None)
    return [] if subject is None else [blocks[subject], *blocks[:subject], *blocks[subject + 1 :]]


def _defines_a_function(source: str) -> bool:
    tree = _parsed(source)
    return tree is not None and any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except _UNPARSABLE:  # also for text that parsed before: Python's reading depth depends on the remaining stack
        return None
