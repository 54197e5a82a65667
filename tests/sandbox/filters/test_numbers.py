"""The tables of system call numbers, against the kernel's headers and libseccomp where the machine has them."""

import re
from pathlib import Path

import pytest

from selftaught.sandbox.filters import policy
from selftaught.sandbox.filters.numbers import MACHINES, name_of, numbers

# Of /usr/include: what x86_64 has (two places, by distribution), and what aarch64 takes its numbers from.
_X86_64_HEADERS = [Path(f"/usr/include/{folder}asm/unistd_64.h") for folder in ("x86_64-linux-gnu/", "")]
_GENERIC_HEADERS = [Path("/usr/include/asm-generic/unistd.h")]
_NOT_OF_AARCH64 = {"arch_specific_syscall", "syscalls", "sync_file_range2", "riscv_hwprobe", "riscv_flush_icache"}
_OF_32_BITS = range(403, 424)
_NEWEST = 471  # of our tables; newer headers may know more


def _text_of(headers: list[Path]) -> str:
    found = [header for header in headers if header.exists()]
    if not found:
        pytest.skip(f"no kernel headers here: {', '.join(map(str, headers))}")
    return found[0].read_text()


def test_the_numbers_of_x86_64_are_those_of_the_kernels_header() -> None:
    defined = re.findall(r"#define __NR_(\w+)\s+(\d+)", _text_of(_X86_64_HEADERS))
    theirs = {name: int(number) for name, number in defined if int(number) <= _NEWEST}
    newest = max(theirs.values())
    ours = {name: number for name, number in numbers("x86_64").items() if number <= newest}
    assert newest >= 400
    assert {**ours, **theirs} == ours
    assert set(ours) - set(theirs) <= {"uretprobe", "uprobe"}  # got their numbers late, between older ones


def test_the_numbers_of_aarch64_are_those_of_the_kernels_generic_header() -> None:
    text = _text_of(_GENERIC_HEADERS)
    start = text.index("#if __BITS_PER_LONG == 64 && !defined(__SYSCALL_COMPAT)\n#define __NR_fcntl")
    wide = text[start : text.index("#else", start)]
    names = {twin: name for name, twin in re.findall(r"#define __NR_(\w+)\s+(__NR3264_\w+)", wide)}
    theirs = {
        names.get(name, name.removeprefix("__NR_")): int(number)
        for name, number in re.findall(r"#define (__NR_\w+|__NR3264_\w+)\s+(\d+)", text)
        if int(number) <= _NEWEST
        and int(number) not in _OF_32_BITS
        and name.removeprefix("__NR_") not in _NOT_OF_AARCH64
    }
    newest = max(theirs.values())
    ours = {name: number for name, number in numbers("aarch64").items() if number <= newest}
    assert newest >= 400
    assert theirs == ours


@pytest.mark.parametrize("machine", MACHINES)
def test_libseccomp_knows_the_same_numbers(machine: str) -> None:
    seccomp = pytest.importorskip("pyseccomp", reason="pyseccomp is not installed", exc_type=ImportError)
    architecture = {"x86_64": seccomp.Arch.X86_64, "aarch64": seccomp.Arch.AARCH64}[machine]
    theirs = {name: seccomp.resolve_syscall(architecture, name) for name in numbers(machine)}
    known = {name: number for name, number in theirs.items() if number >= 0}  # negative: not known to it, or not here
    assert len(known) > 300
    assert known == {name: numbers(machine)[name] for name in known}


def test_the_tables_have_a_name_for_every_number_up_to_471_that_is_in_use() -> None:
    x86_64, aarch64 = (sorted(numbers(machine).values()) for machine in MACHINES)
    assert x86_64 == [*range(337), *range(424, 472)]
    assert aarch64 == [*range(244), *range(260, 295), *range(424, 472)]
    assert numbers("x86_64")["mseal"] == numbers("aarch64")["mseal"] == 462


def test_both_machines_number_alike_from_424_on() -> None:
    x86_64, aarch64 = ({n: i for n, i in numbers(machine).items() if i >= 424} for machine in MACHINES)
    assert x86_64 == aarch64


def test_a_number_is_named_in_messages() -> None:
    assert [name_of(101, "x86_64"), name_of(101, "aarch64"), name_of(999, "x86_64")] == [
        "ptrace",
        "nanosleep",
        "system call 999",
    ]


def test_every_name_in_the_policy_is_a_call_of_some_machine() -> None:
    named = {
        *policy.ANSWERED,
        *policy.names(policy.killed()),
        *(name for profile in policy.PROFILES for name in policy.names(policy.allowed(profile))),
        *(name for p in policy.PROFILES for machine in MACHINES for name in policy.conditional(p, machine)),
    }
    assert named <= {name for machine in MACHINES for name in numbers(machine)}


@pytest.mark.parametrize("profile", policy.PROFILES)
def test_no_call_is_decided_twice(profile: policy.Profile) -> None:
    named = [
        *policy.names(policy.allowed(profile)),
        *policy.conditional(profile, "x86_64"),
        *policy.ANSWERED,
        *policy.names(policy.killed()),
    ]
    assert sorted(named) == sorted(set(named))
