"""The program in a response: the corpus, and what holds whatever comes in."""

import ast
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guest.corpus import BEST, DRAFT, HELPER, LIKE, MAIN, STRICT, TEST, Case, fenced
from selftaught.guest.blocks import python_blocks
from selftaught.guest.helpers import extract_code
from selftaught.guest.responses import released_program_in

PROMPTS = 'def improve_algorithm(s, u, m):\n    text = f"""\n```python\n{s}\n```\n"""\n    return m.prompt(text)\n'
"""An improver, as the paper's are: its prompts hold fences at the beginning of a line."""


@pytest.mark.parametrize("case", STRICT, ids=lambda case: case.name)
def test_the_program_comes_out(case: Case) -> None:
    assert extract_code(case.response, like=case.like) == case.program


def test_of_a_list_each_comes_out_in_its_place() -> None:
    for case in STRICT:
        assert extract_code([case.response, fenced(BEST)], like=case.like) == [case.program, BEST], case.name


@pytest.mark.parametrize(
    ("response", "program"),
    [
        (fenced(DRAFT) + fenced(BEST), BEST),
        (fenced(BEST) + fenced("print(algorithm([2, 1]))"), BEST),
        (fenced(HELPER) + fenced(MAIN), f"{HELPER}\n{MAIN}"),
        (fenced(BEST) + fenced("[" + "1, " * 90 + "1]", ""), BEST),
        (fenced(BEST) + fenced(TEST), f"{BEST}\n{TEST}"),  # a part that uses another is joined with it
        (fenced("x = 1"), "x = 1\n"),
        (fenced("sorted(x)"), "sorted(x)\n"),
        (fenced("@@\n-x\n+y", "diff"), None),
        ("```python\ndef algorithm(x):\n    return (x +", None),
    ],
)
def test_where_nothing_says_what_is_wanted(response: str, program: str | None) -> None:
    assert extract_code(response) == program


def test_where_a_text_is_wanted_that_is_no_python() -> None:
    prompt = "You are a poet. Write of $subject, in four lines."
    better = "You are Basho. Write of $subject, in three lines."
    assert extract_code(f"Better:\n{fenced(better, 'text')}It is shorter.", like=prompt) == better + "\n"


def test_python_blocks_come_in_order_and_without_other_text() -> None:
    nested = 'm = """\n```python\nf(1)\n```\n"""\n'
    text = f"{fenced(BEST)}prose\n{fenced('pip install x', 'bash')}{fenced(nested, '', '~~~')}{fenced('x = 1', '')}"
    assert python_blocks(text) == [BEST, nested, "x = 1\n"]


@pytest.mark.parametrize(
    ("response", "program"),
    [
        (fenced(DRAFT) + fenced(BEST), DRAFT),
        (fenced(BEST) + fenced("[" + "1, " * 90 + "1]", "json"), "[" + "1, " * 90 + "1]\n"),
        (fenced(BEST, ""), None),
        (f"```python\n{BEST}", None),
        (BEST, None),
        (f"```python\n{PROMPTS}```\n{fenced(BEST)}", PROMPTS),
        (f"```python\n{PROMPTS}", None),
    ],
)
def test_the_released_rule_takes_the_largest_block_with_a_tag_and_an_end(response: str, program: str | None) -> None:
    assert released_program_in(response) == program


PIECES = [
    "```", "```python", "````", "~~~", "```json", "```diff", "> ", "\n", "\r\n", "<think>", "</think>", "return",
    "def algorithm(x):", "    return x", "x = 1", "'''", '"', "(", "@@", "-x", "+y", "<<<<<<< SEARCH", "=======",
    ">>>>>>> REPLACE", "{", "}", "[", "]", "\0", "\ufeff", "\ud800", "é", "\t", "    ", "class A:", "import math", "# ",
    "\\", "<code>", "&lt;", "<|channel|>final<|message|>", "<|im_end|>", "text", ":", "lambda", "not ",
]  # fmt: skip
responses = st.lists(st.sampled_from(PIECES) | st.sampled_from(["\n"]) | st.text(max_size=4), max_size=40).map("".join)


@given(responses, st.sampled_from([None, LIKE, "no python at all"]))
@example("```python\n\x00\n```", None)
@example("def algorithm(x): return f'{x!'", LIKE)
def test_what_comes_out_parses_or_is_none(response: str, like: str | None) -> None:
    found = extract_code(response, like=like)
    assert found is None or isinstance(found, str)
    if found is not None and like != "no python at all":
        ast.parse(found)


HOSTILE = {
    "backticks": "`" * 1_000_000,
    "bare fences": "```\n" * 250_000,
    "openings": "```python\n" * 100_000,
    "parentheses": "(" * 1_000_000,
    "broken blocks": "```\n(\n" * 150_000,
    "a late error": "```python\n" * 100 + "x = [1, 2, 3]\n" * 13_000 + "(\n" + "```\n" * 99,
    "many late errors": "".join("```python\n" + "x = [1, 2, 3]\n" * 300 for _ in range(200)) + "(\n" + "```\n" * 20,
    "minus signs": "```python\n" + "-" * 1_000_000 + "1\n```",
    "nots": "```python\nx = " + "not " * 40_000 + "1\n```",
    "one f-string": "```python\ndef algorithm(x):\n    return f'" + "{x}" * 60_000 + "'\n```",
    "open strings": "```python\n'''\n" * 100_000,
    "fences ever shorter": "\n".join("`" * size for size in range(2000, 3, -1)),
    "a thousand blocks": "".join(
        fenced(f"def f{n}(x):\n    return {n}\n" + "y = [1, 2, 3]\n" * 700) for n in range(1000)
    ),
    "ten megabytes of prose": "the " * 2_500_000,
    "ten megabytes of blanks": " " * 10_000_000,
    "ten megabytes of lines": "the end\n" * 1_250_000,
    "marks of quotations": "> \n" * 3_000_000,
    "marks of reasoning": "<think>\n" * 1_000_000,
    "ends of reasoning": "</think>\n" * 1_000_000,
    "channels": "<|channel|>" * 900_000,
    "functions that break off": "def f(:\n" * 1_000_000,
    "searches": "<<<<<<< SEARCH\n" * 500_000,
    "hunks": "@@\n-x\n+y\n" * 500_000,
    "JSON, deep": "[" * 1_000_000,
    "JSON, long": "[" + '{"a":"def f(): pass"},' * 300_000 + "1]",
    "tags": "<code>\n" * 1_000_000,
    "numbers": "```python\n" + "1 \n" * 3_000_000 + "```",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("like", [None, LIKE], ids=["alone", "like"])
def test_ten_hostile_megabytes_take_seconds(name: str, like: str | None) -> None:
    began = time.process_time()
    extract_code(HOSTILE[name], like=like)
    assert time.process_time() - began < 10


@pytest.mark.parametrize("place", ["before", "behind"])
@pytest.mark.parametrize("name", ["ten megabytes of prose", "a thousand blocks", "ten megabytes of lines"])
def test_the_program_is_found_before_and_behind_a_flood(name: str, place: str) -> None:
    flood = HOSTILE[name] + "\n"
    response = fenced(BEST) + flood if place == "before" else flood + fenced(BEST)
    assert extract_code(response, like=LIKE) == BEST
