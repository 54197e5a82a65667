"""What attacks aim at: files, a process, another guest."""

import os
import secrets
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from attacks.arena import FACTS, process, solve
from selftaught.core.contracts import Verdict
from selftaught.sandbox.contract import Improving, Limits, Value
from selftaught.sandbox.jail import Jail

PATIENT = Limits(cpu_seconds=5.0, load_cpu_seconds=1.0, wall_seconds=20.0, memory_bytes=128 << 20)
SIBLING = """
import os
def f(secret, utility, language_model):
    mine = bytearray(secret.encode() * 64)
    utility(str(os.getpid()))
    return bytes(mine[:len(secret)]).decode()
"""


@dataclass(frozen=True)
class Prey:
    """Files that anybody may read and change.

    Attributes:
        token: what `secret` holds, and what the link `link` leads to.
        open: a file to change, with `before` in it.
        folder: a folder to write into.
        link: a symbolic link to `secret`.
    """

    token: str
    secret: Path
    open: Path
    folder: Path
    link: Path
    before: str = "as it was"

    @classmethod
    def in_folder(cls, folder: Path) -> "Prey":
        os.chmod(folder, 0o755)
        prey = cls(secrets.token_hex(16), folder / "secret", folder / "open", folder / "folder", folder / "link")
        prey.secret.write_text(prey.token)
        prey.open.write_text(prey.before)
        prey.folder.mkdir()
        prey.link.symlink_to(prey.secret)
        os.chmod(prey.secret, 0o644)
        os.chmod(prey.open, 0o666)
        os.chmod(prey.folder, 0o777)
        return prey

    def is_as_it_was(self) -> bool:
        """Whether nothing was written, made, removed, renamed or changed."""
        names = sorted(path.name for path in self.secret.parent.rglob("*"))
        if names != ["folder", "link", "open", "secret"]:
            return False
        modes = [path.stat().st_mode & 0o777 for path in (self.open, self.folder)]
        return (modes, self.open.read_text()) == ([0o666, 0o777], self.before)


@dataclass(frozen=True)
class Victim:
    """A process with the token in its environment and its memory; it waits on its standard input."""

    child: "subprocess.Popen[str]"
    token: str

    @property
    def pid(self) -> int:
        return self.child.pid

    def is_alive(self) -> bool:
        """Whether it runs, neither ended nor stopped."""
        found = process(self.pid)
        return self.child.poll() is None and found is not None and found.state in "SR"


@dataclass
class Sibling:
    """An honest guest in the middle of a call. It is an improver that waits for its score."""

    jail: Jail
    secret: str = field(default_factory=lambda: secrets.token_hex(16))

    def __post_init__(self) -> None:
        self._said: list[str] = []
        self._ready, self._release = threading.Event(), threading.Event()
        self._ended: list[Value] = []
        self._thread = threading.Thread(target=self._live)
        self._thread.start()
        assert self._ready.wait(20)

    @property
    def pid(self) -> int:
        """Its process number as guests see it."""
        return int(self._said[0])

    def finish(self) -> Value:
        """What it returns: its secret, if nobody did anything to it."""
        self._release.set()
        self._thread.join(20)
        return self._ended[0]

    def _live(self) -> None:
        (outcome,) = solve(
            self.jail, SIBLING, [self.secret], limits=PATIENT, improving=Improving(FACTS, {"utility": self._score})
        )
        self._ended.append(outcome.value if outcome.verdict is Verdict.OK else outcome)

    def _score(self, pid: str) -> float:
        self._said.append(pid)
        self._ready.set()
        self._release.wait(20)
        return 1.0
