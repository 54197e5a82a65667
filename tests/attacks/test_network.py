"""The network: nobody outside hears a guest, and it hears nobody."""

import os
import secrets

import pytest

from attacks.arena import CALLS, FORGE, held, improve, raid, refused, solve
from attacks.listener import Listener
from selftaught.core.contracts import Verdict
from selftaught.sandbox.jail import Jail

pytestmark = [pytest.mark.attack, pytest.mark.with_packages]

STREAM = """
import socket
def f(address, token):
    mouth = socket.create_connection(tuple(address))
    mouth.sendall(token.encode())
"""
DATAGRAM = """
import socket
def f(address, token):
    family = socket.AF_INET6 if ':' in address[0] else socket.AF_INET
    socket.socket(family, socket.SOCK_DGRAM).sendto(token.encode(), tuple(address))
"""
UNIX = """
import socket
def f(address, token):
    mouth = socket.socket(socket.AF_UNIX)
    mouth.connect(address)
    mouth.sendall(token.encode())
"""


def call_out(jail: Jail, listener: Listener, kind: str, source: str) -> None:
    """Held if the listener heard nothing from the guest."""
    if kind not in listener.addresses:
        pytest.skip(f"this machine has no {kind} to attack through")
    token = secrets.token_hex(8)
    address = listener.addresses[kind]
    raid(jail, source, list(address) if isinstance(address, tuple) else address, token)
    held(jail, token.encode() in listener.heard(kind))


def test_tcp_reaches_nobody(every_sandbox: Jail, listener: Listener) -> None:
    call_out(every_sandbox, listener, "tcp", STREAM)


def test_tcp_over_ipv6_reaches_nobody(every_sandbox: Jail, listener: Listener) -> None:
    call_out(every_sandbox, listener, "tcp6", STREAM)


def test_udp_reaches_nobody(every_sandbox: Jail, listener: Listener) -> None:
    call_out(every_sandbox, listener, "udp", DATAGRAM)


def test_udp_over_ipv6_reaches_nobody(every_sandbox: Jail, listener: Listener) -> None:
    call_out(every_sandbox, listener, "udp6", DATAGRAM)


def test_a_unix_socket_with_a_path_reaches_nobody(every_sandbox: Jail, listener: Listener) -> None:
    call_out(every_sandbox, listener, "unix", UNIX)


def test_an_abstract_unix_socket_reaches_nobody(every_sandbox: Jail, listener: Listener) -> None:
    call_out(every_sandbox, listener, "abstract", UNIX)


def test_a_unix_datagram_reaches_nobody(every_sandbox: Jail, listener: Listener) -> None:
    source = UNIX.replace("socket.AF_UNIX)", "socket.AF_UNIX, socket.SOCK_DGRAM)")
    call_out(every_sandbox, listener, "unix-datagram", source)


def test_a_web_request_reaches_nobody(every_sandbox: Jail, listener: Listener) -> None:
    source = """
import http.client
def f(address, token):
    http.client.HTTPConnection(*address, timeout=1).request('GET', '/' + token)
"""
    token = secrets.token_hex(8)
    raid(every_sandbox, source, list(listener.addresses["tcp"]), token)
    held(every_sandbox, any(token.encode() in said for said in listener.heard("tcp")))


def test_a_socket_made_without_python_reaches_nobody(every_sandbox: Jail, listener: Listener) -> None:
    source = (
        CALLS
        + """
def f(address, token):
    mouth = call('socket', 2, 1, 0)
    place = (2).to_bytes(2, 'little') + address[1].to_bytes(2, 'big') + bytes([127, 0, 0, 1]) + bytes(8)
    call('connect', mouth, place, 16)
    call('write', mouth, token.encode(), len(token))
"""
    )
    call_out(every_sandbox, listener, "tcp", source)


def test_an_improvers_threads_reach_nobody(every_sandbox: Jail, listener: Listener) -> None:
    source = """
        import socket, threading
        def f(port, utility, language_model):
            def speak(): socket.create_connection(('127.0.0.1', int(port))).sendall(b'from a thread')
            thread = threading.Thread(target=speak)
            thread.start()
            thread.join()
    """
    improve(every_sandbox, source, solution=str(listener.addresses["tcp"][1]))
    held(every_sandbox, b"from a thread" in listener.heard("tcp"))


def test_datagrams_addressed_through_the_channel_reach_nobody(isolating_sandbox: Jail, listener: Listener) -> None:
    source = (
        CALLS
        + """
def f(path):
    place = (1).to_bytes(2, 'little') + path.encode() + b'\\0'
    return call('sendto', 3, b'stray', 5, 0, place, len(place))
"""
    )
    outcome = raid(isolating_sandbox, source, listener.addresses["unix-datagram"])
    assert (outcome.value, listener.heard("unix-datagram")) == (-1, [])


def test_a_name_is_not_resolved(every_sandbox: Jail) -> None:
    outcome = raid(every_sandbox, "import socket\ndef f(): return socket.gethostbyname('localhost')")
    held(every_sandbox, outcome.value == "127.0.0.1")


def test_a_port_of_the_machine_is_not_taken(every_sandbox: Jail) -> None:
    source = """
        import socket
        def f():
            ears = socket.socket()
            ears.bind(('127.0.0.1', 0))
            return ears.getsockname()[1]
    """
    held(every_sandbox, raid(every_sandbox, source).verdict is Verdict.OK)


KINDS = {
    "netlink": "socket.AF_NETLINK, socket.SOCK_RAW, 0",
    "raw": "socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP",
    "packet": "socket.AF_PACKET, socket.SOCK_RAW, 0x300",
    "vsock": "socket.AF_VSOCK, socket.SOCK_STREAM, 0",
    "kernel-crypto": "socket.AF_ALG, socket.SOCK_SEQPACKET, 0",
    "bluetooth": "31, socket.SOCK_RAW, 1",
    "unix": "socket.AF_UNIX, socket.SOCK_STREAM, 0",
    "internet": "socket.AF_INET, socket.SOCK_STREAM, 0",
    "multipath": "socket.AF_INET, socket.SOCK_STREAM, 262",
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_socket_can_be_had(isolating_sandbox: Jail, kind: str) -> None:
    assert refused(raid(isolating_sandbox, f"import socket\ndef f(): return socket.socket({KINDS[kind]}).fileno()"))


def test_a_pair_of_sockets_cannot_be_had(every_sandbox: Jail) -> None:
    outcome = raid(every_sandbox, "import socket\ndef f(): return len(socket.socketpair())")
    held(every_sandbox, outcome.value == 2)


def test_descriptors_sent_over_the_channel_do_not_arrive(isolating_sandbox: Jail) -> None:
    source = (
        FORGE
        + """
import array, socket
channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=3)
def f():
    for _ in range(100):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [3]))]
        channel.sendmsg([wire.frame(wire.Returned(1))], rights)
"""
    )
    solve(isolating_sandbox, source, [], [])  # spare guests are waiting from here on: they have descriptors, too
    before = len(os.listdir("/proc/self/fd"))
    (outcome, _) = solve(isolating_sandbox, source, [], [])
    assert refused(outcome)
    assert len(os.listdir("/proc/self/fd")) < before + 20  # of the 100 that were sent


def test_descriptors_are_not_received_over_the_channel(isolating_sandbox: Jail) -> None:
    source = """
        import socket
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=3)
        def f(): return channel.recvmsg(100, 100, socket.MSG_DONTWAIT)
    """
    assert refused(raid(isolating_sandbox, source))
