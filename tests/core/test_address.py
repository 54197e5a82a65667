"""Addresses: content, not position; and a count that keeps equal questions apart."""

import threading

from selftaught.core.address import Addresses, draw_seed, here, working_at


def addresses() -> Addresses:
    return Addresses(threading.Lock())


def test_equal_questions_in_one_place_are_told_apart_by_their_count() -> None:
    a = addresses()
    first, second, other = a.next("ask", "x"), a.next("ask", "x"), a.next("ask", "y")
    assert first.removesuffix("#0") == second.removesuffix("#1")
    assert other.endswith("#0") and other != first


def test_work_asked_for_within_work_stands_below_it() -> None:
    a = addresses()
    outer = a.next("apply", "x")
    with working_at(outer):
        assert here() == outer
        assert a.next("ask", "y").startswith(outer + "/ask:")
    assert here() == ""


def test_another_run_in_another_order_gives_the_same_addresses() -> None:
    a, b = addresses(), addresses()
    forward = {a.next("ask", c) for c in "xxyz"}
    backward = {b.next("ask", c) for c in "zyxx"}
    assert forward == backward


def test_content_that_joins_alike_is_told_apart() -> None:
    contents = [("a", "b"), ("a\0b",), ("ab",), ("ab", ""), ("", "ab"), ("1:a1:b",)]
    assert len({addresses().next("ask", *content) for content in contents}) == len(contents)


def test_a_seed_depends_on_every_part_and_fits_63_bits() -> None:
    parts = [("7", "three-sat", "val"), ("7", "three-sat", "test"), ("8", "three-sat", "val")]
    seeds = {draw_seed(*part) for part in parts}
    assert len(seeds) == 3 and all(0 <= seed < 2**63 for seed in seeds)
    assert draw_seed("7", "x") == draw_seed("7", "x")
