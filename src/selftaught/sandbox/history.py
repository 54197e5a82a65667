"""The answers to one application of an improver so far: the programs that it scored, and their responses."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from selftaught.core.contracts import Completion, Program, Prompt, Score, Verdict
from selftaught.core.origin import Origin
from selftaught.sandbox.shown import Shown

MOST_REMEMBERED = 10_000
"""Responses in which a program is looked for, the latest: what one candidate costs does not grow with a run."""
NEVER_SCORED = "This program was not scored here. utility(program) scores it, which costs one call of the budget."
_NO_WORDS = "score {:.4f}; there is nothing more to say of it"


@dataclass
class History:
    """`lock` makes it safe for the concurrent requests of one guest."""

    initial: Program
    lock: AbstractContextManager[object]
    _scores: dict[Program, Score] = field(default_factory=dict)
    _responses: deque[tuple[int, Prompt, str]] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))
    _rounds: dict[Program, int] = field(default_factory=dict)
    _shown: Shown = field(default_factory=Shown)
    _calls: int = 0
    _open: int = 0

    def __post_init__(self) -> None:
        self._begin(self.initial, 0)

    def next_call(self) -> int:
        """The number, from 1, of a call of the model that begins now."""
        with self.lock:
            self._calls += 1
            return self._calls

    def heard(self, call: int, prompts: Sequence[Prompt], completions: Sequence[Completion]) -> None:
        """The model answered the call of this number."""
        with self.lock:
            heard = zip(prompts, completions, strict=True)
            self._responses += [(call, prompt, completion.text) for prompt, completion in heard]

    @contextmanager
    def scoring(self, program: Program, together: int) -> Iterator[Origin]:
        """Within the block the program is being scored, as one of so many that were asked for together."""
        origin = self.origin(program)
        with self.lock:
            beside = max(together - 1, self._open)
            self._open += 1
        try:
            yield replace(origin, beside=beside) if beside else origin
        finally:
            with self.lock:
                self._open -= 1

    def scored(self, program: Program, score: Score) -> None:
        """The utility answered, and its answer is known to the improver. The first of equal programs stays."""
        with self.lock:
            self._scores.setdefault(program, score)

    def origin(self, program: Program) -> Origin:
        """The latest response that holds the program word for word, and the latest program that its prompt showed.

        What is scored at once becomes known in any order, and a replay has to come to the same: so the latest is what
        came of the latest earlier call, and of several such the longest, since its text may hold another's.
        """
        text = program.source.strip()
        with self.lock:
            held = next((heard for heard in reversed(self._responses) if text in heard[2]), None)
            if held is None:
                self._begin(program, 0)
                return Origin()
            number, prompt, response = held
            shown = [one for one in self._shown.within(prompt.user) if self._rounds[one] < number]
            self._begin(program, number)
            parent = max(shown, key=lambda one: (self._rounds[one], len(one.source), one.source), default=None)
        return Origin(number, parent.id if parent else "", Program(response).id)

    def _begin(self, program: Program, number: int) -> None:
        """It came of the call of this number; of equal programs the first counts."""
        if program not in self._rounds:
            self._rounds[program] = number
            self._shown.add(program)

    def score(self, program: Program) -> Score | None:
        """Of a program that was scored."""
        with self.lock:
            return self._scores.get(program)

    def feedback(self, program: Program) -> str:
        """What may be read of its score."""
        score = self.score(program)
        if score is None:
            return NEVER_SCORED
        return score.feedback or _NO_WORDS.format(score.value)

    @property
    def best(self) -> tuple[Program, Score] | None:
        """The highest score of a program that did not fail, and the program of the earliest call that had it.

        Of several such the shortest, and by their texts: which of them was scored first is chance (as in `origin`).
        """
        with self.lock:
            found = [pair for pair in self._scores.items() if pair[1].verdict is Verdict.OK or pair[1].value > 0]
            rounds = dict(self._rounds)
        return min(
            found,
            key=lambda pair: (-pair[1].value, rounds.get(pair[0], 0), len(pair[0].source), pair[0].source),
            default=None,
        )
