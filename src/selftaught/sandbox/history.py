"""What one application of an improver was answered so far: which programs it had scored, and of which responses."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from selftaught.core.contracts import Completion, Program, Prompt, Score, Verdict
from selftaught.core.origin import Origin

NEVER_SCORED = "This program was not scored here. utility(program) scores it, which costs one call of the budget."
_NO_WORDS = "score {:.4f}; there is nothing more to say of it"


@dataclass
class History:
    """`lock` makes it safe for the concurrent requests of one guest."""

    initial: Program
    lock: AbstractContextManager[object]
    _scores: dict[Program, Score] = field(default_factory=dict)
    _responses: list[tuple[int, Prompt, str]] = field(default_factory=list)
    _rounds: dict[Program, int] = field(default_factory=dict)
    _calls: int = 0
    _open: int = 0

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
            yield replace(origin, beside=beside)
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
        with self.lock:
            responses, rounds = list(self._responses), {self.initial: 0, **self._rounds}
        text = program.source.strip()
        for number, prompt, response in reversed(responses):
            if text in response:
                earlier = [(n, len(one.source), one.source) for one, n in rounds.items() if n < number]
                shown = (source for *_, source in sorted(earlier, reverse=True) if source.strip() in prompt.user)
                parent = next(shown, None)
                with self.lock:
                    self._rounds.setdefault(program, number)
                return Origin(number, Program(parent).id if parent else "", Program(response).id)
        with self.lock:
            self._rounds.setdefault(program, 0)
        return Origin()

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
        """The highest score that is none of a failure, and the program of the earliest call that had it.

        Of several such the shortest, and by their texts: which of them was scored first is chance (as in `origin`).
        """
        with self.lock:
            found = [pair for pair in self._scores.items() if pair[1].verdict is Verdict.OK or pair[1].value > 0]
            rounds = {self.initial: 0, **self._rounds}
        return min(
            found,
            key=lambda pair: (-pair[1].value, rounds.get(pair[0], 0), len(pair[0].source), pair[0].source),
            default=None,
        )
