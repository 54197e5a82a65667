"""Messages: what is in a frame is plain data, or it breaks the protocol, and it costs the host little either way."""

import random
import time
from collections.abc import Iterator

import pytest

from attacks.arena import FORGE, peak_megabytes, raid
from attacks.prey import Prey
from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits, Outcome, Value
from selftaught.sandbox.jail import Jail
from selftaught.tasks.judge import Judge
from selftaught.tasks.spec import TaskSpec

pytestmark = pytest.mark.attack

MESSAGES = {
    "an-order-to-load": "wire.encode(wire.Load('', 'f', 1, None))",
    "a-call": "wire.encode(wire.Call([1]))",
    "a-reply": "wire.encode(wire.Reply(1, 1.0))",
    "news-of-the-zygote": "wire.encode(wire.Ready([], 0))",
    "a-new-guest": "wire.encode(wire.Forked(1))",
    "the-end-of-a-guest": "wire.encode(wire.Exited(1, 0, 0.0, 0))",
    "a-request": "wire.encode(wire.Ask(1, 'utility', ['x']))",
    "loaded-again": "wire.encode(wire.Loaded())",
    "a-field-too-many": "msgspec.msgpack.encode(['returned', 1, 2])",
    "a-field-too-few": "msgspec.msgpack.encode(['returned'])",
    "an-unknown-tag": "msgspec.msgpack.encode(['forged', 1])",
    "a-tag-that-is-a-list": "msgspec.msgpack.encode([['returned'], 1])",
    "a-map": "msgspec.msgpack.encode({'message': 'returned', 'value': 1})",
    "a-number": "msgspec.msgpack.encode(1)",
    "a-wrong-type": "msgspec.msgpack.encode(['raised', 1, 2])",
    "a-request-with-a-huge-number": "msgspec.msgpack.encode(['ask', 1 << 63, 'utility', 'x'])",
    "nothing": "b''",
    "noise": "bytes(range(256))",
    "two-messages-in-one": "wire.encode(wire.Returned(1)) * 2",
    "half-a-message": "wire.encode(wire.Returned('x' * 100))[:50]",
    "no-utf-8": "b'\\x92\\xa8returned\\xa2\\xff\\xfe'",
    "half-a-character": "b'\\x92\\xa8returned\\xa3\\xed\\xa0\\x80'",
    "2-million-deep": "b'\\x92\\xa8returned' + b'\\x91' * 2_000_000",
    "2-million-deep-maps": "b'\\x92\\xa8returned' + b'\\x81\\x01' * 1_000_000",
    "4-gi-items": "b'\\x92\\xa8returned\\xdd\\xff\\xff\\xff\\xff'",
    "4-gi-pairs": "b'\\x92\\xa8returned\\xdf\\xff\\xff\\xff\\xff'",
    "4-gi-bytes": "b'\\x92\\xa8returned\\xc6\\xff\\xff\\xff\\xff'",
    "4-gi-of-text": "b'\\x92\\xa8returned\\xdb\\xff\\xff\\xff\\xff'",
    "4-gi-of-extension": "b'\\x92\\xa8returned\\xc9\\xff\\xff\\xff\\xff\\x01'",
    "an-extension-of-no-kind": "b'\\x92\\xa8returned\\xd4\\x05\\x00'",
    "a-key-that-is-a-map": "b'\\x92\\xa8returned\\x81\\x81\\x01\\x01\\x01'",
    "a-byte-that-means-nothing": "b'\\x92\\xa8returned\\xc1'",
}


@pytest.mark.parametrize("what", MESSAGES)
def test_what_is_no_answer_breaks_the_protocol(isolating_sandbox: Jail, what: str) -> None:
    source = FORGE + f"def f(x):\n    put_body({MESSAGES[what]})\n    time.sleep(60)"
    outcomes: list[Outcome] = []
    limits = Limits(cpu_seconds=0.5, wall_seconds=1.0)
    grown = peak_megabytes(lambda: outcomes.append(raid(isolating_sandbox, source, 1, limits=limits)))
    # A key of a dict may be anything in Python: an honest mistake, and so a bad answer.
    wanted = Verdict.BAD_ANSWER if what == "a-key-that-is-a-map" else Verdict.PROTOCOL_ERROR
    assert (outcomes[0].verdict, outcomes[0].value) == (wanted, None)
    assert grown < 48


