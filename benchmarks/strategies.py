"""How well strategies are read from what improvers do: precision and recall by strategy, on improvers with labels.

python benchmarks/strategies.py [--half building|held_out|afterwards] [--folder FOLDER]

Each improver is rehearsed in the sandbox (experiments/rehearsal.py), as `selftaught experiment strategies` does it. The
folder has `labels.toml` and a folder for each of its tables; without --folder, those of the tests, of which `held_out`
was not looked at while the rules were made, and `afterwards` only when they had been mended by that look.
"""

import argparse
import tomllib
from pathlib import Path

from selftaught.experiments.rehearsal import rehearse
from selftaught.experiments.strategies import RULES, strategies
from selftaught.sandbox.choice import open_sandbox

FOLDER = Path(__file__).resolve().parents[1] / "tests/experiments/improvers"


def main() -> None:
    """Print a table for each half, and what was missed or wrongly found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    labels = tomllib.loads((given.folder / "labels.toml").read_text())
    with open_sandbox("auto") as jail:
        for half in [given.half] if given.half else labels:
            wanted = {name: set(labelled) for name, labelled in labels[half].items()}
            found = {}
            for name in wanted:
                source = (given.folder / half / f"{name}.py").read_text()
                found[name] = set(strategies(rehearse(source, jail)))
            show(half, wanted, found)


def show(half: str, wanted: dict[str, set[str]], found: dict[str, set[str]]) -> None:
    """One row for each strategy, one for all of them; then each mistake."""
    print(f"\n{half}: {len(wanted)} improvers\n\n| strategy | labelled | found | right | precision | recall |")
    print(f"|---|{'---|' * 5}")
    total = [0, 0, 0]
    for strategy in RULES:
        counts = [
            sum(strategy in labels for labels in wanted.values()),
            sum(strategy in labels for labels in found.values()),
            sum(strategy in wanted[name] & found[name] for name in wanted),
        ]
        total = [sum(pair) for pair in zip(total, counts, strict=True)]
        print(row(strategy, counts))
    print(row("all", total))
    for name in wanted:
        missed, wrong = wanted[name] - found[name], found[name] - wanted[name]
        if missed or wrong:
            print(f"{name}: missed {', '.join(sorted(missed)) or '-'}; wrong {', '.join(sorted(wrong)) or '-'}")


def row(strategy: str, counts: list[int]) -> str:
    """Of the table."""
    labelled, found, right = counts
    precision = f"{right / found:.2f}" if found else "-"
    recall = f"{right / labelled:.2f}" if labelled else "-"
    return f"| {strategy} | {labelled} | {found} | {right} | {precision} | {recall} |"


if __name__ == "__main__":
    main()
