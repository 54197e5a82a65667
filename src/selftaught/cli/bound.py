"""`selftaught bound`: a task's reference bound and its seed's score."""

import dataclasses
from collections.abc import Sequence
from itertools import islice
from statistics import fmean

from selftaught.cli import printing
from selftaught.cli.options import RUNS
from selftaught.cli.terminal import environment, open_jail
from selftaught.core.errors import UsageError
from selftaught.core.measurement import estimate
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
            each = [kept.best(reference, instance) for instance in judge.instances()]
            best, scored = fmean(each), judge(spec.seed)
            own, error = (scored.value, scored.error) if spec.scale is None else (scored.raw, scored.raw_error)
            grades = scored.grades if spec.scale is None else scored.raw_grades
            rows.append({
                "split": split, "instances": len(each), "reference": best, "seed_score": own,
                "seed_error": error, "seed_verdict": str(scored.verdict),
                "gap": None if own is None else own - best if spec.minimized else best - own,
                "gap_error": _gap_error(each, grades),
            })  # fmt: skip
    told = MEASURED.get(spec.name) if fidelity != "released" else None
    head = {
        "task": spec.name, "fidelity": fidelity, "good": told.good if told else None, "kind": reference.kind,
        "about": reference.about, "minimized": spec.minimized, "seed": str(drawn),
    }  # fmt: skip
    printing.bound(head, rows, as_json=as_json)


def _gap_error(best: Sequence[float], grades: Sequence[float]) -> float | None:
    """Standard error of the mean gap, instance by instance; None where the grades are not those of the instances."""
    gaps = [one - grade for one, grade in zip(best, grades, strict=False)]
    return estimate(gaps).standard_error if len(best) == len(grades) and gaps else None
