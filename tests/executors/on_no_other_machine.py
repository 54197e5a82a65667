"""A cluster that a run starts for itself, where the machine has another address. Run by test_on_ray.py."""

import fcntl
import socket
import struct
from ipaddress import IPv6Address, ip_address
from pathlib import Path

import pytest

from executors.on_ray import COUNTS, LIMITS
from selftaught.wiring.executors.choice import open_executor

_SET_ADDRESS = 0x8916
OUTSIDE = "8.8.8.8"
"""Ray takes the address from which it would reach this one for its own: here it is of this machine itself."""


def test_nobody_outside_can_reach_it_and_nothing_but_our_own_word_is_printed(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        address = struct.pack("16sH2s4s8x", b"lo:1", socket.AF_INET, b"", socket.inet_aton(OUTSIDE))
        fcntl.ioctl(any_socket, _SET_ADDRESS, address)
    with caplog.at_level("INFO", "selftaught.cluster"), open_executor("ray", "auto") as opened:
        assert list(opened.run(COUNTS, "f", [[1], [2]], LIMITS, seed=1))[-1].value == 2
        addresses = listening()
    assert addresses and all(one.startswith("127.") for one in addresses), addresses
    assert "one of this machine alone was started, for this run" in caplog.text
    assert capfd.readouterr() == ("", "")


def listening() -> set[str]:
    """The addresses of this namespace on which somebody listens."""
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    return {shown(bytes.fromhex(line[1].partition(":")[0])) for line in lines if line[3] == "0A"}


def shown(words: bytes) -> str:
    """An address from words of 32 bits in the order of this machine; ::1 as 127.0.0.1."""
    found = ip_address(b"".join(words[place : place + 4][::-1] for place in range(0, len(words), 4)))
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ("127.0.0.1" if found.is_loopback else found))
    return str(found)
