"""The history of an improver's request: passed to the record through the context, like `here()`.

The origin of the program that it scores, and the model call that a prompt is part of.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field

from selftaught.core.within import Within


@dataclass(frozen=True, slots=True)
class Origin:
    """Within one application of an improver.

    Attributes:
        round: the number of the model call, from 1, that gave the program; 0: no call gave this exact text.
        parent: id of the program that was shown in that call's prompt, the latest of several; "" if there was none.
        response: SHA-256 of the text of the response that contains the program; "" if there is none.
        beside: how many other scores were requested together with this one, or were still open then.
    """

    round: int = 0
    parent: str = ""
    response: str = ""
    beside: int = field(default=0, compare=False)


UNKNOWN = Origin()
_origin: ContextVar[Origin] = ContextVar("selftaught_origin", default=UNKNOWN)


def origin() -> Origin:
    """Of the program that is being scored in this context."""
    return _origin.get()


def coming_from(known: Origin) -> Within[Origin]:
    """Within the block, `origin()` is `known`."""
    return Within(_origin, known)


_call: ContextVar[int] = ContextVar("selftaught_call", default=0)


def call_number() -> int:
    """The number of the model call, from 1 in each application, that is being answered in this context; 0: none."""
    return _call.get()


def in_call(number: int) -> Within[int]:
    """Within the block, `call_number()` is `number`."""
    return Within(_call, number)
