"""A run by the command, traced to a real receiver: what its spans say, and how they nest."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.support import QUICK, in_process
from middleware.tracing.receiver import Received, Receiver
from selftaught.runs.records import Answered, Applied, Record, Scored, Stepped
from selftaught.runs.store import Store

DEPTH = 2
OK, ERROR = 1, 2
RUN = ["run", "string-grid-distance", *QUICK, "--depth", str(DEPTH), "--out", "one"]


@dataclass(frozen=True)
class Traced:
    """A finished run's spans and records."""

    where: Path
    receiver: Receiver
    records: list[Record]

    @property
    def run(self) -> Received:
        (run,) = self.receiver.named("invoke_workflow")
        return run


def records_of(folder: Path) -> list[Record]:
    store = Store.open(folder / "run.sqlite", writable=False)
    try:
        return list(store)
    finally:
        store.close()


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Traced:
    where = tmp_path_factory.mktemp("traced")
    with Receiver() as receiver:
        done = in_process(*RUN, "--otel", cwd=where, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    return Traced(where, receiver, records_of(where / "one"))


def test_a_run_is_one_span_with_an_iteration_below_it_for_each_t(traced: Traced) -> None:
    run = traced.run
    assert run.parent == b""
    assert {span.trace for span in traced.receiver.spans} == {run.trace}
    assert set(traced.receiver.paths) == {"/v1/traces"}
    assert run.attributes["selftaught.sandbox"] in ("bubblewrap", "landlock", "container")
    shown = run.attributes["output.value"]
    assert shown.startswith("finished: best is I_") and "val" in shown and "test" in shown
    assert (run.name, run.status) == ("invoke_workflow one (run)", OK)
    assert run.attributes == {
        "selftaught.sandbox": run.attributes["selftaught.sandbox"],
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": "one (run)",
        "gen_ai.conversation.id": run.attributes["gen_ai.conversation.id"],
        "openinference.span.kind": "CHAIN",
        "input.value": f"run on string-grid-distance with mutate, depth {DEPTH}",
        "input.mime_type": "text/plain",
        "output.value": shown,
        "output.mime_type": "text/plain",
        "selftaught.model": "mutate",
        "selftaught.run": "one",
        "selftaught.kind": "run",
        "selftaught.tasks": ["string-grid-distance"],
        "selftaught.start": 0,
        "selftaught.outcome": "finished",
    }
    assert run.resource["service.name"] == "selftaught"
    iterations = traced.receiver.named("iteration")
    assert [(span.name, span.parent) for span in iterations] == [(f"iteration {t}", run.id) for t in (1, DEPTH)]
    steps = [record for record in traced.records if isinstance(record, Stepped)][1:]
    assert [span.attributes for span in iterations] == [
        {
            "gen_ai.conversation.id": run.attributes["gen_ai.conversation.id"],
            "openinference.span.kind": "CHAIN",
            "output.value": span.attributes["output.value"],
            "output.mime_type": "text/plain",
            "selftaught.t": step.t,
            "selftaught.improver": step.improver,
            "selftaught.accepted": step.accepted,
            "selftaught.verdict": step.verdict,
        }
        for span, step in zip(iterations, steps, strict=True)
    ]
    assert all(
        step.improver[:8] in span.attributes["output.value"] for span, step in zip(iterations, steps, strict=True)
    )


def test_what_was_done_has_a_span_each_and_nothing_else(traced: Traced) -> None:
    def spans(start: str) -> list[str]:
        return sorted(span.attributes["selftaught.address"] for span in traced.receiver.named(start))

    records = traced.records
    assert spans("chat") == sorted(
        record.draw or record.at
        for record in records
        if isinstance(record, Answered) and not record.follows and not record.shared
    )
    assert spans("invoke_agent") == sorted(record.at for record in records if isinstance(record, Applied))
    assert spans("evaluate") == sorted(
        record.at for record in records if isinstance(record, Scored) and not record.reused
    )


def test_spans_nest_as_the_work_does_over_all_threads(traced: Traced) -> None:
    """The work that a piece of work belongs to is the longest beginning of its address that is one itself."""
    by_id = {span.id: span for span in traced.receiver.spans}
    work = {
        span.attributes["selftaught.address"]: span
        for span in traced.receiver.spans
        if "selftaught.address" in span.attributes
    }
    assert len(work) > 20
    bought = {r.draw: r.at for r in traced.records if isinstance(r, Answered) and not r.shared}
    for address, span in work.items():
        at = bought.get(address, address)  # of a draw in common: where it was bought
        above = [other for other in work if at.startswith(f"{other}/")]
        parent = by_id[span.parent]
        if above:
            assert parent.attributes["selftaught.address"] == max(above, key=len)
        else:
            assert parent.name.startswith(("iteration", "invoke_workflow"))


def test_each_response_is_below_the_iteration_that_asked_for_it(traced: Traced) -> None:
    by_id = {span.id: span for span in traced.receiver.spans}

    def iteration(span: Received) -> int:
        while "selftaught.t" not in span.attributes and span.parent:
            span = by_id[span.parent]
        return int(span.attributes.get("selftaught.t", 0))

    recorded = {record.draw or record.at: record.t for record in traced.records if isinstance(record, Answered)}
    chats = traced.receiver.named("chat")
    assert {span.attributes["selftaught.address"]: iteration(span) for span in chats} == recorded
    assert set(recorded.values()) == set(range(DEPTH + 1))


def test_applications_and_evaluations_say_what_came_of_them(traced: Traced) -> None:
    applied = {record.at: record for record in traced.records if isinstance(record, Applied)}
    for span in traced.receiver.named("invoke_agent"):
        record = applied[span.attributes["selftaught.address"]]
        program: dict[str, object] = {"selftaught.program": record.program} if record.program else {}
        program |= {"selftaught.salvaged": True} if record.salvaged else {}
        failed = {} if record.verdict == "ok" else {"error.type": record.verdict}
        assert (span.status, span.status_message) == ((ERROR, record.verdict) if failed else (OK, ""))
        assert span.attributes == program | failed | {
            "gen_ai.conversation.id": traced.run.attributes["gen_ai.conversation.id"],
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "improver",
            "gen_ai.agent.id": record.improver,
            "selftaught.utility": record.utility,
            "selftaught.solution": record.solution,
            "selftaught.address": record.at,
            "selftaught.verdict": record.verdict,
            "selftaught.model_calls": record.model_calls,
            "selftaught.responses": record.responses,
            "selftaught.utility_calls": record.utility_calls,
        }
    scored = {record.at: record for record in traced.records if isinstance(record, Scored)}
    for span in traced.receiver.named("evaluate"):
        score = scored[span.attributes["selftaught.address"]]
        failed = {} if score.verdict == "ok" else {"error.type": score.verdict}
        result = {
            "gen_ai.evaluation.name": score.utility,
            "gen_ai.evaluation.score.value": score.value,
            "gen_ai.evaluation.score.label": score.verdict,
            **failed,
        }
        assert [(event.name, event.attributes) for event in span.events] == [("gen_ai.evaluation.result", result)]
        assert (span.status, span.status_message) == ((ERROR, score.verdict) if failed else (OK, ""))
        assert span.attributes == result | {
            "gen_ai.conversation.id": traced.run.attributes["gen_ai.conversation.id"],
            "openinference.span.kind": "EVALUATOR",
            "output.value": span.attributes["output.value"],
            "output.mime_type": "text/plain",
            "selftaught.program": score.program,
            "selftaught.address": score.at,
        }
        assert span.attributes["output.value"].startswith(f"{score.value:.4f}")


def test_without_being_asked_spans_hold_no_content(traced: Traced) -> None:
    store = Store.open(traced.where / "one" / "run.sqlite", writable=False)
    lines = {line.strip() for text in store.texts() for line in text.splitlines() if len(line.strip()) > 20}
    store.close()
    sent = b"".join(traced.receiver.bodies).decode("utf-8", "replace")
    assert lines and not [line for line in lines if line in sent]


def test_tracing_is_no_part_of_what_a_run_depends_on(traced: Traced, tmp_path: Path) -> None:
    """The same settings are frozen; and a finished run, traced again, has nothing left to do."""
    frozen = (traced.where / "one" / "config.toml").read_text()
    assert "otel" not in frozen
    with Receiver() as receiver:
        done = in_process(
            "resume", "one", "--otel-content", cwd=traced.where, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint
        )
    assert done.returncode == 0, done.stderr
    assert sorted(span.name for span in receiver.spans) == [
        "invoke_workflow one (run)",
        "iteration 1",
        "iteration 2",
    ]
    assert all(span.attributes["selftaught.replayed"] for span in receiver.named("iteration"))
    (again,) = receiver.named("invoke_workflow")
    assert again.attributes["selftaught.start"] == 1
    assert again.attributes["gen_ai.conversation.id"] == traced.run.attributes["gen_ai.conversation.id"]
    assert "def improve_algorithm" in again.attributes["input.value"]
    assert "def improve_algorithm" in again.attributes["output.value"]


def test_a_resumed_run_shows_only_what_it_asks_itself(tmp_path: Path) -> None:
    with Receiver() as first:
        capped = in_process(
            *RUN, "--otel", "--max-calls", "5", cwd=tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=first.endpoint
        )
        assert capped.returncode == 3, capped.stderr
    with Receiver() as second:
        in_process(
            "resume", "one", "--otel", "--max-calls", "1000", cwd=tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=second.endpoint
        )
    before, after = ([s.attributes["selftaught.address"] for s in r.named("chat")] for r in (first, second))
    bought = [r for r in records_of(tmp_path / "one") if isinstance(r, Answered) and not r.shared]
    answered = [record.draw or record.at for record in bought]
    assert len(before) == 5 and sorted(before + after) == sorted(answered)
    (run,) = first.named("invoke_workflow")
    assert (run.attributes["selftaught.outcome"], run.status) == ("stopped", 0)  # a cap is no error
    sessions = {span.attributes["gen_ai.conversation.id"] for span in first.spans + second.spans}
    assert len(sessions) == 1 and sessions.pop().startswith("one-")


def test_an_experiment_has_a_span_for_each_of_its_runs(tmp_path: Path) -> None:
    small = ["--trials", "2", "--depth", "1", "--repeats", "1", *QUICK[4:], "--models", "mutate", "--out", "it"]
    with Receiver() as receiver:
        done = in_process(
            "experiment", "curve", "string-grid-distance", *small, "--otel", cwd=tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
        )  # fmt: skip
    assert done.returncode == 0 and "warning" not in done.stderr, done.stderr
    runs = receiver.named("invoke_workflow")
    assert len({run.trace for run in runs}) == len({run.attributes["gen_ai.conversation.id"] for run in runs}) == 2
    folders = {path.name for path in (tmp_path / "it" / "runs").iterdir()}
    assert {run.attributes["selftaught.run"] for run in runs} == folders
    for run in runs:
        assert [span.parent for span in receiver.spans if span.name == "iteration 1" and span.trace == run.trace]
