"""`selftaught demo`: a program becomes better, on screen. The model's answers are recorded, all else is done here.

What it replays is `wiring/demo.recording`; `benchmarks/demo_recording.py` makes it.
"""

import sys
import textwrap
from pathlib import Path
from typing import Any

from selftaught.cli import printing
from selftaught.cli.actions import carry_out, start
from selftaught.cli.terminal import columns, environment, folded, say, tell
from selftaught.config import applying, make_config
from selftaught.core.contracts import LanguageModel
from selftaught.core.measurement import Estimate
from selftaught.core.model_name import DEMO
from selftaught.models.replay import Replay
from selftaught.report import tables
from selftaught.report.as_json import as_json as run_as_json
from selftaught.report.candidates import idea_of
from selftaught.report.untrusted import one_line
from selftaught.report.view import Improvement, RunView
from selftaught.runs.folder import RunFolder, new_folder
from selftaught.runs.records import Answered, Chosen, Record, Scored, split_of
from selftaught.runs.salt import salted
from selftaught.runs.store import Store
from selftaught.statistics import Interval, difference_interval, paired_differences
from selftaught.wiring.choosing import choose_models
from selftaught.wiring.inputs import load_inputs
from selftaught.wiring.run import Run

SETTINGS: dict[str, Any] = {
    "kind": "improve",
    "tasks": ["bin-packing"],
    "improver": "refine",
    "model_calls": 3,
    "responses": 4,
    "utility_calls": 18,
    "seed": "7:5464a8af06b753d5",
}
"""Those that the recording was made with. Its programs are far from their limits, so they score alike everywhere."""
MUTATE: dict[str, Any] = {
    "kind": "run",
    "tasks": ["three-sat@hard"],
    "model": "mutate",
    "seed": "7",
    "depth": 2,
    "repeats": 3,
    "model_calls": 1,
    "responses": 6,
    "utility_calls": 7,
}
"""Under a minute on two cores."""
_INTRODUCTION = (
    ("task", "bin-packing: items come one by one, and go into as few bins as possible"),
    ("seed", "best fit: an item goes into the fullest bin that has room for it"),
    ("improver", "refine, a program too: it asks a model for better programs, scores them, shows the model how "
                 "they did, and asks again"),
    ("model", "recorded answers from the package (docs/demo.md)"),
    ("live", "the sandbox, the scores, the statistics: all on your machine"),
)  # fmt: skip
_NEXT = (
    ("selftaught improve bin-packing --improver refine --model ollama/qwen3", "the same with your model"),
    ("selftaught show last --candidates", "every candidate"),
    ("selftaught new mine", "your own task"),
)
_MOST_DIFF_LINES = 24
_IDEA = "Idea:"
_LEAST_IDEA, _USUAL_COLUMNS = 20, 80


def demo(seed: str | None, sandbox: str, runs: Path, *, mutate: bool, as_json: bool) -> None:
    """The recorded one, or a short self-improvement with the model `mutate`. `seed`: for other instances."""
    given = {"sandbox": sandbox} | ({} if seed is None else {"seed": seed})
    if mutate:
        say(f"a short self-improvement on {MUTATE['tasks'][0]}; no key, no network")
        say("the model is `mutate`: random edits; any language model should find more")
        start(MUTATE | given, None, None, runs, as_json=as_json)
        return
    settings = SETTINGS | {"model": DEMO} | given
    settings["seed"] = salted(settings["seed"], runs, environment())
    inputs = load_inputs(make_config(settings), runs)
    chosen = choose_models(inputs, None, runs, environment())
    with Run.begin(
        inputs, lambda: new_folder(runs, inputs.tasks[0].name, None), chosen.models, gate=chosen.gate
    ) as begun:
        story = Story(begun.store)
        _introduce()
        found = carry_out(begun, story.of)
        if as_json:
            printing.dump(run_as_json(found, applying(begun.inputs.config), begun.folder.path.name))
        else:
            _ending(found, begun.store, begun.folder)
            _of_answers(begun.models.solution.model)
            print("\nNext:")
            for command, what in _NEXT:
                print(f"  {command}\n      {what}")


