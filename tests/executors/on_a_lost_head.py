"""What becomes of a run whose cluster loses its head, the process that knows all nodes. Run by test_on_ray.py."""

import os
import shutil
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from conftest import TIERS
from durability import world
from durability.test_kill_after_every_record import answered, asked, history
from executors.on_ray import LOOPS, wait_for
from executors.one_machine import two_nodes
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import SandboxError
from selftaught.runs.folder import RunFolder
from selftaught.wiring.executors import cluster as executor
from selftaught.wiring.executors.choice import open_executor
from selftaught.wiring.executors.cluster import Cluster
from selftaught.wiring.models import Models
from selftaught.wiring.run import Run


def test_the_run_ends_with_what_to_do_and_loses_and_buys_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "_HEAD_SECONDS", 3.0)
    whole, folder = tmp_path / "whole", tmp_path / "headless"
    world.prepare(folder, "threads")
    shutil.copytree(folder, whole)
    world.go(whole, loops=LOOPS)
    killed = threading.Event()
    with open_executor(f"ray:{two_nodes().address}", TIERS[0]) as opened:
        assert isinstance(opened, Cluster)
        cluster: Cluster = opened

        class Patient(world.Witness):
            """Once the head is dead, it answers when that is known: there is work left then."""

            def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
                if killed.is_set():
                    wait_for(lambda: cluster._failed)
                return super().__call__(prompts)

        def disturb() -> None:
            wait_for(lambda: any(cluster.under_way().values()), pause=0.01)
            killed.set()
            (head,) = two_nodes().head_node.all_processes["gcs_server"]
            os.kill(head.process.pid, signal.SIGKILL)

        model = Models.only(Patient(folder / "asked.txt", LOOPS), "witness")
        disturbing = threading.Thread(target=disturb)
        with Run.resume(RunFolder(folder), lambda inputs, gate: model, opened) as run:
            disturbing.start()
            with pytest.raises(SandboxError, match="the head of the Ray cluster has said nothing for 3 s"):
                run.work()
        disturbing.join()
    before, asked_before = answered(folder), asked(folder)
    assert asked_before
    world.go(folder, loops=LOOPS)
    assert not before & set(asked(folder) - asked_before)
    assert history(folder) == history(whole)
