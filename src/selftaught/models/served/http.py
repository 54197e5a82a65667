"""The HTTP client that an SDK is given: a place for each call, one deadline for a whole answer, and a largest answer.

The SDKs time each silence, so that an answer that trickles would never end; and they bound no answer. The library is
the SDK's own (httpx became httpx2 in 2026) and is found through it, so that it need not be named here.
"""

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from selftaught.core.errors import UsageError

Made = TypeVar("Made")
MOST_BYTES = 64 << 20
_CONNECT_SECONDS = 10.0
_PROXIES = "ALL_PROXY, HTTP_PROXY or HTTPS_PROXY"


class TooLarge(Exception):  # noqa: N818 - reaches the adapter as the cause of the SDK's own error
    """The answer has more than `MOST_BYTES`. Raised as an error of the HTTP library's, too: SDKs let no other by."""


class Once(Generic[Made]):
    """Made at the first call, from whatever thread: SDKs are imported no sooner than they are needed."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: Made | None = None

    def __call__(self) -> Made:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


def library_of(client_class: type) -> Any:
    """The HTTP library that an SDK's client class is built on."""
    for base in client_class.__mro__:
        name = base.__module__.partition(".")[0]
        if name in ("httpx", "httpx2"):
            return importlib.import_module(name)
    raise TypeError(f"{client_class} is built on no HTTP library that is known here")


def bounded_client(client_class: type, *, max_connections: int, timeout_seconds: float, local: bool = False) -> Any:
    """A client of the SDK's class, or of the library's. Raises the library's ReadTimeout where it is late; TooLarge.

    `local`: the server is on this machine, where no proxy leads. Raises UsageError for a proxy or a certificate in the
    environment that cannot be used.
    """
    library = library_of(client_class)

    class TooMuch(library.ReadError, TooLarge):  # type: ignore[name-defined,misc]
        pass

    class Bounded(library.SyncByteStream):  # type: ignore[name-defined,misc]
        def __init__(self, stream: Any, until: float) -> None:
            self._stream, self._until = stream, until

        def __iter__(self) -> Iterator[bytes]:
            size = 0
            for piece in self._stream:
                yield piece
                size += len(piece)
                if time.monotonic() > self._until:
                    raise library.ReadTimeout("the answer came too slowly")
                if size > MOST_BYTES:
                    raise TooMuch("the answer is too large")

        def close(self) -> None:
            self._stream.close()

    def began(request: Any) -> None:
        request.extensions["selftaught_until"] = time.monotonic() + timeout_seconds

    def answered(response: Any) -> None:
        response.stream = Bounded(response.stream, response.request.extensions["selftaught_until"])

    settings = {
        "timeout": library.Timeout(timeout_seconds, connect=min(timeout_seconds, _CONNECT_SECONDS)),
        "limits": library.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
        "headers": {"accept-encoding": "identity"},  # so that the size that is bounded is the size that it has
        "event_hooks": {"request": [began], "response": [answered]},
        "follow_redirects": False,  # another host must not get the key; the SDKs call it a failed answer
    }
    try:
        return client_class(trust_env=not local, **settings)
    except ImportError as error:
        raise UsageError(
            f"{_PROXIES} names a SOCKS proxy, which needs a package: pip install 'httpx2[socks]'"
        ) from error
    except ValueError as error:
        raise UsageError(f"{_PROXIES} names a proxy that cannot be used: {error}") from error
    except OSError as error:
        raise UsageError(f"SSL_CERT_FILE or SSL_CERT_DIR names what cannot be read: {error}") from error
