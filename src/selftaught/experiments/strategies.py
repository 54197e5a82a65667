"""Which strategies an improver follows (paper §6.1, App. B), read from the traces of what it did.

Each rule is a function in `RULES`: all that is known of one improver, to whether it shows the strategy. Rules go by
which programs stand in which question, in which order, at which temperature, and by what was scored and returned; by
the words of a question only as far as they are what was done: what is asked for, beside the programs that are shown.

One trace does not decide everything. That a worse program is accepted by chance, and not always, shows over many steps
only; that an arm is chosen because it paid, and not in its turn, shows only where rewards differ between traces, as
they do in a rehearsal. So what all traces of an improver show is added up. Strategies overlap, but for the ways to
choose what to go on from: of best-of-n, greedy refinement, beam search, simulated annealing and a bandit over programs
an improver shows one at most.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, groupby, pairwise
from statistics import fmean

from selftaught.bounded import READER, NotRead
from selftaught.experiments.choices import Choices, choices, combines
from selftaught.experiments.traces import Asked, Question, Scored, Trace, bare, programs_of
from selftaught.experiments.wording import likeness, wording

OPPOSITE, EVEN_LUCK = ("hot", "cold"), 0.42
"""Worlds (rehearsal.py) in each of which the reverse of the other pays; how likely an answer is a gain over both."""
_PHASE = 4
"""Calls in which one wording is kept, for its successor to be another by a plan, and not what is said once."""
FEWEST = 2
"""Of what may be chance in one place: as often it must be seen, in all traces together."""
_MOST, _MOST_WORDS = 200, 20_000
"""Texts of one trace that are compared with all others, and characters of one that are: both are a guest's."""


@dataclass(frozen=True)
class Known:
    """All traces of one improver."""

    traces: Sequence[Trace]

    @cached_property
    def choices(self) -> Choices:
        return choices(self.traces)

    @property
    def questions(self) -> Iterator[Question]:
        for trace in self.traces:
            yield from trace.questions

    @cached_property
    def arms(self) -> bool:
        """Whether temperatures or wordings are chosen because they pay."""
        learns = _learns_what_pays(self.traces) and not _goes_by_steps(self.traces)
        prefers = any(_prefers_what_paid(self.traces, arms) for arms in (_temperatures, _wordings))
        return _keeps_to_what_paid(self.traces) or ((learns or prefers) and _comes_back(self.traces))

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
    made = bare(trace.returned or "")
    return made in values and values[made] >= max(values.values()) - 1e-9


def greedy_refinement(known: Known) -> bool:
    """Each question is about the one best program so far; of a restarted run, about the best of the run."""
    seen = known.choices
    # In a part, which program it is of cannot always be told.
    most = 0.06 * seen.informed
    if known.crosses:  # it may merge others into the best
        merged = [question for question in known.questions if len(question.shown) > 1]
        most = 0 if merged and all(map(_shows_the_best, merged)) else -1
    return FEWEST <= seen.moves <= seen.informed and seen.strayed <= most


def _shows_the_best(question: Question) -> bool:
    best = max(question.scores.values(), default=1.0)
    return any(question.scores.get(program, 0.0) >= best for program in question.shown)


def beam_search(known: Known) -> bool:
    """Several of the best are kept, and the model is asked about each of them by itself."""
    seen = known.choices
    forgets = seen.top_of_latest >= 0.9 * seen.wide and seen.older <= 0.03 * seen.wide
    best = forgets or seen.top >= 0.85 * seen.wide
    mixed = known.crosses and min(seen.top / max(1, seen.wide), seen.wide / max(1, seen.groups)) < 0.95
    return best and seen.wide >= FEWEST and seen.wide >= 0.4 * seen.groups and not mixed


def simulated_annealing(known: Known) -> bool:
    """It goes from each program to one made of it: to a better one always, to a worse one sometimes."""
    seen = known.choices
    steps = seen.better + seen.worse + seen.rejected + seen.refused
    return (
        min(seen.worse, seen.rejected) >= 1
        and seen.worse + seen.rejected >= 2 * FEWEST
        and seen.refused <= 0.1 * (seen.refused + seen.better)
        and seen.jumps <= 0.05 * steps
        and not greedy_refinement(known)
        and not beam_search(known)
    )


