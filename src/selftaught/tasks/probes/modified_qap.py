"""Modified QAP: an assignment is worth the same whatever facilities and places are called."""

from random import Random

import numpy as np

from selftaught.tasks.modified_qap import check
from selftaught.tasks.probes.forms import Form, as_type, order
from selftaught.tasks.spec import Instance

__all__ = ["FORMS", "check"]


def facilities(rng: Random, instance: Instance) -> Instance:
    """The facilities in another order."""
    flow, distance, preference = instance.args
    new = order(rng, len(flow))
    return Instance((flow[np.ix_(new, new)], distance, preference[new]), instance.hidden)


def places(rng: Random, instance: Instance) -> Instance:
    """The places in another order."""
    flow, distance, preference = instance.args
    new = order(rng, len(distance))
    return Instance((flow, distance[np.ix_(new, new)], preference[:, new]), instance.hidden)


FORMS: dict[str, Form] = {
    "facilities in another order": facilities,
    "places in another order": places,
    "numbers of 32 bits": as_type(np.float32),
}
