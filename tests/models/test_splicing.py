"""A program with markers is changed between them, and nowhere else: not a comment, not a blank."""

import random

import pytest

from selftaught.models.mutate import answer
from selftaught.sandbox.reading import code_in
from selftaught.tasks.evaluation import changed_outside

PROGRAM = '''# the file's own comment

import random ;  LIMIT = 10   # stays

# EVOLVE-BLOCK-START
def search(n=3):
    """Text
      of two lines."""
    best = 0  # the best so far
    for x in range(n):
        # each in turn
        if x > best and x < LIMIT:
            best = x
        elif x == 2: best = 1
        else:
            best = best + 0
    return best
# EVOLVE-BLOCK-END

def   run( ): return search( n = LIMIT )
class Kept:
    # EVOLVE-BLOCK-START
    factor = 2
    def much(self):
        return self.factor * 3
    # EVOLVE-BLOCK-END
    unused = [1,2]
'''


@pytest.mark.parametrize("temperature", [0.0, 0.7, 2.0])
def test_every_change_is_between_the_markers(temperature: float) -> None:
    made = set()
    for number in range(60):
        source = code_in(answer(f"```python\n{PROGRAM}```\n", temperature, number), PROGRAM)
        assert source is not None and changed_outside(PROGRAM, source) == "" and source.strip() != PROGRAM.strip()
        made.add(source)
    assert len(made) > 10 and any("# each in turn" in source for source in made)


def test_where_nothing_between_them_can_be_changed_it_stays() -> None:
    program = "def f(x):\n    return x + 1\n# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n"
    assert answer(f"```python\n{program}```\n", 0.7, random.randrange(99)).startswith("Idea: nothing could be changed.")
