"""`selftaught bound`: a task's reference bound beside its seed's score."""

import dataclasses
import secrets
from itertools import islice
from statistics import fmean

from selftaught.cli import printing
from selftaught.cli.terminal import open_jail
from selftaught.core.address import draw_seed
from selftaught.core.errors import UsageError
from selftaught.tasks.bounds.loading import load_bound
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.spec import SPLITS


def bound(task: str, most: int | None, seed: int | None, *, fidelity: str, sandbox: str, as_json: bool) -> None:
    """The reference's score, the seed's, and the gap, for each split's kind of instances."""
    if most is not None and most < 1:
        raise UsageError(f"--instances is {most}; wanted 1 or more")
    whole = load_task(task, fidelity)
    reference = load_bound(whole)
    spec = dataclasses.replace(whole, instances=lambda rng, split: islice(whole.instances(rng, split), most))
    drawn = secrets.randbits(48) if seed is None else seed
    # Not the seed itself: a run of the same --seed has its sealed test drawn from it.
    apart = draw_seed(str(drawn), "bound")
    rows = []
    with open_jail(sandbox) as jail:
        for split in SPLITS:
            judge = Judge(spec, jail, split, apart)
            best = fmean(reference.best(instance) for instance in judge.instances())
            scored = judge(spec.seed)
            rows.append({
                "split": split, "instances": len(judge.instances()), "reference": best,
                "seed_score": scored.value, "seed_verdict": str(scored.verdict), "gap": best - scored.value,
            })  # fmt: skip
    printing.bound(
        {"task": spec.name, "fidelity": fidelity, "kind": reference.kind, "about": reference.about, "seed": drawn},
        rows,
        as_json=as_json,
    )