def bandit(known: Known) -> bool:
    """What is tried next is learnt from what paid: a program, a temperature or a wording, and now and then another.

    Of programs: mostly the best is taken, else any other (ε-greedy), or never one of which a better one was tried no
    oftener (a confidence bound), or by chance any that was ever found, but rather good ones, or those that paid
    (softmax, Thompson); a population that forgets the worst or the oldest is no bandit. Temperatures and wordings: what
    pays is tried more, where the reverse pays, too.
    """
    return known.arms or _bandit_of_programs(known)


def _bandit_of_programs(known: Known) -> bool:
    seen = known.choices
    if seen.jumps < 3 or greedy_refinement(known) or beam_search(known) or simulated_annealing(known):
        return False
    mostly_best = seen.of_the_best >= 0.6 * seen.informed and seen.strayed >= 3
    by_bounds = seen.traded >= 3 and seen.dominated <= 0.1 * seen.picks
    good, paying = seen.preferred >= 0.2 * seen.ranked, seen.paid >= 1.5 * seen.paid_by_chance
    of_an_archive = seen.deep >= 3 and (good or paying)
    if known.crosses:  # the best, and those that were asked about seldom, are parents too; old ones are seldom
        return of_an_archive and seen.deep >= 0.1 * seen.jumps
    return mostly_best or by_bounds or of_an_archive


