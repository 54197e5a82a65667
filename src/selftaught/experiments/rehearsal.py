"""An improver is run against a model and a utility that are made for it, in the sandbox, and leaves a trace.

The model answers as one that changes numbers in the program that it is shown. How often that is for the better depends
on the *world*: in `hot` high temperatures pay, and every other wording of the question; in `cold` the reverse; on the
`plateau` nothing is gained beyond a small lead, and when it is `even`, all pays alike; in both, most losses are small.
Each is gone through by the same improver, so that what it chooses can be told from what it would do anyway: one that
learns from rewards does otherwise in `hot` than in `cold`, a plan does the same. Some answers fail. In a third of the
worlds answers repeat themselves now and then, which shows what is remembered; in the others not, so that several
programs that are kept are several.

An improver gets a budget, and may exceed it: this is recorded, and ends nothing.
"""

import random
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import tanh

from selftaught.core.address import draw_seed
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Completion, Program, Prompt, Score, Verdict
from selftaught.core.origin import call_number, origin
from selftaught.experiments.older_interface import wrapped
from selftaught.experiments.strategies import EVEN_LUCK, OPPOSITE
from selftaught.experiments.traces import Asked, Scored, Trace, bare, blocks_of
from selftaught.experiments.wording import Wording
from selftaught.middleware.threads import thread_map
from selftaught.sandbox.contract import Improving, Limits, Outcome, Sandbox, Value
from selftaught.sandbox.machine import IMPROVER_LIMITS, Machine

WORLDS = ("hot", "cold", "plateau", "hot", "cold", "hot", "cold", "hot", "cold", "even", "even", "plateau")
"""What an improver learns from rewards is seen in the difference; several of each tell it from chance."""
_MORE = ("hot", "cold") * 4
"""Besides, for an improver whose answers were not all equally likely to be better: it may learn from that."""
_REPEATING, _AGAIN = (0, 1, 5, 6), 0.3
"""The worlds, by their number, in which answers repeat themselves: of `hot` and `cold` half; how often."""
TOLD = Allowance(model_calls=20, responses_per_call=5, utility_calls=101)
_GRANTED = Allowance(model_calls=80, responses_per_call=60, utility_calls=1_500)
_LIMITS = replace(IMPROVER_LIMITS, cpu_seconds=6.0, wall_seconds=20.0)
_AT_ONCE = 2

INITIAL = """import random


def first_order(items):
    pace = 31
    order = sorted(items, key=lambda item: item * pace % 101)
    return order


def exchanged(order, rng):
    reach = 27
    first = rng.randrange(len(order))
    second = (first + 1 + rng.randrange(reach)) % len(order)
    changed = list(order)
    changed[first] = order[second]
    changed[second] = order[first]
    return changed


def algorithm(items):
    patience = 34
    rng = random.Random(1)
    best = first_order(items)
    for _ in range(patience):
        new = exchanged(best, rng)
        if sum([abs(a - b) for a, b in zip(new, new[1:])]) < sum([abs(a - b) for a, b in zip(best, best[1:])]):
            best = new
    return best
"""
"""Each line as `ast.unparse` writes it: what is put together from parsed parts then has the same lines."""
DESCRIPTION = '''def utility(program):
    """How well `algorithm(items)` orders lists of numbers, from 0 to 1: the mean over hidden lists."""
    grades = [grade(items, run(program, items)) for items in hidden_lists()]
    return sum(grades) / len(grades)
'''
_KNOB = re.compile(r"^    (pace|reach|patience) = (\d{1,3})$", re.MULTILINE)
_KNOBS = ["pace", "reach", "patience"]
_BROKEN = "    raise RuntimeError('not finished')\n"
_UNLUCKY = 0.3
"""Where answers are for the better less often, many are worth next to nothing: what does not pay is to be seen soon."""
_PLATEAU = 36
"""Of the numbers in a program of the plateau, on average."""
_LITTLE = 0.7
"""Of the losses where all pays alike, or nothing, those that are small: who accepts a loss by chance accepts these."""
_MOST_TRIED = 20
"""Changes, for one that was not made before."""
_WAIT_SECONDS, _MOST_WAITED = 0.04, 0.6
"""For another score to begin beside one, in the first world."""
_FUNCTION = re.compile(r"^def .*?(?=\n+^\S|\Z)", re.MULTILINE | re.DOTALL)
_NAMES = ("first_order", "exchanged")
"""Functions of the program whose names are no other words: `algorithm` stands in many a message."""
_ALONE = re.compile(r"\b(only|just|alone|solely|nothing (else|but)|no other)\b", re.IGNORECASE)
_WHOLE = re.compile(
    r"\b(return|give|write|answer|reply|output|provide|respond)\b[^.\n]{0,40}\b(whole|complete|full|entire)\b",
    re.IGNORECASE,
)


