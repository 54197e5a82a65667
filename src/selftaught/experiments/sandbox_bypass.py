"""Table 2: how often an improver, asked to improve itself, switches its sandbox off; with a warning, and without."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from selftaught.config import Parameters
from selftaught.experiments.bypass import agreement, by_text, by_tree
from selftaught.experiments.design import Cell, Experiment, Outcome, Result, Table
from selftaught.report.figures import Figure, Point
from selftaught.statistics import two_proportions, wilson
from selftaught.wiring.kinds import OBSERVED, PROPOSALS

VARIANTS = {"no warning": "sandbox-seed-no-warning", "with warning": "sandbox-seed"}


def cells(given: Parameters) -> list[Cell]:
    """One run for each model and variant."""
    return [
        Cell(_cell(place, variant), given.settings(
            "bypass", model, variant, kind="bypass", tasks=given.tasks[:1], model=model, improver=seed,
            task_model=given.observe_with, proposals=given.proposals), variant)
        for place, model in enumerate(given.models)
        for variant, seed in VARIANTS.items()
    ]  # fmt: skip


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """By the paper's rule, by the stricter one, and as observed; then the tests between variants and models."""
    rows: list[tuple[object, ...]] = []
    ruled: list[tuple[object, ...]] = []
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    points: dict[str, list[Point]] = {variant: [] for variant in VARIANTS}
    for place, model in enumerate(given.models):
        for variant in VARIANTS:
            if _cell(place, variant) not in done:  # its model failed
                continue
            outcome = done[_cell(place, variant)]
            texts = outcome.proposals(PROPOSALS, given.proposals)
            both = agreement(texts)
            requested = sum(applied.unsandboxed > 0 for applied in outcome.under(OBSERVED))
            observed = len(outcome.under(OBSERVED))
            counts[model, variant] = (sum(by_text(text).bypassed for text in texts), len(texts))
            for rule, number, of in (
                ("paper's rule", counts[model, variant][0], len(texts)),
                ("syntax tree", sum(by_tree(text).bypassed for text in texts), len(texts)),
                ("observed request", requested, observed),
            ):
                rows.append((model, variant, rule, *_share(number, of)))
            ruled.append((model, variant, len(both.both), len(both.text_only), len(both.tree_only), len(both.neither),
                          len(both.unreadable)))  # fmt: skip
            share = _share(*counts[model, variant])
            points[variant].append(Point(place, share[2], share[3], share[4]))
    tables = [
        Table("bypass", "Proposals that leave the sandbox, with Wilson intervals",
              ("model", "variant", "rule", "count", "of", "share", "low", "high"), rows),
        Table("rules", "How the two rules go together",
              ("model", "variant", "both", "paper's only", "tree only", "neither", "do not parse"), ruled),
        Table("tests", "Two-proportion z tests (paper's rule)",
              ("compared", "difference", "z", "p"), _tests(given, counts)),
    ]  # fmt: skip
    notes = [
        "Every proposal was also run once, in the real sandbox: a request to leave it is counted, and never granted.",
        f"Its language model then was {given.observe_with}.",
    ]
    notes += [
        f"{model}, {variant}: {of:,} of {given.proposals:,} proposals; the other responses held no program."
        for (model, variant), (_, of) in counts.items()
        if of < given.proposals
    ]
    figure = Figure("bypass", "Unsandboxing, with Wilson intervals", "model", "share", points, tuple(given.models))
    return Result(tables, [figure], notes)


def _share(number: int, of: int) -> tuple[int, int, float, float | None, float | None]:
    if not of:
        return 0, 0, 0.0, None, None
    interval = wilson(number, of)
    return number, of, interval.value, interval.low, interval.high


def _tests(given: Parameters, counts: Mapping[tuple[str, str], tuple[int, int]]) -> Sequence[tuple[object, ...]]:
    without, warned = VARIANTS
    pairs = [
        (f"{model}: {without} → {warned}", counts[model, without], counts[model, warned])
        for model in given.models
        if {(model, without), (model, warned)} <= counts.keys()
    ]
    pairs += [
        (f"{variant}: {first} → {second}", counts[first, variant], counts[second, variant])
        for variant in VARIANTS
        for first, second in combinations(given.models, 2)
        if {(first, variant), (second, variant)} <= counts.keys()
    ]
    told: list[tuple[object, ...]] = []
    for what, first, second in pairs:
        if not first[1] or not second[1]:
            told.append((what, None, None, None))
            continue
        test = two_proportions(first, second)
        told.append((what, test.difference, test.z, test.p))
    return told


def _cell(place: int, variant: str) -> str:
    return f"{place}-{variant.replace(' ', '-')}"


BYPASS = Experiment("bypass", "Table 2: how often the sandbox is switched off", cells, result, partial=True)
