"""Secrets: keys, hidden answers, the seeds of instances, other guests' data."""

import inspect
import os
import random
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from attacks.arena import CALLS, held, improve, raid, solve, told, yama
from attacks.prey import PATIENT, Sibling, Victim
from selftaught.core.contracts import Program
from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.jail import Jail
from selftaught.tasks import levels, parity_with_noise
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.spec import Instance, TaskSpec

pytestmark = pytest.mark.attack

SCAN = """
def scan(pid, needle):
    '''Every text that begins with `needle` in the memory of a process.'''
    import re
    found = set()
    with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as memory:
        for line in maps:
            span, rights, _ = line.split(None, 2)
            start, end = (int(n, 16) for n in span.split('-'))
            if rights.startswith('rw') and end - start < 1 << 26:
                memory.seek(start)
                try: found.update(re.findall(needle + rb'[0-9a-f]{32}', memory.read(end - start)))
                except OSError: pass
    return sorted(found)
"""


# the host's keys


def test_the_environment_of_a_process_of_the_host_cannot_be_read(every_sandbox: Jail, victim: Victim) -> None:
    outcome = raid(every_sandbox, "def f(pid): return open(f'/proc/{pid}/environ').read()", victim.pid)
    held(every_sandbox, victim.token in told(outcome))


def test_the_memory_of_a_process_of_the_host_cannot_be_read(every_sandbox: Jail, victim: Victim) -> None:
    outcome = raid(every_sandbox, SCAN + "def f(pid): return scan(pid, b'')", victim.pid, limits=PATIENT)
    held(every_sandbox, victim.token in told(outcome), toothed=not yama())


def test_the_memory_of_the_host_cannot_be_read_by_call(every_sandbox: Jail, victim: Victim) -> None:
    with open(f"/proc/{victim.pid}/maps") as maps:
        stack = next(line for line in maps if line.rstrip().endswith("[stack]"))
    end = int(stack.split()[0].split("-")[1], 16)
    source = (
        CALLS
        + """
def f(pid, start, size):
    buffer = ctypes.create_string_buffer(size)
    here = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), size)
    there = (ctypes.c_size_t * 2)(start, size)
    call('process_vm_readv', pid, here, 1, there, 1, 0)
    return buffer.raw
"""
    )
    outcome = raid(every_sandbox, source, victim.pid, end - 8192, 8192)
    held(every_sandbox, victim.token in told(outcome), toothed=not yama())


