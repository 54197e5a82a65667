"""Before the first guest: is the wall really there? Posture as seen from outside, and a handful of attacks.

A tier whose canary gets through is refused. It costs a few milliseconds at each start.
"""

from pathlib import Path

from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits, Outcome
from selftaught.sandbox.worker import Handle

LIMITS = Limits(cpu_seconds=5.0, load_cpu_seconds=5.0, wall_seconds=20.0, memory_bytes=64 << 20)

HONEST = Program("import numpy\n\n\ndef double(x):\n    return int(numpy.add(x, x))\n")

ATTACKS = Program('''
import os
import signal
import socket
import threading


def attempt():
    """The names of those attacks that got through."""
    through = []
    for name, attack in ATTACKS.items():
        try:
            attack()
        except (OSError, RuntimeError, MemoryError):
            continue
        through.append(name)
    if os.environ:
        through.append("read the environment")
    return through


def fork():
    if os.fork() == 0:
        os._exit(0)


ATTACKS = {
    "read a file": lambda: open("/etc/passwd").close(),
    "list the root": lambda: os.listdir("/"),
    "write a file": lambda: open("/tmp/selftaught-canary", "w").close(),
    "open a socket": lambda: socket.socket().close(),
    "start a process": fork,
    "start a thread": lambda: threading.Thread(target=int).start(),
    "signal its parent": lambda: os.kill(os.getppid(), 0),
    "exceed its memory": lambda: bytearray(1 << 30),
}
''')

FORBIDDEN = Program("import ctypes\n\n\ndef attempt():\n    return ctypes.CDLL(None).ptrace(0, 0, 0, 0)\n")

_POSTURE = {
    "NoNewPrivs": "1",
    "Seccomp": "2",
    "Threads": "1",
    "CapEff": "0",
    "CapPrm": "0",
    "CapInh": "0",
    "CapAmb": "0",
}


def posture(guest: Handle) -> list[str]:
    """What is wrong with a locked guest, as the kernel tells it."""
    try:
        lines = Path(f"/proc/{guest.pid}/status").read_text().splitlines()
    except OSError:
        return ["a guest that only waits is gone: is memory or the number of processes limited here?"]
    status = {name: value.strip().lstrip("0") or "0" for name, _, value in (line.partition(":") for line in lines)}
    return [f"{name} is {status[name]}" for name, wanted in _POSTURE.items() if status.get(name) != wanted]


def breaches(attacks: Outcome, forbidden: Outcome) -> list[str]:
    """What the attacks got through, from how their calls ended."""
    found = [f"a guest could {name}" for name in attacks.value] if attacks.verdict is Verdict.OK else []
    if attacks.verdict is not Verdict.OK:
        found.append(f"the canary did not come back: {attacks.verdict}, {attacks.note}")
    if forbidden.verdict is not Verdict.FORBIDDEN:
        found.append("a guest could trace another process")
    return found
