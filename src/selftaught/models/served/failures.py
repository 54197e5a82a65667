"""The meaning of a failed attempt: whether to retry, and the message. The same for every provider."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from selftaught.core.errors import ModelUnavailable
from selftaught.core.text import sendable
from selftaught.models.served.asking import Declined, Question, TemperatureRefused
from selftaught.models.served.endpoint import Endpoint
from selftaught.models.served.error_body import MOST_READ, read_error, seconds
from selftaught.models.served.http import TooLarge
from selftaught.models.served.json_size import TooMuchJson
from selftaught.models.served.meaning import Meaning, meaning_of
from selftaught.models.served.retrying import Failed
from selftaught.models.served.stream import BROKEN_OFF, is_stream, together

_LONGEST_ID = 200
_MOST_TOKENS = 10**9
_MALFORMED = "malformed"
_FINISHED = {Meaning.TOO_LONG: "too long", Meaning.REFUSED: "content_filter"}
_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""The exceptions of reading an answer that is not JSON, or has another shape than promised."""


@dataclass(frozen=True)
class Failures:
    """Of one model at one server. `models` lists what the server has; it raises ModelUnavailable.

    `together` makes one answer of a stream of its protocol.
    """

    server: Endpoint
    model: str
    timeout_seconds: float
    models: Callable[[], list[str]]
    together: Callable[[bytes], dict[str, Any]] = together

    def refused(
        self, status: int, body: str, headers: Mapping[str, str] | None = None, question: Question | None = None
    ) -> Exception:
        """For a failure: an HTTP status other than success, or an error in the body of a 200."""
        limit = question.max_output_tokens if question else None
        said = read_error(status, body)
        meaning = meaning_of(said, limit)
        words = self.server.brief(said.words)
        if meaning in (Meaning.TOO_LONG, Meaning.REFUSED):
            return Declined(_FINISHED[meaning], words)
        if meaning is Meaning.TEMPERATURE:
            return TemperatureRefused(
                f"{self.model} does not accept this temperature ({said.status}): {words.removesuffix('.')}", said.words
            )
        wait = retry_after(headers or {})
        return Failed(
            self._told(meaning, self._what(status, said.status), words, limit),
            again=meaning in (Meaning.BUSY, Meaning.BROKEN),
            wait_seconds=said.wait_seconds if wait is None else wait,
            busy=meaning is Meaning.BUSY,
            billed=status < 300 and meaning is Meaning.BROKEN,
            unexplained=meaning is Meaning.WRONG,
            for_all=meaning in (Meaning.KEY, Meaning.NOTHING_LEFT),
            kind=str(said.status or status),
        )

    def _what(self, status: int, in_body: int) -> str:
        return f"{status}" if status == in_body else f"{status}, with the error {in_body or 'below'} in it"

    def _told(self, meaning: Meaning, status: str, words: str, limit: int | None) -> str:
        server, what = self.server.shown, f": {words.removesuffix('.')}" if words else ""
        answered = f"{server} answered {status}{what}"
        if meaning is Meaning.KEY:
            return f"{server} refused the key ({status}){what}; check {self.server.key_variable}"
        if meaning is Meaning.NOTHING_LEFT:
            return f"{answered}; the account has no credit"
        if meaning is Meaning.UNKNOWN_MODEL:
            return f"{server} does not know {self.model} ({status}){what}{self._known()}"
        if meaning is Meaning.OUTPUT_LIMIT:
            return f"{answered}; {limit} output tokens are more than it can make: set a smaller `max_output_tokens`"
        if meaning is Meaning.PARAMETER:
            return f"{answered}; to change the request: `capability=token_limit=…`, n=no, seed=no"
        return answered

    def unreachable(self, error: BaseException) -> Failed:
        """For an error of the HTTP library's: before, during or instead of an answer."""
        name, server = type(error).__name__, self.server.shown
        if isinstance(error, TooLarge):
            return Failed(f"{server} answered with too much: {error}", again=True, billed=True, kind="too large")
        if name in ("ReadTimeout", "WriteTimeout"):
            late = f"{server} gave no complete answer in {self.timeout_seconds:g} s"
            return Failed(late, again=True, billed=True, kind="timeout")
        said = self.server.brief(error) or name
        if name in ("ReadError", "RemoteProtocolError", "WriteError", "CloseError"):
            return Failed(f"{server} broke off its answer: {said}", again=True, billed=True, kind=BROKEN_OFF)
        what, certain = why_unreachable(error, said)
        way = f" It was called through the proxy of {self.server.proxy}." if self.server.proxy else ""
        if names := self.server.not_for_it:
            has = "has" if len(names) == 1 else "have"
            way = f" It was called directly: {', '.join(names)} {has} no effect for this machine itself."
        told = f"{server} cannot be reached: {said}; {what}{way}{self.server.hint}"
        return Failed(told, again=True, certain_at_first=certain, kind="unreachable")

    def read(self, body: str | bytes, completions: Callable[[Any], list[Any]], question: Question) -> list[Any]:
        """What `completions` makes of an answer's JSON, which may have any shape. Raises Failed, Declined."""
        try:
            raw = body.encode() if isinstance(body, str) else body
            answer = self.together(raw) if is_stream(raw) else json.loads(raw.decode())
            if error_in(answer):
                raise self.refused(200, json.dumps(answer), {}, question)
            made = completions(answer)
        except TooMuchJson as error:  # a piece of a stream: whole answers are checked earlier
            raise self.unreachable(TooLarge(str(error))) from None
        except _UNREADABLE as error:
            raise self._nonsense(body, error) from None
        if not made:
            raise Failed(f"{self.server.shown} answered without any choice", again=True, billed=True, kind=_MALFORMED)
        wanted = question.n
        if len(made) != wanted:
            asked = "one was" if wanted == 1 else f"{wanted} were"
            advice = "" if wanted == 1 else "; ask for one at a time: `capability=n=no`"
            what = f"{self.server.shown} gave {len(made)} choices; {asked} asked for{advice}"
            raise Failed(what, again=False, billed=True, kind=_MALFORMED)
        return made

    def _nonsense(self, body: str | bytes, error: Exception) -> Failed:
        text = (body if isinstance(body, str) else body[:MOST_READ].decode("utf-8", "replace"))[:MOST_READ]
        page = bool(re.match(r"\s*<(!doctype|html|head|body|\?xml)", text, re.IGNORECASE))
        said = read_error(200, text).words if page else f"nonsense: {_unreadable(error)}"
        hint = f"; is this the API, or does it need a login?{self.server.hint}" if page else ""
        what = f"{self.server.shown} answered with {self.server.brief(said)}{hint}"
        return Failed(what, again=True, billed=not page, certain_at_first=page, kind=_MALFORMED)

    def _known(self) -> str:
        with suppress(ModelUnavailable):  # only to help: the failure itself is reported in any case
            names = self.models()
            return f"; it has {', '.join(names[:10])}{' …' if len(names) > 10 else ''}" if names else ""
        return f";{self.server.hint}" if self.server.hint else ""


