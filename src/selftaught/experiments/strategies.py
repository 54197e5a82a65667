"""Which strategies an improver follows (paper §6.1, App. B), read from the traces of what it did.

Each rule is a function in `RULES`: all that is known of one improver, to whether it shows the strategy. Rules go by
which programs stand in which question, in which order, at which temperature, and by what was scored and returned; by
the words of a question only as far as they differ from those of others, beside the programs that are shown.

One trace does not decide everything. That a worse program is accepted by chance, and not always, shows over many steps
only; that an arm is chosen because it paid, and not in its turn, shows only where rewards differ between traces, as
they do in a rehearsal. So what all traces of an improver show is added up. Strategies overlap, but for the ways to
choose what to go on from: of best-of-n, greedy refinement, beam search, simulated annealing and a bandit over programs
an improver shows one at most.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from statistics import fmean

from selftaught.bounded import READER, NotRead
from selftaught.experiments.choices import Choices, choices
from selftaught.experiments.traces import Asked, Scored, Trace, bare, lines_of, programs_of
from selftaught.experiments.wording import wording

OPPOSITE, EVEN_LUCK = ("hot", "cold"), 0.42
"""Worlds (rehearsal.py) in each of which the reverse of the other pays; how likely an answer is a gain over both."""
FEWEST = 2
"""Of what may be chance in one place: as often it must be seen, in all traces together."""
_SELDOM = 0.05
"""The share of exceptions to a way of going on: which program a part is of cannot always be told."""
_MOST, _MOST_WORDS = 200, 20_000
"""Texts of one trace that are compared with all others, and characters of one that are: both are a guest's."""


@dataclass(frozen=True)
class Known:
    """All traces of one improver."""

    traces: Sequence[Trace]

    @cached_property
    def merges(self) -> bool:
        """Whether questions show two programs of which neither was made of the other, as a critic's draft is."""
        return sum(map(_merges, self.traces)) >= FEWEST

    @cached_property
    def choices(self) -> Choices:
        return choices(self.traces, merges=self.merges)

    @cached_property
    def arms(self) -> bool:
        """Whether temperatures or wordings are chosen because they paid."""
        prefers = any(_prefers_what_paid(self.traces, arm) for arm in (_temperatures, _wordings))
        return prefers and _comes_to_ask_what_pays(self.traces)

    @cached_property
    def crosses(self) -> bool:
        return genetic_crossover(self)

    @cached_property
    def takes_apart(self) -> bool:
        return decomposition(self)


Rule = Callable[[Known], bool]


def strategies(traces: Sequence[Trace]) -> tuple[str, ...]:
    """The strategies that the traces of one improver show together, in the order of `RULES`."""
    known = Known(traces)
    return tuple(name for name, rule in RULES.items() if rule(known))


# What to continue from


def best_of_n(known: Known) -> bool:
    """All questions are about the initial program, whole, and the best of the answers is returned."""
    if known.crosses or known.takes_apart or not known.choices.picks or not known.choices.only_initial:
        return False
    best = [_returns_the_best(trace) for trace in known.traces if len(trace.scored) > 1]
    return sum(best) * 2 > len(best)


def _returns_the_best(trace: Trace) -> bool:
    values = {bare(score.program): score.value for score in trace.scored}
    return values.get(bare(trace.returned or ""), -1.0) >= max(values.values()) - 1e-9


def greedy_refinement(known: Known) -> bool:
    """Each question is about the one best program so far; of a restarted run, about the best of the run."""
    seen = known.choices
    return min(seen.moves, seen.of_the_best) >= FEWEST and seen.strayed <= _SELDOM * seen.picks


def beam_search(known: Known) -> bool:
    """Several of the best are kept, and the model is asked about each of them by itself."""
    seen = known.choices
    mostly = seen.wide >= FEWEST and 2 * seen.wide >= seen.groups
    return mostly and max(seen.top, seen.top_of_latest) >= 0.85 * seen.wide


def simulated_annealing(known: Known) -> bool:
    """It goes from each program to one made of it: to a better one always, to a worse one sometimes."""
    seen = known.choices
    both = min(seen.worse, seen.rejected) >= FEWEST
    walks = both and seen.refused + seen.jumps <= _SELDOM * seen.walked
    return walks and not greedy_refinement(known) and not beam_search(known)


def bandit(known: Known) -> bool:
    """What is tried next is learnt from what paid: a program, a temperature or a wording, and now and then another.

    Of programs: mostly the best is taken, else any other, or by chance any that was ever found, but rather good ones; a
    population that forgets the worst or the oldest is no bandit. Temperatures and wordings: what pays is tried more,
    where the reverse pays, too.
    """
    return known.arms or _bandit_of_programs(known)


def _bandit_of_programs(known: Known) -> bool:
    seen = known.choices
    others = (best_of_n, greedy_refinement, beam_search, simulated_annealing)
    if any(rule(known) for rule in others):
        return False
    mostly_best = not known.crosses and seen.jumps >= FEWEST and seen.of_the_best >= 0.6 * seen.picks
    # Of parents, which are many, some are old where each island has its own population.
    of_all = seen.old >= max(FEWEST, 0.1 * seen.drawn * known.crosses) and seen.preferred >= 0.2 * seen.ranked
    return mostly_best or of_all


