"""Self-Taught Optimizer (arXiv 2310.02304): a program that improves programs, and then itself.

    import selftaught

    result = selftaught.improve("three-sat", model="openai/gpt-4.1-mini")
    print(result.score, result.program)

Nothing is imported until it is used: the sandbox's interpreter loads this file inside the jail.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selftaught.api import Result, Task, Value, improve, load_run, run, score
    from selftaught.core.contracts import Completion, Prompt

__version__ = "0.1.0"
__all__ = ["Completion", "Prompt", "Result", "Task", "Value", "improve", "load_run", "run", "score"]


def __getattr__(name: str) -> object:
    """The public names, each from its room, when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'selftaught' has no attribute {name!r}; it has {', '.join(__all__)}")
    from importlib import import_module

    room = "selftaught.core.contracts" if name in ("Completion", "Prompt") else "selftaught.api"
    found: object = getattr(import_module(room), name)
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
