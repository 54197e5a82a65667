"""The purpose of a prompt in this context: for people who answer by hand and need to see what belongs together."""

from contextvars import ContextVar
from dataclasses import dataclass, replace

from selftaught.core.within import Within

IMPROVER, SOLUTION = "improver", "solution"
"""The purpose of a prompt: a better improver, or a better solution."""


@dataclass(frozen=True, slots=True)
class Work:
    """`run`: identifies a run, equal in all its resumes. `t`: for which I_t.

    `task`: the name of the utility that the improver is applied for; `application`: the address of that application.
    """

    run: str = ""
    role: str = ""
    task: str = ""
    t: int | None = None
    application: str = ""


_work: ContextVar[Work] = ContextVar("selftaught_work", default=Work())  # noqa: B039 - frozen


def work() -> Work:
    """Of this context; nothing is known of it outside of a run."""
    return _work.get()


def working_on(**known: str | int) -> Within[Work]:
    """Within the block, `work()` includes this too."""
    return Within(_work, replace(_work.get(), **known))  # type: ignore[arg-type]
