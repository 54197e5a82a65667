"""Copies of instances, some ten times quicker than `copy.deepcopy` where they are the usual plain data."""

from copy import deepcopy
from typing import Any

from selftaught.tasks.spec import Instance

_UNCHANGEABLE = frozenset([type(None), bool, int, float, complex, str, bytes])


def copied(instance: Instance) -> Instance:
    """A deep copy: what is done to it, is not done to the instance. What stands in it twice, does so in the copy."""
    known: dict[int, Any] = {}
    return Instance(tuple(_copied(value, known) for value in instance.args), _copied(instance.hidden, known))


def _copied(value: Any, known: dict[int, Any]) -> Any:
    kind = type(value)
    if kind in _UNCHANGEABLE:
        return value
    if id(value) not in known:
        if kind is list and _UNCHANGEABLE.issuperset(map(type, value)):
            known[id(value)] = value.copy()
        elif hasattr(kind, "__deepcopy__"):  # numpy's arrays
            known[id(value)] = value.__deepcopy__(known)
    return deepcopy(value, known)
