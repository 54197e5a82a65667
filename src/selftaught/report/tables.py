"""A view → rows and sentences for a terminal."""

from statistics import fmean

from selftaught.core.measurement import Estimate
from selftaught.core.standing import way_to_best
from selftaught.report.ledger import Entry
from selftaught.report.untrusted import one_line
from selftaught.report.view import Improvement, RunView, Solved, Spent, Step, best_known
from selftaught.runs.records import Finding

HEADERS = ("t", "improver", "val", "test", "verdict", "calls", "responses", "tokens", "time")
_MOST_NAMED = 4


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
    """Mean ± standard error; a dash for a single value, which has no error."""
    if value is None:
        return ""
    error = "—" if value.standard_error is None else f"{value.standard_error:.3f}"
    return f"{value.mean:.3f} ± {error}"


def outcome(step: Step) -> str:
    """What became of the proposal for I_t, in few words."""
    if step.t == 0:
        return "seed"
    if step.accepted:
        return "accepted"
    if step.verdict != "ok":
        return f"{step.verdict}, kept"
    if step.approved is False:
        return "not approved, kept"
    return "unchanged" if step.proposed == step.improver else "not better, kept"


def tokens(spent: Spent) -> str:
    """Tokens in and out as far as they are known: a dash if none is known, a + if some are not."""
    if spent.bought == spent.uncounted:
        return "—"
    return f"{spent.input_tokens + spent.output_tokens:,}{'+' if spent.uncounted else ''}"


def duration(seconds: float) -> str:
    """As 1.2 s, or 3:04, or 1:02:03."""
    if seconds < 59.95:  # what rounds to 60.0 is a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def summary(run: RunView, policy: str) -> list[str]:
    """The honest result: whether anything got better, and whether that is more than noise."""
    if run.improvement is not None:
        return [*_of_improvement(run.improvement, run), *probes(run), *guesses(run), *unusable(run), *not_as_asked(run)]
    seed, best = run.seed_step, run.best_step
    if run.chain:
        return [*_of_chain(run), *probes(run), *shared(run), *guesses(run), *unusable(run), *not_as_asked(run)]
    if seed is None or best is None or seed.val is None or best.val is None:
        return ["Nothing was measured." if run.status == "finished" else "Nothing is measured yet."]
    lines = [
        f"Acceptance policy: {policy}. n = {seed.val.n} applications per improver. "
        "± is the standard error, over the applications and over the instances."
    ]
    if seed.val.n == 1:
        lines.append("A single application has no standard error.")
    spent = [*_of_tokens(run.total), *shared(run), *guesses(run), *raced(run), *unusable(run), *not_as_asked(run)]
    return lines + _of_run(run, seed, best) + ways(run, best) + probes(run) + spent


def in_words(value: object) -> str:
    """A setting's value; a dash for one that is not set."""
    if value is None:
        return "—"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def solved(found: Solved) -> str:
    """That a task cannot compare improvers."""
    source = "the seed itself" if found.by_seed else "the first response"
    return f"{one_line(found.task)}: val {found.value:.3f} from {source}: improvers cannot be compared on this task"


def ways(run: RunView, best: Step) -> list[str]:
    """For each task, how far the best improver's solutions came from the task's seed towards the best known."""
    directions = run.sessions[-1].directions if run.sessions else {}
    made: dict[str, list[float | None]] = {}
    for sample in run.measured.get(best.improver, ()):
        made.setdefault(sample.task, []).append(sample.val_raw if sample.task in directions else sample.val)
    lines = []
    for task, values in made.items():
        seed, known = run.seed_scores.get(task), [value for value in values if value is not None]
        if seed is None or len(known) < len(values):  # of one that failed, nothing is known in its own number
            continue
        share = way(f"{task}/val", seed, fmean(known), run)
        before, after = (f"{one:.6g}" if task in directions else f"{one:.3f}" for one in (seed, fmean(known)))
        if share:
            lines.append(f"{one_line(task)}: its seed {before}, improved by I_{best.t} {after}{share}.")
    return lines


