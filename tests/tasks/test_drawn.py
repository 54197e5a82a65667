"""Who needs the same instances at the same time gets the same, and nobody keeps them longer."""

import gc
from concurrent.futures import ThreadPoolExecutor
from random import Random

from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.jail import Jail
from selftaught.tasks.drawn import drawn_once
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.spec import Instance


def test_many_at_once_draw_once_and_it_is_drawn_anew_when_nobody_has_it() -> None:
    drawn: list[int] = []

    def draw() -> list[Instance]:
        drawn.append(len(drawn))
        return [Instance((len(drawn),))]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: drawn_once("same", draw), range(64)))
    assert drawn == [0] and all(one is found[0] for one in found)
    del found
    gc.collect()
    assert drawn_once("same", draw) == [Instance((2,))]


def test_judges_of_a_built_in_task_share_them_by_task_split_and_seed(sandbox: Jail) -> None:
    def judge(name: str = "parity", split: str = "val", seed: int = 1) -> Judge:
        return Judge(load_task(name), sandbox, split, RunSeed(seed, "salt"))

    first = judge()
    kept = [judge(split="test"), judge(seed=2), judge("parity@hard")]
    assert judge().instances() is first.instances()
    assert all(one.instances() is not first.instances() for one in kept)
    expected = list(load_task("parity").instances(Random(5), "val"))
    assert len(first.instances()) == len(expected)
