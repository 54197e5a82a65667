"""What one application of an improver was answered so far: which programs it had scored, and of which responses."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

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
    _calls: int = 0

    def heard(self, prompts: Sequence[Prompt], completions: Sequence[Completion]) -> None:
        """The model answered one call."""
        with self.lock:
            self._calls += 1
            heard = zip(prompts, completions, strict=True)
            self._responses += [(self._calls, prompt, completion.text) for prompt, completion in heard]

    def scored(self, program: Program, score: Score) -> None:
        """The utility answered, and its answer is known to the improver. The first of equal programs stays."""
        with self.lock:
            self._scores.setdefault(program, score)

    def origin(self, program: Program) -> Origin:
        """The latest response that holds the program word for word, and the latest program that its prompt showed."""
        with self.lock:
            responses, known = list(self._responses), [self.initial, *self._scores]
        text = program.source.strip()
        for number, prompt, response in reversed(responses):
            if text in response:
                shown = (one for one in reversed(known) if one.source.strip() in prompt.user)
                parent = next(shown, None)
                return Origin(number, parent.id if parent else "", Program(response).id)
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
        """The highest score that is none of a failure, and the first program that had it."""
        with self.lock:
            found = [pair for pair in self._scores.items() if pair[1].verdict is Verdict.OK or pair[1].value > 0]
        return max(found, key=lambda pair: pair[1].value, default=None)
