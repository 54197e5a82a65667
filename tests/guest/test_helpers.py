"""extract_code, as improvers import it."""

import ast
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.guest.helpers import extract_code

PROGRAM = "def algorithm(x):\n    return x + 1\n"
NESTED = (
    'def improve_algorithm(s):\n    message = f"""Improve:\n```python\n{s}\n```\nand\n```\n{s}\n```\n"""\n'
    "    return message\n"
)


@pytest.mark.parametrize(
    "response",
    [
        f"```python\n{PROGRAM}```",
        f"Idea.\n\n```python\n{PROGRAM}```\nDone.",
        f"```\n{PROGRAM}```",
        f"```py\n{PROGRAM}```",
        f"``` Python3 \n{PROGRAM}\n\n```  ",
        f"~~~python\n{PROGRAM}~~~",
        f"````python\n{PROGRAM}````",
        f"```python\n{PROGRAM}".replace("\n", "\r\n"),
        f"```python\n{PROGRAM}",
        "1. Do this:\n\n   ```python\n   def algorithm(x):\n       return x + 1\n   ```\n",
        f"```bash\npip\n```\nthen\n```python\n{PROGRAM}```",
        f"```text\nan explanation, longer than the program, not Python at all\n```\n```python\n{PROGRAM}```",
        PROGRAM,
    ],
)
def test_the_program_is_found(response: str) -> None:
    assert extract_code(response) == PROGRAM


@pytest.mark.parametrize("fence", ["```python", "```"])
def test_a_program_that_holds_fences_is_found_whole(fence: str) -> None:
    assert extract_code(f"An idea.\n{fence}\n{NESTED}```\nGood luck.") == NESTED


STRINGS = {
    "nothing": "",
    "docstring": '    """Use:\n\n    ```python\n    f(1)\n    ```\n    """\n',
    "prompt": "    m = f'''Improve:\n```python\n{x}\n```\nReturn:\n```\n{x}\n```\n'''\n",
    "never closed": '    m = """Write after\n```python\n""" + x\n',
    "one bare": "    m = '''\n```\n'''\n",
    "tildes": '    m = """\n~~~\ncode\n~~~\n"""\n',
}
AFTER = {
    "nothing": "",
    "prose": "\nDone.",
    "shell": "\n\nInstall:\n```bash\npip install x\n```\n",
    "example": "\n\nExample:\n```python\nf(1)\n```\n",
    "output": "\nOutput:\n```\n42\n```\nok",
}


FENCES = ["```python", "```", "```py", "~~~", "~~~python", "````", "````python"]


@pytest.mark.parametrize("string", STRINGS)
def test_fences_inside_a_program_and_blocks_after_it_do_not_matter(string: str) -> None:
    program = f"def f(x):\n{STRINGS[string]}    v = 1\n    return x\n"
    for fence, after, newline in product(FENCES, [*AFTER, "cut off"], ["\n", "\r\n"]):
        closing = "" if after == "cut off" else fence.removesuffix("python").removesuffix("py") + AFTER[after]
        response = f"1. An idea.\n\n{fence}\n{program}{closing}".replace("\n", newline)
        assert extract_code(response) == program, (fence, after, newline)


@pytest.mark.parametrize("response", ["", "no code", "Call `f(x)`.", "``` ```", "```python\n```", "```\n\n\n```", "x"])
def test_no_code_is_none(response: str) -> None:
    assert extract_code(response) is None


def test_the_block_that_defines_a_function_wins() -> None:
    assert extract_code(f"```python\nx = 1\n```\n```python\n{PROGRAM}```\n```python\ny = 2\n```") == PROGRAM


def parses(code: str) -> bool:
    try:
        return bool(ast.parse(code).body)
    except SyntaxError:
        return False


@given(
    st.lists(st.sampled_from(["x = 1", "def f():", "    return 2", "# note", "if x:", "    pass", ""]), min_size=1),
    st.sampled_from(["```python", "```", "~~~", "````py"]),
)
def test_whatever_is_in_one_fence_comes_out(lines: list[str], fence: str) -> None:
    code = "\n".join(lines).strip("\n")
    closing = fence.rstrip("python")
    extracted = extract_code(f"Idea\n{fence}\n{code}\n{closing}\nbye")
    margin = min((len(line) - len(line.lstrip()) for line in code.splitlines() if line.strip()), default=0)
    expected = "\n".join(line[margin:] for line in code.splitlines())
    assert extracted == (expected + "\n" if code.strip() and parses(expected) else None)