ARRAYS = {
    "too-few-bytes": "['<i8', [3], bytes(8)]",
    "too-many-bytes": "['<i8', [1], bytes(80)]",
    "a-negative-size": "['<i8', [-1], bytes(8)]",
    "two-negative-sizes": "['<i8', [-1, -1], bytes(8)]",
    "sizes-that-overflow": "['|u1', [1 << 32, 1 << 32], b'']",
    "a-size-beyond-64-bits": "['|u1', [(1 << 64) - 1], b'']",
    "many-dimensions": "['|u1', [1] * 2000, b'x']",
    "objects": "['|O', [1], bytes(8)]",
    "text": "['<U1', [1], bytes(4)]",
    "fields": "['V8', [1], bytes(8)]",
    "dates": "['<M8[s]', [1], bytes(8)]",
    "complex-numbers": "['<c16', [1], bytes(16)]",
    "the-other-byte-order": "['>i8', [1], bytes(8)]",
    "no-dtype": "['', [1], b'x']",
    "a-dtype-that-is-a-number": "[1, [1], b'x']",
    "a-shape-that-is-a-number": "['|u1', 1, b'x']",
    "sizes-that-are-floats": "['|u1', [1.0], b'x']",
    "no-bytes": "['|u1', [1], None]",
    "a-list-for-bytes": "['|u1', [1], [0]]",
    "a-part-too-many": "['|u1', [1], b'x', 1]",
    "an-empty-one-of-absurd-shape": "['|u1', [1 << 39, 1 << 39, 0], b'']",
}


@pytest.mark.parametrize("what", ARRAYS)
def test_an_array_that_lies_breaks_the_protocol(isolating_sandbox: Jail, what: str) -> None:
    source = FORGE + (
        "def f(x):\n"
        f"    body = msgspec.msgpack.Ext(1, msgspec.msgpack.encode({ARRAYS[what]}))\n"
        "    put_body(msgspec.msgpack.encode(['returned', body]))\n"
        "    time.sleep(60)\n"
    )
    outcome = raid(isolating_sandbox, source, 1, limits=Limits(cpu_seconds=0.5, wall_seconds=1.0))
    assert (outcome.verdict, outcome.value) == (Verdict.PROTOCOL_ERROR, None)


# small messages that are large


def amplified(jail: Jail, body: str) -> tuple[Outcome, float]:
    """The outcome of one hostile frame, and the megabytes that it cost the host."""
    source = FORGE + f"def f(x):\n    put_body({body})\n    time.sleep(60)"
    outcomes: list[Outcome] = []
    limits = Limits(cpu_seconds=1.0, wall_seconds=3.0)
    grown = peak_megabytes(lambda: outcomes.append(raid(jail, source, 1, limits=limits)))
    return outcomes[0], grown


def test_an_array_of_many_empty_rows_does_not_fill_the_host(isolating_sandbox: Jail) -> None:
    array = "msgspec.msgpack.Ext(1, msgspec.msgpack.encode(['|u1', [2_000_000, 0], b'']))"
    outcome, megabytes = amplified(isolating_sandbox, f"msgspec.msgpack.encode(['returned', {array}])")
    assert outcome.verdict is not Verdict.OK
    assert megabytes < 48


@pytest.mark.parametrize("item", ["\\x80", "\\x90", "\\xa2ab"], ids=["maps", "lists", "texts"])
def test_millions_of_empty_things_do_not_fill_the_host(isolating_sandbox: Jail, item: str) -> None:
    count = 1_300_000
    body = f"b'\\x92\\xa8returned\\xdd' + struct.pack('>I', {count}) + b'{item}' * {count}"
    _, megabytes = amplified(isolating_sandbox, body)
    assert megabytes < 48


@pytest.mark.parametrize("depth", [100, 900])
def test_an_answer_too_deep_to_be_handled_is_none(isolating_sandbox: Jail, depth: int) -> None:
    """However few bytes it is: whoever grades it would have to fear for the stack."""
    outcome = raid(isolating_sandbox, f"def f():\n    x = []\n    for _ in range({depth}): x = [x]\n    return x")
    assert outcome.verdict is not Verdict.OK


def test_an_answer_too_deep_to_be_graded_costs_its_instance_and_not_the_run(isolating_sandbox: Jail) -> None:
    """`grade` is the user's own, and may well look into an answer by recursion."""

    def sum_of(answer: Value) -> float:
        return sum(sum_of(part) for part in answer) if isinstance(answer, list) else answer

    def instances(chance: random.Random, split: str) -> Iterator[tuple[tuple[int], None]]:
        yield (1,), None

    limits = Limits(cpu_seconds=1.0, wall_seconds=2.0)
    seed = Program("def f(x):\n    y = [1]\n    for _ in range(900): y = [y]\n    return y")
    spec = TaskSpec("deep", "", seed, "f", instances, lambda _, answer: sum_of(answer), limits, "")
    assert Judge(spec, isolating_sandbox, "val", 1)(seed).verdict is not Verdict.OK


COLLIDING = """
def colliding(n):
    '''Pairs of integers of one and the same hash, as pairs of a map.'''
    p1, p2, p5, m = 11400714785074694791, 14029467366897019727, 2870177450012600261, (1 << 64) - 1
    inverse, found, a = pow(p2, -1, 1 << 64), [], 0
    while len(found) < n:
        lane = (p5 + a * p2) & m
        b = (12345 - ((lane << 31 | lane >> 33) & m) * p1) * inverse & m
        b -= (b >> 63) << 64
        if abs(b) < (1 << 61) - 1: found.append(struct.pack('>BBqBqB', 0x92, 0xd3, a, 0xd3, b, 1))
        a += 1
    return b'\\x92\\xa8returned\\xdf' + struct.pack('>I', n) + b''.join(found)
"""


