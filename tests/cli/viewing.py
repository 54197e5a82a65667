"""`selftaught view` as a process, for the tests that ask it or open it in a browser."""

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cli.support import env_of


@contextmanager
def viewing(*arguments: str, cwd: Path) -> Iterator[str]:
    """Its address, which it prints first."""
    command = [sys.executable, "-m", "selftaught", "view", *arguments, "--no-browser"]
    with subprocess.Popen(command, cwd=cwd, env=env_of({}), stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
            server.wait(30)


def ask(
    url: str, method: str = "GET", body: str = "", *, host: str = "", **headers: str
) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of an answer. `host`: in place of the server's own."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": host or parts.netloc, "Content-Length": str(len(body.encode())), **told}.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


def first_event(url: str, **headers: str) -> list[str]:
    """The lines of the first event of a stream."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request("GET", parts.path, headers={name.replace("_", "-"): v for name, v in headers.items()})
        answer = connection.getresponse()
        lines = []
        while line := answer.readline().decode().strip():
            lines.append(line)
        return lines
    finally:
        connection.close()
