"""How a request reaches a server: straight, where no proxy is in between; else by the HTTP client of the SDK.

The client can do much more than one request after the other to one address, and took a fifth of what the host computes
for a candidate. So where the way is straight, the standard library's client is used, which takes a third of that. What
is added here is one deadline for a whole request and its answer, and connections that are kept. All errors are those of
the SDK's HTTP library.
"""

import codecs
import http.client
import io
import re
import select
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Protocol
from urllib.request import getproxies

from selftaught.models.served.http import CONNECT_SECONDS, TOO_SLOWLY, received_whole

_KEPT_SECONDS = 5.0
"""How long a connection is kept unused: servers close them, too, and a request on its way is lost then."""
_PIECE_BYTES = 1 << 16
_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """Received whole, and unpacked. `headers`: by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """In the encoding that it names, or else UTF-8."""
        if named := _CHARSET.search(self.headers.get("content-type", "")):
            with suppress(LookupError):
                return self.body.decode(codecs.lookup(named[1]).name, "replace")
        return self.body.decode("utf-8", "replace")


class Posts(Protocol):
    """Sends a body to one URL and receives the answer. From any thread.

    Raises an error of the HTTP library for what goes wrong on the way; TooLarge.
    """

    def __call__(self, content: bytes, /) -> Answer: ...


def posts(library: Any, client: Any, url: Any, headers: Any, *, timeout_seconds: float, local: bool) -> Posts:
    """The quickest way to `url` that the environment allows. `client`, `local`: as in `bounded_client`."""
    if not local and any(name != "no" for name in getproxies()):
        return _ByClient(library, client, url, headers)
    return Straight(library, url, headers, timeout_seconds=timeout_seconds)


@dataclass(frozen=True)
class _ByClient:
    """Implements `Posts`."""

    library: Any
    client: Any
    url: Any
    headers: Any

    def __call__(self, content: bytes) -> Answer:
        answer = self.client.send(self.library.Request("POST", self.url, headers=self.headers, content=content))
        return Answer(answer.status_code, answer.headers, answer.content)


class _Channel(io.RawIOBase):
    """The socket of a connection, as `http.client` uses it, under the deadline of the request that is under way.

    Attributes:
        until: the deadline, on the clock `time.monotonic`. Later, sending and receiving raise TimeoutError.
        went_out: whether all was sent. A server may close early and say why, so that is no error yet.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._socket = channel
        self.until, self.went_out, self.used_at = 0.0, True, 0.0
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)

    def fits(self) -> bool:
        """Whether it can carry another request: nothing comes unasked, unless it is over or out of step."""
        return time.monotonic() - self.used_at < _KEPT_SECONDS and not self._poll.poll(0)

    def sendall(self, data: bytes) -> None:
        self._wait_no_longer()
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise
        except OSError:
            self.went_out = False

    def makefile(self, mode: str) -> IO[bytes]:
        return io.BufferedReader(self, _PIECE_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wait_no_longer()
        return self._socket.recv_into(buffer)

    def close(self) -> None:
        """Nothing: the reader of an answer calls this at its end, and the next one uses the socket again."""

    def shut(self) -> None:
        self._socket.close()

    def _wait_no_longer(self) -> None:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError(TOO_SLOWLY)
        self._socket.settimeout(left)


class Straight:
    """Implements `Posts`, over TCP or TLS."""

    def __init__(self, library: Any, url: Any, headers: Any, *, timeout_seconds: float) -> None:
        self._library, self._timeout_seconds = library, timeout_seconds
        self._host, self._port, self._target = url.raw_host.decode("ascii"), url.port, url.raw_path.decode("ascii")
        self._headers = {
            name: value for name, value in headers.items() if name.lower() not in ("host", "content-length")
        }
        # What the library trusts: SSL_CERT_FILE and SSL_CERT_DIR say so, or the system does.
        self._tls = library.create_ssl_context() if url.scheme == "https" else None
        self._kept: list[tuple[http.client.HTTPConnection, _Channel]] = []

    def __call__(self, content: bytes) -> Answer:
        until = time.monotonic() + self._timeout_seconds
        connection, channel = self._connection()
        channel.until = until
        try:
            answer, again = self._exchanged(connection, content, until)
        except (OSError, http.client.HTTPException) as error:
            channel.shut()
            raise self._of_the_library(error) from error
        except BaseException:
            channel.shut()
            raise
        if again and channel.went_out:
            self._keep(connection, channel)
        else:
            channel.shut()
        return answer

    def _exchanged(self, connection: http.client.HTTPConnection, content: bytes, until: float) -> tuple[Answer, bool]:
        """The answer, and whether it was read to its end, and is not the last."""
        connection.request("POST", self._target, content, self._headers)
        response = connection.getresponse()
        while response.status < 200:  # what comes before an answer, such as 103
            response.headers = None  # type: ignore[assignment]  # not begun, as `begin` looks at it
            response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        failed, encoding = response.status >= 400, headers.get("content-encoding", "")
        body = received_whole(_pieces(response), self._library, until, failed=failed, encoding=encoding)
        return Answer(response.status, headers, body), response.isclosed() and not response.will_close

    def _keep(self, connection: http.client.HTTPConnection, channel: _Channel) -> None:
        """And none that was not used for long, after a time with more calls at once."""
        now = channel.used_at = time.monotonic()
        self._kept.append((connection, channel))
        with suppress(IndexError):
            while now - self._kept[0][1].used_at > _KEPT_SECONDS:
                self._kept.pop(0)[1].shut()

    def _connection(self) -> tuple[http.client.HTTPConnection, _Channel]:
        """The one that was used last, if it is still good; else a new one."""
        with suppress(IndexError):  # of one that another thread takes meanwhile, too
            while True:
                connection, channel = self._kept.pop()
                if channel.fits():
                    return connection, channel
                channel.shut()
        patience = min(self._timeout_seconds, CONNECT_SECONDS)
        if self._tls is None:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=patience)
        else:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=patience, context=self._tls)
        try:
            connection.connect()
        except TimeoutError as error:
            raise self._library.ConnectTimeout(str(error)) from error
        except OSError as error:
            connection.close()
            raise self._library.ConnectError(str(error)) from error
        connection.sock = channel = _Channel(connection.sock)
        return connection, channel

    def _of_the_library(self, error: Exception) -> Exception:
        if isinstance(error, TimeoutError):
            found: Exception = self._library.ReadTimeout(str(error))
        elif isinstance(error, http.client.RemoteDisconnected):
            found = self._library.RemoteProtocolError("Server disconnected without sending a response.")
        elif isinstance(error, http.client.HTTPException):
            found = self._library.RemoteProtocolError(str(error) or type(error).__name__)
        else:
            found = self._library.ReadError(str(error))
        return found


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while piece := response.read(_PIECE_BYTES):
        yield piece
    if response.length:
        raise http.client.HTTPException(f"the connection was closed {response.length} bytes before the answer's end")
