"""What an attempt's failure means: whether to try again, what to tell the user. The same for every provider."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from selftaught.core.errors import ModelUnavailable
from selftaught.models.served.asking import Declined
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.http import MOST_BYTES, TooLarge
from selftaught.models.served.patience import Failed

_LONGEST_ID = 200
_AGAIN = {408, 409, 425, 429}
_BUSY = {429, 529}  # 529 is Anthropic's
_NOTHING_LEFT = {"insufficient_quota", "billing_error"}
_REFUSED = (
    "content_filter", "content_policy_violation", "content filtering policy", "prompt was flagged", "input was flagged",
)  # fmt: skip
"""How Azure, OpenAI, Anthropic and OpenRouter say that they will not answer a prompt."""
_TOO_LONG = (
    "context_length_exceeded", "maximum context length", "exceed_context_size", "available context size",
    "prompt is too long", "input token count", "request_too_large",
)  # fmt: skip
"""How OpenAI, vLLM, llama.cpp, Anthropic and Google say that a prompt is too long for the model."""
_MALFORMED = (ValueError, TypeError, LookupError, RecursionError)
"""What reading an answer raises that is no JSON, or has another shape than was promised."""


@dataclass(frozen=True)
class Failures:
    """Of one model at one server. `models` lists what the server has; it raises ModelUnavailable."""

    server: Endpoint
    model: str
    timeout_seconds: float
    models: Callable[[], list[str]]

    def refused(
        self, status: int, error: object, code: object = None, headers: Mapping[str, str] | None = None
    ) -> Exception:
        """For an HTTP status that is none of success. `error` is all that was said; `code` its short name."""
        server, said, lower = self.server.shown, self.server.brief(error), str(error).lower()
        what = f"{server} answered {status}: {said}"
        if status == 401 or "api key not valid" in lower:
            return Failed(f"{server} refused the key ({status}): {said}; check {self.server.key_variable}", again=False)
        if status in (400, 413, 422) and any(sign in lower for sign in _TOO_LONG):
            return Declined("too long")
        if status in (400, 403) and any(sign in lower for sign in _REFUSED):
            return Declined("content_filter")
        if status == 404:
            return Failed(f"{server} does not know {self.model} (404): {said}{self._known()}", again=False)
        if status in (400, 422) and "temperature" in lower:
            advice = "ask without it, which is recorded: --capability temperature=no --temperature-policy drop"
            return Failed(f"{self.model} does not take this temperature ({status}): {said}; {advice}", again=False)
        if status in (400, 422) and any(
            name in lower for name in ("max_tokens", "max_completion_tokens", "'n'", "seed")
        ):
            return Failed(f"{what}; to ask otherwise: --capability token_limit=…, n=no, seed=no", again=False)
        if status == 402 or code in _NOTHING_LEFT:  # also as a 429, which no waiting helps
            return Failed(f"{what}; the account has nothing left", again=False)
        again = status in _AGAIN or status >= 500
        return Failed(what, again=again, wait_seconds=retry_after(headers or {}), busy=status in _BUSY)

    def unreachable(self, error: BaseException) -> Failed:
        """For an error of the HTTP library's: before, during or instead of an answer."""
        name = type(error).__name__
        if isinstance(error, TooLarge):
            return Failed(
                f"{self.server.shown} answered with more than {MOST_BYTES >> 20} MiB", again=False, billed=True
            )
        if name in ("ReadTimeout", "WriteTimeout"):
            return Failed(
                f"{self.server.shown} gave no whole answer in {self.timeout_seconds:g} s", again=True, billed=True
            )
        said = self.server.brief(error) or name
        if name in ("ReadError", "RemoteProtocolError", "WriteError", "CloseError"):
            return Failed(f"{self.server.shown} broke off its answer: {said}", again=True, billed=True)
        return Failed(f"{self.server.shown} cannot be reached: {said}; is it running?{self.server.hint}", again=True)

    def read(self, body: str | bytes, completions: Callable[[Any], list[Any]], wanted: int) -> list[Any]:
        """What `completions` makes of an answer's JSON, which may have any shape. Raises Failed."""
        try:
            answer = json.loads(body)
            made = completions(answer)
        except _MALFORMED as error:
            what = f"{self.server.shown} answered with nonsense: {self.server.brief(repr(error))}"
            raise Failed(what, again=True, billed=True) from None
        if not made:
            said = f": {self.server.brief(answer['error'])}" if isinstance(answer, dict) and "error" in answer else ""
            raise Failed(f"{self.server.shown} answered without any choice{said}", again=True, billed=True)
        if len(made) != wanted:
            asked = "one was" if wanted == 1 else f"{wanted} were"
            advice = "" if wanted == 1 else "; ask for one at a time: --capability n=no"
            what = f"{self.server.shown} gave {len(made)} choices; {asked} asked for{advice}"
            raise Failed(what, again=False, billed=True)
        return made

    def _known(self) -> str:
        with suppress(ModelUnavailable):  # only to help: the failure that it explains is told in any case
            names = self.models()
            return f"; it has {', '.join(names[:10])}{' …' if len(names) > 10 else ''}" if names else ""
        return f";{self.server.hint}" if self.server.hint else ""


def listed(server: Endpoint, read: Callable[[], Sequence[str]], errors: tuple[type[Exception], ...]) -> list[str]:
    """The names that `read` finds. Raises ModelUnavailable, also for a server that is of another kind."""
    what = f"{server.shown} lists no models"
    advice = f"{server.hint or ' is it such a server?'} Or name a model with --model"
    try:
        return list(read())
    except errors as error:
        raise ModelUnavailable(f"{what}: {server.brief(error)};{advice}") from None
    except _MALFORMED:
        raise ModelUnavailable(f"{what}: it answered with something else;{advice}") from None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from whichever of the three spellings the server used."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(LookupError, TypeError, ValueError):
            return max(0.0, float(headers[name]) * unit)
    with suppress(TypeError, ValueError):
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    return None


def id_of(answer: Mapping[str, object], name: str) -> str:
    """The server's own id of its answer, by which its logs know it; "" where it gives none."""
    told = answer.get(name)
    return told[:_LONGEST_ID] if isinstance(told, str) else ""


def count_of(usage: object, *names: str) -> int | None:
    """The count at usage[names[0]][names[1]]…; None where there is none."""
    for name in names:
        usage = usage.get(name) if isinstance(usage, dict) else None
    return usage if type(usage) is int and usage >= 0 else None