def way(name: str, before: float | None, after: float | None, run: RunView) -> str:
    """How far a solution came towards the best known, as in ", 39% of the way to the best known, 0.687".

    `before` and `after`: in the task's own number.
    """
    best = best_known(run.sessions, name)
    minimized = bool(run.sessions) and run.sessions[-1].directions.get(name.rpartition("/")[0]) == "minimize"
    given = before is not None and after is not None
    share = way_to_best(after or 0.0, before or 0.0, best, minimized=minimized) if given else None
    return "" if share is None else f", {share:.0%} of the way to the best known, {best:.4g}"


def fidelity(name: str) -> str:
    """On what scale the numbers of a run are."""
    meaning = {
        "honest": "scores from 0 to 1, on this run's own instances",
        "paper": "as honest, but one failed call can decide a whole score, as in the paper",
        "released": "instances and scores of the paper's released code, including its flaws",
    }
    return f"Fidelity: {name} ({meaning[name]})." if name in meaning else f"Fidelity: {name}."


def _of_chain(run: RunView) -> list[str]:
    """Of an improver that was applied to its own results: each task's scores, as improvers see them."""
    lines = []
    for k, samples in enumerate(run.chain):
        each = [
            f"{one_line(one.task)}: val {one.val:.3f}"
            + ("" if one.test is None else f", test {one.test:.3f}")
            + ("" if one.verdict == "ok" else f" ({one_line(one.verdict)})")
            for one in samples
        ]
        lines.append(f"After {k} application{'s' * (k != 1)}: {'; '.join(each)}")
    return lines


def _of_run(run: RunView, seed: Step, best: Step) -> list[str]:
    if seed.val is None or best.val is None:
        return []
    if len(run.steps) == 1:
        return [f"Only the seed improver is measured yet: {shown(seed.val)} on val."]
    if best.t == 0:
        if run.nothing_usable:
            return []  # it was not tried; the reasons are printed elsewhere
        return [f"No improvement: no improver measured above the seed's {seed.val.mean:.3f} on val."]
    val, test = run.gain("val"), run.gain("test")
    lines = [f"Best: I_{best.t} ({best.improver[:8]}), against the seed:", _against("val", seed.val, best.val, val)]
    if seed.test is not None and best.test is not None:
        lines.append(_against("test", seed.test, best.test, test))
    if val is None or val.standard_error is None:
        lines.append("No improvement is shown: a single value may be luck.")
    elif not beyond_noise(val):
        lines.append("No improvement is shown: the gain on val is within the noise.")
    return lines


LEDGER_HEADERS = ("for", "model", "responses", "failed", "in", "out", "cached", "reasoning", "cost")


def ledger_rows(run: RunView) -> list[tuple[str, ...]]:
    """One row for each role and model, in the order of LEDGER_HEADERS: what was bought, and what it cost."""
    parts: dict[tuple[str, str], list[Entry]] = {}
    for entry in run.ledger:
        parts.setdefault((entry.role, entry.model), []).append(entry)
    return [_bought(*key, entries) for key, entries in sorted(parts.items())]


