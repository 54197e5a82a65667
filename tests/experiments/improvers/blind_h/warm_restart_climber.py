"""Hill climbing in cycles; each cycle cools its sampling temperature along a cosine and begins anew."""
import math
from dataclasses import dataclass

from helpers import extract_code


@dataclass
class CosineCycle:
    length: int
    hottest: float = 1.1
    coldest: float = 0.2

    def temperature_at(self, position):
        if self.length <= 1:
            return self.hottest
        phase = position / (self.length - 1)
        return self.coldest + 0.5 * (self.hottest - self.coldest) * (1 + math.cos(math.pi * phase))


@dataclass
class Climber:
    position: str
    altitude: float


class Altimeter:
    def __init__(self, utility):
        self._utility = utility
        self._readings = {}

    @property
    def has_battery(self):
        return self._utility.uses < self._utility.budget

    @property
    def charge(self):
        return self._utility.budget - self._utility.uses

    def read(self, program):
        key = "\n".join(line.rstrip() for line in program.strip().splitlines())
        if key not in self._readings:
            if not self.has_battery:
                return float("-inf")
            self._readings[key] = self._utility(program)
        return self._readings[key]


def describe_task(program, utility):
    template = """You will be shown a program and the utility that measures it.

### Program
```python
{program}
```

### Utility
```python
{utility}
```

### Request
Propose a better program. It must define the same function names. Give the full source in one fenced block."""
    return template.format(program=program, utility=utility.str)


def run_cycle(base_camp, cycle, altimeter, utility, language_model):
    climber = Climber(base_camp, altimeter.read(base_camp))
    for position in range(cycle.length):
        if language_model.times_used >= language_model.budget or not altimeter.has_battery:
            break
        replies = language_model.prompt(
            "You are a meticulous algorithm designer.",
            describe_task(climber.position, utility),
            min(language_model.max_responses_per_call, altimeter.charge),
            temperature=cycle.temperature_at(position),
        )
        for candidate in extract_code(replies):
            if candidate is None:
                continue
            altitude = altimeter.read(candidate)
            if altitude > climber.altitude:
                climber = Climber(candidate, altitude)
    return climber


def improve_algorithm(initial_solution, utility, language_model):
    altimeter = Altimeter(utility)
    summit = Climber(initial_solution, altimeter.read(initial_solution))
    cycle = CosineCycle(length=max(1, min(5, language_model.budget // 2)))
    while language_model.times_used < language_model.budget and altimeter.has_battery:
        climber = run_cycle(initial_solution, cycle, altimeter, utility, language_model)
        if climber.altitude > summit.altitude:
            summit = climber
    return summit.position
