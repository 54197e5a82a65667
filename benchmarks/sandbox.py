"""What isolation costs: run `python benchmarks/sandbox.py` on a quiet machine. Prints medians; judges nothing.

null       an isolated score of a program that returns its argument, in a fresh guest
LPN        the seed of parity-with-noise on its 20 val instances, in a fresh guest
round trip one request of an improver and its reply
start      a new worker, from nothing to its first guest
flat       the last thousand of many null scores against the first thousand, and the zygote's memory
"""

import argparse
import dataclasses
import importlib.util
import itertools
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from selftaught.core.contracts import Program
from selftaught.sandbox.choice import survey
from selftaught.sandbox.contract import Improving, Limits
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers.tier import LOCK, Tier
from selftaught.sandbox.tiers.unsafe import unsafe_tier
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.parity_with_noise import NOISE
from selftaught.tasks.released.draws import seeds
from selftaught.tasks.released.parity_with_noise import drawn
from selftaught.tasks.spec import Instance

NULL = Program("def f(x):\n    return x\n")
LIMITS = Limits()
_WARM = 100
"""Scores that are not counted: after so many the workers for plain programs have started, too."""
PEBBLE = importlib.util.find_spec("pebble") is not None


def null_score(jail: Jail) -> Callable[[], None]:
    """One score of the null solution."""

    def once() -> None:
        list(jail.run(NULL, "f", [[1]], LIMITS, seed=0))

    return once


def lpn_score(jail: Jail) -> Callable[[], None]:
    """One score of the LPN seed, grading included."""
    task = load_task("parity-with-noise")
    judge = Judge(task, jail, "val", 4321)

    def once() -> None:
        judge(task.seed)

    return once


def lpn_here(instances: Sequence[Instance]) -> Callable[[], None]:
    """The same in this process and nothing more: compiled, called on copies, graded. What there is to compute."""
    task = load_task("parity-with-noise")

    def once() -> None:
        module: dict[str, Any] = {}
        exec(task.seed.source, module)
        for instance in instances:
            task.grade(instance, module["algorithm"](*deepcopy(instance.args)).tolist())

    return once


def lpn_as_released(folder: Path) -> Callable[[], None]:
    """A score as the paper's released code makes one, in this process and without isolation.

    The program becomes a file and is imported; each of the 20 instances is drawn anew, and the call handed to another
    thread, which is waited for.
    """
    task = load_task("parity-with-noise")
    numbers, chance = itertools.count(), np.random.RandomState()
    sys.path.insert(0, str(folder))

    def once() -> None:
        name = f"solution_{next(numbers)}"
        (folder / f"{name}.py").write_text(task.seed.source)
        importlib.invalidate_caches()
        algorithm = importlib.import_module(name).algorithm
        end, submit = thread_pool()
        for seed in seeds("val", 20):
            chance.seed(seed)
            random.seed(seed)
            arguments, hidden = drawn(chance, NOISE)
            answer = submit(algorithm, arguments).result(timeout=2)
            np.mean(np.asarray(answer).reshape(-1) == np.asarray(hidden))
        end()

    return once


def thread_pool() -> tuple[Callable[[], Any], Callable[..., Any]]:
    """What ends it, and what hands a call to it. Pebble's, as the released code has it, else the standard library's."""
    if PEBBLE:
        pool = importlib.import_module("pebble").ThreadPool()
        return pool.stop, pool.schedule
    executor = ThreadPoolExecutor(1)
    return executor.shutdown, lambda function, arguments: executor.submit(function, *arguments)