def _learns_what_pays(traces: Sequence[Trace]) -> bool:
    """Whether it comes to ask what pays in either of two worlds in which the reverse of the other pays.

    A plan, or chance, asks as often what pays as what does not, taken over both.
    """
    by_world: dict[str, list[float]] = defaultdict(list)
    for trace in traces:
        luck = [event.luck for event in trace.asked if event.luck is not None]
        first = luck[: len(luck) // 3]
        if trace.world in OPPOSITE and len(luck) >= 6 and max(first) - min(first) >= 0.05:
            by_world[trace.world].append(fmean(luck[len(first) :]))  # a bandit tries each arm before it trusts one
    tried = sum(trace.world in OPPOSITE for trace in traces)
    means = [fmean(by_world[world]) for world in OPPOSITE if by_world[world]]
    most = sum(map(len, by_world.values())) >= 0.75 * tried
    return most and len(means) == len(OPPOSITE) and fmean(means) - EVEN_LUCK >= 0.08


def _comes_back(traces: Sequence[Trace]) -> bool:
    """Whether a temperature or a wording that was left for another comes again, mostly: a plan may go on instead."""
    back = 0
    for trace in traces:
        turns = [[arm for arm, _ in groupby(arms)] for arms in (_temperatures(trace), _wordings(trace))]
        back += any(len(set(arms)) < len(arms) for arms in turns)
    return back * 2 > len(traces)


def _goes_by_steps(traces: Sequence[Trace]) -> bool:
    """Whether the temperature goes up and down a ladder, and else back to one place: by progress, not among arms."""
    arms = {round(event.temperature, 3) for trace in traces for event in trace.asked}
    skipped_to = set[float]()
    for trace in traces:
        heats = [round(question.temperatures[0], 3) for question in trace.questions]
        met = sorted(set(heats))
        skipped_to |= {b for a, b in pairwise(heats) if abs(met.index(a) - met.index(b)) > 1}
    return len(arms) > 2 and len(skipped_to) < 2


def _temperatures(trace: Trace) -> list[float]:
    return [question.temperatures[0] for question in trace.questions]


def _wordings(trace: Trace) -> list[tuple[str, ...]]:
    """Of its first questions."""
    said = _said(trace)
    return [
        wording(question.system, _without_blocks(question.rest[:_MOST_WORDS]), said)
        for question in trace.questions[:_MOST]
    ]


def _paid(trace: Trace) -> list[list[float]]:
    """For each question the scores that its programs got before the next call: what could be learnt from it."""
    paid: list[list[float]] = []
    call, then = 0, dict[str, float]()
    after = {bare(event.program): event.value for event in reversed(trace.scored)}
    for question in reversed(trace.questions):
        if question.call != call:
            call, then, after = question.call, after, question.scores
        paid.append([then[one] for one in question.programs if one in then and one not in question.scores])
    return paid[::-1]


def _prefers_what_paid(traces: Sequence[Trace], arms: Callable[[Trace], Sequence[object]]) -> bool:
    """Whether, of arms that were tried equally often, it takes those that scored more, in either world.

    So does a confidence bound, however little it trusts what it has learnt; a plan does so in one of them at most.
    """
    preferred: dict[str, list[float]] = defaultdict(list)
    for trace in traces:
        rewards: dict[object, list[float]] = defaultdict(list)
        visits: Counter[object] = Counter()
        for arm, paid in zip(arms(trace), _paid(trace), strict=False):
            mean = {one: fmean(got) for one, got in rewards.items() if got}
            rivals = [mean[one] for one in mean if one != arm and visits[one] == visits[arm]]
            if arm in mean and rivals:
                preferred[trace.world] += [fmean((mean[arm] > one) - (mean[arm] < one) for one in rivals)]
            visits[arm] += 1
            rewards[arm] += paid
    return all(len(preferred[world]) >= 8 and fmean(preferred[world]) >= 0.3 for world in OPPOSITE)


def _keeps_to_what_paid(traces: Sequence[Trace]) -> bool:
    """Whether it mostly asks at the temperature that scored best on average so far, and leaves it now and then.

    A plan leaves it at the same places in all traces, for one that was not tried, and begins everywhere with the same.
    """
    kept = left = returned = adopted = 0
    begun, places, arms = set[float](), set[int](), set[float]()
    for trace in traces:
        rewards: dict[float, list[float]] = defaultdict(list)
        asked = _temperatures(trace)
        for place, (arm, paid) in enumerate(zip(asked, _paid(trace), strict=True)):
            means = {one: fmean(got) for one, got in rewards.items() if got}
            best = arm in means and means[arm] >= max(means.values()) - 1e-9
            moved = place > 0 and arm != asked[place - 1]
            if means:
                kept, left = kept + best, left + (not best)
                returned += moved and best
                adopted += moved and not best and asked[place + 1 : place + 2] == [arm]
            places |= {place} if moved else set()
            rewards[arm] += paid
        arms.update(asked)
        begun.update(asked[:1])
    if not 1 < len(arms) <= 8 or len(places) < FEWEST or left < FEWEST:
        return False
    return kept >= 0.7 * (kept + left) and (returned >= 1 or (adopted >= FEWEST and len(begun) > 1))


def restarts(known: Known) -> bool:
    """It goes back to the initial program though there are better ones, and on from what comes of that."""
    seen = known.choices
    return seen.restarts >= FEWEST and seen.returns <= 0.3 * seen.restarts and not seen.only_initial


# How programs are made


def genetic_crossover(known: Known) -> bool:
    """Two programs that were found are made into one: by the model, or by joining pieces of their texts."""
    asked = {question.shown for question in known.questions if combines(question)}
    if len(asked) >= FEWEST or _pairs_at_random(known):
        return True
    return not known.takes_apart and sum(_spliced(trace) for trace in known.traces) >= FEWEST


def _pairs_at_random(known: Known) -> bool:
    several = [question for question in known.questions if len(question.shown) > 1]
    pairs = {question.shown for question in several}
    if len(pairs) < 3 or any(len(question.shown) != 2 for question in several):
        return False
    apart = [q for q in several if max(q.scores.values(), default=0) > max(q.scores.get(p, 0) for p in q.shown)]
    return len(apart) >= 3


def _spliced(trace: Trace) -> int:
    """How many programs that are scored, or asked about, begin as one of those before them, and go on as another."""
    answers = {block for event in trace.asked for block in programs_of(event.response)}
    before: dict[str, None] = {bare(trace.initial): None}
    found = tried = 0
    for event in trace.events:
        for text in [bare(event.program)] if isinstance(event, Scored) else programs_of(event.message):
            if text not in before and text not in answers and tried < _MOST:
                tried += 1
                found += _is_spliced(text, list(before)[-_MOST:])
            before[text] = None
        if isinstance(event, Asked):
            before.update(dict.fromkeys(programs_of(event.response)))
    return found


def _is_spliced(text: str, programs: Sequence[str]) -> bool:
    begins = {program: _in_common(text, program) for program in programs}
    ends = {program: _in_common(text[::-1], program[::-1]) for program in programs}
    if any(begins[program] + ends[program] >= len(text) for program in programs):
        return False  # a piece of it was left out
    longest, rest = max(begins.values()), max(ends.values())
    if longest + rest >= len(text):
        return True
    lines = set(text.split("\n"))
    near = sorted(programs, key=lambda program: -len(lines & set(program.split("\n"))))[:8]
    sets = [set(program.split("\n")) for program in near]
    return any(lines <= one | two and lines - one and lines - two for one, two in combinations(sets, 2))


def _in_common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return bisect_left(range(min(len(one), len(other))), True, key=lambda n: one[: n + 1] != other[: n + 1])


def decomposition(known: Known) -> bool:
    """The model is asked about a part of a program, and its answer is put in that part's place."""
    return sum(len(trace.joined) for trace in known.traces) >= FEWEST


# How the model is asked


def temperature_schedule(known: Known) -> bool:
    """The model is asked at several temperatures, by a plan or by progress, and not as arms of a bandit."""
    several = any(len({event.temperature for event in trace.asked}) > 1 for trace in known.traces)
    return several and not known.arms


def prompt_variation(known: Known) -> bool:
    """Questions of one kind are worded differently: hints, aspects or roles take turns."""
    if known.arms and all(len({event.temperature for event in trace.asked}) < 2 for trace in known.traces):
        return True  # what it has learnt to choose among
    found = [_varies(trace, parts=known.takes_apart) for trace in known.traces if len(trace.asked) > 1]
    return sum(found) * 2 > len(found)


_Worded = tuple[Question, tuple[str, ...]]


def _varies(trace: Trace, *, parts: bool) -> bool:
    named = set[str]()
    if parts:  # it may say what the part is called that it is about
        blocks = (block for question in trace.questions for block in programs_of(question.message))
        named = {word for text in (trace.initial, *blocks) for word in _NAME.findall(text)}
    scored = {bare(score.program) for score in trace.scored}
    kinds: dict[int, list[_Worded]] = defaultdict(list)
    for question, words in zip(trace.questions, _wordings(trace), strict=False):
        words = tuple(" ".join(word for word in line.split() if word not in named) for line in words)
        kinds[min(2, len(question.shown))].append((question, words))
    return any(_alternate(asked) or _in_turn(asked, scored) for asked in kinds.values())


def _in_turn(asked: Sequence[_Worded], scored: set[str]) -> bool:
    """Whether three wordings or more, however unlike, take turns, or ask about one program in one call, as a panel.

    All at one temperature, and answers are scored: those of a critic are not, and kinds of prompts have each its own.
    """
    number = len({words for _, words in asked})
    turns = [asked[place : place + number] for place in range(0, len(asked), max(1, number))]
    again = all(len({words for _, words in turn}) == len(turn) for turn in turns)
    tried = {words for question, words in asked if not scored.isdisjoint(question.programs)}
    heats = {question.temperatures[0] for question, _ in asked}
    panel = len({(question.call, question.shown) for question, _ in asked}) == 1
    return again and (len(asked) >= 2 * number or panel) and len(heats) == 1 and len(tried) == number >= 3


def _alternate(asked: Sequence[_Worded]) -> bool:
    """Whether several wordings that are much alike stand in one call, come again, are three, or are a plan of two."""
    calls: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for question, words in asked:
        calls[words].append(question.call)
    alike = [pair for pair in combinations(list(calls)[:40], 2) if likeness(*pair) >= 0.4]
    if len({words for pair in alike for words in pair}) >= 3:
        return True
    return any(
        set(calls[one]) & set(calls[other])
        or (min(calls[other]) < max(calls[one]) and likeness(one, other) >= 0.5)
        or (min(len(calls[one]), len(calls[other])) >= _PHASE and likeness(one, other) >= 0.7)
        for one, other in alike
    )


_NAME = re.compile(r"[^\W\d_]{3,}")
_BLOCK = re.compile(r"^```.*?(^```[ \t]*$|(?=^```\w)|\Z)", re.MULTILINE | re.DOTALL)
"""Up to the next fence, which opens another block where this one was cut off."""


def _without_blocks(text: str) -> str:
    return _BLOCK.sub(" ", text)


def _said(trace: Trace) -> list[str]:
    """What came of the model and of the utility in words: lines of responses, and feedback."""
    lines = [line.strip() for event in trace.asked for line in _without_blocks(event.response).split("\n")]
    feedback = [part.strip() for event in trace.scored for part in (event.feedback, *event.feedback.split("\n"))]
    both = (dict.fromkeys(text for text in texts if len(text) >= 12) for texts in (lines, feedback))
    return [text for texts in both for text in list(texts)[:_MOST]]


_DECIMAL = re.compile(r"(?<![\w.])\d{1,3}\.\d{2,}")


def feedback_use(known: Known) -> bool:
    """Prompts show scores of programs that were found, or the utility's feedback about them."""
    return sum(_shows_feedback(trace) for trace in known.traces) >= FEWEST


def _shows_feedback(trace: Trace) -> int:
    told: dict[str, None] = {}
    place, found = 0, 0
    for question in trace.questions:
        for event in trace.events[place : question.place]:
            if isinstance(event, Scored) and len(event.feedback) >= 20:
                told[event.feedback.strip()] = None
        place = question.place
        shown = {question.scores[program] for program in question.shown if program in question.scores}
        found += any(text in question.rest for text in list(told)[-_MOST:]) or any(
            number in _rounded(digits, shown if digits == 2 else set(question.scores.values()))
            for digits, number in _decimals(question.rest)
        )
    return found


def _decimals(text: str) -> set[tuple[int, str]]:
    """The first numbers in a text with two or more digits after the point, and how many."""
    numbers = _DECIMAL.findall(text[:_MOST_WORDS])[:40]
    return {(min(6, len(number.partition(".")[2])), number) for number in numbers}


def _rounded(digits: int, values: set[float]) -> set[str]:
    """The forms of scores with so many digits, also in percent; six mean all digits."""
    told = {f"{times * value:.{digits}f}" for value in values for times in (1, 100)}
    return told | ({str(value) for value in values} if digits == 6 else set())


# How programs are scored


def parallel_scoring(known: Known) -> bool:
    """Several programs are scored at the same time."""
    return any(score.beside for trace in known.traces for score in trace.scored)


def caching(known: Known) -> bool:
    """A program that comes up again is not scored again."""
    counts = [_again(trace) for trace in known.traces]
    return sum(spared for spared, _ in counts) >= FEWEST and not any(scored for _, scored in counts)


def _again(trace: Trace) -> tuple[int, int]:
    """How often a program that the model gave again was spared, while what came with it or next was scored; was not.

    Not spared is one text, to the letter, if it was not under way at the same time: it is remembered by that.
    """
    first: dict[str, int] = {}
    last: dict[str, tuple[int, Scored]] = {}
    times: Counter[str] = Counter()
    scored = asked = 0
    for place, event in enumerate(trace.events):
        if isinstance(event, Asked):
            asked = place
            continue
        if event.program in last:
            before, same = last[event.program]
            scored += before < asked or not (event.beside or same.beside)
        last[event.program] = place, event
        first.setdefault(bare(event.program), place)
        times[bare(event.program)] += 1
    put = {
        (one.answer.message, block): one.program for one in trace.joined for block in programs_of(one.answer.response)
    }
    made = {
        answer: [put.get((answer.message, block), block) for block in programs_of(answer.response)[:1]]
        for answer in trace.asked
    }
    calls: dict[int, list[str]] = defaultdict(list)
    for answer in trace.asked:
        calls[answer.call] += made[answer]
    came: Counter[str] = Counter()
    spared = 0
    for place, event in enumerate(trace.events):
        if isinstance(event, Scored):
            came[bare(event.program)] += not came[bare(event.program)]
            continue
        beside = calls[event.call] if len(calls[event.call]) > 1 else calls[event.call + 1]
        for program in made[event]:
            came[program] += 1
            others = any(one != program and first.get(one, -1) > place for one in beside)
            spared += came[program] > 1 and times[program] == 1 and others
    return spared, scored


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
