"""What forms are made of, and what several tasks share."""

from collections.abc import Callable
from random import Random
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from selftaught.tasks.spec import Instance

Form: TypeAlias = Callable[[Random, Instance], Instance]
Order = npt.NDArray[np.int64]


def order(rng: Random, n: int) -> Order:
    """0 to n - 1, shuffled."""
    return np.array(rng.sample(range(n), n), dtype=np.int64)


def as_type(dtype: type[np.generic]) -> Form:
    """The same numbers in arrays of another type: what an array is made of tells nothing of the answer."""

    def form(rng: Random, instance: Instance) -> Instance:
        return Instance(tuple(array.astype(dtype) for array in instance.args), instance.hidden)

    return form
