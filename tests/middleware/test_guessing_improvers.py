"""Improvers are scored before they are asked for (`speculate=all`): in time, within caps, and with the same record."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nearness import TASK
from selftaught.config import make_config
from selftaught.core.address import draw_seed, here
from selftaught.core.contracts import Completion, Prompt
from selftaught.middleware.gate import Gate
from selftaught.report.tables import guesses
from selftaught.report.view import view
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import META_UTILITY, Answered, Applied, Measured, Record, Scored, Stepped
from selftaught.sandbox.contract import OpenSandbox
from selftaught.wiring.inputs import load_inputs
from selftaught.wiring.models import Models
from selftaught.wiring.replay import replay
from selftaught.wiring.run import Run

ASK = """
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    found = language_model.prompt("expert", initial_solution, n_responses=3, temperature=0.5)
    found = extract_code(found)
"""
IN_TURN = ASK + "    return max(found, key=utility)\n"
FIRST_ALONE = (
    ASK
    + """    found = min(found)
    utility(found)
    return found
"""
)


@dataclass
class Together:
    """Every response is another program, by its address. Nothing that candidates ask is answered until all three ask.

    `alone`: that is not waited for.
    """

    alone: bool = False
    asked: list[str] = field(default_factory=list)
    _all: threading.Barrier = field(default_factory=lambda: threading.Barrier(3))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        with self._lock:
            self.asked.append(here())
        if "/score" in here() and not self.alone:
            self._all.wait(20)
        return [Completion(self._answer(prompt), 10, 5) for prompt in prompts]

    @staticmethod
    def _answer(prompt: Prompt) -> str:
        draw = draw_seed(here()) % 1000
        if "improve_algorithm" in prompt.user:
            return prompt.user.rstrip("\n") + f"\n# draw {draw}\n"
        return f"def algorithm(x):\n    return {draw / 1000}\n"


def run(
    place: Path, sandbox: OpenSandbox, improver: str, model: Together, **settings: Any
) -> tuple[Path, list[Record]]:
    """A step of one candidate for each of three responses, and one response for each candidate."""
    place.mkdir()
    (place / "nearness.py").write_text(TASK)
    (place / "improver.py").write_text(improver)
    told = {
        "tasks": [str(place / "nearness.py")], "improver": str(place / "improver.py"), "depth": 1, "seed": "5:00ff",
        "repeats": 1, "model_calls": 1, "responses": 3, "utility_calls": 3, "common_draws": "off", "speculate": "all",
        "machine_speed": 20, "probes": False,
    }  # fmt: skip
    inputs = load_inputs(make_config({**told, **settings}), place)
    folder = RunFolder(place / "run")
    with Run.begin(inputs, lambda: folder, Models.only(model, "together"), sandbox) as begun:
        begun.work()
        return folder.path, list(begun.store)


@pytest.fixture(scope="module")
def one_each() -> str:
    """The candidates ask for one response, the improver for three."""
    return IN_TURN.replace("n_responses=3", "n_responses=3 if 'improve_algorithm' in initial_solution else 1")


@pytest.fixture(scope="module")
def first_alone() -> str:
    return FIRST_ALONE.replace("n_responses=3", "n_responses=3 if 'improve_algorithm' in initial_solution else 1")


def effects(records: Sequence[Record]) -> set[tuple[object, ...]]:
    """All that somebody asked for: no times, and not what nobody asked for."""
    return {told for record in records if (told := effect(record))}


def effect(record: Record) -> tuple[object, ...]:
    match record:
        case Scored(guessed=False):
            told = (
                record.at,
                record.program,
                record.value,
                record.feedback,
                record.response,
                record.round,
                record.parent,
            )
            return *told, record.verdict
        case Answered(guessed=False):
            return record.at, record.prompt, record.response, record.cost
        case Applied():
            return record.at, record.program, record.model_calls, record.responses, record.utility_calls, record.best
        case Measured():
            return record.at, *((sample.program, sample.val, sample.test) for sample in record.samples)
        case Stepped():
            return record.at, record.improver, record.accepted
        case _:
            return ()


def test_all_candidates_are_scored_at_once_and_the_record_is_that_of_a_run_without_guesses(
    tmp_path: Path, sandbox: OpenSandbox, one_each: str
) -> None:
    folder, guessed = run(tmp_path / "all", sandbox, one_each, Together())  # one after another it would never end
    _, plain = run(tmp_path / "off", sandbox, one_each, Together(alone=True), speculate="off")
    asked = [record for record in guessed if isinstance(record, Answered) and record.guessed]
    assert 1 <= len(asked) <= 3
    unmarked = {effect(record) for record in guessed} | {
        (record.at, record.prompt, record.response, record.cost) for record in asked
    }
    assert unmarked - {()} == effects(plain)
    of_improvers = [record for record in guessed if isinstance(record, Scored) and record.utility == META_UTILITY]
    assert len(of_improvers) == 3 and not any(record.guessed or record.reused for record in of_improvers)
    found = replay(RunFolder(folder), sandbox, lambda record: None, Gate())
    assert found.finished and not found.differences and found.served == found.responses


AFTER_ITS_SCORE = "it is scored"
ASKS_AGAIN = f"""
from helpers import extract_code

