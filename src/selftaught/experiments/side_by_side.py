"""Improvers side by side: each with every model, and one more that asks no model; all of a trial on the same instances.

`baselines` and `suite` are laid out so: their cells, arms, pairs, and the race between the arms.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from selftaught.config import Parameters
from selftaught.core.model_name import MUTATE
from selftaught.experiments.arms import Arm, Pair, arm, between_models
from selftaught.experiments.design import Cell, Outcome, point
from selftaught.experiments.racing import Standing, earliest, standing
from selftaught.report.figures import Point

FLOOR = MUTATE
"""The model that makes random edits: it asks nobody, and costs nothing."""


def allowance_told(given: Parameters) -> str:
    """The start of a note on what all have alike."""

    def counted(number: int, what: str) -> str:
        return f"{number} {what}{'s' * (number != 1)}"

    calls, responses = counted(given.model_calls, "model call"), counted(given.responses, "response")
    return f"Every application may spend {calls} of {responses} and {counted(given.utility_calls, 'utility call')}"


@dataclass(frozen=True, slots=True)
class Entrant:
    """One improver with one model; `model` is "" where it has no say. `cell`: how the names of its cells begin.

    `name`: what it is called, where that is not what its improver is called.
    """

    improver: str
    model: str
    cell: str
    called: str = ""

    @property
    def name(self) -> str:
        return self.called or self.improver

    def trial(self, number: int) -> str:
        """The name of that cell."""
        return f"{self.cell}-{number}"


@dataclass(frozen=True)
class SideBySide:
    """`improvers` are compared with each other; `beside` asks no model. `score`: of one trial of one of them.

    `competes`: whether `beside` is compared, and races, with the others.
    """

    given: Parameters
    improvers: Sequence[str]
    beside: Entrant
    against: str
    score: Callable[[Outcome], float]
    competes: bool

    @property
    def searching(self) -> list[Entrant]:
        """Every improver with every model."""
        named = [(improver, model) for model in self.given.models for improver in self.improvers]
        return [Entrant(*one, str(place)) for place, one in enumerate(named)]

    @property
    def entrants(self) -> list[Entrant]:
        """Those, and the one that asks no model."""
        return [*self.searching, self.beside]

    def cells(self, experiment: str, **of_beside: object) -> list[Cell]:
        """Each on all tasks, once for each trial, whose instances are the same for all: they pair.

        One trial of all comes before the next one: so they share what they have in common while it is there.
        `of_beside`: settings of the one that asks no model.
        """
        return [
            Cell(one.trial(number), self.given.settings(
                experiment, str(number), kind="chain", tasks=self.given.tasks, model=one.model or FLOOR,
                improver=one.improver, depth=1, repeats=1, **(of_beside if one == self.beside else {})), one.improver)
            for number in range(self.given.trials)
            for one in self.entrants
        ]  # fmt: skip

    def outcomes(self, done: Mapping[str, Outcome], one: Entrant) -> dict[int, Outcome]:
        """By trial; of a model that failed for good, and of who left the race, there are fewer."""
        found = {number: one.trial(number) for number in range(self.given.trials)}
        return {number: done[name] for number, name in found.items() if name in done}

    def arm(self, done: Mapping[str, Outcome], one: Entrant) -> Arm:
        """Its scores and prices."""
        return arm(self.given, done, one.trial, self.score, samples=lambda outcome: outcome.chain(1))

    def pairs(self, done: Mapping[str, Outcome]) -> list[Pair]:
        """With each model: all that compete, against one. Then each improver with every two models."""
        arms = {(one.improver, one.model): self.arm(done, one) for one in self.searching}
        floor = [(self.beside.name, self.arm(done, self.beside))] if self.competes else []
        found: list[Pair] = []
        for model in self.given.models:
            others = [(name, arms[name, model]) for name in self.improvers if name != self.against]
            found += [
                Pair(f"{self.against} → {name}", model, arms[self.against, model], other)
                for name, other in [*others, *floor]
            ]
        for name in self.improvers:
            found += between_models(name, {model: arms[name, model] for model in self.given.models})
        return found

    def drawn(self, told: Mapping[Entrant, Sequence[object]], names: Sequence[str]) -> dict[str, list[Point]]:
        """Of their cells under `SUMMARY`: a line for each model, a dot for each of the names."""
        lines: dict[str, list[Point]] = {}
        for one, cells in told.items():
            line = one.model if len(self.given.models) > 1 else ""
            lines.setdefault(line, []).extend(point(names.index(one.name), cells))
        return lines

    def race(self, done: Mapping[str, Outcome], failed: Collection[str]) -> Standing:
        """By their scores; an arm with a failed run is not in the race."""
        trials = range(self.given.trials)
        racing = [one for one in self._racing if not any(one.trial(number) in failed for number in trials)]
        scores = {place: self.arm(done, one).scores for place, one in enumerate(self.entrants) if one in racing}
        keep = [place for place, one in enumerate(self.entrants) if one.name == self.against]
        return standing(scores, self.given.trials, self.given.race or 1.0, keep)

    @property
    def _racing(self) -> list[Entrant]:
        return self.entrants if self.competes else self.searching

    def raced(self, done: Mapping[str, Outcome], failed: Collection[str]) -> tuple[Collection[str], Collection[str]]:
        """The cells that are to be run next, and those that never will be."""
        race, trials = self.race(done, failed), range(self.given.trials)
        never = {self.entrants[arm].trial(number) for arm, after in race.left.items() for number in trials[after:]}
        now = {self.entrants[arm].trial(number) for arm in race.still_in for number in trials[race.next_trial :][:1]}
        return now | ({*map(self.beside.trial, trials)} if not self.competes else set()), never

    def stopped(self, done: Mapping[str, Outcome]) -> list[str]:
        """Notes on arms that have fewer trials than the others."""
        if self.given.race is None:
            return []
        failed: set[str] = set()
        while (race := self.race(done, failed)).next_trial < self.given.trials:  # these have no run, and never will
            now = {self.entrants[arm].trial(race.next_trial) for arm in race.still_in}
            failed |= {cell for cell in now if cell not in done}
        left = race.left
        saved = sum(self.given.trials - after for after in left.values())
        named = {arm: self.entrants[arm] for arm in left}
        each = ", ".join(f"{one.name} ({one.model}) after {left[arm]}" for arm, one in named.items())
        return [
            f"Racing at level {self.given.race:g}: {saved} of {len(self._racing) * self.given.trials} runs were saved. "
            + (f"Shown to be worse than the best, and stopped: {each} trials; their intervals, and p of their "
               "differences, are not corrected for the early looks. " if left else "No arm was stopped. ")
            + "The best arm is stopped with a probability of at most the level, if differences are symmetric."
        ]  # fmt: skip

    def in_vain(self) -> list[str]:
        """What must be known before a race in which so few trials can stop nobody."""
        if self.given.race is None:
            return []
        first = earliest(len(self._racing), self.given.race)
        if first < self.given.trials:
            return []
        return [
            f"racing at level {self.given.race:g} will save nothing: of {len(self._racing)} arms none can be stopped "
            f"before it has {first} trials, and there are {self.given.trials}"
        ]
