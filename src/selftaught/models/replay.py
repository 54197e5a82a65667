"""A model that answers from a recording: each prompt gets its recorded response, and no response is invented."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selftaught.core.address import here
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import ModelUnavailable
from selftaught.core.feedback import without_times

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded response: the address of its request (core/address.py), its prompt, and its text."""

    at: str
    prompt: Prompt
    completion: Completion


class Replay:
    """Implements `LanguageModel`.

    The same run asks at the same addresses, and gets each response where it got it before. Another run gets, for an
    equal prompt, the recorded responses in their order, each once. Raises ModelUnavailable if there is none. Prompts
    that differ only in the times of feedback are equal.

    `source`: what the recording is called. `same_run`: only addresses count. `nearest`: a prompt that is not on record
    gets the response to the most similar unused one, and if all are used to the most similar of all. So a
    demonstration also continues if a program has another score, and the next prompt another number.
    """

    def __init__(
        self, answers: Sequence[Recorded], source: str, *, same_run: bool = False, nearest: bool = False
    ) -> None:
        self._source, self._same_run, self._nearest = source, same_run, nearest
        self._lock = threading.Lock()
        self._by_address = {answer.at: answer for answer in answers}
        self._by_prompt: dict[Prompt, list[Recorded]] = {}
        for answer in answers:
            self._by_prompt.setdefault(_key(answer.prompt), []).append(answer)
        self._used: set[str] = set()
        self._otherwise = 0

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return [self._answer(prompt) for prompt in prompts]

    @property
    def served(self) -> int:
        """How many of the responses were given out."""
        with self._lock:
            return len(self._used)

    @property
    def otherwise(self) -> int:
        """How many prompts were not recorded, and got the response to another."""
        with self._lock:
            return self._otherwise

    def _answer(self, prompt: Prompt) -> Completion:
        with self._lock:
            found = self._by_address.get(here())
            if found is None or _key(found.prompt) != _key(prompt) or found.at in self._used:
                equal = [] if self._same_run else self._by_prompt.get(_key(prompt), [])
                found = next((answer for answer in equal if answer.at not in self._used), None)
            if found is None and self._nearest:
                found = self._most_similar(prompt)
                self._otherwise += found is not None
            if found is not None:
                self._used.add(found.at)
                return found.completion
        raise ModelUnavailable(f"{self._source} has no response for a prompt: {self._why(prompt)}")

    def _most_similar(self, prompt: Prompt) -> Recorded | None:
        known = list(self._by_address.values())
        left = [answer for answer in known if answer.at not in self._used]
        return max(left or known, key=lambda answer: _alike(answer.prompt, prompt), default=None)

    def _why(self, prompt: Prompt) -> str:
        equal = self._by_prompt.get(_key(prompt), [])
        if equal:
            return f"all {len(equal)} recorded responses to it are used up"
        if not self._by_prompt:
            return "it has no responses"
        prompt = _key(prompt)
        nearest = max(self._by_prompt, key=lambda known: _alike(known, prompt))
        where = self._by_prompt[nearest][0].at
        return f"the nearest recorded one, at {where}, {_first_difference(nearest, prompt)}"


def _key(prompt: Prompt) -> Prompt:
    return replace(prompt, user=without_times(prompt.user))


def _alike(known: Prompt, asked: Prompt) -> tuple[int, int]:
    """How many lines are in both; and how many at the start."""
    ours, theirs = _lines(known), _lines(asked)
    start = next((n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), len(ours))
    return len(set(ours) & set(theirs)), start


def _first_difference(known: Prompt, asked: Prompt) -> str:
    ours, theirs = _lines(known), _lines(asked)
    for number, (recorded, now) in enumerate(zip(ours, theirs, strict=False), start=1):
        if recorded != now:
            return f"differs first in line {number}: recorded {_shown(recorded)}, asked {_shown(now)}"
    if len(ours) != len(theirs):
        longer, shared = (ours, len(theirs)) if len(ours) > len(theirs) else (theirs, len(ours))
        which = "recorded" if longer is ours else "asked"
        return f"is equal in {shared} lines, and then the {which} one continues: {_shown(longer[shared])}"
    return f"was asked at temperature {known.temperature:g}; this one at {asked.temperature:g}"


def _lines(prompt: Prompt) -> list[str]:
    return [*prompt.system.split("\n"), *prompt.user.split("\n")]


def _shown(line: str) -> str:
    return repr(line if len(line) <= _SHOWN else line[:_SHOWN] + "…")
