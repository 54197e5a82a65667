"""Ears on every kind of socket of the host, that hear whoever gets out."""

import contextlib
import os
import secrets
import select
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

Address = Any  # what the socket module takes: a tuple or a path
KINDS = ("tcp", "tcp6", "udp", "udp6", "unix", "unix-datagram", "abstract")


class Listener:
    """A context manager. `addresses[kind]` is where it listens; a kind that this machine lacks is not in it."""

    def __init__(self, folder: Path) -> None:
        places: dict[str, tuple[int, int, Address]] = {
            "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "tcp6": (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "udp6": (socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0)),
            "unix": (socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "stream")),
            "unix-datagram": (socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "datagram")),
            "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, "\0ears-" + secrets.token_hex(8)),
        }
        self._sockets: dict[str, socket.socket] = {}
        self._heard: dict[str, list[bytes]] = {kind: [] for kind in places}
        self.addresses: dict[str, Address] = {}
        for kind, (family, type, address) in places.items():
            with contextlib.suppress(OSError):  # no IPv6 here
                self._open(kind, socket.socket(family, type), address)
        self._news = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self._thread.join()
        for ears in self._sockets.values():
            ears.close()

    def heard(self, kind: str) -> list[bytes]:
        """All that was said to this socket so far. A call of our own comes last, so that none before it is missed."""
        last = secrets.token_bytes(8)
        ours = self._sockets[kind]
        with socket.socket(ours.family, ours.type) as mouth:
            mouth.connect(self.addresses[kind])
            mouth.send(last)
        with self._news:
            assert self._news.wait_for(lambda: last in self._heard[kind], 10)
            return [said for said in self._heard[kind] if said != last]

    def _open(self, kind: str, ears: socket.socket, address: Address) -> None:
        try:
            ears.bind(address)
            if ears.type == socket.SOCK_STREAM:
                ears.listen(64)
        except OSError:
            ears.close()
            raise
        if isinstance(address, str) and not address.startswith("\0"):
            os.chmod(address, 0o777)
        self._sockets[kind] = ears
        self.addresses[kind] = ears.getsockname()[:2] if isinstance(address, tuple) else address

    def _listen(self) -> None:
        by_number = {ears.fileno(): kind for kind, ears in self._sockets.items()}
        while not self._over:
            for number in select.select(list(by_number), [], [], 0.05)[0]:
                kind = by_number[number]
                said = self._hear(self._sockets[kind])
                with self._news:
                    self._heard[kind].append(said)
                    self._news.notify_all()

    @staticmethod
    def _hear(ears: socket.socket) -> bytes:
        if ears.type == socket.SOCK_DGRAM:
            return ears.recv(1000)
        caller, _ = ears.accept()
        with caller:
            caller.settimeout(5)
            return caller.recv(1000)
