"""Decoding over all 1024 sets of positions: those that agree with every example."""

from selftaught.tasks.bounds.parity_with_noise import decoded
from selftaught.tasks.parity_with_noise import Bits

KIND = "exact"


def answer(train_samples: Bits, train_parity: Bits, test_samples: Bits) -> list[int]:
    """The parity of each test sample; where several sets are left, the most probable one."""
    return decoded(train_samples, train_parity, test_samples, noise=0.0)
