"""A model that needs no server: it answers every prompt with a program that returns one number."""

from collections.abc import Sequence

from selftaught import Completion, Prompt


class Echo:
    """A `LanguageModel`: called with prompts, returns a completion for each, in the same order."""

    def __init__(self, number: float) -> None:
        self._number = number

    def __call__(self, prompts: Sequence[Prompt], /) -> list[Completion]:
        program = f"```python\ndef algorithm(x):\n    return {self._number}\n```"
        return [Completion(program, model="echo") for _ in prompts]


def make(name: str) -> Echo:
    """`--model echo/0.75`: `name` is what follows the slash."""
    return Echo(float(name))
