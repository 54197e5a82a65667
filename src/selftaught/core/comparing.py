"""The place of compared work: it is equal for all improvers that are compared there.

Common draws (common random numbers: Glasserman and Yao, Management Science 38:6, 1992) are shared below such a place:
among the candidates of one self-application, among the improvers that are measured, among the arms of an experiment.
Each place belongs to one phase and one repeat, so nothing is shared between phases or repeats.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from selftaught.core.within import Within

_compared: ContextVar[str] = ContextVar("selftaught_compared", default="")


def draw_of(address: str) -> str:
    """The address of the draw of a prompt at this address, equal for all that are compared; "" for no draw.

    The last part of the address stays: the hash of the prompt without times and of the temperature, and how often
    the application asked it before.
    """
    place = _compared.get()
    return f"{place}/{address.rpartition('/')[2]}" if place else ""


def comparing(place: str) -> Within[str]:
    """Within the block, work is compared with all other work at this place; with no work if it is ""."""
    return Within(_compared, place)


@contextmanager
def comparing_below(part: str) -> Iterator[None]:
    """Within the block, work is compared with work of the same part of this place, if it is compared."""
    place = _compared.get()
    with comparing(f"{place}/{part}" if place else ""):
        yield
