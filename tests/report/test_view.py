"""The fold: equal records, equal view; and every number is that of the records."""

from pathlib import Path

from report.a_run import CHILD, SEED, WORSE, Pen, a_finished_run, identity
from selftaught.core.measurement import Estimate, estimate
from selftaught.report.view import Failure, Fold, Improvement, Spent, Step, view
from selftaught.runs.records import OFTEN, Record


def test_each_step_has_its_measurement_and_what_was_spent_since_the_one_before(tmp_path: Path) -> None:
    run = view(a_finished_run(tmp_path))
    seed_val, child_val = estimate([0.4, 0.6]), estimate([0.8, 1.0])
    seed_test, child_test = estimate([0.3, 0.5]), estimate([0.7, 0.9])
    child = identity(CHILD)
    assert run.steps == (
        Step(
            0, identity(SEED), None, True, "ok", "", seed_val, seed_test, None,
            Spent(responses=1, input_tokens=10, output_tokens=5, unpriced=1, model_calls=2, applications=1, seconds=3),
        ),
        Step(
            1, child, child, True, "ok", "", child_val, child_test, child_val,
            Spent(responses=1, input_tokens=10, uncounted=1, unpriced=1, scores_run=1, scores_reused=1, seconds=12),
        ),
        Step(
            2, child, identity(WORSE), False, "ok", "", child_val, child_test, Estimate(0.0, 0.0, 2),
            Spent(model_calls=2, applications=1, seconds=3),
        ),
        Step(3, child, None, False, "timed out", "used its 60 s", child_val, child_test, None, Spent(seconds=1)),
    )  # fmt: skip


def test_what_the_steps_spent_and_what_is_pending_add_up_to_the_total(tmp_path: Path) -> None:
    run = view(a_finished_run(tmp_path))
    parts = [*(step.spent for step in run.steps), run.pending]
    names = list(Spent.__dataclass_fields__)
    assert {n: sum(getattr(part, n) for part in parts) for n in names} == {n: getattr(run.total, n) for n in names}
    assert run.pending == Spent(seconds=1)


def test_the_best_is_the_highest_on_val_and_the_earliest_of_equals(tmp_path: Path) -> None:
    run = view(a_finished_run(tmp_path))
    assert (run.best, run.best_step) == (1, run.steps[1])


def test_failures_are_counted_by_work_and_verdict_with_each_note_once(tmp_path: Path) -> None:
    assert view(a_finished_run(tmp_path)).failures == (
        Failure("score of sorting/val", "crashed", 2, ("KeyError: 3",)),
        Failure("improver on sorting/val", "no program", 1, ("returned None",)),
    )


