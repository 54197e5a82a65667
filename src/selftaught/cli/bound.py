"""`selftaught bound`: a task's reference bound beside its seed's score."""

import dataclasses
from itertools import islice
from statistics import fmean

from selftaught.cli import printing
from selftaught.cli.options import RUNS
from selftaught.cli.terminal import environment, open_jail
from selftaught.core.errors import UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.runs.salt import data_folder, salted
from selftaught.tasks.bounds.kept import REFERENCES, Kept
from selftaught.tasks.bounds.loading import load_bound
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.measured import MEASURED
from selftaught.tasks.spec import SPLITS


def bound(task: str, most: int | None, seed: str | None, *, fidelity: str, sandbox: str, as_json: bool) -> None:
    """The reference's score, the seed's, and the gap, for each split's kind of instances."""
    if most is not None and most < 1:
        raise UsageError(f"--instances is {most}; wanted 1 or more")
    whole = load_task(task, fidelity)
    reference = load_bound(whole)
    spec = dataclasses.replace(whole, instances=lambda rng, split: islice(whole.instances(rng, split), most))
    drawn = RunSeed.parse(salted(seed, RUNS, environment()))
    apart = drawn.of("bound")  # not the seed itself: a run of the same one has its sealed test drawn from it
    kept = Kept(data_folder(environment()) / REFERENCES)
    rows = []
    with open_jail(sandbox) as jail:
        for split in SPLITS if spec.evaluation is None else SPLITS[:1]:
            judge = Judge(spec, jail, split, apart)
            best = fmean(kept.best(reference, instance) for instance in judge.instances())
            scored = judge(spec.seed)
            own = scored.value if spec.scale is None else scored.raw
            rows.append({
                "split": split, "instances": len(judge.instances()), "reference": best, "seed_score": own,
                "seed_verdict": str(scored.verdict),
                "gap": None if own is None else own - best if spec.minimized else best - own,
            })  # fmt: skip
    told = MEASURED.get(spec.name) if fidelity == "honest" else None
    head = {
        "task": spec.name, "fidelity": fidelity, "good": told.good if told else None, "kind": reference.kind,
        "about": reference.about, "minimized": spec.minimized, "seed": str(drawn),
    }  # fmt: skip
    printing.bound(head, rows, as_json=as_json)
