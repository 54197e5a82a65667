"""A cluster is a sandbox like any other: the same contract, on a real cluster of two nodes; and what only it can lose.

Each suite runs in a pytest of its own, in a network namespace (one_machine.py).
"""

import pytest

from executors.one_machine import needs_ray, passes


@needs_ray
@pytest.mark.timeout(400)
def test_a_cluster_keeps_the_contract_of_a_sandbox_and_outlives_its_nodes() -> None:
    passes("tests/executors/on_ray.py", "tests/sandbox/test_contract.py")


@needs_ray
@pytest.mark.timeout(400)
def test_a_run_whose_cluster_loses_its_head_ends_and_can_be_resumed() -> None:
    passes("tests/executors/on_a_lost_head.py")


@needs_ray
@pytest.mark.timeout(400)
def test_a_cluster_that_a_run_starts_for_itself_is_reached_by_nobody_else() -> None:
    passes("tests/executors/on_no_other_machine.py")
