"""Any server that speaks OpenAI's chat completions: OpenAI, OpenRouter, Ollama, vLLM, llama.cpp, any gateway."""

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import ModelUnavailable
from selftaught.models.endpoint import Endpoint
from selftaught.models.patience import Failed, Patience

_TIMEOUT_SECONDS = 600.0
_MOST_BYTES = 64 << 20
_AGAIN = {408, 409, 425, 429}


class OpenAIChat:
    """Implements `LanguageModel`. One call per prompt: native `n` is the exception among servers.

    `max_connections` calls are in flight at most, from whatever threads they come; a call that waits to be made again
    holds no place. `timeout_seconds` is for one attempt, from its first byte to its last. The SDK is imported at the
    first call.
    """

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None = None,
        max_connections: int = 32,
        patience: Patience | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        if api_key is None and base_url is None:
            raise ModelUnavailable(
                f"openai/{model} needs a key: set OPENAI_API_KEY in the environment or in .env, "
                "or name another server with --base-url"
            )
        self._model = model
        self._server = Endpoint(base_url, api_key, max_connections=max_connections, timeout_seconds=timeout_seconds)
        self._patience = patience or Patience()
        self._timeout_seconds = timeout_seconds
        self._max_connections = max_connections
        self._places = threading.BoundedSemaphore(max_connections)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        if len(prompts) < 2:
            return [self._complete(prompt) for prompt in prompts]
        with ThreadPoolExecutor(min(len(prompts), self._max_connections)) as threads:
            return list(threads.map(self._complete, prompts))

    def _complete(self, prompt: Prompt) -> Completion:
        return self._patience.call(lambda: self._attempt(prompt))

    def _attempt(self, prompt: Prompt) -> Completion:
        import openai

        try:
            with self._places:
                self._patience.stop()  # those that queued here while the run was stopped buy nothing more
                body = self._body(prompt)
        except openai.APIStatusError as error:
            raise self._refused(error.status_code, error) from None
        except openai.APIConnectionError as error:
            raise self._unreachable(error) from None
        except self._server.transport_errors() as error:
            raise self._broken_off(error) from None
        try:
            return self._completion(json.loads(body))
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            what = f"{self._server.shown} answered with nonsense: {self._server.brief(repr(error))}"
            raise Failed(what, again=True) from None

    def _body(self, prompt: Prompt) -> bytes:
        """Read piece by piece: the HTTP library's own timeout is for each silence, so a trickle would never end."""
        began = time.monotonic()
        messages: list[Any] = [
            {"role": "system", "content": _sendable(prompt.system)},
            {"role": "user", "content": _sendable(prompt.user)},
        ]
        create = self._server.client().chat.completions.with_streaming_response.create
        body = bytearray()
        with create(model=self._model, messages=messages, temperature=prompt.temperature) as response:
            for piece in response.iter_bytes():
                body += piece
                if time.monotonic() - began > self._timeout_seconds:
                    raise self._too_late()
                if len(body) > _MOST_BYTES:
                    raise Failed(f"{self._server.shown} answered with more than {_MOST_BYTES >> 20} MiB", again=False)
        return bytes(body)

    def _completion(self, answer: Any) -> Completion:
        """Raises TypeError or LookupError where the answer has another shape than was promised."""
        choices = answer.get("choices") if isinstance(answer, dict) else None
        if not isinstance(choices, list) or not choices:
            said = f": {self._server.brief(answer['error'])}" if isinstance(answer, dict) and "error" in answer else ""
            raise Failed(f"{self._server.shown} answered without any choice{said}", again=True)
        if len(choices) != 1:
            raise Failed(f"{self._server.shown} gave {len(choices)} choices; one was asked for", again=False)
        usage = answer.get("usage")
        return Completion(
            text=_sendable(_text(choices[0]["message"])),
            input_tokens=_count(usage, "prompt_tokens"),
            output_tokens=_count(usage, "completion_tokens"),
            finish_reason=str(choices[0].get("finish_reason") or ""),
            model=str(answer.get("model") or self._model),
        )

    def _refused(self, status: int, error: Any) -> Failed:
        server, said = self._server.shown, self._server.brief(error)
        if status == 401:
            return Failed(f"{server} refused the key (401): {said}; check OPENAI_API_KEY", again=False)
        if status == 404:
            return Failed(f"{server} does not know {self._model} (404): {said}{self._known_models()}", again=False)
        if status == 400 and "temperature" in str(error).lower():
            what = f"{self._model} does not take this temperature (400): {said}"
            return Failed(f"{what}; use a model that does: it is never dropped silently", again=False)
        if getattr(error, "code", None) == "insufficient_quota":  # a 429 that no waiting helps
            return Failed(f"{server} answered {status}: {said}; the account has nothing left", again=False)
        again = status in _AGAIN or status >= 500
        return Failed(f"{server} answered {status}: {said}", again=again, wait_seconds=_retry_after(error))

    def _unreachable(self, error: Exception) -> Failed:
        cause = error.__cause__ or error
        if type(cause).__name__ in ("ReadTimeout", "WriteTimeout"):
            return self._too_late()
        said = self._server.brief(cause) or type(cause).__name__
        what = f"{self._server.shown} cannot be reached: {said}; is it running?{self._server.hint}"
        return Failed(what, again=True)

    def _broken_off(self, error: Exception) -> Failed:
        if type(error).__name__ == "ReadTimeout":
            return self._too_late()
        said = self._server.brief(error) or type(error).__name__
        return Failed(f"{self._server.shown} broke off its answer: {said}", again=True)

    def _too_late(self) -> Failed:
        return Failed(f"{self._server.shown} gave no whole answer in {self._timeout_seconds:g} s", again=True)

    def _known_models(self) -> str:
        with suppress(ModelUnavailable):  # only to help: the failure that it explains is told in any case
            names = self._server.models()
            return f"; it has {', '.join(names[:10])}{' …' if len(names) > 10 else ''}" if names else ""
        return f";{self._server.hint}" if self._server.hint else ""


def _text(message: Any) -> str:
    """A message's content: a text, none at all, or a list of parts of which those of text are taken."""
    if not isinstance(message, dict):
        raise TypeError(f"the message is of type {type(message).__name__}")
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part["text"]) for part in content if "text" in part)
    if not isinstance(content, str | None):
        raise TypeError(f"the content is of type {type(content).__name__}")
    return content or ""


def _sendable(text: str) -> str:
    """Half characters (lone surrogates), which JSON can spell and nothing else can store, become question marks."""
    return text.encode("utf-8", "replace").decode()


def _count(usage: Any, name: str) -> int | None:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if type(count) is int and count >= 0 else None


def _retry_after(error: Any) -> float | None:
    """Seconds, from whichever of the three spellings the server used."""
    headers: Any = getattr(getattr(error, "response", None), "headers", {})
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(TypeError, ValueError):
            return max(0.0, float(headers.get(name)) * unit)
    with suppress(TypeError, ValueError):
        return max(0.0, parsedate_to_datetime(headers.get("retry-after")).timestamp() - time.time())
    return None
