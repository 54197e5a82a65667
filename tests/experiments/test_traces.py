"""What an improver did is read from a run's record, of an older version, too."""

from selftaught.core.contracts import Program
from selftaught.experiments.traces import Asked, Trace, as_text, traces_on_record
from selftaught.runs.records import Answered, Applied, Record, Scored, prompt_text
from selftaught.runs.store import text_id

IMPROVER = Program("def improve_algorithm(s, u, l):\n    return s\n")
INITIAL = "def algorithm(items):\n    return items\n"
BETTER = "def algorithm(items):\n    return sorted(items)\n"
AT = "/step#0/apply:1#0"
TEXTS: dict[str, str] = {}


def kept(text: str) -> str:
    TEXTS[text_id(text)] = text
    return text_id(text)


def answered(number: int, message: str, response: str, *, call: int = 0, at: str = AT) -> Answered:
    return Answered(
        at=f"{at}/ask:{number}#0", prompt=kept(prompt_text("An expert.", message)), temperature=0.7,
        response=kept(response), model="m", input_tokens=1, output_tokens=1, finish_reason="stop", seconds=0.1,
        call=call,
    )  # fmt: skip


def scored(number: int, program: str, value: float, *, at: str = AT, beside: int = 0) -> Scored:
    return Scored(
        at=f"{at}/score:{number}#0", utility="t", program=kept(program), value=value, verdict="ok", note="",
        reused=False, seconds=0.1, feedback=kept("It is slow."), beside=beside,
    )  # fmt: skip


def applied(*, at: str = AT, salvaged: bool = False) -> Applied:
    return Applied(
        at=at, improver=kept(IMPROVER.source), utility="t", solution=kept(INITIAL), program=kept(BETTER), verdict="ok",
        note="", model_calls=1, responses=1, utility_calls=1, seconds=1.0, salvaged=salvaged,
    )  # fmt: skip


def traces(*records: Record) -> list[Trace]:
    return traces_on_record(records, TEXTS.__getitem__)[IMPROVER.id]


def test_a_trace_has_what_was_asked_together_and_which_programs_stood_in_it() -> None:
    question, answer = f"Improve:\n{INITIAL}", f"So:\n```python\n{BETTER}```\n"
    (found,) = traces(
        scored(1, INITIAL, 0.3),
        answered(1, question, answer, call=1),
        answered(2, "Anything else?", "No.", call=1),
        scored(2, BETTER, 0.5, beside=2),
        answered(3, f"Again:\n{BETTER}", answer, call=2),
        applied(),
    )
    assert [question.call for question in found.questions] == [1, 1, 2]
    assert [question.shown for question in found.questions] == [(INITIAL.strip(),), (), (BETTER.strip(),)]
    assert found.questions[2].scores == {INITIAL.strip(): 0.3, BETTER.strip(): 0.5}
    assert [(score.value, score.beside, score.feedback) for score in found.scored] == [
        (0.3, 0, "It is slow."), (0.5, 2, "It is slow."),
    ]  # fmt: skip
    assert found.returned == BETTER


def test_an_older_record_has_no_calls_and_what_came_without_a_score_between_is_one() -> None:
    (found,) = traces(
        answered(1, "a", "x"), answered(2, "a", "y"), scored(1, BETTER, 0.5), answered(3, "b", "z"), applied()
    )  # fmt: skip
    assert [(event.call, event.response) for event in found.asked] == [(1, "x"), (1, "y"), (2, "z")]


def test_each_application_has_a_trace_of_its_own_and_a_salvaged_program_was_not_returned() -> None:
    other = "/step#0/apply:1#1"
    first, second = traces(
        answered(1, "a", "x", call=1), answered(2, "b", "y", call=1, at=other), applied(),
        applied(at=other, salvaged=True),
    )  # fmt: skip
    assert [[event.message for event in one.asked] for one in (first, second)] == [["a"], ["b"]]
    assert (first.returned, second.returned) == (BETTER, None)


def test_a_trace_can_be_read_by_people() -> None:
    trace = Trace(INITIAL, (Asked(1, "An expert.", f"Improve: {INITIAL}", 0.7, f"```\n{BETTER}```"),), BETTER)
    assert as_text(trace).splitlines() == [
        "call 1, 1 responses at temperature 0.7, showing the initial program: An expert. Improve:",
        "  the responses hold program 1",
        "returned program 1",
    ]
