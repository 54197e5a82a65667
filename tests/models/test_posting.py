"""The straight way to a server, against one that sends given bytes; and the way through a proxy."""

import gzip
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import openai
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from selftaught.models.served.http import TooLarge, bounded_client, library_of
from selftaught.models.served.posting import Answer, Posts, Straight, posts

LIBRARY = library_of(openai.DefaultHttpxClient)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


class Server:
    """Answers each request with the next of `answers`, which may come in parts; closes after b"" in one."""

    def __init__(self, answers: Sequence[Sequence[bytes]], context: ssl.SSLContext | None = None) -> None:
        self._answers, self._context = iter(answers), context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1/chat"
        self.connections = 0
        self.requests: list[bytes] = []
        threading.Thread(target=self._live, daemon=True).start()

    def _live(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._converse, args=(client,), daemon=True).start()

    def _converse(self, client: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(client, True) if self._context else client as client:
            while request := _request(client):
                self.requests.append(request)
                for part in next(self._answers):
                    if not part:
                        return
                    client.sendall(part)

    def close(self) -> None:
        self._listener.close()


def _request(client: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"\r\n\r\ncontent"):
        more = client.recv(65536)
        if not more:
            return b""
        got += more
    return got


@contextmanager
def serving(*answers: Sequence[bytes]) -> Iterator[tuple[Server, Posts]]:
    server = Server(answers)
    try:
        yield server, to(server.url)
    finally:
        server.close()


def to(url: str, *, local: bool = True, timeout_seconds: float = 20.0) -> Posts:
    client = bounded_client(openai.DefaultHttpxClient, max_connections=4, timeout_seconds=timeout_seconds, local=local)
    headers = LIBRARY.Headers({"authorization": "Bearer key", "accept-encoding": "identity"})
    return posts(LIBRARY, client, LIBRARY.URL(url), headers, timeout_seconds=timeout_seconds, local=local)


def test_requests_follow_each_other_over_one_connection() -> None:
    with serving(*[[OK]] * 3) as (server, post):
        assert [post(b"content") for _ in range(3)] == [Answer(200, {"content-length": "2"}, b"hi")] * 3
    assert server.connections == 1
    host = server.url.removeprefix("http://").partition("/")[0]
    (asked,) = set(server.requests)
    head, _, content = asked.lower().partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    assert (line, content) == (b"post /v1/chat http/1.1", b"content")
    assert sorted(headers) == [
        b"accept-encoding: identity", b"authorization: bearer key", b"content-length: 7", f"host: {host}".encode(),
    ]  # fmt: skip


CHUNKS = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n"
PACKED = gzip.compress(b"hi")


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        ([CHUNKS], 1),
        ([b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK], 1),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", OK], 1),
        ([OK.replace(b"\r\n\r\n", b"\r\nConnection: Keep-Alive\r\n\r\n")], 1),
        ([OK.replace(b"\r\n\r\n", b"\r\nx: a\r\n b\r\n\r\n")], 1),
        ([OK.replace(b"\r\n", b"\n")], 1),
        ([OK[at : at + 1] for at in range(len(OK))], 1),
        ([CHUNKS[at : at + 1] for at in range(len(CHUNKS))], 1),
        ([OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"), b""], 2),
        ([OK.replace(b"1.1", b"1.0"), b""], 2),
        ([b"HTTP/1.1 200 OK\r\n\r\nhi", b""], 2),
        ([OK + b"more"], 1),
        ([OK.replace(b": 2", b": 2, 3"), b""], 2),
        ([OK.replace(b": 2", b": -2"), b""], 2),
        ([b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(PACKED) + PACKED], 1),
    ],
    ids=lambda one: repr(one)[:60],
)
def test_every_form_of_an_answer_is_read_and_the_next_one_is_the_next_requests(
    answer: Sequence[bytes], connections: int
) -> None:
    with serving(answer, [OK.replace(b"hi", b"on")]) as (server, post):
        assert [(one.status, one.body) for one in (post(b"content"), post(b"content"))] == [(200, b"hi"), (200, b"on")]
    assert server.connections == connections


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    with serving([OK, b""], [OK]) as (server, post):
        assert isinstance(post, Straight)
        post(b"content")
        ((_, channel),) = post._kept
        assert channel._poll.poll(20_000)  # that it is closed has arrived
        post(b"content")
    assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ([b""], "RemoteProtocolError: Server disconnected without sending a response."),
        ([OK[:10], b""], "RemoteProtocolError: HTTP/1.1 2"),
        ([OK[:-1], b""], "RemoteProtocolError: the connection was closed 1 bytes before the answer's end"),
        ([CHUNKS[:-9], b""], "RemoteProtocolError: IncompleteRead"),
        ([b"nonsense\r\n\r\n", b""], "RemoteProtocolError: nonsense"),
        (
            [b"HTTP/1.1 200 OK\r\n" + b"x: %b\r\n" % (b"a" * (1 << 20))],
            "RemoteProtocolError: got more than 65536 bytes",
        ),
        ([OK[:-1]], "ReadTimeout: "),
        ([OK[:10]], "ReadTimeout: "),
        ([CHUNKS[:-5]], "ReadTimeout: "),
    ],
    ids=lambda one: repr(one)[:60],
)
def test_what_is_no_answer_is_an_error_of_the_library(answer: Sequence[bytes], error: str) -> None:
    with serving(answer) as (server, _):
        with pytest.raises(LIBRARY.HTTPError) as caught:
            to(server.url, timeout_seconds=0.4 if error.startswith("ReadTimeout") else 60.0)(b"content")
    assert re.match(error, f"{type(caught.value).__name__}: {caught.value}")


