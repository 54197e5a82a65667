"""Results on stdout: for people as text, for programs as one JSON object."""

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from selftaught.cli.options import in_flags
from selftaught.cli.terminal import cleaned, columns, console, print_json, say, tell
from selftaught.config import RunConfig, applying
from selftaught.core.contracts import Score
from selftaught.core.errors import UsageError
from selftaught.core.measurement import Estimate, estimate
from selftaught.core.money import Caps
from selftaught.core.standing import way_to_best
from selftaught.report import tables
from selftaught.report.as_json import as_json as run_as_json
from selftaught.report.candidates import candidates
from selftaught.report.lineage import compare
from selftaught.report.untrusted import one_line
from selftaught.report.view import KILLED, RunView
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import split_of
from selftaught.runs.store import Store
from selftaught.tasks.measured import MEASURED

if TYPE_CHECKING:  # commands that show a run start without the code that runs one
    from selftaught.experiments.forecasting import Plan
    from selftaught.wiring.forecast import Forecast
    from selftaught.wiring.replay import Comparison

_GAP = "  "
_LEAST_FREE = 24
_MOST_DIFFERENCES = 10
_FILES = {"best_improver.py": "Best improver", "improved.py": "Improved program", "improved.patch": "As a patch"}
_MOST_DIFF_LINES = 40
_COLOURS = {"added": "green", "removed": "red", "place": "cyan"}


def chosen_models(said: Sequence[str]) -> None:
    """Which models were taken, and why; on stderr."""
    for line in said:
        say(in_flags(line))


def result(config: RunConfig, run: RunView, store: Store, folder: RunFolder, *, as_json: bool) -> None:
    """The table of a run, its meaning, and the file of the best improver."""
    if as_json:
        dump(run_as_json(run, applying(config), folder.path.name))
        return
    if run.steps:
        table(
            tables.HEADERS, tables.rows(run), right=("calls", "responses", "tokens", "time"),
            spare=("tokens", "calls", "responses", "time", "verdict"),
        )  # fmt: skip
    for line in tables.summary(run, config.accept):
        tell(in_flags(line))
    for line in solved(run):
        tell(line)
    tell(tables.fidelity(config.fidelity))
    if config.seed:
        tell(f"Seed: {config.seed} (with --seed {config.seed}, another run draws the same instances)")
    if run.ledger:
        table(
            tables.LEDGER_HEADERS, tables.ledger_rows(run), right=tables.LEDGER_HEADERS[2:],
            spare=("cached", "reasoning", "failed", "in", "out"),
        )  # fmt: skip
    if run.status == "running":
        tell("Status: running.")
    elif run.status != "finished":
        how = " (its end is not recorded: it was killed, or its disk was full)" if run.status == KILLED else ""
        tell(f"Status: {run.status}{how}. Continue with: selftaught resume {folder.path}")
    for failure in run.failures[:5]:
        example = f" ({one_line(failure.examples[0], 100)})" if failure.examples and failure.examples[0] else ""
        tell(f"  {failure.count} × {failure.work}: {failure.verdict}{example}")
    for fault in run.faults[:5]:
        tell(f"  the task's own code failed, and the answer counts as a bad one: {one_line(fault, 200)}")
    if run.faults and run.status != "finished":
        tell(f"  If grade is wrong, correct the file and run: selftaught resume {folder.path} --task FILE")
    for task in dict.fromkeys(run.corrected):
        tell(f"  the file of {task} was corrected during the run: earlier scores have the old grade")
    noticed = tables.suspicious(run)
    if noticed:
        tell("Suspicious, and recorded (--json and the report list each):")
    for line in noticed:
        tell(f"  {one_line(line)}")
    made = run.improvement
    if made is not None and made.made and made.made != made.solution:
        print_diff(store.text(made.solution), store.text(made.made), most=_MOST_DIFF_LINES)
    for line in _programs(run, folder):
        tell(line)


NO_TEST = (
    "No sealed test: the score that programs are improved by is the only one, and its code runs beside the program."
)
"""Of a task that judges whole programs."""


def _lacks_test(run: RunView) -> bool:
    """Whether there is a measurement on val and none on test."""
    if run.improvement is not None:
        return not any(split_of(name) == "test" for name in run.improvement.before)
    best = run.best_step
    return best is not None and best.val is not None and best.test is None


