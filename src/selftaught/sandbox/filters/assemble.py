"""From the policy to the kernel's filter: a small assembler for classic BPF.

A filter reads `struct seccomp_data` (number, architecture, instruction pointer, six 64-bit arguments) and returns what
is to happen. Its accumulator holds 32 bits, so a 64-bit argument is judged half by half; its jumps go forward only.

    another architecture (int 0x80), an x32 number      → kill
    a binary search for the number, which ends at
        an answer: allow, refuse, kill                  → (the kernel works out each number's answer when it installs
        or the tests of a call's arguments                the filter, and need not run it again for the allowed ones)

It is a search, not a list of comparisons, because of that first working out: it is most of what installing costs each
guest, and a list of this length takes 0.2 ms.
"""

import functools
import hashlib
import itertools
import platform
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from selftaught.core.errors import NoSandbox, SandboxError
from selftaught.sandbox.filters import policy
from selftaught.sandbox.filters.numbers import MACHINES, numbers
from selftaught.sandbox.filters.pins import PINS
from selftaught.sandbox.filters.policy import Profile

ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
"""SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO (or'ed with the error), SECCOMP_RET_KILL_PROCESS."""

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # AUDIT_ARCH_*: 64 bits, little-endian
X32_BIT = 0x40000000

_LOAD, _RETURN, _AND, _JUMP = 0x20, 0x06, 0x54, 0x05
_IF_EQUAL, _IF_GREATER, _IF_AT_LEAST, _IF_ANY_BIT = 0x15, 0x25, 0x35, 0x45
_LONGEST_JUMP = 255  # of a conditional one
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

_Item = TypeVar("_Item")
_Decision: TypeAlias = int | tuple[policy.Test, ...]  # what to return, or the tests that say whether to allow
_REFUSED = REFUSE | policy.EPERM
_FAIL = -1  # a jump to where the call is refused, before that place is known


@dataclass(frozen=True, slots=True)
class Instruction:
    """One `struct sock_filter`. A conditional jump goes on `then` or `otherwise` instructions behind the next one."""

    code: int
    then: int
    otherwise: int
    value: int

    def packed(self) -> bytes:
        """Eight bytes. Raises struct.error for a jump that is too far, or a value of more than 32 bits."""
        return struct.pack("<HBBI", self.code, self.then, self.otherwise, self.value)


@functools.cache
def filter_program(profile: Profile, machine: str | None = None) -> bytes:
    """The filter as the kernel takes it (struct sock_filter[]), for this machine unless another is named.

    Raises:
        NoSandbox: there is no filter for the machine.
        SandboxError: what was assembled is not what `pins` says: the installation is damaged, or a change of the
            policy was not pinned.
    """
    machine = machine or _this_machine()
    if machine not in MACHINES:
        raise NoSandbox(f"no system call filter for a {machine} machine: there are those of {', '.join(MACHINES)}")
    program = b"".join(instruction.packed() for instruction in assemble(profile, machine))
    found, pinned = hashlib.sha256(program).hexdigest(), PINS.get((profile, machine), "nothing")
    if found != pinned:
        raise SandboxError(
            f"the {profile} filter for {machine} is {found}, pinned is {pinned}: reinstall selftaught; "
            "after a change of the policy, run python -m selftaught.sandbox.filters --pin"
        )
    return program


def assemble(profile: Profile, machine: str) -> tuple[Instruction, ...]:
    """The filter of `policy` for one profile and machine, whatever is pinned."""
    if profile not in policy.PROFILES:
        raise ValueError(f"no profile {profile!r}: there are {', '.join(policy.PROFILES)}")
    return (*_entry(machine), *_search(_ranges(_decisions(profile, machine))))


@functools.cache
def workshop_filter(machine: str | None = None) -> bytes:
    """The filter of a workshop (`sandbox/workshop.py`): all passes but what `policy.workshop` refuses."""
    machine = machine or _this_machine()
    if machine not in MACHINES:
        raise NoSandbox(f"no system call filter for a {machine} machine: there are those of {', '.join(MACHINES)}")
    known = numbers(machine)
    decisions: dict[int, _Decision] = {
        known[name]: REFUSE | decision if isinstance(decision, int) else decision
        for name, decision in policy.workshop().items()
        if name in known
    }
    code = (*_entry(machine), *_search(_ranges(decisions, ALLOW)))
    return b"".join(instruction.packed() for instruction in code)


