"""What decides whether a proposal is taken, from the settings to the record."""

import io
import json
import threading
from pathlib import Path

import msgspec
import pytest

from selftaught.cli.approving import on_terminal, shown
from selftaught.config import RunConfig
from selftaught.core.contracts import Program
from selftaught.core.errors import ModelUnavailable, RunStopped
from selftaught.middleware.gate import Gate
from selftaught.middleware.recorder import Recorder
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Approved, Measured, Sampled, Stepped
from selftaught.runs.store import Store
from selftaught.wiring.accepting import (
    Accepting,
    Approve,
    Question,
    Reply,
    as_recorded,
    by_file,
    out_of_reach,
    race_in_vain,
)

PARENT, CHILD = Program("def improve_algorithm(s, u, l):\n    return s\n"), Program("import this\n")
QUESTION = Question(2, "p", "q", 0.7, 0.5, 0.2, 0.05, 0.03, 12, 3456, 0.25, ["--- I_1", "+++ proposed", "+new\x1b[2J"])


def measured(program: Program, values: list[float]) -> Measured:
    samples = [
        Sampled(task="t", program="s", verdict="ok", note="", val=value, val_verdict="ok", test=None,
                test_verdict=None, val_grades=[value] * 10)
        for value in values
    ]  # fmt: skip
    return Measured(at=f"/measure:{program.id[:16]}", improver=program.id, samples=samples, seconds=0.0)


def accepting(folder: Path, child: list[float], person: Approve | None = None, **settings: object) -> Accepting:
    store = Store.create(folder / "run.sqlite")
    recorder = Recorder(store)
    recorder.write(Stepped(at="/step#0", t=0, improver="i", proposed=None, accepted=True, verdict="ok", note=""))
    told = {PARENT: measured(PARENT, [0.5] * len(child)), CHILD: measured(CHILD, child)}
    config = msgspec.structs.replace(RunConfig(tasks=["t"]), **settings)
    return Accepting(config, told.__getitem__, recorder, 1, person)


@pytest.mark.parametrize(
    ("policy", "child", "taken"),
    [
        ("paper", [0.0] * 5, True),
        ("released", [0.1, 0.0, 0.0, 0.0, 0.0], True),
        ("released", [0.0] * 5, False),
        ("better", [0.6, 0.5, 0.5, 0.5, 0.5], True),
        ("better", [0.5] * 5, False),
        ("significant", [0.6, 0.5, 0.5, 0.5, 0.5], False),
        ("significant", [0.6, 0.7, 0.6, 0.7, 0.6], True),
        ("significant", [0.6, 0.7, 0.6, 0.7], False),
    ],
)
def test_each_policy_takes_what_it_says(tmp_path: Path, policy: str, child: list[float], taken: bool) -> None:
    assert accepting(tmp_path, child, accept=policy)(CHILD, PARENT) is taken


def test_the_level_can_be_set_and_p_is_told_once(tmp_path: Path) -> None:
    asked = accepting(tmp_path, [0.6, 0.7, 0.6, 0.7], accept="significant", accept_level=0.1)
    assert asked(CHILD, PARENT)
    assert asked.decided_by() == (0.0625, None) and asked.decided_by() == (None, None)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"repeats": 4}, "4 repeats in all give p = 0.0625 at best"), ({"repeats": 5}, ""),
     ({"repeats": 4, "accept_level": 0.07}, ""), ({"repeats": 1, "accept": "better"}, "")],
)  # fmt: skip
def test_a_level_out_of_reach_is_said_at_the_start(settings: dict[str, object], said: str) -> None:
    config = msgspec.structs.replace(RunConfig(tasks=["t"]), **{"accept": "significant", **settings})
    told = out_of_reach(config, 1)
    assert said in told and bool(said) == bool(told)


@pytest.mark.parametrize(("settings", "said"), [({}, True), ({"repeats": 2}, False), ({"race": None}, False)])
def test_a_race_with_nothing_to_save_is_said_at_the_start(settings: dict[str, object], said: bool) -> None:
    config = msgspec.structs.replace(RunConfig(tasks=["t"]), **{"race": 0.05, "repeats": 1, **settings})
    assert race_in_vain(config).startswith("`race` saves nothing") is said


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_decides_on_what_the_policy_takes_and_is_asked_once(tmp_path: Path, answer: bool) -> None:
    questions: list[Question] = []

    def person(question: Question) -> Reply:
        questions.append(question)
        return Reply(answer, "test", "since\x1b[2J I say so")

    asked = accepting(tmp_path, [0.6] * 5, person, approve=True)
    assert asked(CHILD, PARENT) is answer and asked(CHILD, PARENT) is answer
    assert asked.decided_by() == (None, answer)
    (question,) = questions
    assert (question.t, question.proposed_val, question.parent_val) == (1, 0.6, 0.5)
    assert "+import this" in question.diff and question.p == 2**-5
    (record,) = [r for r in asked.recorder.store if isinstance(r, Approved)]
    assert (record.t, record.approved, record.by, "\x1b" in record.note) == (1, answer, "test", False)
    assert as_recorded([record])(question).approved is answer
    with pytest.raises(ModelUnavailable, match="no approval"):
        as_recorded([])(question)


def test_nobody_is_asked_of_what_the_policy_refuses(tmp_path: Path) -> None:
    def nobody(question: Question) -> Reply:
        raise AssertionError("asked")

    assert not accepting(tmp_path, [0.4] * 5, nobody, approve=True)(CHILD, PARENT)


def test_a_file_asks_and_a_file_answers(tmp_path: Path) -> None:
    asked, said = threading.Event(), list[str]()

    def say(text: str) -> None:
        said.append(text)
        asked.set()

    def answer() -> None:
        assert asked.wait(30)
        question = json.loads((tmp_path / "approval/t2.json").read_text())
        (tmp_path / "approval/t2.answer.json").write_text("{")  # half of one is none yet
        reply = {"approved": question["difference"] > 0.1, "note": "fine"}
        (tmp_path / "approval/new").write_text(json.dumps(reply))
        (tmp_path / "approval/new").replace(tmp_path / "approval/t2.answer.json")

    thread = threading.Thread(target=answer)
    thread.start()
    assert by_file(RunFolder(tmp_path), Gate(), say)(QUESTION) == Reply(True, "file", "fine")
    thread.join()
    assert "t2.answer.json" in said[0]


def test_a_run_that_is_stopped_waits_no_longer(tmp_path: Path) -> None:
    gate = Gate()
    with pytest.raises(RunStopped):
        by_file(RunFolder(tmp_path), gate, lambda text: gate.stop(RunStopped("interrupted", interrupted=True)))(
            QUESTION
        )


@pytest.mark.parametrize(
    ("typed", "reply"),
    [("y\n", Reply(True, "terminal")), ("what?\n\nno it is longer\n", Reply(False, "terminal", "it is longer")),
     ("YES\n", Reply(True, "terminal")), ("", Reply(False, "terminal", "no answer: the input ended"))],
)  # fmt: skip
def test_a_terminal_asks_until_there_is_an_answer(typed: str, reply: Reply, capsys: pytest.CaptureFixture[str]) -> None:
    assert on_terminal(QUESTION, io.StringIO(typed).readline, Gate()) == reply
    told = capsys.readouterr().err
    assert "0.500 → 0.700 on val" in told and "+0.200 ± 0.050 (p = 0.03, one-sided)" in told and "$0.2500" in told
    assert "\x1b" not in told and shown(QUESTION)[2].startswith("+new")
