"""Where a model is served: its URL, the key for it, the SDK's client; and what may be said of them aloud."""

import importlib
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from selftaught.core.errors import ModelUnavailable, UsageError

if TYPE_CHECKING:
    from openai import OpenAI

_OPENAI = "https://api.openai.com/v1"
_CONNECT_SECONDS = 10.0
_LISTING_SECONDS = 10.0
_MOST_SHOWN = 300


class Endpoint:
    """A server that speaks OpenAI's protocol. The SDK is imported when `client` is first called. From any thread.

    Raises UsageError for a URL that is none, or that holds a key; and for a key that cannot be sent.
    """

    def __init__(
        self, base_url: str | None, api_key: str | None, *, max_connections: int = 1, timeout_seconds: float = 10.0
    ) -> None:
        _check_url(base_url)
        key = (api_key or "").strip()
        if not (key.isascii() and key.isprintable()):
            raise UsageError("OPENAI_API_KEY holds characters that no key has; copy the key again")
        # Named even where it is the SDK's default: the SDK would look into the environment, which is the caller's.
        self._base_url, self._key = base_url or _OPENAI, key
        self._max_connections, self._timeout_seconds = max_connections, timeout_seconds
        self._making = threading.Lock()
        self._client: OpenAI | None = None
        self.shown = _without_query(self._base_url)
        self.hint = "" if urlsplit(self._base_url).path.rstrip("/").endswith("/v1") else " Most base URLs end in /v1"

    def client(self) -> "OpenAI":
        with self._making:
            if self._client is None:
                from openai import DefaultHttpxClient, OpenAI, Timeout

                seconds = self._timeout_seconds
                # The SDK's own client class, so that its HTTP library, which changed in 2026, need not be named here.
                limits = _http_library().Limits(
                    max_connections=self._max_connections, max_keepalive_connections=self._max_connections
                )
                http: Any = DefaultHttpxClient(limits=limits)
                self._client = OpenAI(
                    api_key=self._key or "none",  # local servers want some key, and any
                    base_url=self._base_url,
                    timeout=Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS)),
                    max_retries=0,
                    http_client=http,
                )
            return self._client

    def transport_errors(self) -> tuple[type[Exception], ...]:
        """What the HTTP library raises while a body is read, which the SDK does not make its own."""
        library = _http_library()
        return library.HTTPError, library.StreamError, OSError

    def models(self) -> list[str]:
        """The names of the server's models. Raises ModelUnavailable."""
        from openai import OpenAIError

        what = f"{self.shown} lists no models"
        advice = f"{self.hint or ' is it such a server?'} Or name a model with --model openai/NAME"
        try:
            client = self.client().with_options(timeout=_LISTING_SECONDS)
            answer = client.models.with_raw_response.list().http_response.json()
            return [str(model["id"]) for model in answer["data"]]
        except OpenAIError as error:
            raise ModelUnavailable(f"{what}: {self.brief(error)};{advice}") from None
        except (ValueError, TypeError, LookupError, RecursionError):  # another shape than was promised, or no JSON
            raise ModelUnavailable(f"{what}: it answered with something else;{advice}") from None

    def brief(self, error: object) -> str:
        """The error on one line, without the key."""
        text = str(error)
        if self._key:
            text = text.replace(self._key, "***")  # before it is cut: half a key is one too many
        return " ".join(text.split())[:_MOST_SHOWN]


def _check_url(url: str | None) -> None:
    if url is None:
        return
    if "@" in url:
        raise UsageError("--base-url holds a user or a key; put the key into OPENAI_API_KEY: URLs are recorded")
    with suppress(ValueError):  # of a port that is none, or brackets that do not match
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and " " not in url:
            return
    raise UsageError(f"--base-url {url}: wanted a URL like http://localhost:8000/v1 or https://…")


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _http_library() -> Any:
    """Found through the SDK: httpx for openai 2, httpx2 for openai 3."""
    from openai import DefaultHttpxClient

    return importlib.import_module(DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])
