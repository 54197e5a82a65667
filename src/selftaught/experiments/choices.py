"""What an improver continues from: the program of each prompt, and how it was chosen from the known programs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from selftaught.experiments.traces import Joined, Question, Trace, bare, lines_of, programs_of

_EPS = 1e-9
_POPULATION, _FEWEST_KNOWN = 10, 4
"""Programs in a population, as improvers with a few dozen model calls keep it; programs to choose among."""


@dataclass(frozen=True)
class Pick:
    """One question about one program: `base`, without the space around it. `value`: its score, where it is known.

    `made`: the programs in its answers, and those that were put together from `base` and an answer.
    """

    question: Question
    base: str
    made: tuple[str, ...]

    def shows_what_was_found(self, initial: str) -> bool:
        """Whether anything in its message is of `base` and not of the initial program: a part may be of both."""
        if self.base in self.question.shown:
            return True
        return bool((lines_of(self.base) - lines_of(initial)) & lines_of(self.question.message))

    @property
    def value(self) -> float | None:
        return self.question.scores.get(self.base)

    @property
    def best(self) -> float | None:
        """The highest score known by then."""
        return max(self.question.scores.values(), default=None)

    @property
    def is_of_the_best(self) -> bool:
        return self.value is not None and self.best is not None and self.value >= self.best - _EPS


@dataclass
class Choices:
    """Counts over all traces of one improver. A *step* is from one program to what was made of it.

    Attributes:
        picks: questions about one program; `informed`: those with a score known by then; `of_the_best`: of those.
        moves: to a program that was found, if anything that was found is shown.
        strayed: informed ones that are about none of the best of their run; a run begins anew at a restart.
        restarts: back to the initial program, and on with what comes of it; `returns`: back to it, and not so.
        better, worse: steps to a better program and to a worse one. refused, rejected: stays though a better one had
            come, and because only worse ones had; also at one of several answers, with those that came after it.
        jumps: to a program that is not the last and not made from it.
        wide: groups of several programs that are asked about before anything new is known; `top`: those that are the
            best known; `top_of_latest`: the best of the last group's answers; `older`: not all of those are; `groups`:
            of any number.
        deep: jumps to a program that is neither among the best known nor among the latest.
        ranked: picks among several with scores; `preferred`: the sum of their ranks, from -1, the worst, to 1, the
            best; `paid`: of programs of which a better one came before; `paid_by_chance`: if all were taken equally.
        dominated: about a program, while a better one had been asked about no oftener. traded: a better one oftener.
    """

    picks: int = 0
    informed: int = 0
    of_the_best: int = 0
    moves: int = 0
    strayed: int = 0
    restarts: int = 0
    returns: int = 0
    better: int = 0
    worse: int = 0
    refused: int = 0
    rejected: int = 0
    jumps: int = 0
    wide: int = 0
    top: int = 0
    top_of_latest: int = 0
    older: int = 0
    groups: int = 0
    deep: int = 0
    ranked: int = 0
    preferred: float = 0.0
    paid: int = 0
    paid_by_chance: float = 0.0
    dominated: int = 0
    traded: int = 0
    only_initial: bool = True


def choices(traces: Sequence[Trace]) -> Choices:
    """Of all traces together, but of those in which a program came twice only where there are no others."""
    found = Choices()
    for trace in [trace for trace in traces if not _repeats(trace)] or traces:
        picks = picks_of(trace)
        initial = bare(trace.initial)
        found.picks += len(picks)
        found.only_initial &= all(pick.base == initial for pick in picks)
        begun = _restarts(picks, initial, found)
        _greed(picks, begun, initial, found)
        _steps(picks, begun, found)
        _preferences(picks, found)
        _groups(picks, initial, found)
        _bounds(_grouped(picks, initial), found)
    return found


def _repeats(trace: Trace) -> bool:
    """Whether a program came twice."""
    came = Counter([bare(trace.initial), *(block for event in trace.asked for block in programs_of(event.response))])
    return max(came.values()) > 1


def picks_of(trace: Trace) -> list[Pick]:
    """The questions about one program; of several shown, that is the best known or else the first.

    A part stands for the program in whose place the answer was put, as that was when the question was asked.
    """
    joined: dict[tuple[int, str], list[Joined]] = {}
    for one in trace.joined:
        joined.setdefault((one.answer.call, one.answer.message), []).append(one)
    bases = {one.program: one.base for one in trace.joined}
    picks = []
    for question in trace.questions:
        put = joined.get((question.call, question.message), [])
        made = (*question.programs, *(one.program for one in put))
        shown = list(question.shown)
        if shown and not combines(question):
            best = max(shown, key=lambda program: question.scores.get(program, -1.0))
            picks.append(Pick(question, best if best in question.scores else shown[0], made))
        elif not shown:
            for base in dict.fromkeys(one.base for one in put):  # of several programs that have this part in common
                while base not in question.scores and base in bases:
                    base = bases[base]
                if base in question.scores or base == bare(trace.initial):
                    picks.append(Pick(question, base, tuple(one.program for one in put if one.base == base)))
    return picks


_COMBINING = (
    "combin", "cross", "merge", "mix ", "blend", "fuse", "breed", "child", "offspring", "parent", "mate ", "hybrid",
    "join ", "strengths of", "best ideas", "best parts", "than both", "of both", "each other", "strongest part",
    "descend",
)  # fmt: skip


def combines(question: Question) -> bool:
    """Whether it shows several programs and asks for one made of them."""
    words = f"{question.system} {question.rest}".lower()
    return len(question.shown) > 1 and any(word in words for word in _COMBINING)


def _restarts(picks: Sequence[Pick], initial: str, found: Choices) -> set[int]:
    """The places of the picks with which a run begins, after the first."""
    back = [
        place
        for place in range(1, len(picks))
        if picks[place].base == initial
        and initial in picks[place].question.shown
        and (picks[place - 1].base != initial or _gained(picks[place - 1], picks[place]))
        and picks[place].question.call != picks[place - 1].question.call
    ]
    begun = set()
    for place, end in zip(back, [*back[1:], len(picks)], strict=False):
        made: set[str] = set()
        anew = True
        for pick in picks[place:end]:
            anew &= pick.base == initial or pick.base in made
            made.update(pick.made)
        if anew:
            begun.add(place)
    found.restarts += sum(not picks[place].is_of_the_best for place in begun)
    found.returns += len(back) - len(begun)
    return begun


def _gained(pick: Pick, after: Pick) -> bool:
    """Whether a better program came of it, as was known at the next one."""
    scores = after.question.scores
    made = [scores[program] for program in pick.made if program in scores]
    return pick.base in scores and max(made, default=0.0) > scores[pick.base] + _EPS


def _greed(picks: Sequence[Pick], begun: set[int], initial: str, found: Choices) -> None:
    run: set[str] | None = None  # what came up since the restart; None before the first: everything
    for place, pick in enumerate(picks):
        if place in begun:
            run = set()
        known = {p: v for p, v in pick.question.scores.items() if run is None or p in run or p == initial}
        others = [value for program, value in known.items() if program != initial]
        if known:
            found.informed += 1
            found.of_the_best += pick.is_of_the_best
            # The start of a run need not count: some take the best of the first answers, good or bad.
            rivals = known.values() if pick.base == initial else others
            found.strayed += bool(others) and known.get(pick.base, -1.0) < max(rivals) - _EPS
        if place and pick.base != picks[place - 1].base and pick.base != initial:
            found.moves += pick.shows_what_was_found(initial)
        if run is not None:
            run.update(pick.made)


def _steps(picks: Sequence[Pick], begun: set[int], found: Choices) -> None:
    """From the programs of one call to those of the next; several in one call may be walks side by side."""
    calls = [list(of) for _, of in groupby(range(len(picks)), lambda place: picks[place].question.call)]
    made: dict[str, list[str]] = {}
    for places, after in pairwise(calls):
        for place in places:
            made.setdefault(picks[place].base, []).extend(picks[place].made)
        new = {picks[place].base: place for place in after}
        scores = picks[after[0]].question.scores
        if not any(one in scores for given in made.values() for one in given) and set(new) == set(made):
            continue  # nothing is known yet of what came
        for base, place in new.items():
            parents = [one for one, given in made.items() if base in given]
            if base in made:
                _stays(base, made[base], scores, found)
            elif parents:
                _goes(parents[-1], base, made[parents[-1]], scores, found)
            elif place not in begun:
                found.jumps += 1
                found.deep += _is_deep(picks[place])
        made = {}


def _stays(base: str, made: Sequence[str], scores: dict[str, float], found: Choices) -> None:
    values = [scores[program] for program in made if program in scores and program != base]
    if values and base in scores and base not in made:
        found.refused += max(values) > scores[base] + _EPS
        found.rejected += max(values) < scores[base] - _EPS and max(values) > 0


def _goes(base: str, to: str, made: Sequence[str], scores: dict[str, float], found: Choices) -> None:
    if base in scores and to in scores:
        found.better += scores[to] > scores[base] + _EPS
        found.worse += scores[to] < scores[base] - _EPS
        _stays_at_one_of_several([scores.get(program) for program in made], scores[to], found)


def _is_deep(pick: Pick) -> bool:
    """Whether a population would hardly hold it any more: many are better, and many came after it."""
    scores = pick.question.scores
    if pick.base not in scores:
        return False
    better = sum(value > scores[pick.base] for value in scores.values())
    return better >= _POPULATION and list(scores).index(pick.base) < len(scores) - _POPULATION


def _preferences(picks: Sequence[Pick], found: Choices) -> None:
    """Which of the known programs are taken: good ones, and those of which something better came."""
    made: dict[str, list[str]] = defaultdict(list)
    for pick in picks:
        scores = pick.question.scores
        if pick.base in scores and len(scores) >= _FEWEST_KNOWN:
            value = scores[pick.base]
            better, worse = (sum(one > value for one in scores.values()), sum(one < value for one in scores.values()))
            found.preferred += (worse - better) / (len(scores) - 1)
            paid = {
                base for base in made.keys() & scores.keys()
                if max((scores[one] for one in made[base] if one in scores), default=0.0) > scores[base] + _EPS
            }  # fmt: skip
            found.ranked += 1
            found.paid += pick.base in paid
            found.paid_by_chance += len(paid) / len(scores)
        made[pick.base] += pick.made


def _stays_at_one_of_several(values: Sequence[float | None], taken: float, found: Choices) -> None:
    """A walk that looks at its answers in turn ends at one that need not be the best: what came after it was not taken.

    `values`: scores of the answers, in their order. Where the best of them is taken, nothing is known of the order.
    """
    known = [value for value in values if value is not None]
    after = known[len(known) - known[::-1].index(taken) :] if taken in known else []
    if after and max(known) > taken + _EPS:
        found.refused += max(after) > taken + _EPS
        found.rejected += 0 < max(after) < taken - _EPS


def _groups(picks: Sequence[Pick], initial: str, found: Choices) -> None:
    before: set[str] = set()
    groups = list(_grouped(picks, initial))
    for group in groups[:-1] if groups and len(groups[-1]) == 1 else groups:  # the last may be cut off by the budget
        bases = {pick.base for pick in group}
        if before or bases != {initial}:
            scores = group[0].question.scores
            found.groups += len(bases) == 1 or len(bases) < len(scores)  # of all that are known nothing is chosen
            if 1 < len(bases) < len(scores):
                found.wide += 1
                found.top += _are_top(bases, scores)
                found.top_of_latest += _are_top(bases, {one: value for one, value in scores.items() if one in before})
                found.older += not bases <= before
        before = {program for pick in group for program in pick.made}


def _grouped(picks: Sequence[Pick], initial: str) -> Iterator[list[Pick]]:
    group: list[Pick] = []
    for pick in picks:
        if group:
            known = pick.base in group[0].question.scores or pick.base == initial
            bases = {one.base for one in group}
            again = pick.base in bases and pick.base != group[-1].base
            again |= bases == {pick.base} and len(pick.question.scores) > len(group[0].question.scores)
            if pick.question.call != group[-1].question.call and (again or not known):
                yield group
                group = []
        group.append(pick)
    if group:
        yield group


def _are_top(programs: set[str], scores: dict[str, float]) -> bool:
    if not programs <= scores.keys():
        return False
    least = sorted(scores.values(), reverse=True)[len(programs) - 1]
    return min(scores[program] for program in programs) >= least - _EPS


def _bounds(groups: Iterable[Sequence[Pick]], found: Choices) -> None:
    visits: Counter[str] = Counter()
    for group in groups:
        scores, bases = group[0].question.scores, {pick.base for pick in group}
        for base in bases & scores.keys():
            better = [one for one, value in scores.items() if value > scores[base] + _EPS and one not in bases]
            dominated = any(visits[one] <= visits[base] for one in better)
            found.dominated += dominated
            found.traded += bool(better) and not dominated
        visits.update(bases)
