"""Programs that differ in comments and layout only share a score, where the utility cannot tell them apart."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from selftaught.config import PRESETS, make_config
from selftaught.core.contracts import Program, Score, Verdict
from selftaught.core.layout import layout_digest
from selftaught.middleware.ahead import Ahead
from selftaught.middleware.recorded import RecordedUtility
from selftaught.middleware.recorder import Recorder
from selftaught.runs.records import Scored
from selftaught.runs.store import Store
from selftaught.sandbox.reading import same_but_layout
from selftaught.tasks.loading import load_task

PLAIN = Program("def f(x):\n    return [x, 'a']\n")
TWIN = Program('# f, that is\n\ndef f( x ):\n    # a list\n    return (\n        [x,  "a",]\n    )\n')
OTHERS = {
    "another number": "def f(x):\n    return [x, 'b']\n",
    "a docstring": "def f(x):\n    'a list'\n    return [x, 'a']\n",
    "a hash in a string": "def f(x):\n    return [x, '#a']\n",
    "another nesting": "def f(x):\n    return [[x], 'a']\n",
    "no program": "def f(x) return [x, 'a']\n",
}
READ_THEMSELVES = [
    "import inspect\ndef f(x):\n    return inspect.getsource(f)\n",
    "def f(x):\n    return open(__file__).read()\n",
    "def f(x):\n    return f.__code__.co_firstlineno\n",
    "import sys\ndef f(x):\n    return sys._getframe().f_lineno\n",
    "def f(x):\n    try:\n        1 / 0\n    except Exception as e:\n        return e.__traceback__.tb_lineno\n",
    "def f(x):\n    return f.__doc__\n",
    "import pydoc\ndef f(x):\n    return pydoc.render_doc(f)\n",
    "import asyncio\nasync def g():\n    return repr(asyncio.current_task())\ndef f(x):\n    return asyncio.run(g())\n",
]


@dataclass
class Counts:
    """A utility that scores one half, or fails."""

    name: str = "task/val"
    description: str = ""
    deterministic: bool = True
    verdict: Verdict = Verdict.OK
    scored: list[Program] = field(default_factory=list)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self, program: Program) -> Score:
        self.scored.append(program)
        self.begun.release()
        return Score(0.5, self.verdict, feedback="half")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "run.sqlite") as made:
        yield made


def of(utility: Counts, recorder: Recorder) -> RecordedUtility:
    return RecordedUtility(utility, recorder, guesses=Ahead(1), guessed=utility, alike=same_but_layout)


def test_what_differs_in_comments_and_layout_alone_is_the_same() -> None:
    assert layout_digest(PLAIN) == layout_digest(TWIN) != ""
    assert same_but_layout(PLAIN, TWIN)


@pytest.mark.parametrize("source", OTHERS.values(), ids=OTHERS)
def test_what_differs_in_more_is_not(source: str) -> None:
    other = Program(source)
    assert layout_digest(other) != layout_digest(PLAIN) or not same_but_layout(PLAIN, other)


@pytest.mark.parametrize("source", READ_THEMSELVES)
def test_a_program_that_may_look_at_its_own_text_shares_nothing(source: str) -> None:
    assert layout_digest(Program(source)) == ""


def test_twins_are_scored_once_and_the_record_says_so(store: Store) -> None:
    utility = Counts()
    scored = of(utility, Recorder(store))
    assert [scored(one).feedback for one in (PLAIN, TWIN, TWIN)] == ["half"] * 3
    assert utility.scored == [PLAIN]
    records = [record for record in store if isinstance(record, Scored)]
    assert [(record.program, record.reused) for record in records] == [
        (PLAIN.id, False), (TWIN.id, True), (TWIN.id, True),
    ]  # fmt: skip
    assert {record.layout for record in records} == {layout_digest(PLAIN)}


def test_a_later_start_knows_them_too(store: Store) -> None:
    of(Counts(), Recorder(store))(PLAIN)
    later = Counts()
    assert of(later, Recorder(store))(TWIN).value == 0.5
    assert later.scored == []


def test_a_failure_is_not_shared_since_its_words_name_lines(store: Store) -> None:
    utility = Counts(verdict=Verdict.CRASHED)
    scored = of(utility, Recorder(store))
    scored(PLAIN), scored(TWIN)
    assert utility.scored == [PLAIN, TWIN]


def test_programs_whose_digest_agrees_by_chance_are_scored_each(store: Store) -> None:
    utility, one = Counts(), Program("def f(x):\n    return [x, 'a']\n")
    other = Program("def f(x):\n    return [x, 'a,']\n")
    assert layout_digest(one) == layout_digest(other)
    scored = of(utility, Recorder(store))
    scored(one), scored(other)
    assert utility.scored == [one, other]


def test_a_twin_is_not_guessed(store: Store) -> None:
    utility = Counts()
    scored = of(utility, Recorder(store))
    scored(PLAIN)
    assert utility.begun.acquire(timeout=20)
    scored.ahead(lambda: TWIN)
    scored.ahead(lambda: Program("def f(x):\n    return 7\n"))  # after it, in one thread
    assert utility.begun.acquire(timeout=20)
    assert TWIN not in utility.scored


def test_who_shares_the_score_of_a_guess_has_it_as_if_it_had_been_run_now(store: Store) -> None:
    utility, recorder = Counts(), Recorder(store)
    scored = of(utility, recorder)
    scored.ahead(lambda: PLAIN)
    assert utility.begun.acquire(timeout=20)
    scored(TWIN), scored(PLAIN)
    recorder.note_guesses()
    assert utility.scored == [PLAIN]
    records = [record for record in store if isinstance(record, Scored)]
    assert [(r.program, r.reused, r.ahead, r.guessed) for r in records] == [
        (TWIN.id, False, True, False), (PLAIN.id, True, False, False),
    ]  # fmt: skip


def test_a_guess_that_nobody_asked_for_is_shared_by_a_later_start_and_its_text_is_not_kept(store: Store) -> None:
    utility, recorder = Counts(), Recorder(store)
    of(utility, recorder).ahead(lambda: PLAIN)
    assert utility.begun.acquire(timeout=20)
    while not list(store):
        recorder.note_guesses()
    assert (recorder._layouts, recorder._scores) == ({}, {})
    later = Counts()
    assert of(later, Recorder(store))(TWIN).value == 0.5
    assert later.scored == []


def test_it_is_off_in_the_papers_presets_and_where_a_task_may_see_the_text() -> None:
    values = {name: make_config({"preset": name, "tasks": ["tsp"]}).share_scores for name in PRESETS}
    assert values == {"default": "layout", "quick": "layout", "official": "text", "paper": "text"}
    assert not load_task("tsp").sees_text
    assert load_task("formulas").sees_text == (load_task("formulas").play is not None)
