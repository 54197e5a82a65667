"""Maxcut: a cut weighs the same whatever its nodes are called."""

from random import Random

import numpy as np

from selftaught.tasks.maxcut import MOST, check
from selftaught.tasks.probes.forms import Form, as_type, order
from selftaught.tasks.spec import Instance

__all__ = ["FORMS", "check"]


def renumbered(rng: Random, instance: Instance) -> Instance:
    """The nodes in another order."""
    (weights,) = instance.args
    new = order(rng, len(weights))
    return Instance((weights[np.ix_(new, new)],), instance.hidden)


def padded(rng: Random, instance: Instance) -> Instance:
    """One more node, without edges, if there is room for it: it may be in either part."""
    (weights,) = instance.args
    return Instance((np.pad(weights, (0, int(len(weights) < MOST))),), instance.hidden)


FORMS: dict[str, Form] = {
    "nodes in another order": renumbered,
    "a node without edges": padded,
    "weights of 32 bits": as_type(np.int32),
}
