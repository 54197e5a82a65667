"""A view → rows and sentences for a terminal."""

from math import sqrt

from selftaught.core.measurement import Estimate
from selftaught.report.untrusted import one_line
from selftaught.report.view import RunView, Spent, Step

HEADERS = ("t", "improver", "val", "test", "verdict", "calls", "responses", "tokens", "time")


def rows(run: RunView) -> list[tuple[str, ...]]:
    """One row for each t, in the order of HEADERS; the best t is marked."""
    return [_row(step, step.t == run.best) for step in run.steps]


def _row(step: Step, best: bool) -> tuple[str, ...]:
    return (
        f"{step.t}{' *' if best else ''}",
        step.improver[:8],
        shown(step.val),
        shown(step.test),
        outcome(step),
        str(step.spent.model_calls),
        str(step.spent.responses),
        tokens(step.spent),
        duration(step.spent.seconds),
    )


def shown(value: Estimate | None) -> str:
    """Mean ± standard error; a single value has none, and a dash says so."""
    if value is None:
        return ""
    error = "—" if value.standard_error is None else f"{value.standard_error:.3f}"
    return f"{value.mean:.3f} ± {error}"


def outcome(step: Step) -> str:
    """What became of the proposal for I_t, in few words."""
    if step.t == 0:
        return "seed"
    if step.verdict != "ok":
        return f"{step.verdict}, kept"
    if step.accepted:
        return "accepted"
    return "unchanged" if step.proposed == step.improver else "not better, kept"


def tokens(spent: Spent) -> str:
    """Tokens in and out as far as they are told."""
    if spent.responses == spent.unpriced:
        return "—"
    return f"{spent.input_tokens + spent.output_tokens}{'+' if spent.unpriced else ''}"


def duration(seconds: float) -> str:
    """As 1.2 s, or 3:04, or 1:02:03."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def summary(run: RunView, policy: str) -> list[str]:
    """What came out, honestly: whether anything got better, and whether that is more than noise."""
    if run.improvement is not None:
        return _summary_of_improvement(run)
    seed, best = run.seed_step, run.best_step
    if seed is None or best is None or seed.val is None or best.val is None:
        return ["Nothing is measured yet."]
    lines = [f"Acceptance policy: {policy}. n = {seed.val.n} applications per improver; ± is the standard error."]
    if seed.val.n == 1:
        lines.append("With a single application there is no standard error.")
    if best.t == 0:
        return [*lines, f"Nothing got better: no improver measured above the seed's {seed.val.mean:.3f} on val."]
    gain = best.val.mean - seed.val.mean
    lines.append(f"Best: I_{best.t}, {gain:+.3f} on val against the seed ({seed.val.mean:.3f} → {best.val.mean:.3f}).")
    if best.test is not None and seed.test is not None:
        change = best.test.mean - seed.test.mean
        lines.append(f"On the sealed test split: {change:+.3f} ({seed.test.mean:.3f} → {best.test.mean:.3f}).")
    if not _beyond_noise(seed.val, best.val):
        lines.append("The gain is within the noise: less than two standard errors of the difference.")
    return lines


def _beyond_noise(first: Estimate, second: Estimate) -> bool:
    if first.standard_error is None or second.standard_error is None:
        return False
    return second.mean - first.mean > 2 * sqrt(first.standard_error**2 + second.standard_error**2)


def _summary_of_improvement(run: RunView) -> list[str]:
    made = run.improvement
    assert made is not None
    if made.made is None:
        return [f"The improver made no program: {made.verdict}. {one_line(made.note)}"]
    lines = [f"{utility}: {made.before.get(utility, 0.0):.3f} → {score:.3f}" for utility, score in made.after.items()]
    if made.before == made.after:
        lines.append("Nothing got better.")
    return lines