def unisolated(isolated: Mapping[str, float], repeats: int) -> None:
    """What an LPN score takes without any sandbox, and how many times that the tiers take. `isolated`: ms by tier."""
    with Jail(unsafe_tier(), 1) as jail:
        instances = Judge(load_task("parity-with-noise"), jail, "val", 4321).instances()
    with tempfile.TemporaryDirectory() as folder:
        released = median_ms(lpn_as_released(Path(folder)), repeats)
    pool = "pebble's threads" if PEBBLE else "the standard library's threads, quicker than theirs: pip install pebble"
    print(f"LPN without any sandbox, as the released code does it: {released:.2f} ms ({pool})")
    print(f"LPN without any sandbox, instances drawn before:       {median_ms(lpn_here(instances), repeats):.2f} ms")
    for tier, took in isolated.items():
        print(f"LPN in {tier}: {took / released:.2f} times the released code's")


def median_ms(work: Callable[[], None], repeats: int) -> float:
    """Median wall milliseconds of `repeats` calls, after a warm-up."""
    _repeat(work, _WARM)
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3


def per_second(work: Callable[[], None], threads: int, repeats: int) -> float:
    """Calls per second with `threads` callers: the median of 5 rounds."""
    rates = []
    for _ in range(5):
        callers = [threading.Thread(target=_repeat, args=(work, repeats)) for _ in range(threads)]
        began = time.perf_counter()
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        rates.append(threads * repeats / (time.perf_counter() - began))
    return statistics.median(rates)


def _repeat(work: Callable[[], None], times: int) -> None:
    for _ in range(times):
        work()


