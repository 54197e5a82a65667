"""Programs are found in a prompt by one of their lines: the same ones as a look at each of them finds."""

import random

from selftaught.core.contracts import Program
from selftaught.sandbox.shown import Shown


def some_program(rng: random.Random) -> Program:
    """Of few different lines, so that programs share lines, and hold one another."""
    lines = [f"    x = {rng.randrange(4)}" for _ in range(rng.randrange(6))]
    return Program("\n".join([f"def f(x):  # {rng.randrange(3)}", *lines, rng.choice(["    return x", ""])]))


def test_what_a_prompt_shows_is_found_as_by_a_look_at_each() -> None:
    rng = random.Random(7)
    for _ in range(50):
        programs = list({some_program(rng) for _ in range(40)})
        shown = Shown()
        for program in programs:
            shown.add(program)
        some = [rng.choice(programs).source.strip() for _ in range(3)]
        prompt = f"Improve {some[0]} or this:\n\n```\n{some[1]}\n``` as well as `{some[2]}`, please."
        found = list(shown.within(prompt))
        assert sorted(found, key=repr) == sorted((p for p in programs if p.source.strip() in prompt), key=repr)


def test_a_program_that_shares_its_lines_is_kept_under_the_rarest() -> None:
    shown = Shown()
    for number in range(1000):
        shown.add(Program(f"def f(x):\n    x = 1\n    y = {number}\n    return x\n"))
    looked_at = [len(kept) for kept in shown._by_line.values()]
    assert max(looked_at) <= 2
