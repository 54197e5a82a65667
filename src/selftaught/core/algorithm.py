"""Algorithm 1 of the Self-Taught Optimizer (Zelikman, Lorch, Mackey, Kalai, arXiv 2310.02304).

I  improver     u  utility          D  tasks     T  depth
s  solution     û  meta-utility     L  language model
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from selftaught.core.acceptance import Accept
from selftaught.core.contracts import Application, Apply, LanguageModel, Map, Program, Score, Task, Utility, Verdict
from selftaught.core.feedback import Made
from selftaught.core.racing import cut_short


@dataclass(frozen=True, slots=True)
class Step:
    """I_t, and the application of I_{t-1} to itself that proposed it."""

    t: int
    improver: Program
    proposal: Application


def self_improve(
    seed: Program, meta_utility: Utility, model: LanguageModel, apply: Apply, depth: int, accept: Accept
) -> Iterator[Step]:
    """Yield I_1 … I_T, each made by the one before it."""
    improver = seed  # Input: seed improver I_0
    for t in range(1, depth + 1):  # for t = 1 to T do
        proposal = apply(improver, meta_utility, improver, model)  # I_t ← I_{t-1}(û, I_{t-1}, L)
        if proposal.program is not None and accept(proposal.program, improver):
            improver = proposal.program
        yield Step(t, improver, proposal)  # return I_T: the last step's


@dataclass(frozen=True)
class MetaUtility:
    """û (eq. 2). A `Utility` like any other: an improver cannot tell a solution from itself."""

    tasks: Sequence[Task]
    model: LanguageModel
    apply: Apply
    description: str
    map: Map
    tell: Callable[[Sequence[Made]], str] = lambda made: ""
    name: str = "meta-utility"
    deterministic: bool = False  # the language model draws again each time

    def __call__(self, improver: Program) -> Score:
        def score(task: Task) -> Made:  # for (u, S) ∈ D do
            made = self.apply(improver, task.utility, task.seed, self.model)  # S' ← I(u, S, L)
            return task.seed, made, Score(0.0) if made.program is None else task.utility(made.program)

        made = list(self.map(score, self.tasks))
        ends = [end for _, a, s in made for end in ((a.verdict, a.note), (s.verdict, s.note)) if end[0] != "ok"]
        mean, cut = fmean(score.value for *_, score in made), cut_short(made, self.tasks)  # utility_sum / |D|
        return Score(mean, *(ends[:1] or [(Verdict.OK, "")])[0], feedback=self.tell(made), numbers=cut)