def scores(tiers: list[Tier], repeats: int) -> dict[str, float]:
    """Milliseconds per score and scores per second, tier by tier. Gives the milliseconds of LPN with one worker."""
    lone: dict[str, float] = {}
    print(f"{'tier':<12} {'workers':>7} {'null ms':>8} {'null /s':>8} {'LPN ms':>8} {'LPN /s':>8}")
    for tier in tiers:
        for workers in (1, 2):
            with Jail(tier, workers) as jail:
                null, lpn = null_score(jail), lpn_score(jail)
                row = (
                    median_ms(null, repeats),
                    per_second(null, workers, repeats // workers),
                    median_ms(lpn, repeats),
                    per_second(lpn, workers, repeats // 2 // workers),
                )
            print(f"{tier.name:<12} {workers:>7} {row[0]:>8.2f} {row[1]:>8.0f} {row[2]:>8.2f} {row[3]:>8.0f}")
            lone.setdefault(tier.name, row[2])
    return lone


def cpu_seconds(jail: Jail) -> tuple[float, float, float]:
    """CPU time so far: of this process, of the zygotes, of the guests that have ended."""
    pids = jail.worker_pids()
    after_name = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    ticks = sum(int(fields[13]) + int(fields[14]) for fields in after_name)  # cutime and cstime
    zygotes = sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)
    return time.process_time(), zygotes, ticks / os.sysconf("SC_CLK_TCK")


def cpu(tier: Tier, repeats: int) -> None:
    """Who spends how much CPU time on a score: steadier than the wall clock where others use the machine."""
    for name, of in (("null", null_score), ("LPN", lpn_score)):
        with Jail(tier, 1) as jail:
            work = of(jail)
            _repeat(work, _WARM)
            before = cpu_seconds(jail)
            _repeat(work, repeats)
            spent = [(after - start) / repeats * 1e3 for start, after in zip(before, cpu_seconds(jail), strict=True)]
        host, zygote, guest = spent
        print(f"CPU of a {name} score ({tier.name}): host {host:.2f}, zygote {zygote:.2f}, guest {guest:.2f} ms")


def layers(tier: Tier, repeats: int) -> None:
    """Each layer's share of a null score: with all layers, with all but it, in turn and interleaved."""
    outer = tuple(layer for layer in tier.layers if layer not in LOCK)
    variants = {"all layers": tier}
    for left_out in LOCK:
        kept = tuple(layer for layer in LOCK if layer != left_out)
        if left_out == "no-new-privileges" and tier.user is None:
            continue  # without it an ordinary user cannot install the two layers after it
        variants[f"without {left_out}"] = dataclasses.replace(tier, layers=(*outer, *kept))
    variants["rlimits alone"] = dataclasses.replace(tier, layers=(*outer, "rlimits"))
    times: dict[str, list[float]] = {name: [] for name in variants}
    jails = {name: Jail(variant, 1) for name, variant in variants.items()}
    for _ in range(7):
        for name, jail in jails.items():
            times[name].append(median_ms(null_score(jail), repeats // 5))
    for jail in jails.values():
        jail.close()
    whole = statistics.median(times["all layers"])
    print(f"\nlayers of {tier.name}: null score, ms")
    for name in variants:
        took = statistics.median(times[name])
        share = "" if name == "all layers" else f"  {whole - took:+.2f}"
        print(f"  {name:<28} {took:>6.2f}{share}")


def round_trip(tier: Tier, repeats: int) -> None:
    """One `utility` request of an improver, without what answers it."""
    improver = Program(
        "import time\n"
        "def f(n, utility, language_model):\n"
        "    times = []\n"
        "    for _ in range(n):\n"
        "        t = time.perf_counter(); utility('p'); times.append(time.perf_counter() - t)\n"
        "    return sorted(times)[n // 2]\n"
    )
    facts = {"utility_str": "", "utility_budget": 1, "model_budget": 1, "max_responses_per_call": 1}
    with Jail(tier, 1) as jail:
        improving = Improving(facts, {"utility": lambda program: 1.0}, swift_requests=10 * repeats)
        limits = Limits(cpu_seconds=60)
        (outcome,) = jail.run(improver, "f", [[10 * repeats]], limits, seed=0, improving=improving)
    if not isinstance(outcome.value, float):
        raise SystemExit(f"the improver did not get its answers: {outcome.verdict}, {outcome.note}")
    print(f"\nround trip of a request ({tier.name}): {outcome.value * 1e3:.3f} ms")


def start(tier: Tier) -> None:
    """A new worker and its first score."""
    times = []
    for _ in range(7):
        began = time.perf_counter()
        with Jail(tier, 1) as jail:
            null_score(jail)()
            times.append(time.perf_counter() - began)
    print(f"start of a worker to its first score ({tier.name}): {statistics.median(times) * 1e3:.0f} ms")


def flat(tier: Tier, scored: int) -> None:
    """Whether the last score costs what the first did, in time and in memory."""
    with Jail(tier, 1) as jail:
        work = null_score(jail)
        times = []
        _repeat(work, _WARM)
        before = _zygote_bytes(jail)
        for _ in range(scored):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        after = _zygote_bytes(jail)
    first, last = statistics.median(times[:1000]) * 1e3, statistics.median(times[-1000:]) * 1e3
    ratio = f"first 1000 {first:.2f} ms, last 1000 {last:.2f} ms, ratio {last / first:.2f}"
    print(f"flat over {scored} scores ({tier.name}): {ratio}")
    print(f"zygote's memory: {before / 2**20:.1f} MiB before, {after / 2**20:.1f} MiB after")


def _zygote_bytes(jail: Jail) -> int:
    status = Path(f"/proc/{jail.worker_pids()[-1]}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def main() -> None:
    """Every figure, for every tier that works here and for none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--scored", type=int, default=10_000, help="null scores of the flatness test")
    parser.add_argument("--scores", action="store_true", help="the table of scores alone")
    arguments = parser.parse_args()
    isolating = [found.make() for found in survey() if found.works]
    print(f"numpy {np.__version__}; isolating tiers here: {', '.join(tier.name for tier in isolating)}")
    unisolated(scores([*isolating, unsafe_tier()], arguments.repeats), arguments.repeats)
    for tier in isolating:
        cpu(tier, arguments.repeats)
    if arguments.scores:
        return
    for tier in isolating:
        layers(tier, arguments.repeats)
    for tier in isolating:
        round_trip(tier, arguments.repeats)
        start(tier)
    flat(isolating[0], arguments.scored)


if __name__ == "__main__":
    main()
