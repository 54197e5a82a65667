"""How a request reaches a server: straight, where no proxy is in between; else by the HTTP client of the SDK.

The client can do much more than one request after the other to one address, and took a fifth of what the host computes
for a candidate. So where the way is straight, connections are made and kept here. A plain answer is read at once;
every other is read by h11, which the client's library is built on, too. All errors are the library's.
"""

import codecs
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.request import getproxies

import h11

from selftaught.models.served.error_body import MOST_READ
from selftaught.models.served.http import CONNECT_SECONDS, MOST_BYTES, TOO_SLOWLY, received_whole

_KEPT_SECONDS = 5.0
"""How long a connection is kept unused: servers close them, too, and a request on its way is lost then."""
_RECEIVED_AT_ONCE = 1 << 16
_MOST_HEAD_BYTES = 100 << 10
_HEAD_ENDS = re.compile(rb"\n\r?\n")
_PLAIN = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)(?: [^\r\n\0]*+)?\r\n((?:[!-9;-~]++:[^\r\n\0]*+\r\n)*+)\r\n")
"""The head of nearly every answer."""
_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)
_NO_ANSWER = "Server disconnected without sending a response."


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


class _Connection:
    """Kept open. `used_at`: when it was used last."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel, self.used_at = channel, 0.0
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)

    def fits(self) -> bool:
        """Whether it can carry another request: nothing comes unasked, unless it is over or out of step."""
        return time.monotonic() - self.used_at < _KEPT_SECONDS and not self._poll.poll(0)


class Straight:
    """Implements `Posts`, over TCP or TLS."""

    def __init__(self, library: Any, url: Any, headers: Any, *, timeout_seconds: float) -> None:
        self._library, self._timeout_seconds = library, timeout_seconds
        self._host = url.raw_host.decode("ascii")
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._tls = _trusting(library) if url.scheme == "https" else None
        more = [pair for pair in headers.items() if pair[0].lower() not in ("host", "content-length")]
        told = [("host", url.netloc.decode("ascii")), *more, ("content-length", "0")]
        self._request = h11.Request(method="POST", target=url.raw_path, headers=told)
        # Written once, by what refuses headers that would be several. Only the length is another each time.
        self._head = (h11.Connection(h11.CLIENT).send(self._request) or b"").removesuffix(b"0\r\n\r\n")
        self._kept: list[_Connection] = []

    def __call__(self, content: bytes) -> Answer:
        until = time.monotonic() + self._timeout_seconds
        connection = self._connection()
        try:
            answer, again = self._exchanged(connection.channel, content, until)
        except BaseException:
            connection.channel.close()
            raise
        if again:
            self._keep(connection)
        else:
            connection.channel.close()
        return answer

    def _keep(self, connection: _Connection) -> None:
        """And none that was not used for long, after a time with more calls at once."""
        now = connection.used_at = time.monotonic()
        self._kept.append(connection)
        with suppress(IndexError):
            while now - self._kept[0].used_at > _KEPT_SECONDS:
                self._kept.pop(0).channel.close()

    def _connection(self) -> _Connection:
        """The one that was used last, if it is still good; else a new one."""
        with suppress(IndexError):  # of one that another thread takes meanwhile, too
            while True:
                connection = self._kept.pop()
                if connection.fits():
                    return connection
                connection.channel.close()
        return _Connection(self._connected())

    def _connected(self) -> socket.socket:
        try:
            channel = socket.create_connection((self._host, self._port), min(self._timeout_seconds, CONNECT_SECONDS))
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                return channel
            try:
                return self._tls.wrap_socket(channel, server_hostname=self._host)
            except BaseException:
                channel.close()
                raise
        except TimeoutError as error:
            raise self._library.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise self._library.ConnectError(str(error)) from error

    def _exchanged(self, channel: socket.socket, content: bytes, until: float) -> tuple[Answer, bool]:
        """The answer, and whether the connection is as good as before."""

        def receive() -> bytes:
            return self._received(channel, until)

        went_out = self._sent(channel, b"%b%d\r\n\r\n%b" % (self._head, len(content), content), until)
        got = receive()
        while not _HEAD_ENDS.search(got) and len(got) < _MOST_HEAD_BYTES and (more := receive()):
            got += more
        plain = _read_plain(got)
        if plain is None:
            answer, again = self._read_closely(got, receive, until)
            return answer, again and went_out
        status, headers, place = plain
        size, failed, encoding = int(headers["content-length"]), status >= 400, headers.get("content-encoding", "")
        pieces = self._pieces(got[place:], size, receive)
        body = received_whole(pieces, self._library, until, failed=failed, encoding=encoding)
        all_read = size <= (MOST_READ if failed else MOST_BYTES) and not encoding and len(got) - place <= size
        return Answer(status, headers, body), all_read and went_out

    def _pieces(self, piece: bytes, size: int, receive: Callable[[], bytes]) -> Iterator[bytes]:
        left = size
        while len(piece) < left:
            yield piece
            left -= len(piece)
            if not (piece := receive()):
                raise self._library.RemoteProtocolError(
                    "peer closed connection without sending complete message body "
                    f"(received {size - left} bytes, expected {size})"
                )
        yield piece[:left]

    def _read_closely(self, got: bytes, receive: Callable[[], bytes], until: float) -> tuple[Answer, bool]:
        """Any answer: in chunks, without a length, after other heads, or one that is none."""
        parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD_BYTES)
        parser.send(self._request)
        parser.send(h11.EndOfMessage())

        def take(data: bytes) -> None:
            if not data and parser.their_state is h11.SEND_RESPONSE:
                raise self._library.RemoteProtocolError(_NO_ANSWER)
            parser.receive_data(data)

        def events() -> Iterator[Any]:
            take(got)
            while True:
                try:
                    event = parser.next_event()
                except h11.RemoteProtocolError as error:
                    raise self._library.RemoteProtocolError(str(error)) from error
                if event is h11.NEED_DATA:
                    take(receive())
                else:
                    yield event

        coming = events()
        head = next(one for one in coming if isinstance(one, h11.Response) or one.status_code == 101)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        pieces = (bytes(one.data) for one in _until_the_end(coming))
        failed, encoding = head.status_code >= 400, headers.get("content-encoding", "")
        body = received_whole(pieces, self._library, until, failed=failed, encoding=encoding)
        again = parser.our_state is h11.DONE and parser.their_state is h11.DONE and not parser.trailing_data[0]
        return Answer(head.status_code, headers, body), again

    def _left(self, until: float) -> float:
        left = until - time.monotonic()
        if left <= 0:
            raise self._library.ReadTimeout(TOO_SLOWLY)
        return left

    def _sent(self, channel: socket.socket, request: bytes, until: float) -> bool:
        """Whether it went out whole: a server may close early, and say why."""
        channel.settimeout(self._left(until))
        try:
            channel.sendall(request)
        except TimeoutError as error:
            raise self._library.WriteTimeout(str(error)) from error
        except OSError:
            return False
        return True

    def _received(self, channel: socket.socket, until: float) -> bytes:
        """What has come; nothing if the server has closed."""
        channel.settimeout(self._left(until))
        try:
            return channel.recv(_RECEIVED_AT_ONCE)
        except TimeoutError as error:
            raise self._library.ReadTimeout(str(error)) from error
        except OSError as error:
            raise self._library.ReadError(str(error)) from error


def _trusting(library: Any) -> ssl.SSLContext:
    """What the library trusts: SSL_CERT_FILE and SSL_CERT_DIR say so, or the system does."""
    context: ssl.SSLContext = library.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _read_plain(got: bytes) -> tuple[int, dict[str, str], int] | None:
    """Status, headers, and where the body begins; None unless it has a length, and no other property that matters."""
    head = _PLAIN.match(got)
    if head is None:
        return None
    lines = head[2].decode("latin-1").split("\r\n")[:-1]
    headers = {name.lower(): value.strip(" \t") for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "")
    if len(headers) < len(lines) or not (length.isascii() and length.isdigit() and len(length) < 16):
        return None
    if "transfer-encoding" in headers or headers.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    status = int(head[1])
    return None if status in (204, 304) else (status, headers, head.end())


def _until_the_end(events: Iterator[Any]) -> Iterator[h11.Data]:
    for event in events:
        if isinstance(event, h11.Data):
            yield event
        else:  # the end of the message, or of the protocol
            return