def test_keys_of_one_hash_do_not_stop_the_host(isolating_sandbox: Jail) -> None:
    source = FORGE + COLLIDING + "def f(n):\n    put_body(colliding(n))\n    time.sleep(60)"
    began = time.process_time()
    raid(isolating_sandbox, source, 10_000, limits=Limits(cpu_seconds=2.0, wall_seconds=5.0))
    assert time.process_time() - began < 2.0  # 0.05 here; as keys of a map they would take some ten


# data only


def is_plain(value: Value) -> bool:
    """Whether it is data through and through, of no class of anybody's."""
    if type(value) is list:
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    return value is None or type(value) in (bool, int, float, str, bytes)


def test_a_pickle_stays_bytes(isolating_sandbox: Jail, prey: Prey) -> None:
    source = """
        import os, pickle
        class Evil:
            def __init__(self, path): self.path = path
            def __reduce__(self): return os.mkdir, (self.path,)
        def f(path): return pickle.dumps(Evil(path))
    """
    outcome = raid(isolating_sandbox, source, str(prey.folder / "new"))
    assert (type(outcome.value), prey.is_as_it_was()) == (bytes, True)
    assert b"mkdir" in outcome.value  # it is one, and a host that loaded it would have made the folder


EVIL = {
    "an-integer": "type('Evil', (int,), TRICKS)(3)",
    "a-float": "type('Evil', (float,), TRICKS)(3)",
    "a-text": "type('Evil', (str,), TRICKS)('x')",
    "bytes": "type('Evil', (bytes,), TRICKS)(b'x')",
    "a-list": "type('Evil', (list,), TRICKS)([1])",
    "a-map": "type('Evil', (dict,), TRICKS)({1: 2})",
    "a-tuple": "type('Evil', (tuple,), TRICKS)((1,))",
    "an-array": "numpy.zeros(3).view(type('Evil', (numpy.ndarray,), TRICKS))",
    "a-matrix": "numpy.matrix([[1, 2], [3, 4]])",
    "an-array-with-gaps": "numpy.ma.masked_array([1, 2], mask=[True, False])",
    "an-array-of-fields": "numpy.zeros(3, dtype=[('a', int)])",
    "what-is-called-numpy": "type('Evil', (), TRICKS | {'__module__': 'numpy', 'item': lambda s: [s], 'dtype': 1})()",
    "a-data-class": "dataclasses.make_dataclass('Evil', ['x'], namespace=TRICKS)(1)",
    "an-enumeration": "enum.Enum('Evil', ['x']).x",
    "a-named-tuple": "collections.namedtuple('Evil', ['x'])(1)",
    "a-date": "datetime.date(2000, 1, 1)",
    "a-decimal": "decimal.Decimal('1e999999')",
    "a-set": "{1, 2}",
    "an-identifier": "uuid.UUID(int=1)",
    "a-view": "memoryview(b'x')",
    "infinity": "[float('inf'), float('-inf'), float('nan')]",
}


@pytest.mark.parametrize("what", EVIL)
def test_an_evil_object_arrives_as_plain_data_or_not_at_all(isolating_sandbox: Jail, prey: Prey, what: str) -> None:
    source = f"""
import collections, dataclasses, datetime, decimal, enum, os, uuid
import numpy
PATH = []
TRICKS = {{
    '__reduce__': lambda s: (os.mkdir, (PATH[0],)),
    '__array__': lambda s, *a, **k: numpy.array([[object()]]),
    '__repr__': lambda s: 1 / 0,
    '__eq__': lambda s, o: True,
    '__hash__': lambda s: 0,
}}
def f(path):
    PATH.append(path)
    return [{EVIL[what]}]
"""
    outcome = raid(isolating_sandbox, source, str(prey.folder / "new"))
    assert outcome.verdict in {Verdict.OK, Verdict.BAD_ANSWER, Verdict.PROTOCOL_ERROR, Verdict.CRASHED}
    assert (is_plain(outcome.value), prey.is_as_it_was()) == (True, True)


def test_a_timestamp_arrives_as_plain_data_or_not_at_all(isolating_sandbox: Jail) -> None:
    source = "import datetime\ndef f(): return datetime.datetime.now(datetime.timezone.utc)"
    assert is_plain(raid(isolating_sandbox, source).value)


def test_keys_arrive_as_plain_data_or_not_at_all(isolating_sandbox: Jail) -> None:
    assert is_plain(raid(isolating_sandbox, "def f(): return {(1, 2): 3}").value)
