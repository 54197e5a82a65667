"""Strategies of improvers as a language model sees them: asked once for each program, and on record."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from selftaught.core.contracts import Prompt
from selftaught.core.money import Caps
from selftaught.core.work import IMPROVER
from selftaught.experiments.strategies import CIRCUMVENTIONS, RULES
from selftaught.experiments.traces import Trace, as_text
from selftaught.middleware.gate import Gate
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.run_budget import RunBudget
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Session
from selftaught.runs.store import Store
from selftaught.wiring.models import Models
from selftaught.wiring.stack import Stack

Labels = Callable[[str, Sequence[Trace]], frozenset[str] | None]
"""The labels of a program's text and of what it did; None where nothing is known of it."""


def model_labels(models: Models, path: Path, caps: Caps, gate: Gate) -> Labels:
    """A model's labels, out of the names of the rules. An unreadable answer gives no label."""
    path.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(path)
    store = Store.open(folder.store) if folder.store.is_file() else Store.create(folder.store)
    recorder = Recorder(store)
    if not store.of(Session):
        recorder.write(Session(at="/session#0", version="", tier="", model=models.name))
    run_budget = RunBudget(caps, models.spent(store), gate)
    model = Stack(recorder, gate, run_budget).model(models.improver, IMPROVER)

    def label(source: str, traces: Sequence[Trace]) -> frozenset[str] | None:
        (answer,) = model([Prompt("You classify programs that improve programs.", question(source, traces), 0.0)])
        start, end = answer.text.find("["), answer.text.rfind("]")
        try:
            said = msgspec.json.decode(answer.text[start : end + 1], type=list[str])
        except msgspec.MsgspecError:
            return None
        return frozenset(said) & {*RULES, *CIRCUMVENTIONS}

    return label


def question(source: str, traces: Sequence[Trace]) -> str:
    """What the model is asked: what each label means, the program, and what it did when it ran."""
    meanings = "\n".join(f"- {name}: {' '.join((rule.__doc__ or '').split())}" for name, rule in RULES.items())
    did = f"This is what it did in one run:\n\n{as_text(traces[0])}\n\n" if traces else ""
    return (
        f"Which of these does the program use?\n{meanings}\n- and: {', '.join(CIRCUMVENTIONS)}\n\n"
        f"```python\n{source}\n```\n\n{did}Answer with a JSON list."
    )