def test_an_answer_that_is_too_large_is_received_no_further() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n"
    with serving([head, *[b" " * (1 << 20)] * 80]) as (_, post), pytest.raises(TooLarge, match="more than 64 MiB"):
        post(b"content")


def test_a_connection_that_was_closed_or_not_used_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving([OK], [OK]) as (server, post):
        post(b"content")
        monkeypatch.setattr("selftaught.models.served.posting._KEPT_SECONDS", 0.0)
        post(b"content")
        assert server.connections == 2


def test_calls_at_once_have_a_connection_each() -> None:
    together = threading.Barrier(4)
    with serving(*[[OK]] * 8) as (server, post):

        def twice() -> None:
            together.wait(20)
            assert [post(b"content").body for _ in range(2)] == [b"hi", b"hi"]

        with ThreadPoolExecutor(4) as threads:
            for call in [threads.submit(twice) for _ in range(4)]:
                call.result(20)
    assert len(server.requests) == 8 and server.connections <= 4


@pytest.mark.parametrize(
    ("header", "text"), [("text/html; charset=latin-1", "é"), ("text/html; charset=none", "\ufffd")]
)
def test_a_text_is_in_the_encoding_that_it_names(header: str, text: str) -> None:
    assert Answer(500, {"content-type": header}, b"\xe9").text == text


def test_a_header_that_would_be_two_is_refused() -> None:
    with serving([OK]) as (server, _):
        post = Straight(LIBRARY, LIBRARY.URL(server.url), {"x": "a\r\ny: b"}, timeout_seconds=9.0)
        with pytest.raises(ValueError, match="Invalid header value"):
            post(b"content")
    assert not server.requests


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, its own authority; its key is in the same file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    kept = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM) + kept)
    return file


def test_a_server_is_trusted_by_its_certificate(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Server([[OK], [CHUNKS]], context)
    url = server.url.replace("http://", "https://")
    with pytest.raises(LIBRARY.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        to(url, local=False)(b"content")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    post = to(url, local=False)
    assert isinstance(post, Straight)
    assert [post(b"content").body for _ in range(2)] == [b"hi", b"hi"]
    assert server.connections == 2
    server.close()


def test_where_a_proxy_leads_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving([OK]) as (proxy, _):
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1/chat"))
        assert to("http://model.invalid/v1/chat", local=False)(b"content").body == b"hi"
        (asked,) = proxy.requests
    assert asked.startswith(b"POST http://model.invalid/v1/chat HTTP/1.1")
