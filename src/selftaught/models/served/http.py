"""The HTTP client that an SDK is given: a place for each call, one deadline for a whole answer, and a largest answer.

The SDKs time each silence, so that an answer that trickles would never end, in its head or in its body; and they bound
no answer, neither what is received nor what its JSON becomes. So an answer is received whole and weighed before an SDK
sees it. The library is the SDK's own (httpx became httpx2 in 2026) and is found through it, so that it need not be
named here.
"""

import importlib
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, Generic, TypeVar

from selftaught.core.errors import UsageError
from selftaught.models.served.error_body import MOST_READ
from selftaught.models.served.json_size import TooMuchJson, weigh

Made = TypeVar("Made")
MOST_BYTES = 64 << 20
"""Of a stream of events, where each token comes in a text of its own. One JSON text is bounded by `json_size`."""
CONNECT_SECONDS = 10.0
"""The longest wait for a connection."""
_PIECE_BYTES = 1 << 20
_PROXIES = "ALL_PROXY, HTTP_PROXY or HTTPS_PROXY"
TOO_SLOWLY = "the answer came too slowly"


class TooLarge(Exception):  # noqa: N818 - reaches the adapter as the cause of the SDK's own error
    """The answer, or its decoded size, is too large. Raised as an error of the HTTP library, too: SDKs let no
    other by.
    """


class Once(Generic[Made]):
    """Created at the first call, from any thread: SDKs are imported when they are needed, or by `prepare`."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: Made | None = None

    def __call__(self) -> Made:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def prepare(self) -> None:
        """Begin to make it, in a thread of its own. What goes wrong there is raised by the call that needs it."""

        def made() -> None:
            with suppress(Exception):  # tried again, and reported, when it is needed
                self()

        # Not a daemon: one that is in the middle of importing compiled code must not be cut off as the process ends.
        threading.Thread(target=made, name="sdk").start()


def library_of(client_class: type) -> Any:
    """The HTTP library that an SDK's client class is built on."""
    for base in client_class.__mro__:
        name = base.__module__.partition(".")[0]
        if name in ("httpx", "httpx2"):
            return importlib.import_module(name)
    raise TypeError(f"{client_class} uses an unknown HTTP library")


def bounded_client(client_class: type, *, max_connections: int, timeout_seconds: float, local: bool = False) -> Any:
    """A client of the SDK's class, or of the library's. Raises the library's ReadTimeout if it is late; TooLarge.

    `local`: the server is on this machine, where no proxy leads. Raises UsageError for a proxy or a certificate in the
    environment that cannot be used.
    """
    library = library_of(client_class)

    class Whole(library.SyncByteStream):  # type: ignore[name-defined,misc]
        def __init__(self, response: Any, until: float) -> None:
            self._stream, self._until = response.stream, until
            self._failed = response.status_code >= 400
            # Taken off, so that nothing else unpacks it without a bound.
            self._encoding = response.headers.pop("content-encoding", "")

        def __iter__(self) -> Iterator[bytes]:
            yield received_whole(self._stream, library, self._until, failed=self._failed, encoding=self._encoding)

        def close(self) -> None:
            self._stream.close()

    due = threading.local()  # a request is made, and its head read, in one thread

    def began(request: Any) -> None:
        due.until = request.extensions["selftaught_until"] = time.monotonic() + timeout_seconds
        request.extensions["trace"] = connecting

    def connecting(event: str, told: dict[str, Any]) -> None:
        """Of each connection that is made, encrypted or not: no read of it passes the deadline of its request."""
        stream: Any = told.get("return_value")
        if event.endswith(".complete") and hasattr(stream, "get_extra_info"):
            stream.read = in_time(stream.read)
            stream.write = _together(stream.write)

    def in_time(read: Callable[..., bytes]) -> Callable[..., bytes]:
        def bounded(max_bytes: int, timeout: float | None = None) -> bytes:
            left = due.until - time.monotonic()
            if left <= 0:
                raise library.ReadTimeout(TOO_SLOWLY)
            return read(max_bytes, left if timeout is None else min(left, timeout))

        return bounded

    def answered(response: Any) -> None:
        response.stream = Whole(response, response.request.extensions["selftaught_until"])

    settings = {
        "timeout": library.Timeout(timeout_seconds, connect=min(timeout_seconds, CONNECT_SECONDS)),
        "limits": library.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
        "headers": {"accept-encoding": "identity"},
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
        raise UsageError(f"SSL_CERT_FILE or SSL_CERT_DIR names a file that cannot be read: {error}") from error


def _together(write: Callable[..., None]) -> Callable[..., None]:
    """The head of a request goes out with its body: one packet, for which the server wakes up once."""
    head = b""

    def joined(piece: bytes, timeout: float | None = None) -> None:
        nonlocal head
        if not head and piece.startswith(b"POST ") and piece.endswith(b"\r\n\r\n"):
            head = piece  # a body follows, be it an empty one
            return
        whole, head = head + piece, b""
        write(whole, timeout)

    return joined


@lru_cache
def _too_much(library: Any) -> type[Exception]:
    """TooLarge as an error of the library's."""
    return type("TooMuch", (library.ReadError, TooLarge), {})


def received_whole(pieces: Iterable[bytes], library: Any, until: float, *, failed: bool, encoding: str) -> bytes:
    """The body of an answer from its pieces, unpacked; of a failed one the first MOST_READ bytes.

    `until`: on the clock `time.monotonic`. Raises the library's ReadTimeout; TooLarge, as an error of the library's.
    """
    body = b"".join(_unpacked(pieces, library, until, failed=failed, encoding=encoding))
    if failed:  # only its beginning is looked at
        body = body[:MOST_READ]
    try:
        weigh_answer(body)
    except TooMuchJson as error:
        raise _too_much(library)(str(error)) from None
    return body


def _unpacked(pieces: Iterable[bytes], library: Any, until: float, *, failed: bool, encoding: str) -> Iterator[bytes]:
    unpacker, received, size = _unpacker(encoding), 0, 0
    for packed in pieces:
        received += len(packed)
        for piece in unpacker(packed):
            yield piece
            size += len(piece)
            if time.monotonic() > until:
                raise library.ReadTimeout(TOO_SLOWLY)
            if max(received, size) > MOST_BYTES:
                raise _too_much(library)(f"more than {MOST_BYTES >> 20} MiB")
            if failed and size > MOST_READ:
                return


_NOT_JSON = re.compile(rb"\s*(?:<|data:|event:|:)", re.IGNORECASE)
"""The beginning of a page, and of a stream of events, whose reader checks the size of each event."""


def weigh_answer(body: bytes) -> None:
    """Before any decoder sees it. Raises TooMuchJson."""
    if not _NOT_JSON.match(body):
        weigh(body)


def _unpacker(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    """Unpacks pieces of a body into pieces of bounded size. Other encodings stay unchanged."""
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return lambda piece: iter([piece])
    packed = zlib.decompressobj(wbits=47)  # either header

    def unpacked(piece: bytes) -> Iterator[bytes]:
        more = True
        while more and not packed.eof:
            try:
                made = packed.decompress(piece, _PIECE_BYTES)
            except zlib.error:
                return
            yield made
            piece = packed.unconsumed_tail
            more = bool(piece) or len(made) == _PIECE_BYTES

    return unpacked
