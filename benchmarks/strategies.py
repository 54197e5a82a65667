"""How well strategies are read from what improvers do: precision and recall by strategy, on improvers with labels.

python benchmarks/strategies.py [--half SET[,SET…]] [--folder FOLDER]

Each improver is rehearsed in the sandbox (experiments/rehearsal.py), as `selftaught experiment strategies` does it. The
folder has `labels.toml` and a folder for each of its tables; without --folder, those of the tests, whose comments say
which of them were looked at while the rules were made. Intervals are Wilson's, 95 %. Of several sets there is a table
of all together, too.
"""

import argparse
import tomllib
from pathlib import Path

from selftaught.experiments.rehearsal import rehearse
from selftaught.experiments.strategies import RULES, strategies
from selftaught.sandbox.choice import open_sandbox
from selftaught.statistics import wilson

FOLDER = Path(__file__).resolve().parents[1] / "tests/experiments/improvers"


def main() -> None:
    """Print a table for each set, and what was missed or wrongly found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    labels = tomllib.loads((given.folder / "labels.toml").read_text())
    halves = given.half.split(",") if given.half else list(labels)
    wanted: dict[tuple[str, str], set[str]] = {}
    found: dict[tuple[str, str], set[str]] = {}
    with open_sandbox("auto") as jail:
        for half in halves:
            for name in labels[half]:
                source = (given.folder / half / f"{name}.py").read_text()
                wanted[half, name] = set(labels[half][name])
                found[half, name] = set(strategies(rehearse(source, jail)))
            show(half, {place: of for place, of in wanted.items() if place[0] == half}, found)
            for (of, name), labelled in wanted.items():
                missed, wrong = labelled - found[of, name], found[of, name] - labelled
                if of == half and (missed or wrong):
                    print(f"{name}: missed {', '.join(sorted(missed)) or '-'}; wrong {', '.join(sorted(wrong)) or '-'}")
    if len(halves) > 1:
        show(", ".join(halves), wanted, found)


def show(title: str, wanted: dict[tuple[str, str], set[str]], found: dict[tuple[str, str], set[str]]) -> None:
    """One row for each strategy, and one for all of them."""
    print(f"\n{title}: {len(wanted)} improvers\n\n| strategy | labelled | found | right | precision | recall |")
    print(f"|---|{'---|' * 5}")
    total = [0, 0, 0]
    for strategy in RULES:
        counts = [
            sum(strategy in labels for labels in wanted.values()),
            sum(strategy in found[place] for place in wanted),
            sum(strategy in wanted[place] & found[place] for place in wanted),
        ]
        total = [sum(pair) for pair in zip(total, counts, strict=True)]
        print(row(strategy, counts))
    print(row("all", total))


def row(strategy: str, counts: list[int]) -> str:
    """Of the table."""
    labelled, found, right = counts
    return f"| {strategy} | {labelled} | {found} | {right} | {share(right, found)} | {share(right, labelled)} |"


def share(right: int, of: int) -> str:
    """With its interval."""
    if not of:
        return "-"
    interval = wilson(right, of)
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


if __name__ == "__main__":
    main()