def _introduce() -> None:
    width = columns(sys.stderr) or _USUAL_COLUMNS
    print(folded("A program becomes better, in under a minute, without key or network.", sys.stderr), file=sys.stderr)
    print(file=sys.stderr)
    for name, words in _INTRODUCTION:
        text = textwrap.fill(f"  {name:8}  {words}", width, subsequent_indent=" " * 12, break_on_hyphens=False)
        print(text, file=sys.stderr)
    print(file=sys.stderr)


class Story:
    """A line for each record: the rounds, and each program with its score and its idea."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._round = 0
        self._told: set[str] = set()

    def of(self, record: Record) -> str:
        """A line; an empty text if there is nothing to print."""
        match record:
            case Answered(call=call) if call > self._round:
                self._round = call
                rounds, programs = SETTINGS["model_calls"], SETTINGS["responses"]
                return f"  round {call} of {rounds}: the model is asked for {programs} programs"
            case Scored(program=program) if (
                split_of(record.utility) == "val" and not record.guessed and program not in self._told
            ):
                self._told.add(program)
                return self._scored(record)
            case Chosen():
                return "  the best program is scored on the sealed test, and probed for reward hacks"
            case _:
                return ""

    def _scored(self, record: Scored) -> str:
        if record.verdict != "ok":
            score = f"{record.verdict:13}"
        else:
            score = f"{record.value:.3f}" + ("" if record.error is None else f" ± {record.error:.3f}")
        idea = "the seed" if not record.round else "the best one with another number"
        if record.response:
            idea = idea_of(self._store.text(record.response)).removeprefix(_IDEA).strip()
        line = f"    {score}  "
        room = max(_LEAST_IDEA, (columns(sys.stderr) or _USUAL_COLUMNS) - len(line) - 1)
        return line + textwrap.shorten(one_line(idea), room, placeholder=" …")


def _ending(found: RunView, store: Store, folder: RunFolder) -> None:
    """Seed and improved program compared, the changes, and the next commands."""
    made = found.improvement
    if made is None or made.made is None or made.made == made.solution:  # a sandbox in which nothing runs to its end
        for line in tables.summary(found, ""):
            tell(line)
        return
    printing.print_diff(store.text(made.solution), store.text(made.made), most=_MOST_DIFF_LINES)
    print()
    printing.table(
        ("instances", "seed", "improved", "difference, 95 % interval"),
        [_compared(name, what, made, store) for name, what in _splits(made)],
        right=("seed", "improved"),
        spare=("seed",),
    )
    tell(f"{_counts(made)} instances each. ± is the standard error; the interval is of paired differences.")
    tell("Improvers see only scores on val, and nothing of the sealed test.")
    for line in [*tables.probes(found), f"The improved program: {folder.path / 'improved.py'}"]:
        tell(line)


def _of_answers(model: LanguageModel) -> None:
    """Reports responses to other prompts than recorded: a program has another score here, or --seed is another."""
    if isinstance(model, Replay) and model.otherwise:
        tell(
            f"{model.otherwise} prompts are not in the recording, because scores differ here: each got the answer to "
            "the most similar recorded prompt."
        )


def _counts(made: Improvement) -> int:
    return max((gain.n for gain in made.gains.values()), default=0)


def _splits(made: Improvement) -> list[tuple[str, str]]:
    return [(name, "sealed test" if split_of(name) == "test" else "val") for name in made.before]


def _compared(name: str, what: str, made: Improvement, store: Store) -> tuple[str, ...]:
    scored = {one.program: one for one in store if isinstance(one, Scored) and one.utility == name}
    before, after = scored[made.solution], scored[made.made or ""]
    gain, difference = made.gains.get(name), "—"
    if gain is not None:  # both have a grade of each instance
        found = difference_interval(paired_differences(before.grades, after.grades), seed=0)
        interval = f"{found.low:+.3f} to {found.high:+.3f}" if isinstance(found, Interval) else str(found)
        difference = f"{gain.mean:+.3f} ({interval})"
    return (what, _shown(before), _shown(after), difference)


def _shown(scored: Scored) -> str:
    return tables.shown(Estimate(scored.value, scored.error, len(scored.grades)))
