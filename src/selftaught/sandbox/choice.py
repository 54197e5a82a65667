"""Takes the strongest tier that works on this machine, and says what is missing where none does."""

import platform
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches

from selftaught import plugins
from selftaught.core.contracts import Verdict
from selftaught.core.errors import NoSandbox, SandboxError, UsageError
from selftaught.guest import lock
from selftaught.sandbox import canary
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers import bubblewrap, container
from selftaught.sandbox.tiers.bubblewrap import bubblewrap_tier
from selftaught.sandbox.tiers.container import container_tier
from selftaught.sandbox.tiers.landlock import landlock_tier
from selftaught.sandbox.tiers.tier import Tier
from selftaught.sandbox.tiers.unsafe import unsafe_tier

_UNSAFE = "To run without isolation, and only code that you trust: `sandbox=unsafe`"
_MACHINES = ("x86_64", "aarch64")
_DESCRIPTORS, _FEWEST_DESCRIPTORS = 1024, 128
"""Open files of this process: what guests, connections and the record take; and without which nothing starts."""


@dataclass(frozen=True, slots=True)
class Found:
    """One tier on this machine: whether it works, or in one line why not and what to do."""

    name: str
    works: bool
    trouble: str
    make: Callable[[], Tier]


def survey() -> list[Found]:
    """Every isolating tier, in the order in which `auto` tries them.

    An engine that answers may still start no container here: that is tried, which takes seconds.
    """
    return [_tried(_look(name)) if name == "container" else _look(name) for name in TIERS]


TIERS = ("bubblewrap", "landlock", "container")
"""In the order in which `auto` tries them. That is the order of strength, but for one: a container around the lock is
at least as strong as the lock alone, and yet comes after it. Its workers take a second or so each to start, and it
makes an image in somebody's engine: that is for those who ask for it by name, or where nothing else isolates."""


def _look(name: str) -> Found:
    if name == "bubblewrap":
        return _found(name, _lock_trouble() or bubblewrap.trouble(), bubblewrap_tier)
    if name == "landlock":
        return _found(name, _lock_trouble(), landlock_tier)
    return _found(name, _lock_trouble(landlock=False) or container.find()[1] or None, container_tier)


def _tried(found: Found) -> Found:
    if not found.works:
        return found
    try:
        prove(Jail(found.make(), 1)).close()
    except SandboxError as error:
        return replace(found, works=False, trouble=str(error))
    return found


def _found(name: str, trouble: str | None, make: Callable[[], Tier]) -> Found:
    return Found(name, trouble is None, trouble or "", make)


def _allow_descriptors() -> None:
    """Raise this process's own limit of open files as far as it goes. Raises NoSandbox where that is too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < _FEWEST_DESCRIPTORS:
        raise NoSandbox(
            f"a process may have {most} open files here, and the sandbox needs {_FEWEST_DESCRIPTORS}: "
            "raise the limit (ulimit -n)"
        )


def check_sandbox_name(name: str) -> None:
    """Whether there is such a tier, which may not work here. Raises UsageError."""
    known = ("auto", *TIERS, "unsafe")
    if name not in (*known, *plugins.names("sandboxes")):
        close = get_close_matches(name, known, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise UsageError(f"no sandbox is called {name!r}{hint}; there are auto, {', '.join(TIERS)} and unsafe")


def open_sandbox(name: str = "auto", workers: int | None = None) -> Jail:
    """A running sandbox of tier `name`; "auto" takes the strongest that works.

    Raises NoSandbox where nothing isolates, or the tier asked for does not work here; UsageError for an unknown name.
    """
    _allow_descriptors()
    if name == "unsafe":
        return Jail(unsafe_tier(), workers)
    if name not in ("auto", *TIERS) and name in plugins.names("sandboxes"):
        return prove(Jail(plugins.find("sandboxes", name)(), workers))
    check_sandbox_name(name)
    troubles = []
    for tier in map(_look, TIERS if name == "auto" else (name,)):  # one by one: an engine is asked only if it must be
        if not tier.works:
            troubles.append(f"{tier.name}: {tier.trouble}")
            continue
        try:
            return prove(Jail(tier.make(), workers))
        except SandboxError as error:
            troubles.append(f"{tier.name}: {error}")
    if name != "auto":
        others = [tier.name for tier in survey() if tier.works and tier.name != name]
        advice = f"Here works: {' or '.join(f'`sandbox={name}`' for name in others)}" if others else _UNSAFE
        raise NoSandbox(f"{'; '.join(troubles)}. {advice}")
    raise NoSandbox(
        f"nothing on this machine isolates untrusted code, so nothing is run. {'; '.join(troubles)}. {_UNSAFE}"
    )


def prove(jail: Jail) -> Jail:
    """The jail, once an honest program has run in it and no canary got out. Else closed, and SandboxError raised."""
    try:
        honest = jail.call(canary.HONEST, "double", [20], canary.LIMITS)
        if honest.verdict is not Verdict.OK or honest.value != 40:
            raise SandboxError(f"a plain program does not run in it: {honest.verdict}, {honest.note}")
        attacks = jail.call(canary.ATTACKS, "attempt", [], canary.LIMITS)
        forbidden = jail.call(canary.FORBIDDEN, "attempt", [], canary.LIMITS)
        holes = [*jail.look_at_a_guest(canary.posture), *canary.breaches(attacks, forbidden)]
        if "landlock" not in jail.layers:  # the root that is seen is the container's, and empty
            holes = [hole for hole in holes if hole != "a guest could list the root"]
        if holes:
            raise SandboxError(f"it does not hold: {'; '.join(holes)}")
    except SandboxError:
        jail.close()
        raise
    return jail


def landlock_abi() -> int:
    """The version of Landlock that the kernel has; 0 for none."""
    return lock.landlock_abi() if sys.platform == "linux" else 0


def _lock_trouble(*, landlock: bool = True) -> str | None:
    """Why guests cannot be locked in on this machine, with or without Landlock; None if they can."""
    if sys.platform != "linux":
        return f"needs Linux, this is {sys.platform}; use a Linux container or virtual machine"
    if platform.machine() not in _MACHINES:
        return f"needs one of {', '.join(_MACHINES)}, this is {platform.machine()}"
    missing = []
    if landlock and not landlock_abi():
        missing.append("Landlock (Linux 5.13 or newer, with lsm=landlock enabled at boot)")
    if not lock.seccomp_available():
        missing.append("seccomp filters (CONFIG_SECCOMP_FILTER)")
    return f"the kernel lacks {' and '.join(missing)}" if missing else None