def _unreadable(error: Exception) -> str:
    """Why an answer cannot be read, in a few words: some errors hold all of it."""
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 at byte {error.start:,}"
    return f"it is not JSON: {error}" if isinstance(error, json.JSONDecodeError) else f"{error!r}"


_UNREACHABLE = (
    (r"CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted here: name its authority's file in SSL_CERT_FILE"),
    (r"WRONG_VERSION_NUMBER|RECORD_LAYER", "it does not speak https there: is it http://?"),
    (r"name resolution|name or service|nodename|getaddrinfo|no address", "no such host is known: is it spelt right?"),
    (r"refused", "is it running?"),
)  # fmt: skip
"""How the network's errors begin to be certain: no waiting helps before a first answer."""


def why_unreachable(error: BaseException, said: str) -> tuple[str, bool]:
    """What to do about it, and whether waiting cannot help before the first answer."""
    text = f"{said} {error.__cause__ or error.__context__ or ''}"
    for sign, advice in _UNREACHABLE:
        if re.search(sign, text, re.IGNORECASE):
            return advice, True
    return "is it running?", False


def listed(server: Endpoint, read: Callable[[], Sequence[str]], errors: tuple[type[Exception], ...]) -> list[str]:
    """The names that `read` finds. Raises ModelUnavailable, also for a server that is of another kind."""
    what = f"{server.shown} lists no models"
    advice = f"{server.hint or ' is it such a server?'} Or name a model with `model`"
    try:
        return list(read())
    except errors as error:
        raise ModelUnavailable(f"{what}: {server.brief(error)};{advice}") from None
    except _UNREADABLE:
        raise ModelUnavailable(f"{what}: it answered with something else;{advice}") from None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from whichever of the three spellings the server used. A date is counted from the answer's own date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        found = seconds(headers.get(name), unit)
        if found is not None:
            return found
    with suppress(TypeError, ValueError):
        until = parsedate_to_datetime(headers.get("retry-after", "")).timestamp()
        return max(0.0, until - _now_there(headers))
    return None


def _now_there(headers: Mapping[str, str]) -> float:
    """By the server's clock, where the answer tells it: the clock of this machine may be hours off."""
    with suppress(TypeError, ValueError):
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    return time.time()


def error_in(answer: Any) -> bool:
    """Whether an answer that was called a success is an error: of the whole, or of a choice."""
    if not isinstance(answer, dict):
        return False
    if answer.get("error") and not answer.get("choices"):
        return True
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and bool(first.get("error")) and not first.get("message", {}).get("content")


def id_of(answer: Mapping[str, object], name: str) -> str:
    """The server's own id of its answer, as in its logs; "" if it gives none."""
    told = answer.get(name)
    return sendable(told[:_LONGEST_ID]) if isinstance(told, str) else ""


def count_of(usage: object, *names: str) -> int | None:
    """The count at usage[names[0]][names[1]]…; None if there is no valid one."""
    for name in names:
        usage = usage.get(name) if isinstance(usage, dict) else None
    return usage if type(usage) is int and 0 <= usage <= _MOST_TOKENS else None
