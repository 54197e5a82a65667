"""Parity, with noise and without: neither the order of the samples nor that of the bits says anything."""

from random import Random
from typing import Any

import numpy as np

from selftaught.tasks.probes.forms import Form, as_type, order
from selftaught.tasks.spec import Instance


def columns(rng: Random, instance: Instance) -> Instance:
    """The bits of all samples in another order, and the hidden positions with them."""
    train, parity, test = instance.args
    new = order(rng, train.shape[1])
    return Instance((train[:, new], parity, test[:, new]), instance.hidden)


def train_rows(rng: Random, instance: Instance) -> Instance:
    """The train samples in another order, with their parities."""
    train, parity, test = instance.args
    new = order(rng, len(train))
    return Instance((train[new], parity[new], test), instance.hidden)


def test_rows(rng: Random, instance: Instance) -> Instance:
    """The test samples in another order, and what is expected with them."""
    train, parity, test = instance.args
    new = order(rng, len(test))
    return Instance((train, parity, test[new]), [instance.hidden[i] for i in new])


FORMS: dict[str, Form] = {
    "bits in another order": columns,
    "train samples in another order": train_rows,
    "test samples in another order": test_rows,
    "bits of 32 bits": as_type(np.int32),
}


def check(instance: Instance, answer: Any) -> None:
    """A flat list of as many bits as test samples: another shape is one that broadcasts in a careless utility."""
    wanted = len(instance.args[2])
    if not isinstance(answer, list) or len(answer) != wanted:
        came = f"a list of {len(answer)}" if isinstance(answer, list) else f"a {type(answer).__name__}"
        raise ValueError(f"wanted {wanted} parities, got {came}")
    if any(isinstance(bit, list) for bit in answer):
        raise ValueError(f"wanted {wanted} parities in one list, got lists in a list")
    if any(bit not in (0, 1) for bit in answer):
        raise ValueError("wanted 0 or 1 for each parity")