def _this_machine() -> str:
    return platform.machine() if sys.maxsize > 1 << 32 else f"{platform.machine()} (32-bit Python)"


def _entry(machine: str) -> list[Instruction]:
    code = [_load(_ARCHITECTURE), Instruction(_IF_EQUAL, 1, 0, ARCHITECTURES[machine]), _return(KILL), _load(_NUMBER)]
    if machine == "x86_64":
        code += [Instruction(_IF_ANY_BIT, 0, 1, X32_BIT), _return(KILL)]
    return code


def _decisions(profile: Profile, machine: str) -> dict[int, _Decision]:
    by_name: dict[str, _Decision] = {
        **dict.fromkeys(policy.names(policy.allowed(profile)), ALLOW),
        **policy.conditional(profile, machine),
        **{name: REFUSE | error for name, error in policy.ANSWERED.items()},
        **dict.fromkeys(policy.names(policy.killed()), KILL),
    }
    known = numbers(machine)
    return {known[name]: decision for name, decision in by_name.items() if name in known}


def _ranges(
    decisions: Mapping[int, _Decision], other: _Decision = REFUSE | policy.EPERM
) -> list[tuple[int, _Decision]]:
    """(first number, decision) of each run of numbers that are decided alike; the last run has no end."""
    every = ((number, decisions.get(number, other)) for number in range(max(decisions) + 2))
    return [next(run) for _, run in itertools.groupby(every, key=lambda pair: pair[1])]


def _search(ranges: Sequence[tuple[int, _Decision]]) -> list[Instruction]:
    """Decides on the number, which is loaded. Never falls through."""
    if len(ranges) == 1:
        [(_, decision)] = ranges
        return [_return(decision)] if isinstance(decision, int) else _judged(decision)
    middle = len(ranges) // 2
    lower, upper = _search(ranges[:middle]), _search(ranges[middle:])
    first = ranges[middle][0]
    if len(lower) <= _LONGEST_JUMP:
        return [Instruction(_IF_AT_LEAST, len(lower), 0, first), *lower, *upper]
    return [Instruction(_IF_AT_LEAST, 0, 1, first), Instruction(_JUMP, 0, 0, len(lower)), *lower, *upper]


def _judged(tests: Sequence[policy.Test]) -> list[Instruction]:
    """Allows where all tests hold, else refuses."""
    steps = [step for test in tests for step in _steps(test)]
    return [*(_resolved(step, left + 1) for left, step in _counted_down(steps)), _return(ALLOW), _return(_REFUSED)]


def _steps(test: policy.Test) -> list[Instruction]:
    """Falls through where the test holds, and else jumps to `_FAIL`."""
    match test:
        case policy.Masked(argument, mask, value):
            return [
                step
                for half in (0, 1)
                if _half(mask, half)
                for step in (
                    _load_argument(argument, half),
                    Instruction(_AND, 0, 0, _half(mask, half)),
                    Instruction(_IF_EQUAL, 0, _FAIL, _half(value, half)),
                )
            ]
        case policy.Among(argument, values):
            jumps = [Instruction(_IF_EQUAL, left, 0, value) for left, value in _counted_down(values)]
            return [_load_argument(argument), *jumps[:-1], replace(jumps[-1], otherwise=_FAIL)]
        case policy.AtMost(argument, most):
            return [_load_argument(argument), Instruction(_IF_GREATER, _FAIL, 0, most)]


def _resolved(step: Instruction, distance: int) -> Instruction:
    then = distance if step.then == _FAIL else step.then
    otherwise = distance if step.otherwise == _FAIL else step.otherwise
    return replace(step, then=then, otherwise=otherwise)


def _counted_down(items: Sequence[_Item]) -> Iterable[tuple[int, _Item]]:
    """Each item, and how many come after it."""
    return zip(reversed(range(len(items))), items, strict=True)


def _half(value: int, half: int) -> int:
    return value >> 32 * half & 0xFFFFFFFF


def _load(offset: int) -> Instruction:
    return Instruction(_LOAD, 0, 0, offset)


def _load_argument(argument: int, half: int = 0) -> Instruction:
    return _load(_ARGUMENTS + 8 * argument + 4 * half)


def _return(answer: int) -> Instruction:
    return Instruction(_RETURN, 0, 0, answer)