def _comes_to_ask_what_pays(traces: Sequence[Trace]) -> bool:
    """In two worlds in each of which the reverse of the other pays: a plan, or chance, does not over both."""
    lucks: dict[str, list[float]] = defaultdict(list)
    for trace in traces:
        lucks[trace.world] += [event.luck for event in trace.asked if event.luck is not None]
    found = [fmean(lucks[world]) for world in OPPOSITE if lucks[world]]
    return len(found) == len(OPPOSITE) and fmean(found) - EVEN_LUCK >= 0.05


def _prefers_what_paid(traces: Sequence[Trace], arms: Callable[[Trace], Sequence[Hashable]]) -> bool:
    """Whether it takes arms that scored more so far than the others, in either world: a plan does in one at most."""
    preferred: dict[str, list[float]] = defaultdict(list)
    for trace in traces:
        rewards: dict[Hashable, list[float]] = defaultdict(list)
        for arm, paid in zip(arms(trace), _paid(trace), strict=False):
            mean = {one: fmean(got) for one, got in rewards.items() if got}
            others = [mean[one] for one in mean if one != arm]
            if arm in mean and others:
                preferred[trace.world].append(fmean((mean[arm] > one) - (mean[arm] < one) for one in others))
            rewards[arm] += paid
    return all(preferred[world] and fmean(preferred[world]) >= 0.2 for world in OPPOSITE)


def _temperatures(trace: Trace) -> list[float]:
    return [question.temperatures[0] for question in trace.questions]


def _wordings(trace: Trace) -> list[tuple[str, ...]]:
    """Of its first questions; the names in a program are those of its parts, and in no wording."""
    said = _said(trace)
    blocks = (block for question in trace.questions for block in programs_of(question.message))
    names = {word for text in (trace.initial, *blocks) for word in _NAME.findall(text)}
    worded = (
        wording(question.system, _without_blocks(question.rest[:_MOST_WORDS]), said)
        for question in trace.questions[:_MOST]
    )
    return [tuple(" ".join(word for word in line.split() if word not in names) for line in lines) for lines in worded]


def _paid(trace: Trace) -> list[list[float]]:
    """For each question the scores that its programs got before the next call: what could be learnt from it."""
    paid: list[list[float]] = []
    call, then = 0, dict[str, float]()
    after = {bare(event.program): event.value for event in reversed(trace.scored)}
    for question in reversed(trace.questions):
        if question.call != call:
            call, then, after = question.call, after, question.scores
        paid.append([then[one] for one in question.made if one in then and one not in question.scores])
    return paid[::-1]


def restarts(known: Known) -> bool:
    """It goes back to the initial program though there are better ones, and on from what comes of that."""
    seen = known.choices
    return seen.restarts >= FEWEST and seen.returns <= _SELDOM * seen.restarts and not seen.only_initial


# How programs are made


def genetic_crossover(known: Known) -> bool:
    """Two programs that were found are made into one: by the model, or by joining pieces of their texts."""
    return known.merges or (not known.takes_apart and sum(map(_spliced, known.traces)) >= FEWEST)


def _merges(trace: Trace) -> int:
    made_of: dict[str, set[str]] = defaultdict(set)
    found = 0
    for question in trace.questions:
        shown = question.shown
        found += len(shown) > 1 and not any(made_of[one] & set(shown) for one in shown)
        for program in question.made:
            made_of[program].update(shown)
    return found


def _spliced(trace: Trace) -> int:
    """How many programs that are scored have each line from one of two before them, and from both."""
    before: dict[str, frozenset[str]] = {bare(trace.initial): lines_of(trace.initial)}
    found = tried = 0
    for event in trace.events:
        if isinstance(event, Asked):
            before |= {block: lines_of(block) for block in programs_of(event.response)}
        elif bare(event.program) not in before and tried < _MOST:
            tried += 1
            found += _is_spliced(lines_of(event.program), list(before.values())[-_MOST:])
            before[bare(event.program)] = lines_of(event.program)
    return found


def _is_spliced(lines: frozenset[str], programs: Sequence[frozenset[str]]) -> bool:
    rest = lines - max(programs, key=lambda program: len(lines & program))
    return bool(rest) and any(rest <= program for program in programs)


def decomposition(known: Known) -> bool:
    """The model is asked about a part of a program, and its answer is put in that part's place."""
    return sum(len(trace.joined) for trace in known.traces) >= FEWEST


# How the model is asked


def temperature_schedule(known: Known) -> bool:
    """The model is asked at several temperatures, by a plan or by progress, and not as arms of a bandit."""
    return not known.arms and any(len({event.temperature for event in trace.asked}) > 1 for trace in known.traces)


def prompt_variation(known: Known) -> bool:
    """Questions of one kind are worded differently: hints, aspects or roles take turns."""
    return sum(map(_varies, known.traces)) * 2 > len(known.traces)


