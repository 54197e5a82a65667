"""A model that is a Python function: your own, or one that an installed package brings (plugins.py)."""

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from selftaught.core.contracts import Completion, LanguageModel, ModelFunction, Prompt
from selftaught.core.errors import ModelUnavailable, SelfTaughtError, UsageError
from selftaught.core.text import sendable
from selftaught.models.served.asking import Asker, AskOptions, Question
from selftaught.models.served.retrying import Failed
from selftaught.plugins import find

_SLICE_SECONDS = 0.2


class Called:
    """Implements `LanguageModel` with a function: one prompt in, one response out. It is called from several threads.

    What the function raises is the model's failure and is not tried again: the run ends and can be resumed. One that
    hangs is a failed attempt after `timeout_seconds`; its thread is abandoned.
    """

    def __init__(self, function: ModelFunction, name: str = "", ask_options: AskOptions | None = None) -> None:
        self._function = function
        self._loop = _Loop()
        self._name = name or getattr(function, "__name__", type(function).__name__)
        self._ask_options = ask_options or AskOptions()
        self._asker = Asker(self._name, self._ask, self._ask_options)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return self._asker(prompts)

    def _in_time(self, prompt: Prompt) -> Any:
        """The function's result. Raises Failed if it takes longer than an attempt may; and any exception of `stop`."""
        until = time.monotonic() + self._ask_options.timeout_seconds
        answer = _Once(partial(self._settled, prompt))
        while not answer.done.wait(_SLICE_SECONDS):
            self._ask_options.retry_policy.stop()
            if time.monotonic() > until:
                late = f"{self._name} gave no answer in {self._ask_options.timeout_seconds:g} s"
                raise Failed(late, again=True, billed=True, kind="timeout")
        return answer.result()

    def _settled(self, prompt: Prompt) -> Any:
        answer = self._function(prompt)
        return self._loop.wait_for(answer) if inspect.isawaitable(answer) else answer

    def _ask(self, question: Question) -> list[Completion]:
        # A function gets the prompt unchanged, and handles its parameters itself.
        prompt = Prompt(question.system, question.user, cast(float, question.temperature))
        try:
            answer = self._in_time(prompt)
        except (SelfTaughtError, Failed):
            raise
        except Exception as error:
            said = " ".join(str(error).split())[:300]
            raise Failed(
                f"{self._name} raised {type(error).__name__}: {said}", again=False, kind=type(error).__name__
            ) from error
        if isinstance(answer, Completion):
            return [answer]
        if not isinstance(answer, str):
            kind = type(answer).__name__
            raise Failed(f"{self._name} returned {kind}; wanted a str or a Completion", again=False)
        return [Completion(sendable(answer), model=self._name)]


class _Once:
    """One call in its own thread, which is abandoned if it never returns; in a copy of the caller's context."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.done = threading.Event()
        self._call, self._came, self._error = call, None, cast(BaseException | None, None)
        threading.Thread(target=copy_context().run, args=(self._work,), name="model", daemon=True).start()

    def _work(self) -> None:
        try:
            self._came = self._call()
        except BaseException as error:  # any exception is raised in the waiting thread
            self._error = error
        self.done.set()

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._came


class _Loop:
    """One event loop in a thread of its own: what an async function opened in one call is there in the next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wait_for(self, answer: Awaitable[str | Completion]) -> str | Completion:
        """The result, once it is there; from any thread but the loop's."""

        async def settled() -> str | Completion:
            return await answer

        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="async-model", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(settled(), self._loop).result()


def from_package(name: str, model: str) -> LanguageModel:
    """The model of the entry point `name`: it is called with what follows the slash, and gives a `LanguageModel`.

    Raises UsageError if it cannot be loaded, ModelUnavailable if it raises.
    """
    make = find("models", name)
    try:
        made = make(model)
    except SelfTaughtError:
        raise
    except Exception as error:
        raise ModelUnavailable(f"the model {name}/{model} cannot be created: {error!r}") from error
    if not callable(made):
        raise UsageError(f"the plugin {name} gave {type(made).__name__} for {name}/{model}; wanted a LanguageModel")
    return _Guarded(f"{name}/{model}", cast(LanguageModel, made))


@dataclass(frozen=True)
class _Guarded:
    """Implements `LanguageModel`: a model of a plugin, whose mistakes are failures of the model and not ours."""

    name: str
    model: LanguageModel

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        try:
            answers: Any = self.model(prompts)
        except SelfTaughtError:
            raise
        except Exception as error:
            said = " ".join(str(error).split())[:300]
            raise ModelUnavailable(f"{self.name} raised {type(error).__name__}: {said}") from error
        if not isinstance(answers, (list, tuple)) or not all(isinstance(one, Completion) for one in answers):
            raise ModelUnavailable(f"{self.name} returned {type(answers).__name__}; wanted a list of Completion")
        if len(answers) != len(prompts):
            raise ModelUnavailable(f"{self.name} gave {len(answers)} completions for {len(prompts)} prompts")
        return list(answers)
