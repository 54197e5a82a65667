"""A value of a context variable for the time of a block. It is set a dozen times for each candidate, so it is light."""

from contextvars import ContextVar, Token
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Within(Generic[Value]):
    """A context manager: within its block the variable has the value. For one block only."""

    __slots__ = ("_token", "_value", "_variable")

    def __init__(self, variable: ContextVar[Value], value: Value) -> None:
        self._variable, self._value = variable, value
        self._token: Token[Value]

    def __enter__(self) -> None:
        self._token = self._variable.set(self._value)

    def __exit__(self, *failure: Any) -> None:
        self._variable.reset(self._token)
