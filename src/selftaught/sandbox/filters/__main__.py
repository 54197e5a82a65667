"""`python -m selftaught.sandbox.filters`: show the filters; with `--pin`, pin what the policy now gives."""

import argparse
import errno
import hashlib
import signal
import textwrap
from collections.abc import Iterator
from pathlib import Path

from selftaught.sandbox.filters import policy
from selftaught.sandbox.filters.assemble import assemble
from selftaught.sandbox.filters.numbers import MACHINES, numbers
from selftaught.sandbox.filters.policy import PROFILES, Profile

_PINS = Path(__file__).with_name("pins.py")
_HEAD = '''"""SHA-256 of each filter. Written by `python -m selftaught.sandbox.filters --pin`, never by hand."""

PINS: dict[tuple[str, str], str] = {
'''


def main() -> None:
    """Print every filter as a table, or pin them."""
    parser = argparse.ArgumentParser(prog="python -m selftaught.sandbox.filters", description=__doc__)
    parser.add_argument("--pin", action="store_true", help=f"rewrite {_PINS.name} with the hashes of today's policy")
    if parser.parse_args().pin:
        _PINS.write_text(pins(), encoding="utf-8")
        print(f"wrote {_PINS}")
        return
    for machine in MACHINES:
        for profile in PROFILES:
            print(*listing(profile, machine), "", sep="\n")


def pins() -> str:
    """The text of pins.py that fits today's policy."""
    hashes = [(profile, machine, digest(profile, machine)) for machine in MACHINES for profile in PROFILES]
    return _HEAD + "".join(f'    ("{p}", "{m}"): "{found}",\n' for p, m, found in hashes) + "}\n"


def digest(profile: Profile, machine: str) -> str:
    """SHA-256 of the assembled filter, whatever is pinned."""
    packed = b"".join(instruction.packed() for instruction in assemble(profile, machine))
    return hashlib.sha256(packed).hexdigest()


def listing(profile: Profile, machine: str) -> Iterator[str]:
    """The policy as lines for people: only calls that the machine has."""
    known = numbers(machine)
    allowed = {reason: [n for n in names if n in known] for reason, names in policy.allowed(profile).items()}
    rules = {name: tests for name, tests in policy.conditional(profile, machine).items() if name in known}
    killed = {reason: [n for n in names if n in known] for reason, names in policy.killed().items()}
    figures = (
        f"{len(assemble(profile, machine))} instructions; of {len(known)} calls {len(policy.names(allowed))} allowed, "
        f"{len(rules)} by argument, {len(policy.ANSWERED)} answered, {len(policy.names(killed))} killed, others refused"
    )
    yield from (f"{profile} on {machine}", f"  {figures}", f"  sha256 {digest(profile, machine)}")
    yield "  allowed"
    for reason, names in allowed.items():
        yield from _row(reason, " ".join(names))
    yield "  allowed by argument"
    for name, tests in rules.items():
        yield from _row(name, "; ".join(map(str, tests)))
    yield "  answered"
    for name, error in policy.ANSWERED.items():
        yield from _row(name, errno.errorcode.get(error, str(error)))
    yield "  killed: another architecture, x32 numbers, and"
    for reason, names in killed.items():
        yield from _row(reason, " ".join(names))


def _row(head: str, body: str) -> list[str]:
    return textwrap.wrap(f"{head:<40}{body}", 120, initial_indent="    ", subsequent_indent=" " * 44)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it, as it does other tools
    main()
