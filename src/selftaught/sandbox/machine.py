"""The air lock: `Machine` is the only place where an improver, its allowance and a sandbox meet."""

import itertools
import math
import reprlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from selftaught.core.address import draw_seed, here
from selftaught.core.ahead import ScoresAhead, hearing
from selftaught.core.budget import Allowance, Meter, ask, score
from selftaught.core.contracts import (
    MOST_PROGRAM_CHARACTERS,
    Application,
    Completion,
    LanguageModel,
    Map,
    Program,
    Prompt,
    Score,
    Utility,
    Verdict,
)
from selftaught.core.errors import BadRequest
from selftaught.core.origin import coming_from, in_call
from selftaught.sandbox import serving
from selftaught.sandbox.contract import Improving, Limits, Outcome, Sandbox, Service, Value
from selftaught.sandbox.history import History
from selftaught.sandbox.reading import is_program, program_of, read_by_improvers

ENTRY = "improve_algorithm"
MOST_PROGRAMS = 10_000
MOST_FREE_REQUESTS = 300
"""Beyond the budgets: an improver may ask on for what it no longer gets, but after so many times it waits longer each
time."""
MOST_PROMPT_CHARACTERS = 4_000_000
HOTTEST = 2.0
"""The highest temperature that any provider accepts, as improvers see it. A higher one has the same effect."""

IMPROVER_LIMITS = Limits(cpu_seconds=60.0, load_cpu_seconds=5.0, wall_seconds=120.0, memory_bytes=1 << 30)