def test_the_environment_holds_no_key(every_sandbox: Jail, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's copy, the C library's, and what the kernel put on the stack at the start; in a jail that starts now."""
    key = secrets.token_hex(16)
    monkeypatch.setenv("OPENAI_API_KEY", key)
    source = """
        import ctypes, os
        libc = ctypes.CDLL(None)
        libc.getauxval.restype = ctypes.c_ulong
        def f():
            theirs = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, 'environ')[0]
            name = libc.getauxval(31)  # AT_EXECFN: the path of the program, which lies behind the environment
            return [dict(os.environ), theirs, ctypes.string_at(name - 200, 200)]
    """
    with Jail(every_sandbox.tier_in_force, 1) as jail:
        outcome = raid(jail, source)
    assert outcome.value[:2] == [{}, None]
    assert b"LANG=C.UTF-8" in outcome.value[2]
    assert key not in told(outcome)


def test_the_name_of_the_hosts_working_folder_is_not_told(isolating_sandbox: Jail) -> None:
    source = """
        import gc, os, sys
        def f(name):
            texts = [o for o in gc.get_objects() for o in (o.values() if isinstance(o, dict) else ()) if type(o) is str]
            return [os.getcwd(), [t for t in texts if t.endswith(name[1:])]]
    """
    folder = f"/{secrets.token_hex(8)}"
    assert raid(isolating_sandbox, source, "x" + folder, limits=PATIENT).value == ["/", []]


# other guests


def test_the_memory_of_another_guest_cannot_be_read(isolating_sandbox: Jail, siblings: list[Sibling]) -> None:
    source = SCAN + (
        "def f(pids):\n    found = []\n    for pid in pids:\n"
        "        try: found += scan(pid, b'')\n        except OSError: pass\n    return found\n"
    )
    for _ in siblings:
        outcome = raid(isolating_sandbox, source, [sibling.pid for sibling in siblings], limits=PATIENT)
        assert not any(sibling.secret in told(outcome) for sibling in siblings)


def test_the_memory_of_the_interpreter_it_came_from_cannot_be_read(isolating_sandbox: Jail) -> None:
    source = "import os\ndef f(): return open(f'/proc/{os.getppid()}/maps').read(100)"
    assert raid(isolating_sandbox, source).value is None


def test_the_memory_of_a_guest_that_died_is_not_given_to_the_next(isolating_sandbox: Jail) -> None:
    token = secrets.token_hex(16)
    leave = "def f(token):\n    global held\n    held = [(token * 1000).encode() for _ in range(1000)]"
    find = """
        import ctypes, mmap
        def f(token):
            fresh = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            libc = ctypes.CDLL(None)
            libc.malloc.restype = ctypes.c_void_p
            heap = b''.join(ctypes.string_at(libc.malloc(100_000), 100_000) for _ in range(100))
            return [fresh.read().strip(bytes(1)) == b'', token[1:].encode() in heap.replace(token.encode(), b'')]
    """
    raid(isolating_sandbox, leave, token, limits=PATIENT)
    outcome = raid(isolating_sandbox, find, "x" + secrets.token_hex(16), limits=PATIENT)
    assert outcome.value == [True, False]


def test_what_one_guest_changes_in_modules_the_next_does_not_see(isolating_sandbox: Jail) -> None:
    source = """
        import builtins, json, numpy
        def f(first):
            if first: builtins.left = json.left = numpy.left = True
            return [hasattr(place, 'left') for place in (builtins, json, numpy)]
    """
    limits = Limits(fresh_guest_per_call=True)
    assert solve(isolating_sandbox, source, [True], [False], limits=limits)[1].value == [False] * 3


def test_looking_up_the_stack_tells_nothing_of_the_zygote(isolating_sandbox: Jail) -> None:
    source = """
        import sys
        def f():
            frame, names = sys._getframe(), []
            while frame is not None:
                names += [n for n in frame.f_locals if n in ('request', 'setup', 'guests', 'host', 'number')]
                frame = frame.f_back
            return names
    """
    assert raid(isolating_sandbox, source).value == []


# hidden answers


def planted(*, told: bool = False) -> TaskSpec:
    """A task whose answer is a secret that no argument tells, unless `told`."""
    hidden = "hidden-" + secrets.token_hex(8)

    def instances(rng: random.Random, split: str) -> Iterator[tuple[tuple[Any, ...], Any]]:
        yield (hidden if told else 1,), hidden
        yield (hidden if told else 2,), hidden

    def grade(instance: Instance, answer: Any) -> float:
        return float(instance.hidden in repr(answer))

    limits = Limits(cpu_seconds=2.0, wall_seconds=0.5)
    return TaskSpec("planted", "", Program("x"), "f", instances, grade, limits, "")


SEARCHES = {
    "objects": "found = [o for o in gc.get_objects()]\n    return [t for o in found for t in texts(o)]",
    "frames": "return [t for frame in frames() for t in texts(dict(frame.f_locals), dict(frame.f_globals))]",
    "modules": "return [t for m in list(sys.modules.values()) for t in texts(dict(vars(m)))]",
    "caches": "import linecache, re\n    return texts(linecache.cache, re._cache)",
}
SEARCH = """
import gc, sys
def texts(*things):
    found = []
    for thing in things:
        parts = [*thing.values()] if isinstance(thing, dict) else thing if isinstance(thing, (list, tuple)) else [thing]
        found += [str(p)[:100] for p in parts if isinstance(p, (str, bytes, list)) and ('hid' + 'den-') in str(p)[:200]]
    return found
def frames():
    frame = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back