def _programs(run: RunView, folder: RunFolder) -> Iterator[str]:
    """The files of the results, and the command that shows all candidates."""
    made = run.improvement
    if _lacks_test(run):
        yield NO_TEST
    for name, what in _FILES.items():
        better = made is None or made.made != made.solution
        if (folder.path / name).is_file() and better:
            yield f"{what}: {folder.path / name}"
    if run.total.responses:
        yield f"All candidates: selftaught show {folder.path} --candidates"


def score(
    head: dict[str, Any], judged: Score, seed: Score, best: float | None, *, minimized: bool, whole: bool, as_json: bool
) -> None:
    """One score, with the score of the task's seed on the same instances, and the best known.

    `whole`: programs are judged as wholes.
    """
    comparable = (judged.raw is None) == (seed.raw is None)  # a failed one has no own number
    way = way_to_best(_own(judged), _own(seed), best, minimized=minimized) if comparable else None
    gain = _gain(judged, seed)
    if as_json:
        dump({
            "schema": "selftaught.score/1", **head, "value": judged.value, "verdict": str(judged.verdict),
            "score": _own(judged), "numbers": judged.numbers,
            "score_error": judged.error if judged.raw is None else judged.raw_error,
            "note": judged.note, "error": judged.error, "grades": judged.raw_grades or judged.grades,
            "cpu_seconds": judged.cpu_seconds,
            "seed_value": seed.value, "seed_score": _own(seed), "seed_grades": seed.raw_grades or seed.grades,
            "gain": gain.mean if gain else None, "gain_error": gain.standard_error if gain else None,
            "best_known": best, "share": way,
        })  # fmt: skip
        return
    error = "" if judged.error is None else f" ± {judged.error:.4f}"
    note = f" ({one_line(judged.note)})" if judged.note else ""
    if judged.fault:
        print(f"selftaught: the task's own code failed: {one_line(judged.fault, 200)}", file=sys.stderr)
    if judged.raw is None:
        print(f"{head['task']}/{head['split']}: {judged.value:.4f}{error}  {judged.verdict}{note}")
    else:
        error = "" if judged.raw_error is None else f" ± {judged.raw_error:.3g}"
        print(f"{head['task']}/{head['split']}: {judged.raw:.6g}{error}  {judged.verdict}{note}")
        print(f"an improver sees {judged.value:.4f}, from 0 to 1")
    for name, number in judged.numbers.items():
        print(f"{one_line(name)}: {number:.6g}")
    print(_standing(seed, best, way))
    if gain is not None:
        noise = gain.standard_error or 0.0
        sure = "" if abs(gain.mean) > 2 * noise else ", which is within the noise"
        print(f"against the seed, instance by instance: {gain.mean:+.4g} ± {noise:.2g}{sure}")
    if whole:  # there are no instances, and no other way to score it
        print(f"{NO_TEST} Sandbox: {head['sandbox']}")
        return
    print(f"{instances_of(head['fidelity'], head['seed'])}; sandbox: {head['sandbox']}")
    if head["split"] == "test" and head["fidelity"] != "released":
        print("A run with this seed has its own sealed test, on other instances, which only the run uses.")


def _gain(judged: Score, seed: Score) -> Estimate | None:
    """Over the seed, in the task's own number, over the instances that both met; None where one of them failed."""
    after, before = (score.raw_grades if score.raw is not None else score.grades for score in (judged, seed))
    of_means = judged.error is not None and seed.error is not None
    if not of_means or len(after) != len(before) or len(after) < 2 or after == before:
        return None
    return estimate([new - old for new, old in zip(after, before, strict=True)])


def _own(score: Score) -> float:
    """The task's own number."""
    return score.value if score.raw is None else score.raw


def _standing(seed: Score, best: float | None, way: float | None) -> str:
    trouble = f", {one_line(seed.note)}" if seed.note else ""
    told = (
        f"the task's seed: {_own(seed):.6g}{trouble}"
        if seed.raw is not None
        else f"the task's seed: {seed.value:.4f}{trouble}"
    )
    if best is None:
        return told
    told += f"; the best known: {best:.4g}"
    return told if way is None else f"{told}; {way:.0%} of the way from the seed to it"


def instances_of(fidelity: str, seed: str) -> str:
    """Where the instances of a score come from."""
    if fidelity == "released":
        return f"fidelity: released; instances: the released ones; the program's random numbers from --seed {seed}"
    return f"fidelity: {fidelity}; instances drawn with --seed {seed}"