@dataclass(frozen=True)
class Machine:
    """Implements `Apply`: I(u, s, L) in a sandbox, with a fresh allowance each time.

    The guest's own randomness is seeded from the run's seed and the address of the application, so that a resumed
    run repeats it, and two applications alike in all else still differ.

    `feedback`: improvers may read why a program scored what it did. `salvage`: one that fails hands over the best
    program that it had scored. `released_reader`: `extract_code` finds what the paper's code would have found, where
    that would have found anything.
    """

    sandbox: Sandbox
    allowance: Allowance
    limits: Limits
    run_seed: int
    map: Map
    feedback: bool = True
    salvage: bool = False
    released_reader: bool = False

    def __call__(self, improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
        meter = Meter(self.allowance, threading.Lock())
        history = History(solution, threading.Lock())
        read = _as_it_is if self.released_reader else _in_turn(partial(program_of, like=solution))
        hear = self._ahead(utility, solution)
        services = utility_services(utility, meter, self.map, history, read)
        services |= model_services(model, meter, history, hear)
        if not self.feedback:
            del services["utility_feedback"]
        seed = draw_seed(str(self.run_seed), here(), "improver")
        swift = MOST_FREE_REQUESTS + self.allowance.utility_calls + self.allowance.model_calls
        improving = Improving(self._facts(utility), services, swift)
        calls = [[solution.source]]
        (outcome,) = self.sandbox.run(improver, ENTRY, calls, self.limits, seed=seed, improving=improving)
        made, verdict, note = _made(outcome, read)
        salvaged = None
        if self.salvage and history.best:
            if made is not None and not self._is_program(made, history):
                verdict, note = Verdict.NO_PROGRAM, "the improver returned a text that is no program"
            if verdict is not Verdict.OK:
                salvaged, _ = history.best
        spent = (meter.model_calls, meter.responses, meter.utility_calls)
        best = history.best[1].value if history.best else None
        return Application(
            salvaged or made, verdict, note, *spent, meter.unsandboxed, salvaged=salvaged is not None, best=best
        )

    def _ahead(self, utility: Utility, solution: Program) -> Callable[[str], None]:
        """Has the programs in responses scored before they are asked for: no more of them than may be."""
        left = itertools.count(self.allowance.utility_calls, -1)
        if not isinstance(utility, ScoresAhead):
            return lambda response: None

        def hear(response: str) -> None:
            if next(left) > 0:
                released = self.released_reader
                utility.ahead(partial(read_by_improvers, response, solution.source, released=released))

        return hear

    def _is_program(self, made: Program, history: History) -> bool:
        """What was scored has shown whether it loads; what was not is looked at."""
        score = history.score(made)
        if score is not None:
            return score.verdict is not Verdict.NO_PROGRAM
        return is_program(made, like=history.initial)

    def _facts(self, utility: Utility) -> dict[str, Value]:
        return {
            "utility_str": utility.description,
            "utility_budget": self.allowance.utility_calls,
            "model_budget": self.allowance.model_calls,
            "max_responses_per_call": self.allowance.responses_per_call,
            "released_reader": self.released_reader,
            "feedback": self.feedback,
        }


def _in_turn(read: Callable[[str], str]) -> Callable[[str], str]:
    """One text at a time, and none for a guest that is over: each may take a second of another process."""
    lock = threading.Lock()

    def in_turn(text: str) -> str:
        with lock:
            serving.check()
            return read(text)

    return in_turn


def _as_it_is(text: str) -> str:
    return text


def _made(outcome: Outcome, read: Callable[[str], str]) -> tuple[Program | None, Verdict, str]:
    if outcome.verdict is not Verdict.OK:
        return None, outcome.verdict, outcome.note
    if not isinstance(outcome.value, str) or not outcome.value.strip():
        came = "empty text" if isinstance(outcome.value, str) else f"a {type(outcome.value).__name__}"
        return None, Verdict.NO_PROGRAM, f"the improver returned {came}; wanted the text of a program"
    if len(outcome.value) > MOST_PROGRAM_CHARACTERS:
        size = f"{len(outcome.value)} characters; the most is {MOST_PROGRAM_CHARACTERS}"
        return None, Verdict.TOO_LARGE, f"the improver returned {size}"
    return Program(read(outcome.value)), Verdict.OK, ""


def utility_services(
    utility: Utility, meter: Meter, map: Map, history: History, read: Callable[[str], str]
) -> dict[str, Service]:
    """`utility`, `utility_batch` and `utility_feedback`, as the guest asks for them.

    No text at all scores 0.0 (released code). `read`: the program in a response that is handed over whole.
    """

    def known(program: Program, together: int = 1) -> Score:
        with history.scoring(program, together) as origin, coming_from(origin), serving.free():
            scored = utility(program)
        history.scored(program, scored)
        return scored

    def one(program: Value = None, use_sandbox: Value = True) -> float:
        source = _source(program)
        if not isinstance(use_sandbox, bool):
            raise BadRequest(f"use_sandbox wants True or False, got {_kind(use_sandbox)}")
        if not use_sandbox:
            meter.count_unsandboxed()
        return score(known, meter, Program(read(source))).value if source else _nothing(meter)

    def batch(programs: Value = None) -> list[float]:
        if not isinstance(programs, list):
            raise BadRequest(f"utility.batch wants a list of programs, got {_kind(programs)}")
        if len(programs) > MOST_PROGRAMS:
            raise BadRequest(f"utility.batch takes {MOST_PROGRAMS} programs at most, got {len(programs)}")
        sources = [_source(program) for program in programs]
        allowed = meter.charge_utility(len(sources))
        scores: dict[int, float] = {}
        places = [index for index in range(allowed) if sources[index]]

        def score_at(index: int) -> None:
            scores[index] = known(Program(read(sources[index])), len(places)).value

        list(map(score_at, places))
        return [scores.get(index, 0.0) for index in range(len(sources))]

    def feedback(program: Value = None) -> str:
        return history.feedback(Program(read(_source(program))))

    return {"utility": one, "utility_batch": batch, "utility_feedback": feedback}


def model_services(
    model: LanguageModel, meter: Meter, history: History, hear: Callable[[str], None] = lambda response: None
) -> dict[str, Service]:
    """`prompt` and `batch_prompt`, as the guest asks for them. `hear` gets each response on arrival."""

    def prompt(expertise: Value = None, message: Value = None, n: Value = 1, temperature: Value = 0.7) -> list[str]:
        if type(n) is not int or n < 1:
            raise BadRequest(f"n_responses wants a whole number of 1 or more, got {_kind(n)} {_shown(n)}")
        if n > meter.allowance.responses_per_call:
            meter.charge_model(n)  # raises BudgetExceeded, before a list of n is made
        return sample(_prompts(expertise, [message] * n, temperature))

    def batch_prompt(expertise: Value = None, messages: Value = None, temperature: Value = 0.7) -> list[str]:
        if not isinstance(messages, list):
            raise BadRequest(f"message_batch wants a list of texts, got {_kind(messages)}")
        if len(messages) > meter.allowance.responses_per_call:
            meter.charge_model(len(messages))  # raises BudgetExceeded, before any of them is looked at
        return sample(_prompts(expertise, messages, temperature))

    def numbered(prompts: Sequence[Prompt]) -> list[Completion]:
        number = history.next_call()
        with in_call(number), hearing(hear):
            completions = model(prompts)
        history.heard(number, prompts, completions)
        return completions

    def sample(prompts: list[Prompt]) -> list[str]:
        with serving.free():
            return [completion.text for completion in ask(numbered, meter, prompts)]

    return {"prompt": prompt, "batch_prompt": batch_prompt}


def _prompts(expertise: Value, messages: list[Value], temperature: Value) -> list[Prompt]:
    texts = [expertise, *messages]
    for text in texts:
        if not isinstance(text, str):
            raise BadRequest(f"expertise and messages are texts, got {_kind(text)}")
    if sum(map(len, texts)) > MOST_PROMPT_CHARACTERS:
        raise BadRequest(f"more than {MOST_PROMPT_CHARACTERS} characters of prompts in one call")
    temperatures = temperature if isinstance(temperature, list) else [temperature] * len(messages)
    if len(temperatures) != len(messages):
        raise BadRequest(f"{len(temperatures)} temperatures for {len(messages)} responses; wanted one, or one for each")
    return [Prompt(expertise, *pair) for pair in zip(messages, map(_temperature, temperatures), strict=True)]


def _temperature(value: Value) -> float:
    """Any finite one: what a model takes is the model's affair, and the nearest to this is asked of it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRequest(f"temperature wants a number, got {_kind(value)}")
    if not math.isfinite(value):
        raise BadRequest(f"temperature wants 0 to {HOTTEST:g}, got {_shown(value)}")
    return float(value)


def _source(program: Value) -> str:
    if program is None:
        return ""
    if not isinstance(program, str):
        raise BadRequest(f"a utility scores the text of a program, got {_kind(program)}")
    if len(program) > MOST_PROGRAM_CHARACTERS:
        raise BadRequest(f"a program of {len(program)} characters; the most is {MOST_PROGRAM_CHARACTERS}")
    return program


def _nothing(meter: Meter) -> float:
    meter.charge_utility(1)
    return 0.0


def _kind(value: Value) -> str:
    return f"a {type(value).__name__}"


def _shown(value: Value) -> str:
    """Its beginning, however large it is: what has no end within that is not written out."""
    return reprlib.repr(value)[:40]
