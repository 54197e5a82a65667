"""The responses that a run or a recording holds, as a model."""

import tempfile
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from selftaught.config import RunConfig
from selftaught.core.contracts import Prompt
from selftaught.core.errors import UsageError
from selftaught.middleware.recorded import completion_of
from selftaught.models.replay import Recorded, Replay
from selftaught.runs.folder import RunFolder, find_run
from selftaught.runs.recording import read_recording, unpack
from selftaught.runs.records import Answered, prompt_parts
from selftaught.runs.store import Store
from selftaught.wiring.inputs import Inputs, check_as_begun, frozen_modules, frozen_tasks
from selftaught.wiring.kept_settings import frozen_config


def open_recorded(name: str, runs: Path, scratch: Path) -> RunFolder:
    """A run by its name or folder, or a recording's file, unpacked into `scratch`. Raises UsageError, RecordError."""
    path = Path(name)
    if path.is_file():
        return unpack(read_recording(path), scratch)
    return find_run(name, runs)


def answers(store: Store) -> list[Recorded]:
    """Every recorded response, in the order of arrival; a shared one counts once."""

    def recorded(address: str, answered: Answered) -> Recorded:
        prompt = Prompt(*prompt_parts(store.text(answered.prompt)), answered.temperature)
        return Recorded(address, prompt, completion_of(answered, store))

    drawn: dict[str, Answered] = {}
    for record in store:
        if isinstance(record, Answered):
            drawn.setdefault(record.draw or record.at, record)
    return [recorded(*one) for one in drawn.items()]


_DECIDE = (
    "kind", "depth", "repeats", "model_calls", "responses", "utility_calls", "improver", "accept", "feedback",
    "salvage", "common_draws", "race", "utility_text", "extract_code", "fidelity", "seed",
)  # fmt: skip
"""The settings that decide the prompts, and so whether a recording has the responses."""


def replay_model(name: str, inputs: Inputs, runs: Path) -> tuple[Replay, Path, str]:
    """The model `replay:NAME` for another run of the same tasks, its folder, and the settings that differ.

    Nothing of the recording is executed. Raises UsageError for a recording of other tasks.
    """
    with tempfile.TemporaryDirectory(prefix="selftaught-") as scratch:
        folder = open_recorded(name, runs, Path(scratch) / "run")
        where = (Path(name) if Path(name).is_file() else folder.path).resolve()
        recorded, kept = frozen_tasks(folder), frozen_modules(folder)
        for task in inputs.tasks:
            if task.name not in recorded:
                raise UsageError(f"the recording {name} is of {', '.join(recorded)}, not of {task.name}")
            if task.source != recorded[task.name]:
                raise UsageError(f"the task {task.name} differs from that of the recording {name}; replay it: "
                                 f"selftaught replay {name}")  # fmt: skip
            if kept is not None and any(kept.get(module) != text for module, text in task.modules.items()):
                raise UsageError(f"the modules of the task {task.name} differ from those in the recording {name}; "
                                 f"replay the recording: selftaught replay {name}")  # fmt: skip
        with Store.open(folder.store, writable=False) as store:
            check_as_begun(store, folder)
            # It was paid then, and is not paid again.
            free = [
                replace(one, completion=replace(one.completion, cost=None, price_source="")) for one in answers(store)
            ]
            return Replay(free, f"the recording {name}"), where, _otherwise(frozen_config(folder), inputs.config)


def demo_model(inputs: Inputs) -> Replay:
    """The model `demo`: the answers of the recording that the package ships, each to the most similar prompt.

    Raises UsageError for other tasks than the recording's.
    """
    packed = files("selftaught.wiring") / "demo.recording"
    with as_file(packed) as file, tempfile.TemporaryDirectory(prefix="selftaught-") as scratch:
        folder = unpack(read_recording(file), Path(scratch) / "run")
        recorded = frozen_config(folder).tasks
        for task in inputs.tasks:
            if task.name not in recorded:
                raise UsageError(
                    f"`model=demo` has answers only for {', '.join(recorded)}, not for {task.name}; name a model"
                )
        with Store.open(folder.store, writable=False) as store:
            return Replay(answers(store), "the recording of the demo", nearest=True)


def _otherwise(then: RunConfig, now: RunConfig) -> str:
    """The settings that are others now, as they were; "" where all are the same."""
    told = [f"`{name}={_shown(getattr(then, name))}`" for name in _DECIDE if getattr(then, name) != getattr(now, name)]
    return ", ".join(told)


def _shown(value: object) -> str:
    return str(value) if value is not None else "…"
