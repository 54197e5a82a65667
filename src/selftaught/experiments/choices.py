"""What an improver continues from: the program of each prompt, and how it was chosen from the known programs."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from selftaught.experiments.traces import Question, Trace, bare, lines_of

_EPS = 1e-9
_POPULATION = 10
"""Programs in a population, as improvers with a few dozen model calls keep it."""


@dataclass(frozen=True)
class Pick:
    """One question, and the program that it is about."""

    question: Question
    base: str

    @property
    def scores(self) -> dict[str, float]:
        """What was known by then."""
        return self.question.scores

    @property
    def is_of_the_best(self) -> bool:
        """As known by then."""
        return _are_top([self.base], self.scores)

    def shows_what_was_found(self, initial: str) -> bool:
        """Whether anything in its message is of `base` and not of the initial program: a part may be of both."""
        if self.base in self.question.shown:
            return True
        return bool((lines_of(self.base) - lines_of(initial)) & lines_of(self.question.message))


@dataclass
class Choices:
    """Counts over all traces of one improver. A *step* is from one program to what was made of it.

    Attributes:
        picks: questions about one program; `of_the_best`: about the best of all that were known by then.
        moves: to a program that was found, if anything that was found is shown.
        strayed: picks that are about none of the best of their run; a run begins anew at a restart.
        restarts: back to the initial program, and on with what comes of it; `returns`: back to it, and not so.
        worse: steps to a worse program. rejected: stays because only worse ones had come. refused: stays though a
            better one had come. jumps: to a program that is not the last, not made from it, and not initial.
            walked: all of these, and the steps to a better one.
        wide: groups of several programs that are asked about before anything new is known; `top`: those that are the
            best known; `top_of_latest`: the best of the last group's answers; `groups`: of any number.
        drawn: programs with scores that are asked about; `old`: those that are neither among the best known nor among
            the latest. ranked: those among several; `preferred`: the sum of their ranks, from -1, the worst, to 1.
    """

    picks: int = 0
    of_the_best: int = 0
    moves: int = 0
    strayed: int = 0
    restarts: int = 0
    returns: int = 0
    worse: int = 0
    rejected: int = 0
    refused: int = 0
    jumps: int = 0
    walked: int = 0
    wide: int = 0
    top: int = 0
    top_of_latest: int = 0
    groups: int = 0
    drawn: int = 0
    old: int = 0
    ranked: int = 0
    preferred: float = 0.0
    only_initial: bool = True


def choices(traces: Sequence[Trace], *, merges: bool) -> Choices:
    """Of all traces together, but of those in which a program came twice only where there are no others.

    `merges`: questions that show several programs ask for one made of them, and are about no one of them.
    """
    found = Choices()
    for trace in [trace for trace in traces if not trace.repeats] or traces:
        picks = list(_picks(trace, merges=merges))
        initial = bare(trace.initial)
        found.picks += len(picks)
        found.only_initial &= all(pick.base == initial for pick in picks)
        _greed(picks, _restarts(picks, initial, found), initial, found)
        _steps(picks, initial, found)
        _groups(picks, found)
        for question in trace.questions:
            for program in question.about:
                _draw(program, question.scores, found)
    return found


def _picks(trace: Trace, *, merges: bool) -> Iterator[Pick]:
    for question in trace.questions:
        if len(question.shown) < 2:
            yield from (Pick(question, base) for base in question.about)
        elif not merges:
            yield Pick(question, question.shown[0])


def _restarts(picks: Sequence[Pick], initial: str, found: Choices) -> set[int]:
    """The places of the picks with which a run begins, after the first."""
    back = [
        place
        for place in range(1, len(picks))
        if picks[place].base == initial
        and max(picks[place].scores.values(), default=0.0) > picks[place].scores.get(initial, 0.0) + _EPS
    ]
    begun = set()
    for place, end in zip(back, [*back[1:], len(picks)], strict=False):
        made = {initial}
        anew = True
        for pick in picks[place:end]:
            anew &= pick.base in made
            made.update(pick.question.made)
        if anew:
            begun.add(place)
            found.restarts += any(pick.base != initial for pick in picks[place:end])
    found.returns += len(back) - len(begun)
    return begun


def _greed(picks: Sequence[Pick], begun: set[int], initial: str, found: Choices) -> None:
    run: set[str] | None = None  # what came up since the restart; None before the first: everything
    for place, pick in enumerate(picks):
        if place in begun:
            run = set()
        known = {p: value for p, value in pick.scores.items() if run is None or p in run}
        # The start need not count: some take the best of the first answers, good or bad.
        rivals = [value for program, value in known.items() if program != initial]
        found.of_the_best += pick.is_of_the_best
        found.strayed += known.get(pick.base, -1.0) < max(rivals, default=-1.0) - _EPS
        if place and pick.base != picks[place - 1].base and pick.base != initial:
            found.moves += pick.shows_what_was_found(initial)
        if run is not None:
            run.update(pick.question.made)


def _steps(picks: Sequence[Pick], initial: str, found: Choices) -> None:
    """From the programs of one call to those of the next; several in one call may be walks side by side."""
    calls = [list(of) for _, of in groupby(picks, lambda pick: pick.question.call)]
    for before, after in pairwise(calls):
        made: dict[str, list[str]] = defaultdict(list)
        for pick in before:
            made[pick.base] += pick.question.made
        scores = after[0].scores
        for base in {pick.base for pick in after}:
            parents = [one for one, given in made.items() if base in given]
            if base in made:
                _stay(base, [scores[one] for one in made[base] if one in scores], scores, found)
            elif parents:
                found.worse += base in scores and scores[base] < scores.get(parents[-1], 0.0) - _EPS
                found.walked += 1
            elif base != initial:  # back there is a restart
                found.jumps += 1
                found.walked += 1


def _stay(base: str, values: Sequence[float], scores: dict[str, float], found: Choices) -> None:
    """`values`: of what came of it."""
    if values and base in scores:
        found.refused += max(values) > scores[base] + _EPS
        found.rejected += max(values) < scores[base] - _EPS
        found.walked += 1


def _groups(picks: Sequence[Pick], found: Choices) -> None:
    before: set[str] = set()
    for group in _grouped(picks):
        bases, scores = {pick.base for pick in group}, group[0].scores
        found.groups += 1
        if len(bases) > 1:
            found.wide += 1
            found.top += _are_top(bases, scores)
            found.top_of_latest += _are_top(bases, {one: value for one, value in scores.items() if one in before})
        before = {program for pick in group for program in pick.question.made}


def _grouped(picks: Sequence[Pick]) -> Iterator[list[Pick]]:
    """One ends where a later call is about a program that was not known at its start, or about one of it again."""
    group: list[Pick] = []
    for pick in picks:
        later = group and pick.question.call != group[-1].question.call
        if later and (pick.base not in group[0].scores or pick.base in {one.base for one in group}):
            yield group
            group = []
        group.append(pick)
    if group:
        yield group


def _are_top(programs: Collection[str], scores: dict[str, float]) -> bool:
    """Whether they are the best, or as good."""
    chosen = [scores[program] for program in programs if program in scores]
    best = sorted(scores.values(), reverse=True)[: len(programs)]
    return 0 < len(chosen) == len(best) and min(chosen) >= best[-1] - _EPS


def _draw(program: str, scores: dict[str, float], found: Choices) -> None:
    """A population would hardly hold an old one any more: many are better, and many came after it."""
    if program not in scores:
        return
    better = sum(value > scores[program] for value in scores.values())
    worse = sum(value < scores[program] for value in scores.values())
    found.drawn += 1
    found.old += better >= _POPULATION and list(scores).index(program) < len(scores) - _POPULATION
    if len(scores) > 1:
        found.ranked += 1
        found.preferred += (worse - better) / (len(scores) - 1)
