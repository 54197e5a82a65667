"""What a call cost, divided among its responses.

A server counts a call as a whole, and the models put all of it on the call's first response. But improvers that share
draws may take some responses of a call only: what they spend must not hang on who was the first to ask.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from selftaught.core.contracts import Completion
from selftaught.core.money import Tariff


def by_response(call: Sequence[Completion], tariff: Tariff) -> list[Completion]:
    """The same responses and sums: the prompt is on the first, and each has what it wrote itself.

    That is taken to be in proportion to the lengths of their texts, since nothing else is known. Where each has
    counts of its own, or none is known, nothing changes.
    """
    first, *others = call
    if not others or not first.output_tokens or any(one.output_tokens != 0 for one in others):
        return [*call]
    lengths = [len(one.text) + len(one.reasoning) + 1 for one in call]
    made = _parts(first.output_tokens, lengths)
    reasoned = [None] * len(call) if first.reasoning_tokens is None else _parts(first.reasoning_tokens, lengths)
    dollars = _dollars(first, made, tariff)
    return [
        replace(one, output_tokens=tokens, reasoning_tokens=thought, cost=cost)
        for one, tokens, thought, cost in zip(call, made, reasoned, dollars, strict=True)
    ]


def _dollars(first: Completion, made: Sequence[int], tariff: Tariff) -> list[float | None]:
    """Of each: the first pays for the prompt. By the price where it is known, else as if all tokens cost the same."""
    if first.cost is None:
        return [None] * len(made)
    given, all_made = first.input_tokens or 0, sum(made)
    prompt, whole = float(given), float(given + all_made)
    if tariff.price is not None and (priced := tariff.price.dollars(given, all_made, first.cached_tokens or 0)):
        prompt, whole = tariff.price.dollars(given, 0, first.cached_tokens or 0), priced
    written = first.cost * (1 - prompt / whole)
    rest = [written * tokens / all_made for tokens in made[1:]]
    return [first.cost - sum(rest), *rest]


def _parts(whole: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers in proportion to the weights, which add up."""
    every = sum(weights)
    bounds = [0, *(whole * weight // every for weight in accumulate(weights))]
    return [end - start for start, end in pairwise(bounds)]
