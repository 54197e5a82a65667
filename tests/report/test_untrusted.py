"""Text of guests and models: seen as it is, or not at all."""

import pytest

from selftaught.report.untrusted import many_lines, one_line, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain", "plain"),
        ("ünï \U0001f600", "ünï \U0001f600"),
        ("two\nlines\r\n", "two lines"),
        ("\x1b[31mred\x07", "[31mred"),
        ("exe.\u202egnp\u202c", "exe. gnp"),
        ("a\x00b\ud800c\u2028d\u200be", "a b c d e"),
        ("x" * 201, "x" * 199 + "…"),
    ],
)
def test_one_line(text: str, seen: str) -> None:
    assert one_line(text) == seen


def test_what_cannot_be_seen_in_a_program_is_named() -> None:
    assert visible("a\tb\n\x00\r\u202e\ud800") == "a\tb\n‹U+0000›‹U+000D›‹U+202E›‹U+D800›"


def test_programs_that_differ_in_what_cannot_be_seen_still_differ() -> None:
    assert visible("x\u200b") != visible("x\u202e") != visible("x")


def test_a_long_program_is_cut_and_says_by_how_much() -> None:
    assert many_lines("x" * 15, most=10) == "x" * 10 + "\n… 5 characters more"
    assert many_lines("x" * 10, most=10) == "x" * 10
