"""The highest and the expected cost of a run, before anything is spent."""

from dataclasses import dataclass, replace
from random import Random

from selftaught.config import RunConfig
from selftaught.core.money import NOTHING, Amount, Caps
from selftaught.core.work import IMPROVER, SOLUTION
from selftaught.runs.records import PROGRAM
from selftaught.sandbox.machine import MOST_PROMPT_CHARACTERS
from selftaught.tasks.spec import SPLITS
from selftaught.wiring.inputs import Inputs
from selftaught.wiring.kinds import MOST_TRIES
from selftaught.wiring.models import Models, PricedModel
from selftaught.wiring.parts import describe, wording_of

_BYTES_PER_TOKEN = 4
"""Of Python and English, roughly, in today's tokenizers."""
_FRAME_TOKENS = 150
"""Of the seed improver's own words around a program and a description."""
_IDEA_TOKENS = 150
"""Of the idea that a response states before its program."""
_ONE_CALL = frozenset("seed paper-seed earlier-seed chain-of-thought sandbox-seed sandbox-seed-no-warning".split())
"""Improvers that ask once. Of all others it is expected that they spend all their calls."""


@dataclass(frozen=True, slots=True)
class Share:
    """One role's part. `expected`: if every improver does as the first one does, and programs keep their length.

    `responses` of the most are `most.calls`. `dollars` are None if the model has no price.
    """

    role: str
    model: str
    applications: int
    model_calls: int
    most: Amount
    expected: Amount
    priced: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """Each role's share. `binding`: the caps below the highest cost; spending ends there.

    `guesses`: the part of the highest cost, in all roles, for scores that may not be requested (`speculate=all`).
    """

    shares: tuple[Share, ...]
    binding: tuple[str, ...]
    guesses: Amount = NOTHING


