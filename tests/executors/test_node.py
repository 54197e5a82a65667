"""What runs on a node, without an engine: whom it works for, and what it says where it does not."""

import msgspec
import pytest

from selftaught.sandbox.contract import Limits
from selftaught.sandbox.packing import pack_call, pack_limits, unpack_call, unpack_outcome
from selftaught.wiring.executors.node import Kept, Node
from selftaught.wiring.executors.packets import (
    Batch,
    Begin,
    Facts,
    Failed,
    Files,
    Forgotten,
    Hello,
    Ready,
    Refused,
    from_node,
    pack,
)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"python": "3.9.0"}, "its Python is "),
        ({"numpy": "0.1"}, "its numpy is "),
        ({"code": "another"}, "its code of selftaught is "),
        ({"machine": "riscv64"}, "its machine is "),
    ],
)
def test_a_node_that_would_compute_something_else_refuses_and_says_in_what(other: dict[str, str], why: str) -> None:
    facts = msgspec.structs.replace(Facts.here(), **other)
    answer = from_node(Node().hello(pack(Hello("unsafe", 1, facts))))
    assert isinstance(answer, Refused) and answer.why.startswith(why) and ", and here it is " in answer.why


def test_a_package_of_another_version_is_the_users_affair() -> None:
    files = Files("key", ["numpy"], [("numpy", "0.1")], [])
    answer = from_node(Node().files(pack(files)))
    assert isinstance(answer, Failed) and answer.kind == "UsageError"
    assert answer.text.startswith("the task's package numpy is of version ")


def test_a_package_that_is_not_there_is_told_with_how_to_install_it() -> None:
    answer = from_node(Node().files(pack(Files("key", ["nowhere"], [("nowhere", "1.0")], []))))
    assert isinstance(answer, Failed) and "pip install nowhere==1.0" in answer.text


def test_what_is_no_packet_is_answered_and_not_raised() -> None:
    answer = from_node(Node().begin(b"\x80\x05garbage"))
    assert isinstance(answer, Failed) and answer.kind == "SandboxError"


def test_calls_are_kept_by_name_until_others_need_their_room() -> None:
    kept = Kept(most_bytes=300)
    first, second, third, large = ([unpack_call(pack_call([bytes(size)]))] for size in (100, 101, 102, 400))
    kept.put("first", first)
    kept.put("second", second)
    assert kept.get("first") is first  # and so it was used last
    kept.put("third", third)
    assert [kept.get(name) for name in ("first", "second", "third")] == [first, None, third]
    kept.put("large", large)
    assert [kept.get(name) for name in ("first", "third", "large")] == [None] * 3
    kept.put("second", second)
    assert kept.get("second") is second


def test_a_node_that_has_not_kept_the_calls_says_so() -> None:
    node = Node()
    assert isinstance(from_node(node.hello(pack(Hello("unsafe", 1, Facts.here())))), Ready)
    limits = pack_limits(Limits())
    begin = Begin(1, "def f(x): return x + 1", "f", 0, limits, "", [], 0, False, "name")
    assert from_node(node.begin(pack(begin))) == Forgotten("name")
    told = msgspec.structs.replace(begin, calls=[pack_call([1]), pack_call([2])])
    for packet in (told, begin):
        answer = from_node(node.begin(pack(packet)))
        assert isinstance(answer, Batch) and [unpack_outcome(one).value for one in answer.outcomes] == [2, 3]
    assert node._jail is not None
    node._jail.close()


def test_a_node_without_a_sandbox_runs_nothing() -> None:
    begin = Begin(1, "def f(): ...", "f", 0, {}, "", [], 0, False)
    answer = from_node(Node().begin(pack(begin)))
    assert isinstance(answer, Failed) and "before it had a sandbox" in answer.text
