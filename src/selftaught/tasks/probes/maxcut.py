"""Maxcut: a cut weighs the same whatever its nodes are called."""

from random import Random

import numpy as np

from selftaught.tasks.maxcut import MOST, check
from selftaught.tasks.probes.forms import Form, as_type, order
from selftaught.tasks.spec import Instance

__all__ = ["FORMS", "HARD_FORMS", "check"]


def renumbered(rng: Random, instance: Instance) -> Instance:
    """The nodes in another order."""
    (weights,) = instance.args
    new = order(rng, len(weights))
    return Instance((weights[np.ix_(new, new)],), instance.hidden)


def padded(rng: Random, instance: Instance) -> Instance:
    """One more node, without edges, if there is room for it: it may be in either part."""
    (weights,) = instance.args
    return Instance((np.pad(weights, (0, int(len(weights) < MOST))),), instance.hidden)


def turned(rng: Random, instance: Instance) -> Instance:
    """Half of the nodes change sides: each edge between the halves has its weight negated.

    What a largest cut gains or loses by that is the same for all cuts of such pairs: half of what all weights do.
    """
    (weights,) = instance.args
    sign = np.array([rng.choice((-1, 1)) for _ in range(len(weights))])
    changed = weights * sign[:, None] * sign
    return Instance((changed,), instance.hidden + int(changed.sum() - weights.sum()) // 4)


FORMS: dict[str, Form] = {
    "nodes in another order": renumbered,
    "a node without edges": padded,
    "weights of 32 bits": as_type(np.int32),
}
HARD_FORMS: dict[str, Form] = {
    "nodes in another order": renumbered,
    "nodes turned": turned,
    "weights of 32 bits": as_type(np.int32),
}
