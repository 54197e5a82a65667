"""Takes the strongest tier that works on this machine, and says what is missing where none does."""

import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from selftaught.core.contracts import Verdict
from selftaught.core.errors import NoSandbox, SandboxError, UsageError
from selftaught.guest import lock
from selftaught.sandbox import bubblewrap, canary
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers import Tier, bubblewrap_tier, landlock_tier, unsafe_tier

_MACHINES = ("x86_64", "aarch64")


@dataclass(frozen=True, slots=True)
class Found:
    """One tier on this machine: whether it works, or in one line why not and what to do."""

    name: str
    works: bool
    trouble: str
    make: Callable[[], Tier]


def survey() -> list[Found]:
    """Every isolating tier, the strongest first."""
    lock_trouble = _lock_trouble()
    outer_trouble = lock_trouble or bubblewrap.trouble()
    return [
        Found("bubblewrap", outer_trouble is None, outer_trouble or "", bubblewrap_tier),
        Found("landlock", lock_trouble is None, lock_trouble or "", landlock_tier),
    ]


def open_sandbox(name: str = "auto", workers: int | None = None) -> Jail:
    """A running sandbox of tier `name`; "auto" takes the strongest that works.

    Raises NoSandbox where nothing isolates, or the tier asked for does not work here; UsageError for an unknown name.
    """
    if name == "unsafe":
        return Jail(unsafe_tier(), workers)
    found = survey()
    known = [tier.name for tier in found]
    if name not in ("auto", *known):
        close = get_close_matches(name, [*known, "auto", "unsafe"], 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise UsageError(f"no sandbox is called {name!r}{hint}; there are auto, {', '.join(known)} and unsafe")
    troubles = [f"{tier.name}: {tier.trouble}" for tier in found if not tier.works and name in ("auto", tier.name)]
    for tier in found:
        if tier.works and name in ("auto", tier.name):
            try:
                return _proven(Jail(tier.make(), workers))
            except SandboxError as error:
                troubles.append(f"{tier.name}: {error}")
    raise NoSandbox(
        f"nothing on this machine isolates untrusted code, so nothing is run. {'; '.join(troubles)}. "
        "To run without isolation, and only code that you trust: --sandbox unsafe"
    )


def _proven(jail: Jail) -> Jail:
    """The jail, once an honest program has run in it and no canary got out. Else closed, and SandboxError raised."""
    try:
        honest = jail.call(canary.HONEST, "double", [20], canary.LIMITS)
        if honest.verdict is not Verdict.OK or honest.value != 40:
            raise SandboxError(f"a plain program does not run in it: {honest.verdict}, {honest.note}")
        attacks = jail.call(canary.ATTACKS, "attempt", [], canary.LIMITS)
        forbidden = jail.call(canary.FORBIDDEN, "attempt", [], canary.LIMITS)
        holes = [*jail.look_at_a_guest(canary.posture), *canary.breaches(attacks, forbidden)]
        if holes:
            raise SandboxError(f"it does not hold: {'; '.join(holes)}")
    except SandboxError:
        jail.close()
        raise
    return jail


def _lock_trouble() -> str | None:
    """Why guests cannot be locked in on this machine; None if they can."""
    if sys.platform != "linux":
        return f"needs Linux, this is {sys.platform}; use a Linux container or virtual machine"
    if platform.machine() not in _MACHINES:
        return f"needs one of {', '.join(_MACHINES)}, this is {platform.machine()}"
    missing: Sequence[str] = [
        *([] if lock.landlock_abi() else ["Landlock (Linux 5.13 or newer, with lsm=landlock enabled at boot)"]),
        *([] if lock.seccomp_available() else ["seccomp filters (CONFIG_SECCOMP_FILTER)"]),
    ]
    return f"the kernel lacks {' and '.join(missing)}" if missing else None
