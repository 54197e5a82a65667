"""What is compared with what: the place of this work that is equal for all the improvers that are compared in it.

Common draws (common random numbers: Glasserman and Yao, Management Science 38:6, 1992) are shared below such a place:
among the candidates of one self-application, among the improvers that are measured, among the arms of an experiment.
Each place is of one phase and one repeat, so that nothing is shared between either.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_compared: ContextVar[str] = ContextVar("selftaught_compared", default="")


def draw_of(address: str) -> str:
    """Of a question asked at this address: the address of its draw, equal for all that are compared; "" for none.

    The question's own last part stays: the hash of the prompt without times and of the temperature, and how often that
    was asked in this application before.
    """
    place = _compared.get()
    return f"{place}/{address.rpartition('/')[2]}" if place else ""


@contextmanager
def comparing(place: str) -> Iterator[None]:
    """Within the block, work is compared with all other work at this place; with none where it is ""."""
    token = _compared.set(place)
    try:
        yield
    finally:
        _compared.reset(token)


@contextmanager
def comparing_below(part: str) -> Iterator[None]:
    """Within the block, work is compared with that of the same part of this place, if of anything."""
    place = _compared.get()
    with comparing(f"{place}/{part}" if place else ""):
        yield