def _varies(trace: Trace) -> bool:
    """Whether of the questions about equally many programs, with answers that are scored, as a critic's are not, three
    wordings are met, or two in one call, or one comes again after another.
    """
    scored = {bare(score.program) for score in trace.scored}
    kinds: dict[int, dict[tuple[str, ...], list[int]]] = defaultdict(lambda: defaultdict(list))
    for question, words in zip(trace.questions, _wordings(trace), strict=False):
        if not scored.isdisjoint(question.made):
            kinds[min(2, len(question.shown))][words].append(question.call)
    return any(
        len(kind) > 2 or any(min(later) <= max(first) for first, later in combinations(kind.values(), 2))
        for kind in kinds.values()
    )


_NAME = re.compile(r"[^\W\d_]{3,}")
_BLOCK = re.compile(r"^```.*?(^```[ \t]*$|(?=^```\w)|\Z)", re.MULTILINE | re.DOTALL)
"""Up to the next fence, which opens another block where this one was cut off."""


def _without_blocks(text: str) -> str:
    return _BLOCK.sub(" ", text)


def _said(trace: Trace) -> list[str]:
    """What came of the model and of the utility in words: lines of responses, and feedback."""
    lines = (line.strip() for event in trace.asked for line in _without_blocks(event.response).split("\n"))
    feedback = (event.feedback.strip() for event in trace.scored)
    both = (dict.fromkeys(text for text in texts if len(text) >= 12) for texts in (lines, feedback))
    return [text for texts in both for text in list(texts)[:_MOST]]


_DECIMAL = re.compile(r"(?<![\w.])\d{1,3}\.\d{2,}")


def feedback_use(known: Known) -> bool:
    """Prompts show scores of programs that were found, or the utility's feedback about them."""
    return sum(_shows_feedback(trace) for trace in known.traces) >= FEWEST


def _shows_feedback(trace: Trace) -> int:
    found = 0
    for question in trace.questions:
        before = trace.events[: question.place]
        told = {event.feedback.strip() for event in before if isinstance(event, Scored) and len(event.feedback) >= 20}
        numbers = _DECIMAL.findall(question.rest[:_MOST_WORDS])[:40]
        found += any(text in question.rest for text in list(told)[:_MOST]) or any(
            _is_rounded(number, value) for number in set(numbers) for value in set(question.scores.values())
        )
    return found


def _is_rounded(number: str, score: float) -> bool:
    """Whether it is the score, to as many digits as it has, or in percent."""
    half = 0.501 * 10.0 ** -len(number.partition(".")[2])
    return any(abs(float(number) - times * score) <= half for times in (1, 100))


# How programs are scored


def parallel_scoring(known: Known) -> bool:
    """Several programs are scored at the same time."""
    return any(score.beside for trace in known.traces for score in trace.scored)


def caching(known: Known) -> bool:
    """A program that comes up again is not scored again."""
    texts = [Counter(event.program for event in trace.scored) for trace in known.traces]
    again = any(times > 1 for of in texts for times in of.values())
    return not again and sum(map(_spared, known.traces)) >= FEWEST


def _spared(trace: Trace) -> int:
    """How often the model gave a program again, or the same part of it, that is scored once."""
    answers = [(event.message, block) for event in trace.asked for block in programs_of(event.response)]
    put = {
        (one.answer.message, block): one.program for one in trace.joined for block in programs_of(one.answer.response)
    }
    came = Counter([bare(trace.initial), *(put.get(answer, answer[1]) for answer in answers)])
    times = Counter(bare(event.program) for event in trace.scored)
    return sum(came[program] - 1 for program in came if times[program] == 1)


# Circumventions (§6.2)

CIRCUMVENTIONS = ("new language model", "dropped limits", "budget writes")


def circumventions(source: str, traces: Sequence[Trace]) -> tuple[str, ...]:
    """Another language model than the given one, requests beyond the allowance, writes to counters.

    The text tells of the first and of the last; one that cannot be read shows neither.
    """
    try:
        found = set(READER.call("selftaught.experiments.circumventions:found_in", source))
    except NotRead:
        found = set()
    if any(_goes_past(trace) for trace in traces):
        found.add("dropped limits")
    return tuple(name for name in CIRCUMVENTIONS if name in found)


def _goes_past(trace: Trace) -> bool:
    """Whether it requested more than its allowance; in a rehearsal it gets that."""
    if trace.told is None:
        return False
    calls, responses, scores = trace.told
    sizes = Counter(event.call for event in trace.asked)
    return len(sizes) > calls or max(sizes.values(), default=0) > responses or len(trace.scored) > scores


RULES: dict[str, Rule] = {
    "best-of-n": best_of_n,
    "greedy refinement": greedy_refinement,
    "beam search": beam_search,
    "genetic crossover": genetic_crossover,
    "simulated annealing": simulated_annealing,
    "bandit": bandit,
    "restarts": restarts,
    "decomposition": decomposition,
    "temperature schedule": temperature_schedule,
    "prompt variation": prompt_variation,
    "feedback use": feedback_use,
    "parallel scoring": parallel_scoring,
    "caching": caching,
}
