"""A way to start a zygote: a command line, and the layers that the zygote then adds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from selftaught.sandbox.provided import View

NOBODY = 65534
LOCK = ("rlimits", "capabilities", "no-new-privileges", "non-dumpable", "landlock", "seccomp")
"""The layers that need nothing but the kernel: a guest inherits some and adds the rest. See guest/lock.py."""


class Engine(Protocol):
    """Starts zygotes for us: a command, and what that command's process gets."""

    @property
    def environment(self) -> Mapping[str, str]: ...
    def command(self, folder: str, view: View) -> list[str]:
        """Starts a zygote whose host waits in `folder`."""
        ...

    def remove(self, folder: str) -> None:
        """End everything that was started for `folder`, in any case."""
        ...


@dataclass(frozen=True)
class Tier:
    """One strength of isolation.

    Attributes:
        name: as in `--sandbox NAME`, on record, and shown.
        isolates: whether it may be taken without being asked for by name.
        layers: the isolation layers of a guest, outermost first.
        command: the zygote's whole command line, given its control descriptor and what guests may read
            beyond the interpreter.
        user: whom the zygote becomes, None to stay who it is.
        engine: what starts the zygote by a command line of its own, where that is not we: it inherits nothing of us
            then, and its limits as a whole are the engine's.
    """

    name: str
    isolates: bool
    layers: tuple[str, ...]
    command: Callable[[int, View], list[str]]
    user: int | None
    engine: Engine | None = None