def forecast(inputs: Inputs, models: Models, *, unknown_improver: bool = False, traced: bool = False) -> Forecast:
    """From the settings alone, without a model. `unknown_improver`: another run will make it. `traced`: sends spans,
    and so guesses nothing.
    """
    config, allowance = inputs.config, inputs.config.allowance
    scored = min(1 + allowance.responses_per_call, allowance.utility_calls)  # the seed improver's, with its initial one
    once = config.improver in _ONE_CALL and not unknown_improver
    guesses_improvers = config.speculate == "all" and not traced
    work = _applications(config, len(inputs.tasks) * config.repeats, scored, guesses=guesses_improvers)
    meta = sum(map(_tokens, (inputs.improver.source, describe(inputs))))
    tasks = [_tokens(task.seed.source) + _tokens(task.described(wording=wording_of(config))) for task in inputs.tasks]
    programs = [_tokens(task.seed.source) for task in inputs.tasks]
    if inputs.program:
        programs = [_tokens(inputs.program.source)]
    shares = [
        _share(IMPROVER, models.improver, work.improving, inputs, meta, _tokens(inputs.improver.source), once=once),
        _share(SOLUTION, models.solution, work.solving, inputs, sum(tasks) // len(tasks),
               sum(programs) // len(programs), once=once),
    ]  # fmt: skip
    most, expected = work.solving
    shares += _of_programs(inputs, models.asked, most * (allowance.utility_calls + 1), expected * (scored + 1))
    used = tuple(share for share in shares if share.applications)
    guesses = NOTHING
    for share in shares[1:]:  # all but the improvers' own
        guesses += _part(share.most, work.guessed, most)
    return Forecast(used, _binding(config.caps, used), guesses)


def _part(amount: Amount, part: int, of: int) -> Amount:
    """Of an amount for so many applications."""
    return Amount(amount.calls * part // of, amount.tokens * part // of, amount.dollars * part / of) if of else NOTHING


@dataclass(frozen=True, slots=True)
class _Applications:
    """How often an improver is applied, to improvers and to solutions: (at most, as expected).

    `guessed`: of the most to solutions, for scores of improvers that nobody may ask for. Expected: all are used.
    """

    improving: tuple[int, int]
    solving: tuple[int, int]
    guessed: int = 0


def _applications(config: RunConfig, in_d: int, scored: int, *, guesses: bool) -> _Applications:
    """`in_d`: |D|. `scored`: programs that the seed improver has scored. `guesses`: improvers are scored ahead."""
    if config.kind == "run":
        t, measured = config.depth, config.depth + 1  # I_0, and at most one new improver each time
        guessed = min(config.utility_calls, config.model_calls * config.responses) if guesses else 0
        most = in_d * (t * (config.utility_calls + guessed) + measured)
        return _Applications((t, t), (most, in_d * (t * scored + measured)), in_d * t * guessed)
    if config.kind == "chain":
        return _Applications((0, 0), (in_d * config.depth, in_d * config.depth))
    if config.kind == "bypass":
        asked = -(-config.proposals // min(config.responses, config.utility_calls))
        return _Applications((MOST_TRIES * asked, asked), (config.proposals, config.proposals))
    return _Applications((0, 0), (1, 1))


def _share(
    role: str,
    priced_model: PricedModel,
    applications: tuple[int, int],
    inputs: Inputs,
    given: int,
    program: int,
    *,
    once: bool,
) -> Share:
    """`applications`: the most, and as many as are expected. `given`: tokens of what a prompt shows, `program`: of
    what it is to improve. `once`: the improver asks once.
    """
    model, tariff, (most, expected) = priced_model.name, priced_model.tariff, applications
    allowance = inputs.config.allowance
    calls = most * allowance.model_calls
    bound = calls * allowance.responses_per_call
    one = replace(tariff, most_output_tokens=tariff.most_output_tokens or MOST_PROMPT_CHARACTERS)
    worst = one.most(MOST_PROMPT_CHARACTERS)
    asks = 1 if once else allowance.model_calls
    responses = expected * asks * allowance.responses_per_call
    read, written = given + _FRAME_TOKENS, program + _IDEA_TOKENS
    likely = tariff.price.dollars(responses * read, responses * written) if tariff.price else 0.0
    return Share(
        role,
        model,
        most,
        calls,
        Amount(bound, bound * worst.tokens, bound * worst.dollars),
        Amount(responses, responses * (read + written) if tariff.counts_tokens else 0, likely),
        tariff.price is not None,
    )


def _of_programs(inputs: Inputs, model: PricedModel, most: int, expected: int) -> list[Share]:
    """What programs ask themselves while they are scored, so often in all; where a task lets them.

    Expected: one response to each instance, to a prompt of the seed's length, as long as the prompt.
    """
    asking = [task for task in inputs.tasks if task.asks]
    if not asking:
        return []
    counts = [sum(1 for split in SPLITS for _ in task.instances(Random(0), split)) for task in asking]
    each = [count * task.asks.calls for count, task in zip(counts, asking, strict=True) if task.asks]
    each_response = [n * task.asks.responses for n, task in zip(each, asking, strict=True) if task.asks]
    bound, likely = most * max(each_response), expected * max(counts)
    tariff = model.tariff
    one = replace(tariff, most_output_tokens=tariff.most_output_tokens or MOST_PROMPT_CHARACTERS)
    worst, tokens = one.most(MOST_PROMPT_CHARACTERS), max(_tokens(task.seed.source) for task in asking)
    dollars = tariff.price.dollars(likely * tokens, likely * tokens) if tariff.price else 0.0
    return [
        Share(
            PROGRAM,
            model.name,
            most,
            most * max(each),
            Amount(bound, bound * worst.tokens, bound * worst.dollars),
            Amount(likely, 2 * likely * tokens if tariff.counts_tokens else 0, dollars),
            tariff.price is not None,
        )
    ]


def _binding(caps: Caps, shares: tuple[Share, ...]) -> tuple[str, ...]:
    total = Amount()
    for share in shares:
        total += share.most
    each = [Caps(calls=caps.calls), Caps(tokens=caps.tokens), Caps(dollars=caps.dollars)]
    return tuple(said for cap in each if (said := cap.passed_by(total)))


def _tokens(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN + 1