def bound(head: dict[str, Any], rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """A task's reference and its seed, for each split."""
    if as_json:
        dump({"schema": "selftaught.bound/1", **head, "splits": rows})
        return
    shown = [
        (
            f"{row['split']}-like, {row['instances']}",
            f"{row['reference']:.4f}",
            _with_error(row["seed_score"], row["seed_error"]),
            _with_error(row["gap"], row["gap_error"]),
            row["seed_verdict"],
        )
        for row in rows
    ]
    numbers = ("reference", "seed", "gap")
    table(("instances", *numbers, "seed's verdict"), shown, right=numbers)
    print(f"{head['task']}: the reference is {head['kind']}. {head['about']}")
    way = way_to_best(head["good"] or 0.0, rows[0]["seed_score"] or 0.0, rows[0]["reference"])
    if head["good"] is not None and way is not None:
        print(
            f"A good program, written by hand, gets {head['good']:.3f}: "
            f"{way:.0%} of the way from the seed (docs/tasks.md)."
        )
    if head["minimized"]:
        print("In the task's own number; less is better.")
    print(instances_of(head["fidelity"], head["seed"]))
    if head["fidelity"] != "released":
        print("These instances are drawn for this command: no run has them, not even one with this seed.")


def _with_error(value: float | None, error: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if error is None else f"{value:.4f} ± {error:.4f}"


def tasks(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """A row for each built-in task and level."""
    if as_json:
        dump({"schema": "selftaught.tasks/1", "tasks": rows})
        return
    numbers = ("CPU s", "seed", "good", "best")
    shown = [
        (
            row["task"],
            row["kind"],
            f"{row['cpu_seconds']:.1f}",
            *(f"{row[name]:.3f}" for name in ("seed", "good", "best")),
            row["source"],
        )
        for row in rows
    ]
    table(("task", "kind", *numbers, "source"), shown, right=numbers)
    print(
        "CPU s: CPU time of scoring the good program once. seed, good: the scores of the\n"
        "task's seed and of a good program, on one machine. best: the best known score,\n"
        "and its source. Without a level the paper's tasks have the paper's sizes\n"
        "(@paper): today's models solve those in one answer. More: docs/tasks.md\n"
        "Your own task is a Python file: selftaught run path/to/task.py"
    )


def solved(run: RunView) -> list[str]:
    """Of tasks on which no improver can show anything: what to take instead."""
    lines = []
    for found in run.solved:
        base, _, level = found.task.partition("@")
        harder = f"{base}@hard"
        instead = f"; try {harder}" if harder in MEASURED and level != "hard" else ""
        lines.append(f"{tables.solved(found)}{instead}.")
    return lines


def forecast(told: "Forecast", *, as_json: bool) -> None:
    """What a run can cost, and is expected to."""
    if as_json:
        dump({"schema": "selftaught.forecast/1", **msgspec.to_builtins(told)})
        return
    rows = []
    for share in told.shares:
        for what, amount in (("at most", share.most), ("expected", share.expected)):
            calls = f"{share.model_calls:,}" if amount is share.most else ""
            dollars = f"${amount.dollars:,.2f}" if share.priced else "no price known"
            rows.append((share.role, share.model, what, calls, f"{amount.calls:,}", f"{amount.tokens:,}", dollars))
    table(("for", "model", "", "calls", "responses", "tokens", "cost"), rows, right=("calls", "responses", "tokens"))
    print("Expected: if every improver sends prompts like the first one, and programs keep their length.")
    if told.guesses.calls:
        print(guesses_at_most(told))
    if told.binding:
        print(in_flags(f"The run stops at {', '.join(told.binding)}."))
    else:
        print("At most: an improver may send prompts of 4 million characters. Cap it: --max-cost, --max-tokens.")


NOTHING_IS_GUESSED = "a run that sends spans scores nothing before it is requested: --speculate all has no effect"


def guesses_at_most(told: "Forecast") -> str:
    """The responses that may be bought for scores that are never requested, and their limit."""
    most = told.guesses
    cost = f"${most.dollars:,.2f}" if all(share.priced for share in told.shares) else "no price known"
    return in_flags(
        f"At most {most.calls:,} responses ({cost}) are bought for improvers whose score may never be\n"
        "requested (`speculate=all`). Under a cap they get at most a quarter of the rest."
    )


def plan(told: "Plan", caps: Caps, *, as_json: bool) -> None:
    """What an experiment can cost, and is expected to: cells that only repeat each other are one line."""
    if as_json:
        body = {name: getattr(told, name) for name in ("finished", "left", "parts", "total", "in_common")}
        dump({"schema": "selftaught.experiment-forecast/1", **msgspec.to_builtins(body)})
        return
    if not told.parts:
        print("No model is asked: it costs nothing.")
        return
    if told.finished:
        print(f"{told.finished} runs are finished. The others:")
    rows = [
        (
            part.what, part.model, f"{part.runs}", f"{part.expected.calls:,}", f"{part.expected.tokens:,}",
            f"${part.expected.dollars:,.2f}" if part.priced else "?", f"{part.most.calls:,}",
        )
        for part in (*told.parts, told.total)
    ]  # fmt: skip
    numbers = ("runs", "responses", "tokens", "cost", "at most")
    table(("each run", "model", *numbers), rows, right=numbers, spare=("at most", "model", "runs"), free="each run")
    tell(
        "Responses, tokens and cost: expected, if every improver sends prompts like the first one, and programs keep "
        f"their length. The maximum is {told.total.most.calls:,} responses."
    )
    if told.in_common is not None:
        tell(
            f"Common draws: what arms ask alike is bought once. Their first questions show {told.in_common:,} such "
            f"responses, so that at most {told.total.most.calls - told.in_common:,} are bought."
        )
    if not told.total.priced:
        tell("?: the price is not known; give it with --price.")
    passed = [Caps(calls=caps.calls), Caps(tokens=caps.tokens), Caps(dollars=caps.dollars)]
    for what, amount in (("It is expected to stop", told.total.expected), ("It stops", told.total.most)):
        if said := [cap for one in passed if (cap := one.passed_by(amount))]:
            tell(in_flags(f"{what} at {', '.join(said)}."))
            return
    if all(cap is None for cap in (caps.calls, caps.tokens, caps.dollars)):
        tell("No cap stops it earlier: set --max-cost, --max-tokens or --max-calls.")


def comparison(found: "Comparison", name: str, *, as_json: bool) -> None:
    """What a replay found."""
    if as_json:
        dump({"schema": "selftaught.replay/1", "run": name, **msgspec.to_builtins(found)})
        return
    did = f"{found.scores:,} scores, {found.applications:,} applications, {found.steps:,} steps"
    print(f"Replayed {name}: {found.served:,} of {found.responses:,} recorded responses used; {did} done again.")
    if found.guessed:
        print(f"Guesses that nothing asked for bought {found.guessed:,} responses, which a replay does not use.")
    if not found.finished:
        print(f"The run is not finished: {found.not_reached:,} pieces of work come after the end of its record.")
    if not found.differences:
        print("All results are as recorded.")
        return
    print(f"{len(found.differences):,} differ. The first:")
    for difference in found.differences[:_MOST_DIFFERENCES]:
        print(f"  {difference.what} {one_line(difference.at, 200)}".rstrip())
        for which, told in (("recorded", difference.recorded), ("now", difference.now)):
            if told:
                print(f"    {which + ':':<10}{one_line(told, 300)}")


def summary(folder: RunFolder, config: RunConfig, run: RunView, responses: int | None) -> dict[str, Any]:
    """One run as a row of the list; of `run` only the steps are read."""
    best, seed = run.best_step, run.seed_step
    return {
        "run": folder.path.name,
        "kind": config.kind,
        "tasks": config.tasks,
        "fidelity": config.fidelity,
        "model": config.model,
        "status": run.status,
        "t": run.steps[-1].t if run.steps else None,
        "depth": config.depth,
        "seed_val": seed.val.mean if seed and seed.val else None,
        "best_val": best.val.mean if best and best.val else run.chosen_value,
        "responses": responses,
    }


def run_list(rows: list[dict[str, Any]], root: Path, *, as_json: bool) -> None:
    """Every run of a folder."""
    if as_json:
        dump({"schema": "selftaught.runs/1", "runs": rows})
        return
    if not rows:
        print(f"There is no run in {root}/ yet. Start one with: selftaught run three-sat@hard")
        return
    shown = []
    for row in rows:
        if "error" in row:
            shown.append((row["run"], one_line(row["error"], 60), "", "", "", ""))
            continue
        step = f"{row['t']} of {row['depth']}" if row["kind"] == "run" and row["t"] is not None else ""
        values = "" if row["best_val"] is None else f"→ {row['best_val']:.3f}"
        if values and row["seed_val"] is not None:
            values = f"{row['seed_val']:.3f} {values}"
        shown.append((row["run"], row["status"], " ".join(row["tasks"]), row["model"], step, values))
    table(("run", "status", "tasks", "model", "t", "val"), shown, spare=("t", "model", "tasks"))


def program_of(config: RunConfig, run: RunView, store: Store, folder: RunFolder, what: str) -> str:
    """The text of a program of the run. Raises UsageError if there is no such program."""
    kind, _, number = what.rpartition("-")
    if what == "best-improver" and config.kind == "run":
        file = folder.path / "best_improver.py"
        if file.is_file():
            return file.read_text(encoding="utf-8", errors="replace")
        raise UsageError("no improver of this run is measured yet")
    if number.isdecimal() and kind == "improver" and config.kind == "run":
        return _pick([step.improver for step in run.steps], int(number), what, store)
    if number.isdecimal() and kind == "solution":
        return _pick(_solutions(run, store), int(number), what, store)
    wanted = (
        "best-improver, improver-N or solution-N"
        if config.kind == "run"
        else "solution-0 (before), solution-1 (improved), solution-N (another candidate)"
    )
    wanted += ", or an id of `show --candidates`"
    raise UsageError(f"there is no {what!r} to export from {folder.path.name}; wanted {wanted}")


def _solutions(run: RunView, store: Store) -> list[str]:
    """Of `run`: what the best improver made of each task in D. Of `improve`: before, after, and what else was tried."""
    if run.improvement is not None:
        made = [program for program in (run.improvement.solution, run.improvement.made) if program]
        return list(dict.fromkeys([*made, *(one.program for one in candidates(store))])) if len(made) > 1 else made
    best = run.best_step
    samples = run.measured.get(best.improver, ()) if best else ()
    return [sample.program for sample in samples if sample.program]


def _pick(ids: list[str], number: int, what: str, store: Store) -> str:
    if number >= len(ids):
        have = f"0 to {len(ids) - 1}" if ids else "none yet"
        raise UsageError(f"there is no {what}; the run has {have}")
    return store.text(ids[number])


def print_diff(before: str, after: str, most: int | None = None) -> None:
    """Line by line, in colours on a terminal; a remark tells what the lines cannot show. `most`: lines to show."""
    found = compare(before, after)
    screen = console() if sys.stdout.isatty() else None
    for kind, line in found.lines[:most]:
        if screen is not None:
            screen.print(cleaned(line), style=_COLOURS.get(kind, ""), soft_wrap=True)
        else:
            print(line)
    rest = len(found.lines) - len(found.lines[:most])
    for remark in (f"{rest} more lines of the diff." if rest else "", found.remark):
        if remark:
            tell(remark)


def dump(value: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    print_json(value)


def table(
    headers: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    right: tuple[str, ...] = (),
    spare: tuple[str, ...] = (),
    free: str = "",
) -> None:
    """Columns as wide as they need to be, without lines. Where the screen is too narrow the `spare` ones go, in order.

    The column `free` has words, and may be cut. Without a terminal nothing is cut: the text may be copied.
    """
    cells = [headers, *(tuple(map(one_line, row)) for row in rows)]
    widths = [max(map(_places, column)) for column in zip(*cells, strict=True)]
    least = [min(_LEAST_FREE, width) if name == free else width for name, width in zip(headers, widths, strict=True)]
    shown = [n for n in range(len(headers)) if widths[n]]
    screen = columns(sys.stdout) or sys.maxsize
    for name in spare:
        if _across(least, shown) > screen:
            shown = [n for n in shown if headers[n] != name]
    beyond = max(0, _across(widths, shown) - screen) if sys.stdout.isatty() else 0
    widths = [max(fewest, width - beyond) for fewest, width in zip(least, widths, strict=True)]
    for row in cells:
        print(_GAP.join(_set(row[n], widths[n], headers[n] in right) for n in shown).rstrip())


def _across(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[n] + len(_GAP) for n in shown) - len(_GAP)


def _places(text: str) -> int:
    """How many places of a terminal's line it takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1 for c in text
    )


def _set(cell: str, width: int, to_the_right: bool) -> str:
    """The cell in exactly `width` places, with … where its end is cut off."""
    if _places(cell) > width:
        while _places(cell) >= width and cell:
            cell = cell[:-1]
        cell += "…"
    blanks = " " * (width - _places(cell))
    return blanks + cell if to_the_right else cell + blanks
