"""What improvers import: `from helpers import extract_code, BudgetExceeded`. Standard library only."""

from collections.abc import Iterator
from typing import Any

from selftaught.guest.interface import BadRequest, BudgetExceeded
from selftaught.guest.responses import program_in, released_program_in

__all__ = ["BadRequest", "BudgetExceeded", "extract_code"]

_improving: dict[str, Any] = {"initial_solution": None, "released": False}
"""What this process was begun for, where it is an improver's."""


def extract_code(response: Any, like: str | None = None) -> Any:
    """The program in a model's response, or None; of several responses the list of what each holds.

    Published improvers hand over the whole list that the model gave, and go through the list that comes back.

    Args:
        response: a text, or a list of such.
        like: the program that is to be replaced: nothing comes back that does not define what it defines, and changes
            that the response shows are made to it. Without it, the solution that the improver was given serves for
            that, but other code comes back too where there is nothing else.
    """
    if isinstance(response, (list, tuple, Iterator)):
        return [extract_code(one, like) for one in response]
    if not isinstance(response, str):
        return None
    if _improving["released"] and (found := released_program_in(response)):
        return found
    return program_in(response, like or _improving["initial_solution"], strict=like is not None)


def begin_improving(initial_solution: str, *, released: bool) -> None:
    """What `extract_code` is to go by from here on."""
    _improving.update(initial_solution=initial_solution, released=released)
