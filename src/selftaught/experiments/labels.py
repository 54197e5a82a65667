"""Strategies of improvers as a language model sees them: asked once for each program, and on record."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from selftaught.core.contracts import Prompt
from selftaught.core.money import Caps
from selftaught.experiments.strategies import RULES
from selftaught.middleware.gate import Gate
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.run_budget import RunBudget
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Session
from selftaught.runs.store import Store
from selftaught.wiring.models import IMPROVER, Models
from selftaught.wiring.stack import Stack


def model_labels(models: Models, path: Path, caps: Caps, gate: Gate) -> Callable[[str], frozenset[str] | None]:
    """A model's labels, out of the names of the rules. What it cannot be read to have said is no label."""
    path.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(path)
    store = Store.open(folder.store) if folder.store.is_file() else Store.create(folder.store)
    recorder = Recorder(store)
    if not any(isinstance(record, Session) for record in store):
        recorder.write(Session(at="/session#0", version="", tier="", model=models.name))
    run_budget = RunBudget(caps, models.spent(store), gate)
    model = Stack(recorder, gate, run_budget).model(models.improver, IMPROVER)
    names = ", ".join(RULES)

    def label(source: str) -> frozenset[str] | None:
        program = f"```python\n{source}\n```"
        question = f"Which of these does the program use? {names}\n\n{program}\n\nAnswer with a JSON list."
        (answer,) = model([Prompt("You classify programs that improve programs.", question, 0.0)])
        start, end = answer.text.find("["), answer.text.rfind("]")
        try:
            said = msgspec.json.decode(answer.text[start : end + 1], type=list[str])
        except msgspec.MsgspecError:
            return None
        return frozenset(said) & frozenset(RULES)

    return label
