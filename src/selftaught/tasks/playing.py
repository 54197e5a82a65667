"""`play(instance, call)`: the task drives, here; the program answers in a process of its own, call by call."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits, Outcome, Sandbox
from selftaught.tasks.asking import Questions


class CallFailed(Exception):
    """The program gave no answer to a call. Where `play` does not catch it, the instance has failed.

    `outcome` has the reason. A new process, which remembers nothing, answers the next call.
    """

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"the program gave no answer: {outcome.verdict}")
        self.outcome = outcome


class Call:
    """`call(*arguments)`: the program's function on plain data and arrays, in the sandbox; gives plain data.

    Attributes:
        seed: the same for the task's seed, in a process of its own: to compare with, call by call.
        cpu_seconds: CPU time of the last call.
        total_cpu_seconds: of all so far.
        count: calls so far.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        program: Program,
        entry: str,
        limits: Limits,
        seed: int,
        beside: Program | None = None,
        asking: tuple[Questions | None, Questions | None] = (None, None),
    ) -> None:
        self.seed = self if beside is None else Call(sandbox, beside, entry, limits, seed, None, (asking[1], None))
        self.cpu_seconds = self.total_cpu_seconds = 0.0
        self.count = 0
        self._arguments: Sequence[Any] = ()
        asked, questions = self._asked(), asking[0]
        self._outcomes = (
            sandbox.run(program, entry, asked, limits, seed=seed)
            if questions is None
            else sandbox.run(
                program, entry, questions.before_each(asked), limits, seed=seed, improving=questions.improving()
            )
        )

    def __call__(self, *arguments: Any) -> Any:
        """Raises CallFailed."""
        self._arguments = arguments
        outcome = next(self._outcomes)
        self.count += 1
        self.cpu_seconds = outcome.cpu_seconds
        self.total_cpu_seconds += outcome.cpu_seconds
        if outcome.verdict is not Verdict.OK:
            raise CallFailed(outcome)
        return outcome.value

    def close(self) -> None:
        """End the program, and the seed's process."""
        if self.seed is not self:
            self.seed.close()
        if isinstance(self._outcomes, Generator):
            self._outcomes.close()

    def _asked(self) -> Iterator[Sequence[Any]]:
        """The sandbox takes the next arguments when the outcome of the ones before was taken."""
        while True:
            yield self._arguments
