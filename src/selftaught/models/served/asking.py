"""How prompts become calls: grouping, parameters, limits. The same for every provider."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Literal

from selftaught.core.address import draw_seed, here
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import UsageError
from selftaught.core.text import sendable
from selftaught.models.served.capabilities import Capabilities
from selftaught.models.served.retrying import Failed, RetryPolicy
from selftaught.models.served.temperatures import Temperatures, changed
from selftaught.models.served.thoughts import divided
from selftaught.models.served.traffic import Traffic
from selftaught.models.waiting import Waiting

MOST_TOGETHER = 8
"""Responses asked for in one call. Gemini's limit; OpenAI and vLLM allow more."""
_CHARACTERS_A_TOKEN = 4
_ATTEMPTS_AT_FIRST = 4
"""Of a call that fails and is not put off, where nothing was ever answered: most likely something is set up wrongly."""
_FIRST_GUESS_TOKENS = 500
_LEAST_CHARACTERS, _MOST_CHARACTERS_A_TOKEN = 400, 20
"""The shortest prompt that is checked for a cut. English and code have about 4 characters a token."""
_SEED_BITS = 31  # signed 32-bit numbers at Google and in llama.cpp


@dataclass(frozen=True)
class AskOptions:
    """How a model is called.

    Attributes:
        temperature_policy: for a model that accepts no temperature: "clamp" refuses it before anything is spent, "drop"
            asks without one. If there is a range, both ask with the nearest accepted one. The completion records it.
        max_connections: the maximum of calls in flight, from all threads.
        requests_per_minute, tokens_per_minute: in any 60 seconds; tokens are estimated until the server counts them.
        timeout_seconds: for one attempt, from its first byte to its last.
        max_output_tokens: of one response; None: the provider's own limit.
        traffic: what the calls pass through, where models share it; else each has its own, as the four above say.
        seed: where the model takes one, each draw gets a number made from this and from its address.
        stream: whether an answer is received in parts; "auto": after one was cut by a proxy of the server.
        waiting: gets each call that waits for an answer; `server` is its description of the place.
    """

    capabilities: Capabilities = field(default_factory=Capabilities)
    temperature_policy: Literal["clamp", "drop"] = "clamp"
    max_connections: int = 32
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout_seconds: float = 600.0
    max_output_tokens: int | None = None
    traffic: Traffic | None = None
    seed: int | None = None
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    stream: Literal["auto", "on", "off"] = "auto"
    waiting: Waiting = field(default_factory=Waiting)
    server: str = ""


@dataclass(frozen=True)
class Question:
    """One call: a prompt as it is sent to the model. None: not sent. `n` responses are wanted."""

    system: str
    user: str
    temperature: float | None
    n: int = 1
    seed: int | None = None
    max_output_tokens: int | None = None


class Declined(Exception):  # noqa: N818 - internal: an answer, if none that helps
    """The server answers this prompt with nothing and always will: it refuses it, or it is too long for the model.

    Guests write prompts, so this is not a failure of the model: it is an empty completion.
    """

    def __init__(self, finish_reason: str, words: str = "") -> None:
        super().__init__(words or finish_reason)
        self.finish_reason = finish_reason


class TemperatureRefused(Failed):
    """The server does not accept the temperature that was sent. `words`: its whole message."""

    def __init__(self, message: str, words: str) -> None:
        super().__init__(message, again=False, kind="temperature")
        self.words = words


