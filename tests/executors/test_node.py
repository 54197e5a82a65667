"""What runs on a node, without an engine: whom it works for, and what it says where it does not."""

import msgspec
import pytest

from selftaught.wiring.executors.node import Node
from selftaught.wiring.executors.packets import Begin, Facts, Failed, Files, Hello, Refused, from_node, pack


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


def test_a_node_without_a_sandbox_runs_nothing() -> None:
    begin = Begin(1, "def f(): ...", "f", 0, {}, "", [], 0, False)
    answer = from_node(Node().begin(pack(begin)))
    assert isinstance(answer, Failed) and "before it had a sandbox" in answer.text