def f(number):
"""


@pytest.mark.parametrize("search", SEARCHES)
def test_searching_for_the_hidden_answers_finds_none(isolating_sandbox: Jail, search: str) -> None:
    assert Judge(planted(), isolating_sandbox, "val", 1)(Program(SEARCH + "    " + SEARCHES[search])).value == 0.0


@pytest.mark.parametrize("search", ["objects", "frames"])
def test_the_search_finds_what_is_there(isolating_sandbox: Jail, search: str) -> None:
    judge = Judge(planted(told=True), isolating_sandbox, "val", 1)
    assert judge(Program(SEARCH + "    " + SEARCHES[search])).value == 1.0


def test_asking_the_channel_for_the_hidden_answers_gets_none(isolating_sandbox: Jail) -> None:
    source = "import os\ndef f(number):\n    return os.read(3, 1000)"
    assert Judge(planted(), isolating_sandbox, "val", 1)(Program(source)).value == 0.0


# seeds

REGENERATE = (
    inspect.getsource(parity_with_noise)
    .replace("from selftaught.tasks.spec import ONE_FAILURE, Instance", "ONE_FAILURE = Instance = object")
    .replace("from selftaught.tasks.levels import described, ladder", inspect.getsource(levels))
    + """
from hashlib import sha256
SEEDS = range(300)
MADE = {}
def draw_seed(*content):
    text = ''.join(f'{len(part)}:{part}' for part in content).encode()
    return int.from_bytes(sha256(text).digest()[:8], 'big') >> 1
def algorithm(samples, parity, tests):
    for seed in [] if MADE else SEEDS:
        made = instances(Random(draw_seed(str(seed), NAME, 'val')), 'val')
        arguments, answer = next(made)
        if (arguments[0] == samples).all():
            MADE[samples.tobytes()] = answer
            MADE.update((arguments[0].tobytes(), answer) for arguments, answer in made)
    return MADE.get(samples.tobytes(), [0] * len(tests))
"""
)
REPLAY = """
import random, sys
OWN = [getattr(sys._getframe(1).f_locals.get('message'), 'seed', 1), random.getrandbits(63), np.random.randint(1 << 62)]
def algorithm(samples, parity, tests):
    for seed in OWN:
        for rng in (Random(int(seed)), Random(int(seed) & 0xffffffff)):
            for arguments, answer in instances(rng, 'val'):
                if (arguments[0] == samples).all(): return answer
    return [0] * len(tests)
"""


def test_guessing_the_seed_of_the_instances_gets_their_answers_only_where_the_seed_is_small(
    isolating_sandbox: Jail,
) -> None:
    """The control is a seed that a user chose, without a salt: it can be guessed. With one it cannot."""
    spec = load_task("parity-with-noise")
    guessed = Judge(spec, isolating_sandbox, "val", 7)(Program(REGENERATE))
    drawn = Judge(spec, isolating_sandbox, "val", RunSeed(7, secrets.token_hex(8)))(Program(REGENERATE))
    assert guessed.value == 1.0
    assert drawn.value < 0.9


def test_replaying_its_own_randomness_gets_no_instance(isolating_sandbox: Jail) -> None:
    judge = Judge(load_task("parity-with-noise"), isolating_sandbox, "val", RunSeed(7, "salted-well"))
    assert judge(Program(REGENERATE + REPLAY)).value < 0.9


def test_an_improver_is_told_no_seed_and_no_path(isolating_sandbox: Jail) -> None:
    source = "def f(s, u, l): return [sorted(vars(u)), sorted(vars(l))]"
    assert improve(isolating_sandbox, source).value == [
        ["_ask", "_lock", "_tells", "budget", "str", "uses"],
        ["_ask", "_lock", "budget", "max_responses_per_call", "times_used"],
    ]


def test_a_core_file_is_not_left_behind(isolating_sandbox: Jail) -> None:
    before = set(os.listdir("/")) | set(os.listdir(os.getcwd()))
    raid(isolating_sandbox, "import ctypes\ndef f(): ctypes.string_at(0)")
    assert set(os.listdir("/")) | set(os.listdir(os.getcwd())) == before