class Asker:
    """Turns prompts into questions and puts them to `ask`, which raises Failed or Declined. From any thread.

    `ask` answers with as many completions as the question wants; any other number is an error, never made good.
    """

    def __init__(self, model: str, ask: Callable[[Question], list[Completion]], ask_options: AskOptions) -> None:
        self._model, self._ask, self._ask_options = model, ask, ask_options
        self._traffic = ask_options.traffic or traffic(ask_options, ask_options.retry_policy.stop)
        self._lock = threading.Lock()
        self._guess_tokens = float(_FIRST_GUESS_TOKENS)
        self._answered = False
        self._temperatures = Temperatures(
            ask_options.capabilities.temperature, ask_options.temperature_policy == "drop"
        )
        check_temperature(model, ask_options)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        groups = self._groups(prompts)
        if len(groups) < 2:
            answers = [self._answer(prompts[group[0]], group) for group in groups]
        else:
            with ThreadPoolExecutor(min(len(groups), self._ask_options.max_connections)) as threads:
                # Each in a copy of this context: it holds the address that the work is recorded under.
                calls = [threads.submit(copy_context().run, self._answer, prompts[group[0]], group) for group in groups]
                answers = [call.result() for call in calls]
        placed = {
            place: one
            for group, answer in zip(groups, answers, strict=True)
            for place, one in zip(group, answer, strict=True)
        }
        return [placed[place] for place in range(len(prompts))]

    def _groups(self, prompts: Sequence[Prompt]) -> list[list[int]]:
        """Places of the prompts that one call asks for: equal ones where the model gives several responses."""
        if not self._ask_options.capabilities.n:
            return [[place] for place in range(len(prompts))]
        equal: dict[Prompt, list[int]] = {}
        for place, prompt in enumerate(prompts):
            equal.setdefault(prompt, []).append(place)
        return [
            places[start : start + MOST_TOGETHER]
            for places in equal.values()
            for start in range(0, len(places), MOST_TOGETHER)
        ]

    def _answer(self, prompt: Prompt, group: list[int]) -> list[Completion]:
        tokens = (len(prompt.system) + len(prompt.user)) // _CHARACTERS_A_TOKEN + len(group) * int(self._guess_tokens)
        tries = count(1)
        retry_policy = self._ask_options.retry_policy
        answer = retry_policy.call(lambda: self._attempt(prompt, group, next(tries)), self._traffic, tokens)
        self._learn(answer)
        return answer

    def _attempt(self, prompt: Prompt, group: list[int], tried: int) -> list[Completion]:
        question = self._question(prompt, group)
        try:
            with self._ask_options.waiting.of(f"answers of {self._ask_options.server or self._model}"):
                answer = self._ask(question)
        except Declined as declined:
            return self._nothing(question, declined.finish_reason, str(declined))
        except TemperatureRefused as refused:
            return self._refused_temperature(question, refused)
        except Failed as failed:
            # Earlier requests with the same parameters were answered, so the cause is the prompt, which a guest wrote.
            if failed.unexplained and self._answered:
                return self._nothing(question, "rejected", str(failed))
            hopeless = failed.certain_at_first or (not failed.busy and tried >= _ATTEMPTS_AT_FIRST)
            failed.again = failed.again and (self._answered or not hopeless)
            raise
        self._answered = True
        dropped = changed(prompt.temperature, question.temperature)
        dropped = dropped or _cut(prompt, answer)
        answer = [_without_reasoning(one) for one in answer]
        return [replace(one, dropped=dropped) for one in answer] if dropped else answer

    def _nothing(self, question: Question, finish_reason: str, words: str) -> list[Completion]:
        return [Completion("", finish_reason=finish_reason, model=self._model, no_program=words)] * question.n

    def _refused_temperature(self, question: Question, refused: TemperatureRefused) -> list[Completion]:
        """Learns which values are accepted, and raises to ask again. This never ends a run that got an answer."""
        if self._temperatures.learn(question.temperature, refused.words):
            raise Failed(
                f"{refused}; from now on {self._temperatures.taken}", again=True, wait_seconds=0.0, kind=refused.kind
            )
        if self._answered:
            return self._nothing(question, "temperature", str(refused))
        raise Failed(f"{refused}; {_TAKES_NONE}", again=False, kind=refused.kind)

    def _question(self, prompt: Prompt, group: list[int]) -> Question:
        ask_options = self._ask_options
        seed = None
        if (
            ask_options.capabilities.seed and ask_options.seed is not None and here()
        ):  # outside of a run equal prompts are draws
            about = (str(ask_options.seed), here(), prompt.system, prompt.user, repr(prompt.temperature), str(group[0]))
            seed = draw_seed(*about) % (1 << _SEED_BITS)
        system, user = sendable(prompt.system), sendable(prompt.user)
        temperature = self._temperatures.asked(prompt.temperature)
        return Question(system, user, temperature, len(group), seed, ask_options.max_output_tokens)

    def _learn(self, answer: list[Completion]) -> None:
        """How long responses are, for the estimates: a running mean."""
        counted = [one.output_tokens for one in answer if one.output_tokens]
        if counted:
            with self._lock:
                self._guess_tokens += (sum(counted) / len(answer) - self._guess_tokens) / 8


def traffic(ask_options: AskOptions, stop: Callable[[], None]) -> Traffic:
    """Limits the calls at once and in a minute by `ask_options`; an exception of `stop` ends every wait."""
    return Traffic(
        ask_options.max_connections,
        requests_per_minute=ask_options.requests_per_minute,
        tokens_per_minute=ask_options.tokens_per_minute,
        stop=stop,
    )


_DROP = "to ask without it, which is recorded: `temperature_policy=drop`"
_TAKES_NONE = "ask without it, which is recorded: `capability=temperature=no` `temperature_policy=drop`"


def check_temperature(model: str, ask_options: AskOptions) -> None:
    """Raises UsageError, before anything is spent, if the model can answer no prompt."""
    if ask_options.capabilities.temperature is None and ask_options.temperature_policy != "drop":
        raise UsageError(
            f"{model} accepts no temperature, and every prompt has one; {_DROP} (or `capability=temperature=yes`)"
        )


def _cut(prompt: Prompt, answer: list[Completion]) -> str:
    """The note for the record if the server counts far fewer tokens than the prompt can have: it cut the prompt."""
    characters, counted = len(prompt.system) + len(prompt.user), answer[0].input_tokens if answer else None
    if counted and characters > _LEAST_CHARACTERS and counted * _MOST_CHARACTERS_A_TOKEN < characters:
        return f"prompt: {counted} tokens counted of {characters} characters"
    return ""


def _without_reasoning(completion: Completion) -> Completion:
    reasoning, text = divided(completion.text)
    if not reasoning and text == completion.text:
        return completion
    thought = "\n".join(filter(None, [completion.reasoning, reasoning]))
    return replace(completion, text=text, reasoning=thought)


def shared(answers: list[Completion]) -> list[Completion]:
    """The first of a call's completions has the whole cost of the call, which is reported for all together."""

    def nothing(count: float | None) -> int | None:
        return None if count is None else 0

    first, *others = answers
    return [first, *(replace(
        one,
        input_tokens=nothing(one.input_tokens), output_tokens=nothing(one.output_tokens),
        cached_tokens=nothing(one.cached_tokens), reasoning_tokens=nothing(one.reasoning_tokens),
        cost=nothing(one.cost),
    ) for one in others)]  # fmt: skip