def _bought(role: str, model: str, entries: list[Entry]) -> tuple[str, ...]:
    def total(name: str) -> int:
        return sum(getattr(entry, name) for entry in entries)

    more = "+" if total("uncounted") else ""
    unpriced, responses = total("unpriced"), total("responses") - total("shared")
    cost = sum(entry.cost for entry in entries)
    bound = not unpriced and any(source.startswith("at most") for entry in entries for source in entry.sources)
    return (
        role,
        one_line(model),
        f"{responses:,}",
        f"{total('failed'):,}",
        *(f"{total(name):,}{more}" for name in ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")),
        "—" if unpriced == responses and not cost else f"{'≤ ' * bound}${cost:,.4f}{'+' * bool(unpriced)}",
    )


REMEDIES = {
    "cut at the token limit": "raise `max_output_tokens`",
    "only reasoning, no answer": "raise `max_output_tokens`, or use another model",
    "empty": "use another model, or look at the server's log",
    "refused": "use another model",
    "prompt too long for the model": "use a model with a larger context, or a smaller `max_output_tokens`",
    "rejected by the server": "see the server's log for the reason",
    "temperature not taken": "`capability=temperature=no` with `temperature_policy=drop`",
    "tool calls, no answer": "use a model, or a template, that calls no tools unasked",
    "no code in it": "use another model",
}
"""What helps against each reason for which a response holds no program, in the words of settings."""


def unusable(run: RunView) -> list[str]:
    """How many responses held no program, by the reason, each with what helps."""
    count, of = sum(run.no_program.values()), run.total.responses
    if not count:
        return []
    responses = f"{of} response{'s' * (of != 1)}"
    head = f"None of {responses} can be used:"
    if count < of:
        head = f"{of - count} of {responses} can be used; the others have no program:"
    return [head, *(f"  {number} × {reason}{_remedy(reason)}" for reason, number in run.no_program.items())]


def _remedy(reason: str) -> str:
    helps = REMEDIES.get(reason)
    return f" ({helps})" if helps else ""


def not_as_asked(run: RunView) -> list[str]:
    """How many responses were to another prompt or temperature than the improver's: what the model does not take."""
    dropped, cut = sum(entry.dropped for entry in run.ledger), sum(entry.cut for entry in run.ledger)
    lines = []
    if dropped:
        lines.append(
            f"{dropped} of {run.total.responses} responses: the model does not accept the requested temperature, "
            "so it was clamped or dropped."
        )
    if cut:
        lines.append(
            f"{cut} of {run.total.responses} responses: the server counted far fewer tokens than the prompt has, so it "
            "cut the prompt (with Ollama, raise num_ctx)."
        )
    return lines


def shared(run: RunView) -> list[str]:
    """How many responses were bought once for several improvers, and what that saved."""
    total = run.total
    if not total.shared:
        return []
    saved = sum(entry.saved for entry in run.ledger)
    for_less = f" That saved ${saved:,.4f}." if saved else ""
    return [f"Common draws: {total.responses:,} responses were read, and {total.bought:,} bought.{for_less}"]


def guesses(run: RunView) -> list[str]:
    """How many scores were begun before they were asked for, how many of them in vain, and what these cost."""
    told = run.guesses
    if not told.used + told.unused:
        return []
    made = told.used + told.unused
    begun = "1 score was begun before it was" if made == 1 else f"{made:,} scores were begun before they were"
    line = f"Guesses: {begun} asked for; {_were(told.used)} used"
    if not told.unused:
        return [f"{line}."]
    if not told.responses:
        return [f"{line}, {_were(told.unused)} not, which cost no response of the model."]
    unpriced = f"{told.unpriced:,} without a known price" if told.unpriced else ""
    dollars = f"${told.dollars:,.4f}" if told.unpriced < told.responses else ""
    cost = ", ".join(filter(None, [f"{told.tokens:,} tokens", dollars, unpriced]))
    bought = f"{told.responses:,} response{'s' * (told.responses > 1)} of the model"
    return [f"{line}, {_were(told.unused)} not, which cost {bought} ({cost})."]


def raced(run: RunView) -> list[str]:
    """How many candidates were stopped, since they could not win any more, and what that saved."""
    if not run.raced:
        return []
    made, of = (sum(each) for each in zip(*run.raced, strict=True))
    stopped = f"{len(run.raced)} candidate{'s were' if len(run.raced) > 1 else ' was'} stopped"
    return [f"Racing: {stopped}, after {made} of {of} applications; {of - made} were saved."]


def suspicious(run: RunView) -> list[str]:
    """What guests did that was denied or suspicious, the most frequent first, with the programs that did it."""
    by_what: dict[str, list[str]] = {}
    for notice in run.noticed:
        by_what.setdefault(notice.what, []).append(notice.program[:8])
    lines = []
    for what, programs in sorted(by_what.items(), key=lambda item: -len(item[1])):
        known = list(dict.fromkeys(programs))
        more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
        lines.append(f"{len(programs)} × {what}: by {', '.join(known[:_MOST_NAMED])}{more}")
    return lines


def probes(run: RunView) -> list[str]:
    """How many reported solutions were flagged by their probes, and what each of these lost."""
    if not run.probed:
        return []
    flagged = [probed for probed in run.probed if probed.flagged]
    count = len(run.probed)
    lines = [f"Probed for reward hacks: {len(flagged)} of {count} reported solution{'s' * (count > 1)} flagged."]
    for probed in flagged:
        lost = "; ".join(map(finding, (found for found in probed.findings if found.flagged)))
        lines.append(f"  {probed.program[:8]} on {one_line(probed.task)}: {lost}")
    return lines


def finding(found: Finding) -> str:
    """One probe of one solution, in a line."""
    if found.p is None:
        return one_line(found.note) or f"{found.probe}: all of them"
    return f"{found.probe}: {found.before:.3f} → {found.after:.3f} (p = {found.p:.2g})"


def _were(count: int) -> str:
    return "1 was" if count == 1 else f"{count:,} were"


def _against(split: str, seed: Estimate, best: Estimate, gain: Estimate | None) -> str:
    """`gain`: their difference pair by pair, over the repeats and the instances that both have in common."""
    told = f"{best.mean - seed.mean:+.3f}"
    if gain is None or gain.standard_error is None:
        weight = "without a standard error"
    else:
        told += f" ± {gain.standard_error:.3f}"
        weight = f"{'more' if beyond_noise(gain) else 'less'} than two standard errors of the difference"
    return f"{split}: {seed.mean:.3f} → {best.mean:.3f} ({told}), {weight}."


def beyond_noise(gain: Estimate) -> bool:
    """Whether the two differ beyond the noise, in either direction. Never without a standard error."""
    return gain.standard_error is not None and abs(gain.mean) > 2 * gain.standard_error


def _of_tokens(total: Spent) -> list[str]:
    if total.uncounted in (0, total.bought):
        return []
    return [
        f"+ marks a sum of tokens that is too low: {total.uncounted} of {total.bought} responses have no token count."
    ]


def _own(both: tuple[float | None, float | None] | None) -> str:
    """The task's own numbers, where what improvers see is made of them."""
    if both is None:
        return ""
    before, after = ("failed" if number is None else f"{number:.6g}" for number in both)
    return f"; in the task's own number {before} → {after}"


def _of_improvement(made: Improvement, run: RunView) -> list[str]:
    if made.made is None:
        return [f"The improver made no program: {made.verdict}. {one_line(made.note)}".rstrip()]
    utilities = {**made.before, **made.after}
    lines = [
        f"{one_line(name)}: {_score(made.before.get(name))} → {_score(made.after.get(name))}"
        + _gain(made.gains.get(name))
        + _own(made.own.get(name))
        + way(name, *made.own.get(name, (made.before.get(name), made.after.get(name))), run)
        for name in utilities
    ]
    lines = [*_where_from(made), *lines, *_varying(made, run)]
    gained = [made.after[name] > made.before[name] for name in made.before if name in made.after]
    if gained and not any(gained):
        return lines if run.nothing_usable else [*lines, "No improvement."]
    if any(gain.mean > 0 for gain in made.gains.values()) and not any(map(beyond_noise, made.gains.values())):
        lines.append("No improvement is shown: the gain is less than two standard errors.")
    return lines


def _varying(made: Improvement, run: RunView) -> list[str]:
    """That a program that was chosen by its score was scored again, if scores vary."""
    if made.times == 1:
        return []
    chosen = (
        "" if run.chosen_value is None else f" When it was chosen, its score was {run.chosen_value:.3f}, luck included."
    )
    return [f"Scores vary here: each is the mean of {made.times} new scores.{chosen}"]


def _gain(gain: Estimate | None) -> str:
    """Over the instances that both programs met."""
    return "" if gain is None or gain.standard_error is None else f" ({gain.mean:+.3f} ± {gain.standard_error:.3f})"


def _where_from(made: Improvement) -> list[str]:
    """How the improver ended, and the result, if it is not what the improver returned."""
    handed = {
        "scored": "The result is the best program that it scored.",
        "response": "The result is a program from a response that it did not score.",
        "kept": "The result is the best program from before.",
    }.get(made.source, "")
    if made.verdict != "ok":
        how = f"The improver returned no program ({made.verdict})" + (f": {one_line(made.note)}" if made.note else "")
        return [how.rstrip(".") + "." + (f" {handed}" if handed else "")]
    return [f"The improver returned a program that is not the best one found. {handed}"] if handed else []


def _score(value: float | None) -> str:
    return "not scored yet" if value is None else f"{value:.3f}"
