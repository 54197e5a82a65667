"""A model that answers from a file: for tests, examples and demonstrations. No network, no chance of its own.

The file is JSON: {"rules": [{"contains": ["text in the prompt"], "responses": ["…", "…"]}], "delay_seconds": 0}.
The first rule with all its `contains` in the prompt answers. Which of its responses a draw gets is decided by
the run's seed and the draw's address, so that it does not depend on the order of answers, and runs are independent
of each other; `"order": "cycle"` takes them in turn instead, by the draw's own number among equal prompts in its place.
"""

import time
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from selftaught.core.address import draw_seed, here, times_before
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import ModelUnavailable, UsageError


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers the prompts in which all of `contains` stand."""

    responses: Annotated[list[str], Meta(min_length=1)]
    contains: list[str] = []
    order: Literal["drawn", "cycle"] = "drawn"


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `delay_seconds` is how long each answer takes, like a distant model's."""

    rules: Annotated[list[Rule], Meta(min_length=1)]
    delay_seconds: Annotated[float, Meta(ge=0)] = 0.0


class Scripted:
    """Implements `LanguageModel`. Equal seed, address and prompt: equal answer. UsageError if the text is no script."""

    def __init__(self, script: str, seed: int = 0) -> None:
        self._seed = str(seed)
        try:
            self._script = msgspec.json.decode(script, type=Script)
        except msgspec.MsgspecError as error:
            wanted = '{"rules": [{"contains": ["…"], "responses": ["…"]}]}'
            raise UsageError(f"the script is invalid: {error}; wanted JSON like {wanted}") from error

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        if self._script.delay_seconds:
            time.sleep(self._script.delay_seconds)
        return [self._answer(prompt, number) for number, prompt in enumerate(prompts)]

    def _answer(self, prompt: Prompt, number: int) -> Completion:
        for rule in self._script.rules:
            if all(text in prompt.user or text in prompt.system for text in rule.contains):
                draw = number + self._draw(rule, prompt)
                return Completion(rule.responses[draw % len(rule.responses)], model="scripted")
        start = " ".join(prompt.user.split())[:80]
        raise ModelUnavailable(f"no rule of the script answers the prompt that starts with {start!r}; add one")

    def _draw(self, rule: Rule, prompt: Prompt) -> int:
        if rule.order == "cycle":
            return times_before(here()) if "#" in here() else 0
        return draw_seed(self._seed, here(), prompt.system, prompt.user)
