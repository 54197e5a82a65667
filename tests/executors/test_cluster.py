"""The sandbox over many nodes, where the engine fails: without an engine."""

from typing import Any

import pytest

from selftaught.core.errors import NoSandbox
from selftaught.sandbox.jail import Jail
from selftaught.wiring.executors.cluster import Cluster
from selftaught.wiring.executors.ray import Lost, Place


class Gone:
    """An engine that was there when we joined."""

    def places(self) -> list[Place]:
        raise Lost("it gave no answer in time")


def test_a_cluster_that_is_lost_before_its_nodes_are_known_is_told_in_words(sandbox: Jail) -> None:
    engine: Any = Gone()
    with pytest.raises(NoSandbox, match="the Ray cluster was lost before the run began: it gave no answer in time"):
        Cluster(engine, sandbox)