def improve_algorithm(initial_solution, utility, language_model):
    if "improve_algorithm" in initial_solution:
        responses = language_model.prompt("expert", initial_solution, n_responses=3, temperature=0.5)
        return max(map(extract_code, responses), key=utility)
    (response,) = language_model.prompt("expert", initial_solution, n_responses=1, temperature=0.5)
    utility(extract_code(response))
    language_model.prompt("expert", {AFTER_ITS_SCORE!r}, n_responses=1, temperature=0.5)
    return extract_code(response)
"""


class LateForOne(Together):
    """All candidates get the same program, but the one of the score at `late` only when two others have scored it."""

    def __init__(self, late: str = "") -> None:
        super().__init__(alone=True)
        self._late = late
        self._scored = threading.Semaphore(0)

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        if "/score" not in here():
            return super().__call__(prompts)
        if prompts[0].user == AFTER_ITS_SCORE:
            self._scored.release()
        elif self._late and here().startswith(self._late):
            for _ in range(2):
                assert self._scored.acquire(timeout=20)
        return [Completion("def algorithm(x):\n    return 0.999\n", 10, 5) for _ in prompts]


def test_a_program_that_several_guesses_score_was_run_for_the_first_that_was_asked_for(
    tmp_path: Path, sandbox: OpenSandbox
) -> None:
    def scored(value: str, model: Together) -> list[tuple[str, bool]]:
        _, records = run(tmp_path / value, sandbox, ASKS_AGAIN, model, model_calls=2, speculate=value)
        return [(r.at, r.reused) for r in records if isinstance(r, Scored) and r.at.count("/score:") == 2]

    plain = scored("off", LateForOne())
    assert [reused for _, reused in plain] == [False, *[True] * 5]  # asked for by three, and measured for each
    first = plain[0][0]
    assert scored("all", LateForOne("/".join(first.split("/")[:3]))) == plain


@pytest.mark.parametrize("draws", ["off", "on"])
def test_what_nobody_asked_for_is_on_record_as_that_and_its_price_is_shown(
    tmp_path: Path, sandbox: OpenSandbox, first_alone: str, draws: str
) -> None:
    model = Together(alone=draws == "on")
    folder, guessed = run(tmp_path / "all", sandbox, first_alone, model, common_draws=draws)
    _, plain = run(tmp_path / "off", sandbox, first_alone, Together(alone=True), speculate="off", common_draws=draws)
    steps = [effects([record]) for record in guessed if isinstance(record, (Measured, Stepped))]
    assert steps == [effects([record]) for record in plain if isinstance(record, (Measured, Stepped))]
    candidates = [r.at for r in guessed if isinstance(r, (Applied, Scored)) and r.at.startswith("/apply:")]
    assert len({at.split("/")[2] for at in candidates if "/score:" in at}) == 1  # of the others nothing is told
    told = view(guessed)
    if draws == "off":
        assert told.guesses.unused == 2 and (told.guesses.responses, told.guesses.tokens) == (2, 30)
        assert "2 were not, which cost 2 responses of the model (30 tokens" in guesses(told)[0]
    else:  # one response is all that any of them asks, and it is asked for in the end
        assert told.guesses.responses == 0
        assert len([record for record in guessed if isinstance(record, Answered) and not record.shared]) == len(
            [record for record in plain if isinstance(record, Answered) and not record.shared]
        )
    found = replay(RunFolder(folder), sandbox, lambda record: None, Gate())
    assert found.finished and not found.differences
    assert found.served + found.guessed == found.responses and found.guessed == told.guesses.responses


def test_a_cap_that_is_enough_without_guesses_is_not_spent_on_them(
    tmp_path: Path, sandbox: OpenSandbox, first_alone: str
) -> None:
    model = Together(alone=True)
    _, records = run(tmp_path / "all", sandbox, first_alone, model, max_calls=6)
    assert len(model.asked) == 6 and view(records).status == "finished"
    assert not [record for record in records if isinstance(record, Answered) and record.guessed]
