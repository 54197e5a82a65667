"""Self-Taught Optimizer (arXiv 2310.02304): a program that improves programs, and then itself.

    import selftaught

    result = selftaught.improve("three-sat", model="openai/gpt-4.1-mini")
    print(result.score, result.program)

Nothing is imported until it is used: the sandbox's interpreter loads this file inside the jail.
"""

TYPE_CHECKING = False  # not from typing: with `python -m` that could be the current folder's
if TYPE_CHECKING:
    from selftaught.api import Result, Task, Value, improve, load_run, run, score
    from selftaught.core.contracts import Completion, Prompt
    from selftaught.core.version import VERSION as __version__

__all__ = ["Completion", "Prompt", "Result", "Task", "Value", "__version__", "improve", "load_run", "run", "score"]

_ELSEWHERE = {
    "Completion": ("selftaught.core.contracts", "Completion"),
    "Prompt": ("selftaught.core.contracts", "Prompt"),
    "__version__": ("selftaught.core.version", "VERSION"),
}


def __getattr__(name: str) -> object:
    """The public names, each from its room, when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'selftaught' has no attribute {name!r}; it has {', '.join(__all__)}")
    from importlib import import_module

    room, attribute = _ELSEWHERE.get(name, ("selftaught.api", name))
    found: object = getattr(import_module(room), attribute)
    return found


def __dir__() -> list[str]:
    return __all__