def _name_of(function: str) -> str:
    return function[len("def ") :].partition("(")[0]


def rehearse(improver: str, sandbox: Sandbox) -> list[Trace]:
    """What an improver does in each of WORLDS, and of _MORE; in the first alone, if it hangs or does nothing there.

    Nothing of it is on any record.
    """
    first, verdict = _rehearsed(improver, sandbox, 0)
    if verdict is Verdict.TIMED_OUT or not (first.events or first.returned):
        return [first]
    with ThreadPoolExecutor(_AT_ONCE) as pool:

        def further(worlds: range) -> Iterator[Trace]:
            return pool.map(lambda number: _rehearsed(improver, sandbox, number)[0], worlds)

        traces = [first, *further(range(1, len(WORLDS)))]
        if any(len({event.luck for event in trace.asked}) > 1 for trace in traces if trace.world in OPPOSITE):
            traces += further(range(len(WORLDS), len(WORLDS) + len(_MORE)))
    return traces


def _rehearsed(improver: str, sandbox: Sandbox, number: int) -> tuple[Trace, Verdict]:
    stage = _Stage((WORLDS + _MORE)[number], number)
    machine = Machine(_Telling(sandbox), _GRANTED, _LIMITS, number, thread_map)
    made = machine(Program(wrapped(improver)), stage, Program(INITIAL), stage.answer)
    told = (TOLD.model_calls, TOLD.responses_per_call, TOLD.utility_calls)
    returned = made.program.source if made.program else None
    return Trace(INITIAL, tuple(stage.events), returned, stage.world, told, DESCRIPTION), made.verdict


@dataclass(frozen=True)
class _Telling:
    """A sandbox that tells its guests of a smaller budget than they have."""

    sandbox: Sandbox

    @property
    def tier(self) -> str:
        return self.sandbox.tier

    def run(
        self,
        program: Program,
        entry: str,
        calls: Iterable[Sequence[Value]],
        limits: Limits,
        *,
        seed: int,
        improving: Improving | None = None,
    ) -> Iterator[Outcome]:
        if improving is not None:
            smaller: Mapping[str, Value] = {
                "utility_budget": TOLD.utility_calls,
                "model_budget": TOLD.model_calls,
                "max_responses_per_call": TOLD.responses_per_call,
            }
            improving = replace(improving, facts={**improving.facts, **smaller})
        return self.sandbox.run(program, entry, calls, limits, seed=seed, improving=improving)


