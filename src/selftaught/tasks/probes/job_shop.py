"""Job shop: a schedule takes as long whatever jobs and machines are called."""

from random import Random

import numpy as np

from selftaught.tasks.job_shop import check
from selftaught.tasks.probes.forms import Form, as_type, order
from selftaught.tasks.spec import Instance

__all__ = ["FORMS", "check"]


def jobs(rng: Random, instance: Instance) -> Instance:
    """The jobs in another order."""
    machines, durations = instance.args
    new = order(rng, len(machines))
    return Instance((machines[new], durations[new]), instance.hidden)


def machines(rng: Random, instance: Instance) -> Instance:
    """The machines under other numbers."""
    wanted, durations = instance.args
    return Instance((order(rng, wanted.shape[1])[wanted], durations), instance.hidden)


FORMS: dict[str, Form] = {
    "jobs in another order": jobs,
    "machines renamed": machines,
    "numbers of 32 bits": as_type(np.int32),
}