def test_a_failure_has_at_most_three_examples_and_no_empty_one(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    for note in ("", "a", "b", "c", "d"):
        pen.scored("bad answer", note)
    assert view(pen.store).failures == (Failure("score of sorting/val", "bad answer", 5, ("a", "b", "c")),)


def test_time_between_two_sessions_is_nobodys(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.session()
    pen.answered()
    pen.ended("interrupted")
    pen.tick(10_000)
    pen.session(1)
    pen.answered()
    assert view(pen.store).total.seconds == 3


def test_a_clock_that_was_set_back_takes_no_time_away(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.session()
    pen.answered()
    pen.tick(-500)
    pen.answered()
    assert view(pen.store).total.seconds == 1


def test_nothing_is_known_of_an_empty_store(tmp_path: Path) -> None:
    run = view(Pen(tmp_path).store)
    assert (run.status, run.steps, run.best, run.seed_step, run.best_step) == ("new", (), None, None, None)
    assert (run.total, run.pending, run.failures, run.improvement) == (Spent(), Spent(), (), None)


def test_the_status_is_that_of_the_last_session(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.session()
    pen.ended("stopped", "the time is up")
    stopped = view(pen.store)
    pen.session(1)
    resumed = view(pen.store)
    assert (stopped.status, stopped.note) == ("stopped", "the time is up")
    assert (resumed.status, resumed.note, len(resumed.sessions)) == ("killed", "", 2)


def test_a_single_value_has_no_standard_error_and_a_task_without_a_test_none_on_test(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.measured(SEED, [0.5], None)
    pen.stepped(0, SEED, None, accepted=True)
    (step,) = view(pen.store).steps
    assert (step.val, step.test) == (Estimate(0.5, None, 1), None)


def test_a_step_that_is_not_measured_has_no_measurement(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.stepped(0, SEED, None, accepted=True)
    run = view(pen.store)
    assert (run.steps[0].val, run.steps[0].test, run.best) == (None, None, None)


def test_an_improvement_is_the_application_at_the_root_and_the_scores_beside_it(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.session()
    pen.scored(program="after", value=0.9, at="/apply:aa#0/score:bb#0")  # the improver's own question: not ours
    pen.applied(at="/apply:aa#0", solution="before", program="after", note="n")
    pen.scored(program="before", value=0.2, at="/score:cc#0")
    pen.scored(program="after", value=0.7, at="/score:dd#0")
    made = Improvement(
        "ok", "n", {"sorting/val": 0.2}, {"sorting/val": 0.7}, "before", "after", errors={"sorting/val": None}
    )
    assert view(pen.store).improvement == made


def test_a_run_is_never_taken_for_an_improvement(tmp_path: Path) -> None:
    assert view(a_finished_run(tmp_path)).improvement is None
    (tmp_path / "two").mkdir()
    pen = Pen(tmp_path / "two")
    pen.applied(at="/apply:aa#0", utility="meta-utility")
    assert view(pen.store).improvement is None


def test_where_there_are_steps_an_application_at_the_root_is_no_improvement(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    pen.applied(at="/apply:aa#0")
    assert view(pen.store).improvement is not None
    pen.stepped(0, SEED, None, accepted=True)
    assert view(pen.store).improvement is None


def test_a_fold_that_looks_after_every_record_ends_with_the_view_of_all(tmp_path: Path) -> None:
    records = list(a_finished_run(tmp_path))
    fold = Fold()
    for count, record in enumerate(records, start=1):
        assert fold.add(record)
        assert fold.view() == view(records[:count])
        assert (fold.total, fold.best_candidate) == (fold.view().total, fold.view().best_candidate)


def test_what_a_resumed_run_shows_again_counts_once(tmp_path: Path) -> None:
    records = list(a_finished_run(tmp_path))
    fold = Fold()
    for record in records:
        fold.add(record)
    again = [record for record in records if not isinstance(record, OFTEN)]
    assert len(again) > 3
    assert not any(map(fold.add, again))
    assert fold.view() == view(records)


def test_a_fold_reads_only_what_is_new_in_a_store(tmp_path: Path) -> None:
    pen, fold = Pen(tmp_path), Fold()
    asked: list[int] = []

    class Counting:
        def since(self, seq: int) -> list[tuple[int, Record]]:
            found = list(pen.store.since(seq))
            asked.append(len(found))
            return found

    pen.session()
    pen.answered()
    fold.read(Counting())
    pen.scored()
    fold.read(Counting())
    fold.read(Counting())
    assert asked == [2, 1, 0]
    assert fold.view() == view(pen.store)


def test_the_best_candidate_is_that_of_the_step_that_goes_on(tmp_path: Path) -> None:
    pen, fold = Pen(tmp_path), Fold()
    for value in (0.2, 0.7, 0.4):
        pen.scored(value=value, at=f"/apply:aa#0/score:bb#{value}")
    pen.scored(value=0.9)  # of a task's solution, not of an improver
    fold.read(pen.store)
    assert fold.best_candidate == 0.7
    pen.stepped(0, SEED, None, accepted=True)
    fold.read(pen.store)
    assert fold.best_candidate is None


def test_responses_without_a_program_are_counted_by_reason_and_salvage_is_counted(tmp_path: Path) -> None:
    pen = Pen(tmp_path)
    for number, reason in enumerate(["cut", "", "refused", "cut"]):
        pen.answered(no_program=reason, at=f"/ask:{number}")
    pen.applied("crashed", salvaged=True)
    run = view(pen.store)
    assert (run.no_program, run.salvaged) == ({"cut": 2, "refused": 1}, 1)


def test_a_failed_attempt_stands_under_the_model_that_answered_in_the_end(tmp_path: Path) -> None:
    pen, fold = Pen(tmp_path), Fold()
    pen.tried("/ask:1")
    fold.read(pen.store)
    assert [(entry.model, entry.failed) for entry in fold.view().ledger] == [("", 1)]
    pen.answered(at="/ask:1")
    fold.read(pen.store)
    assert [(entry.model, entry.failed, entry.responses) for entry in fold.view().ledger] == [("m", 1, 1)]