@dataclass
class _Stage:
    """Implements `Utility`; `answer` implements `LanguageModel`. Both write down what they are asked."""

    world: str
    number: int
    name: str = "rehearsal"
    description: str = DESCRIPTION
    deterministic: bool = True
    events: list[Asked | Scored] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=lambda: {bare(INITIAL): INITIAL.strip()})
    _children: dict[str, list[str]] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)
    _asked: Counter[tuple[str, str, float]] = field(default_factory=Counter)
    _wording: Wording = field(default_factory=lambda: Wording(bare(DESCRIPTION)))
    _change: threading.Condition = field(default_factory=threading.Condition)
    _open: int = 0
    _waited: float = 0.0

    # The utility

    def __call__(self, program: Program) -> Score:
        beside = origin().beside
        score = self._score(program.source)
        with self._change:
            self._open += 1
            self._change.notify_all()
            # Threads that score at once have started by then; one that continues after this score has not.
            alone = not beside and not self.number and self._waited < _MOST_WAITED
            if alone and not self._change.wait_for(lambda: self._open > 1, _WAIT_SECONDS):
                self._waited += _WAIT_SECONDS
            self._open -= 1
            self._known.setdefault(bare(program.source), program.source.strip())
            self.events.append(Scored(program.source, score.value, beside, score.feedback))
        return score

    def _score(self, source: str) -> Score:
        found = _KNOB.findall(source)
        if [name for name, _ in found] != _KNOBS or _BROKEN.strip() in source:
            return Score(0.0, Verdict.CRASHED, feedback="algorithm(items) raised an exception on each hidden list.")
        quality = sum(min(int(value), 120) for _, value in found) / 360
        fine = draw_seed(source.strip()) % 997 / 100_000
        worst = min(found, key=lambda pair: int(pair[1]))[0]
        lists = draw_seed(source.strip(), "lists") % 17
        return Score(0.03 + 0.92 * quality + fine, feedback=f"Of 20 hidden lists {lists} suffer most from {worst}.")

    # The model

    def answer(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """One answer to each prompt."""
        with self._change:
            answers = [self._answer(prompt) for prompt in prompts]
            self.events += [
                Asked(call_number(), prompt.system, prompt.user, prompt.temperature, text, luck)
                for prompt, (text, luck) in zip(prompts, answers, strict=True)
            ]
            for text, _ in answers:
                self._known.update({bare(block): block for block in blocks_of(text)})
        return [Completion(text, model="rehearsal") for text, _ in answers]

    def _answer(self, prompt: Prompt) -> tuple[str, float]:
        key = prompt.system, prompt.user, prompt.temperature
        self._asked[key] += 1
        rng = random.Random(draw_seed(self.world, str(self.number), *map(str, key), str(self._asked[key])))
        message = bare(prompt.user)
        lines = sorted((one for one in self._known if one in message), key=lambda one: (message.find(one), -len(one)))
        shown = [self._known[known] for known in lines]
        kind = self._wording.number(prompt.system, message, lines)
        piece = self._piece(prompt.user, shown)
        base = piece or next((program for program in shown if _KNOB.search(program)), INITIAL.strip())
        luck = self._luck(prompt.temperature, kind, base)
        repeats = self._children.setdefault(base, [base])
        if self.number in _REPEATING and rng.random() < _AGAIN:
            made = rng.choice(repeats)
        else:
            others = [program for program in shown[1:2] if not piece]
            whole_call = random.Random(draw_seed(self.world, str(self.number), *map(str, key), str(call_number())))
            spoilt = luck < _UNLUCKY and self.world in OPPOSITE and whole_call.random() < 0.85
            for _ in range(_MOST_TRIED):
                made = self._child(base, others, rng, 0.0 if spoilt else luck, spoilt=spoilt)
                if made not in self._made:
                    break
            self._made.add(made)
            repeats.append(made)
        return f"Idea {rng.randrange(10**6)}: other numbers may do better here.\n\n```python\n{made}\n```\n", luck

    def _piece(self, message: str, shown: Sequence[str]) -> str:
        """What the message asks about where that is no known program: a part of one, or a program of the improver's.

        A part may stand beside the whole program that it is of, or be a function that is only named.
        """
        for block in blocks_of(message, shortest=5):
            of_a_whole = any(block in program and len(block) < 0.8 * len(program) for program in self._known.values())
            if of_a_whole and len(_KNOB.findall(block)) < len(_KNOBS):
                return block
        blocks = [block for block in blocks_of(message) if _KNOB.search(block)]
        if blocks and bare(blocks[0]) not in self._known:
            return blocks[0]
        if not shown:
            functions = {
                function.strip() for program in self._known.values() for function in _FUNCTION.findall(program)
            }
            return max((function for function in functions if function in message), key=len, default="")
        said = bare(message).replace(bare(DESCRIPTION), " ")
        for program in shown:
            said = said.replace(bare(program), " ")
        named = {name for name in _NAMES if re.search(rf"\b{name}\b", said)}
        if len(named) != 1 or not _ALONE.search(said) or _WHOLE.search(said):
            return ""
        return next((text for text in map(str.strip, _FUNCTION.findall(shown[0])) if _name_of(text) in named), "")

    def _luck(self, temperature: float, kind: int, base: str) -> float:
        """How likely a change is for the better."""
        found = [int(value) for _, value in _KNOB.findall(base)]
        if self.world == "plateau":
            return 0.02 if sum(found) / max(1, len(found)) > _PLATEAU else 0.5
        if self.world == "even":
            return 0.5
        wording = 0.0 if not kind else 1.0 if kind % 2 else -1.0
        favour = 0.33 * tanh((temperature - 0.65) / 0.15) + 0.28 * wording
        return EVEN_LUCK + max(-0.38, min(0.38, favour if self.world == "hot" else -favour))

    def _child(self, base: str, others: Sequence[str], rng: random.Random, luck: float, *, spoilt: bool) -> str:
        mates = [dict[str, str](found) for other in others if len(found := _KNOB.findall(other)) == len(_KNOBS)]
        names = [name for name, _ in _KNOB.findall(base)]
        if not names:
            return f"{base}\n# {rng.randrange(10**6)}"
        chosen, better = rng.choice(names), rng.random() < luck
        change = rng.randint(6, 20) if better else -rng.randint(3, 30)
        if self.world not in OPPOSITE and not better and rng.random() < _LITTLE:
            change = -rng.randint(4, 8)
        spoilt = spoilt or (not better and rng.random() < 0.1)

        def changed(match: re.Match[str]) -> str:
            value = int(rng.choice(mates)[match[1]] if mates and rng.random() < 0.4 else match[2])
            new = value // rng.randint(8, 20) if spoilt else value + change * (match[1] == chosen)
            return f"    {match[1]} = {max(1, new)}"

        made = _KNOB.sub(changed, base)
        if not better and rng.random() < 0.12 and "\n    return" in made:
            head, _, tail = made.rpartition("    return")
            made = f"{head}{_BROKEN}    return{tail}"
        return made
