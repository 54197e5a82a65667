"""What several tasks' grades are made of: gaps as grades, and answers that are checked."""

from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


def closeness(gap: float, half: float) -> float:
    """1 where the gap to the reference is 0, 1/2 where it is `half`, towards 0 as it grows: never flat.

    Better than the reference is more than 1, and at most 2.
    """
    return float(half / (half + max(gap, -half / 2)))


def whole_numbers(answer: Any) -> list[int]:
    """The answer, a list of whole numbers. Raises ValueError. True and False are none."""
    if not isinstance(answer, list) or any(isinstance(item, bool) or not isinstance(item, int) for item in answer):
        raise ValueError("wanted a list of whole numbers")
    return answer


def permutation(answer: Any, n: int) -> list[int]:
    """The answer, a list of 0 to n - 1, each once. Raises ValueError."""
    if sorted(whole_numbers(answer)) != list(range(n)):  # none twice, none left out, not one too many
        raise ValueError(f"wanted each of 0 to {n - 1} once")
    return list(answer)


def finite_numbers(answer: Any, *shape: int) -> Numbers:
    """The answer, nested lists of numbers, as an array of that shape. Raises ValueError."""
    wanted = " x ".join(map(str, shape))
    if not isinstance(answer, list) or len(answer) != shape[0]:
        raise ValueError(f"wanted {wanted} numbers")
    try:
        array = np.array(answer)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"wanted {wanted} numbers, in lists of equal length") from error
    if array.shape != shape or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise ValueError(f"wanted {wanted} finite numbers")
    return array.astype(np.float64)


def table(answer: Any, size: int) -> list[list[float]]:
    """The answer, `size` lists of as many numbers each, infinite ones too. Raises ValueError."""
    if not isinstance(answer, list) or len(answer) != size:
        raise ValueError(f"wanted {size} rows")
    for row in answer:
        if not isinstance(row, list) or len(row) != size:
            raise ValueError(f"wanted {size} numbers in each row")
        if not all(isinstance(number, (int, float)) and number == number for number in row):
            raise ValueError("wanted numbers, none of them nan")
    return answer
