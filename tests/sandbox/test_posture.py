"""What a live guest looks like from outside, against what is declared of it here.

The guest is in the middle of a call. It is not dumpable: so an ordinary user may look at all of it only where the user
namespace that it is in is the user's own. That others may not is then what is declared.
"""

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from selftaught.guest import wire
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.conversation import Guest, Question
from selftaught.sandbox.interpreter import ENVIRONMENT
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers.tier import NOBODY
from selftaught.sandbox.worker import Profile, Worker

ROOT = os.geteuid() == 0
LIMITS = Limits(cpu_seconds=5.0, memory_bytes=256 << 20)
SLEEPS = "import time\ndef f(): time.sleep(60)"
NO_CAPABILITIES = "0000000000000000"


@contextlib.contextmanager
def asleep(jail: Jail, filter: str, *, plain: bool = False) -> Iterator[int]:
    """The process number, as seen from here, of a guest that sleeps in a call."""
    worker = Worker(jail.tier_in_force, plain=plain)
    try:
        guest = Guest(worker, worker.take(Profile(filter, LIMITS.memory_bytes, 8)), LIMITS)
        facts = {"utility_str": "", "utility_budget": 1, "model_budget": 1, "max_responses_per_call": 1}
        improver = filter == "improver"
        source = SLEEPS.replace("f()", "f(s, u, l)") if improver else SLEEPS
        guest.exchange(Question.of(wire.Load(source, "f", 1, facts if improver else None)), 1.0)
        call = Question.of(wire.Call(["s"] if improver else []))
        guest.handle.channel.sendall(call.frame)  # its answer is not waited for
        time.sleep(0.02)
        yield guest.handle.pid
        guest.end()
    finally:
        worker.close()


def may_look(jail: Jail) -> bool:
    """Whether we may look at all of a guest."""
    return ROOT or "user namespace" in jail.layers


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def limits(pid: int) -> dict[str, tuple[str, str]]:
    """Name of each limit → soft, hard."""
    found = re.findall(r"^(Max [a-z ]+?) {2,}(\S+) +(\S+)", Path(f"/proc/{pid}/limits").read_text(), re.MULTILINE)
    return {name: (soft, hard) for name, soft, hard in found}


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("filter", ["solution", "improver"])
def test_a_guest_has_no_rights_and_one_thread(isolating_sandbox: Jail, filter: str, plain: bool) -> None:
    with asleep(isolating_sandbox, filter, plain=plain) as pid:
        seen = status(pid)
    assert {key: seen[key] for key in ("NoNewPrivs", "Seccomp", "Threads", "CapInh", "CapPrm", "CapEff", "CapAmb")} == {
        "NoNewPrivs": "1",
        "Seccomp": "2",
        "Threads": "1",
        "CapInh": NO_CAPABILITIES,
        "CapPrm": NO_CAPABILITIES,
        "CapEff": NO_CAPABILITIES,
        "CapAmb": NO_CAPABILITIES,
    }


def test_a_guest_is_nobody_where_root_can_make_it_so(isolating_sandbox: Jail) -> None:
    with asleep(isolating_sandbox, "solution") as pid:
        seen = status(pid)
    user = isolating_sandbox.tier_in_force.user
    expected = os.geteuid() if user is None else user
    if isolating_sandbox.tier == "container":  # its whole container is nobody's, or where only root's engine is, ours
        expected = NOBODY if ROOT else expected
    assert user == (NOBODY if ROOT and isolating_sandbox.tier == "bubblewrap" else user)
    assert seen["Uid"].split() == [str(expected)] * 4
    assert user is None or (seen["Gid"].split(), seen["Groups"]) == ([str(user)] * 4, "")


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("filter", ["solution", "improver"])
def test_a_guest_is_limited(isolating_sandbox: Jail, filter: str, plain: bool) -> None:
    with asleep(isolating_sandbox, filter, plain=plain) as pid:
        seen = limits(pid)
    space = int(seen.pop("Max address space")[0])
    assert LIMITS.memory_bytes < space < LIMITS.memory_bytes + (512 << 20)
    assert {name: seen[name] for name in DECLARED} == {name: (most, most) for name, most in DECLARED.items()}


NAMESPACED = ("bubblewrap", "container")
DECLARED = {
    "Max cpu time": "8",
    "Max file size": "0",
    "Max core file size": "0",
    "Max open files": "32",
    "Max locked memory": "0",
    "Max msgqueue size": "0",
}


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("filter", ["solution", "improver"])
def test_a_guest_holds_its_channel_and_the_null_device(isolating_sandbox: Jail, filter: str, plain: bool) -> None:
    with asleep(isolating_sandbox, filter, plain=plain) as pid:
        if not may_look(isolating_sandbox):
            with pytest.raises(PermissionError):
                os.listdir(f"/proc/{pid}/fd")
            return
        open_ = {name: os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
    channel = open_.pop("3")
    assert open_ == dict.fromkeys("012", "/dev/null")
    assert channel.startswith("socket:")


def test_a_guest_sees_namespaces_of_its_own_where_the_tier_says_so(isolating_sandbox: Jail) -> None:
    names = {"mount": "mnt"}
    declared = {
        names.get(layer.split()[0], layer.split()[0])
        for layer in isolating_sandbox.layers
        if layer.endswith("namespace")
    }
    with asleep(isolating_sandbox, "solution") as pid:
        if not may_look(isolating_sandbox):
            with pytest.raises(PermissionError):
                os.readlink(f"/proc/{pid}/ns/net")
            return
        ours = {
            name: os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "pid", "net", "ipc", "uts", "cgroup", "user")
        }
        theirs = {name: os.readlink(f"/proc/{pid}/ns/{name}") for name in ours}
    assert {name for name in ours if ours[name] != theirs[name]} == declared
    assert bool(declared) is (isolating_sandbox.tier in NAMESPACED)


def test_a_guest_was_started_with_the_declared_environment_only(isolating_sandbox: Jail) -> None:
    with asleep(isolating_sandbox, "solution") as pid:
        if not may_look(isolating_sandbox):
            with pytest.raises(PermissionError):
                Path(f"/proc/{pid}/environ").read_bytes()
            return
        words = Path(f"/proc/{pid}/environ").read_bytes().decode().rstrip("\0").split("\0")
    told = dict(word.split("=", 1) for word in words)
    theirs = {"bubblewrap": {"PWD"}, "container": {"HOME", "HOSTNAME", "PATH", "TERM", "container"}}
    given = {name: told[name] for name in told if name not in theirs.get(isolating_sandbox.tier, ())}
    assert given == ENVIRONMENT  # and what the tier tells of itself; Python wrote nothing more


def test_a_guest_maps_nothing_to_write_that_is_shared_or_run(isolating_sandbox: Jail) -> None:
    with asleep(isolating_sandbox, "solution") as pid:
        if not may_look(isolating_sandbox):
            with pytest.raises(PermissionError):
                Path(f"/proc/{pid}/maps").read_text()
            return
        rights = [line.split()[1] for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    assert [right for right in rights if "w" in right and ("x" in right or "s" in right)] == []


def test_a_guest_sees_no_process_but_its_zygote_and_siblings(isolating_sandbox: Jail) -> None:
    """Its number within its own namespace is a small one; without a namespace it is the machine's."""
    with asleep(isolating_sandbox, "solution") as pid:
        numbers = status(pid)["NSpid"].split()
    assert numbers[0] == str(pid)
    assert len(numbers) == (2 if isolating_sandbox.tier in NAMESPACED else 1)
