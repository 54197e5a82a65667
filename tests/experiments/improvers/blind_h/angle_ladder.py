"""Independent samples along a ladder of temperatures, each call from another angle."""
from dataclasses import dataclass

from helpers import extract_code

ANGLES = [
    "Focus on the algorithm: is there a fundamentally better method for this problem?",
    "Focus on robustness: which inputs make the program fail or give a poor answer?",
    "Focus on the constants and limits in the program: which values would do better?",
    "Focus on randomness and restarts inside the program: can it use its time better?",
]


@dataclass
class Rung:
    temperature: float
    angle: str


def build_ladder(calls, lowest=0.2, highest=1.2):
    rungs = []
    for index in range(calls):
        share = index / max(1, calls - 1)
        rungs.append(Rung(lowest + share * (highest - lowest), ANGLES[index % len(ANGLES)]))
    return rungs


class CandidatePool:
    def __init__(self, program, score):
        self.entries = [(score, 0, program)]

    def add_all(self, programs, scores):
        for program, score in zip(programs, scores):
            self.entries.append((score, -len(self.entries), program))

    def winner(self):
        return max(self.entries)[2]


def compose(program, utility, angle):
    return f"""I have this program:

```python
{program}
```

Its quality is determined by this function:

```python
{utility.str}
```

{angle}

Please send me the whole improved program in a Python block."""


def improve_algorithm(initial_solution, utility, language_model):
    pool = CandidatePool(initial_solution, utility(initial_solution))
    for rung in build_ladder(language_model.budget - language_model.times_used):
        allowance = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        if allowance <= 0:
            break
        responses = language_model.prompt(
            "You are a senior research engineer.",
            compose(initial_solution, utility, rung.angle),
            allowance,
            temperature=rung.temperature,
        )
        programs = [program for program in extract_code(responses) if program]
        if programs:
            pool.add_all(programs, utility.batch(programs))
    return pool.winner()
