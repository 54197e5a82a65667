"""'Warm restarts' of the sampling temperature only; asynchronous evaluation; a ledger of every attempt."""
import asyncio
import math
from dataclasses import dataclass, field

from helpers import extract_code


@dataclass
class Attempt:
    program: str
    score: float
    temperature: float


@dataclass
class EvaluationCache:
    """Keeps all attempts so that the incumbent can be found at any time."""

    attempts: list = field(default_factory=list)

    def store(self, attempt):
        self.attempts.append(attempt)

    def incumbent(self):
        return max(self.attempts, key=lambda attempt: attempt.score)


class RestartingTemperature:
    def __init__(self, period=4, low=0.3, high=1.2, growth=2):
        self.period, self.low, self.high, self.growth = period, low, high, growth
        self.tick = 0

    def advance(self):
        fraction = self.tick / self.period
        value = self.low + (self.high - self.low) * 0.5 * (1 + math.cos(math.pi * fraction))
        self.tick += 1
        if self.tick >= self.period:
            self.tick = 0
            self.period *= self.growth
        return round(value, 3)


async def evaluate_concurrently(utility, programs):
    return await asyncio.gather(*(asyncio.to_thread(utility, program) for program in programs))


def assemble_message(program, utility):
    parts = []
    parts.append("Task: raise the value that the utility below assigns to the program below.")
    parts.append("Program:")
    parts.append("```python")
    parts.append(program)
    parts.append("```")
    parts.append("Utility:")
    parts.append("```python")
    parts.append(utility.str)
    parts.append("```")
    parts.append("Think about what limits the value, then output the complete improved program.")
    return "\n".join(parts)


async def search(initial_solution, utility, language_model):
    cache = EvaluationCache()
    schedule = RestartingTemperature()
    cache.store(Attempt(initial_solution, utility(initial_solution), 0.0))
    while language_model.times_used < language_model.budget:
        left = utility.budget - utility.uses
        if left < 1:
            break
        temperature = schedule.advance()
        replies = language_model.prompt(
            "You are a world-class computer scientist.",
            assemble_message(cache.incumbent().program, utility),
            min(left, language_model.max_responses_per_call),
            temperature=temperature,
        )
        programs = [program for program in extract_code(replies) if program]
        for program, score in zip(programs, await evaluate_concurrently(utility, programs)):
            cache.store(Attempt(program, score, temperature))
    return cache.incumbent().program


def improve_algorithm(initial_solution, utility, language_model):
    return asyncio.run(search(initial_solution, utility, language_model))
