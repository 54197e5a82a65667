"""Improvers: budgets hold, whatever an improver does to its own side of them, and its requests harm nobody."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from attacks.arena import FORGE, SECONDS, comes_true, improve
from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Completion, Program, Prompt, Score, Verdict
from selftaught.middleware.threads import thread_map
from selftaught.sandbox import machine, serving
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.machine import Machine

pytestmark = pytest.mark.attack

ALLOWANCE = Allowance(model_calls=2, responses_per_call=4, utility_calls=3)
LIMITS = Limits(cpu_seconds=2.0, load_cpu_seconds=1.0, wall_seconds=3.0, memory_bytes=256 << 20)


@dataclass
class Counting:
    """A utility and a language model that count what really reaches them: what is counted here was spent."""

    name = description = "counting"
    deterministic = True
    scored: list[str] = field(default_factory=list)
    asked: list[list[Prompt]] = field(default_factory=list)

    def __call__(self, program: Program) -> Score:
        self.scored.append(program.source)
        return Score(0.5)

    def complete(self, prompts: Sequence[Prompt]) -> list[Completion]:
        self.asked.append(list(prompts))
        return [Completion("x") for _ in prompts]


def apply(jail: Jail, source: str, limits: Limits = LIMITS) -> tuple[Application, Counting]:
    """I(u, s, L), as in a run. Whatever the improver does, the budgets are not overspent."""
    counting = Counting()
    machine = Machine(jail, ALLOWANCE, limits, 1, thread_map)
    application = machine(Program(FORGE + source), counting, Program("solution"), counting.complete)
    assert len(counting.scored) <= ALLOWANCE.utility_calls
    assert len(counting.asked) <= ALLOWANCE.model_calls
    assert all(len(prompts) <= ALLOWANCE.responses_per_call for prompts in counting.asked)
    assert (application.utility_calls, application.model_calls) == (len(counting.scored), len(counting.asked))
    return application, counting


def improver(body: str) -> str:
    return f"def improve_algorithm(s, utility, language_model):\n    {body}"


GREEDY = """
    scores = []
    for i in range(20): scores.append(utility(f'p{i}'))
    for i in range(20):
        try: language_model.prompt('e', f'm{i}', n_responses=4)
        except Exception as error: scores.append(type(error).__name__)
    return repr(scores)
"""


def test_asking_on_and_on_spends_the_budget_once(isolating_sandbox: Jail) -> None:
    application, counting = apply(isolating_sandbox, improver(GREEDY.strip()))
    assert (len(counting.scored), len(counting.asked)) == (3, 2)
    assert application.program is not None
    assert application.program.source == repr([0.5] * 3 + [0.0] * 17 + ["BudgetExceeded"] * 18)


COUNTERS = {
    "zero": "utility.uses = 0; language_model.times_used = 0",
    "negative": "utility.uses = -10**9; language_model.times_used = -10**9",
    "a-huge-budget": "utility.budget = 10**9; language_model.budget = language_model.max_responses_per_call = 10**9",
    "infinity": "utility.budget = language_model.budget = float('inf')",
    "a-thing-beyond-compare": "utility.budget = type('E', (int,), {'__ge__': lambda *a: True, '__lt__': None})()",
    "deleted": "vars(utility).pop('budget'); vars(language_model).pop('budget')",
    "another-class": "utility.__class__ = type('U', (type(utility),), {'__call__': lambda s, p: s._ask('utility', p)})",
    "patched-classes": "type(utility).uses = property(lambda s: 0, lambda s, v: None)",
    "patched-locks": "import contextlib; utility._lock = language_model._lock = contextlib.nullcontext()",
}


@pytest.mark.parametrize("how", COUNTERS)
def test_setting_the_counters_buys_nothing(isolating_sandbox: Jail, how: str) -> None:
    _, counting = apply(isolating_sandbox, improver(f"{COUNTERS[how]}{GREEDY}"))
    assert (len(counting.scored), len(counting.asked)) == (3, 2)


def test_a_second_model_and_utility_share_the_budget_of_the_first(isolating_sandbox: Jail) -> None:
    source = improver(
        "facts = {'utility_str': '', 'utility_budget': 99, 'model_budget': 99, 'max_responses_per_call': 99}\n"
        "    mine, model = type(utility)(utility._ask, facts), type(language_model)(utility._ask, facts)\n"
        "    for i in range(9): utility('a'); mine(f'b{i}')\n"
        "    for i in range(9):\n"
        "        for one in (language_model, model):\n"
        "            try: one.prompt('e', f'{i}')\n"
        "            except Exception: pass\n"
    )
    _, counting = apply(isolating_sandbox, source)
    assert (len(counting.scored), len(counting.asked)) == (3, 2)


RACE = """
from concurrent.futures import ThreadPoolExecutor
def improve_algorithm(s, utility, language_model):
    def ask(i):
        try: return {request}
        except Exception as error: return type(error).__name__
    with ThreadPoolExecutor(64) as pool: return repr(list(pool.map(ask, range(128))))
"""


@pytest.mark.parametrize("request_", ["utility(f'p{i}')", "utility.batch([f'p{i}'] * 3)"])
def test_64_threads_do_not_overspend_the_utility(isolating_sandbox: Jail, request_: str) -> None:
    _, counting = apply(isolating_sandbox, RACE.format(request=request_))
    assert len(counting.scored) == 3


@pytest.mark.parametrize("request_", ["language_model.prompt('e', 'm')", "language_model.batch_prompt('e', ['m'] * 4)"])
def test_64_threads_do_not_overspend_the_model(isolating_sandbox: Jail, request_: str) -> None:
    _, counting = apply(isolating_sandbox, RACE.format(request=request_))
    assert len(counting.asked) == 2


ODD = {
    "a-billion-responses": "language_model.prompt('e', 'm', n_responses=10**9)",
    "too-many-responses": "language_model.prompt('e', 'm', n_responses=5)",
    "no-responses": "language_model.prompt('e', 'm', n_responses=0)",
    "fewer-than-no-responses": "language_model.prompt('e', 'm', n_responses=-1)",
    "true-responses": "language_model.prompt('e', 'm', n_responses=True)",
    "nothing-responses": "language_model.prompt('e', 'm', n_responses=None)",
    "a-text-of-responses": "language_model.prompt('e', 'm', n_responses='3')",
    "half-a-response": "language_model.prompt('e', 'm', n_responses=1.5)",
    "deeply-nested-responses": "language_model.prompt('e', 'm', n_responses=deep(40))",
    "not-a-temperature": "language_model.prompt('e', 'm', temperature=float('nan'))",
    "an-infinite-temperature": "language_model.prompt('e', 'm', temperature=float('inf'))",
    "a-text-as-temperature": "language_model.prompt('e', 'm', temperature='hot')",
    "too-few-temperatures": "language_model.batch_prompt('e', ['m'] * 3, temperature=[0.5])",
    "too-many-temperatures": "language_model.prompt('e', 'm', temperature=[0.5] * 9_000)",
    "nested-temperatures": "language_model.prompt('e', 'm', temperature=[[0.5]])",
    "no-expertise": "language_model.prompt(None, 'm')",
    "a-message-that-is-a-list": "language_model.prompt('e', ['m'])",
    "messages-that-are-a-text": "utility._ask('batch_prompt', 'e', 'messages')",
    "messages-that-are-no-texts": "language_model.batch_prompt('e', ['m', None])",
    "a-prompt-of-5-million-characters": "language_model.prompt('e', 'm' * 4_194_000)",
    "too-many-messages": "language_model.batch_prompt('e', ['m'] * 5)",
    "a-program-that-is-a-number": "utility(3)",
    "a-program-that-is-bytes": "utility(b'x')",
    "a-program-of-3-megabytes": "utility('x' * 3_000_000)",
    "programs-that-are-a-text": "utility._ask('utility_batch', 'programs')",
    "programs-that-are-no-texts": "utility.batch(['x', 3])",
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_request_is_refused_and_costs_nothing(isolating_sandbox: Jail, what: str) -> None:
    source = "def deep(n):\n    x = []\n    for _ in range(n): x = [x]\n    return x\n" + improver(
        f"try: {ODD[what]}\n    except Exception as error: return type(error).__name__\n    return 'done'"
    )
    application, counting = apply(isolating_sandbox, source)
    assert application.program is not None
    assert application.program.source in {"BadRequest", "BudgetExceeded"}
    assert (len(counting.asked), len(counting.scored)) == (0, 0)


def test_a_request_nested_too_deep_ends_its_asker(isolating_sandbox: Jail) -> None:
    deep = "x = []\n    for _ in range(800): x = [x]\n    return language_model.prompt('e', 'm', n_responses=x)[0]"
    application, counting = apply(isolating_sandbox, improver(deep))
    assert (application.verdict, counting.asked) == (Verdict.PROTOCOL_ERROR, [])


def test_a_prompt_of_a_hundred_megabytes_ends_its_asker(isolating_sandbox: Jail) -> None:
    application, counting = apply(isolating_sandbox, improver("return language_model.prompt('e', 'm' * 50_000_000)[0]"))
    assert (application.verdict, counting.asked) == (Verdict.TOO_LARGE, [])


@pytest.mark.parametrize("name", ["val", "test", "parity-with-noise/test", "test_utility", "score", "__class__", ""])
def test_asking_for_another_service_ends_its_asker(isolating_sandbox: Jail, name: str) -> None:
    application, _ = apply(isolating_sandbox, improver(f"return repr(utility._ask({name!r}, 'x'))"))
    assert application.verdict is Verdict.PROTOCOL_ERROR


@pytest.mark.parametrize("service", ["utility", "utility_batch", "prompt", "batch_prompt"])
def test_too_many_arguments_end_their_asker_and_not_the_run(isolating_sandbox: Jail, service: str) -> None:
    application, _ = apply(isolating_sandbox, improver(f"return repr(utility._ask({service!r}, *range(9)))"))
    assert application.verdict is not Verdict.OK


def test_too_few_arguments_are_a_bad_request(isolating_sandbox: Jail) -> None:
    source = improver("try: return repr(utility._ask('prompt'))\n    except Exception as e: return type(e).__name__")
    application, _ = apply(isolating_sandbox, source)
    assert application.program == Program("BadRequest")


RAW = {
    "one-number-twice": "[wire.Ask(1, 'prompt', ['e', 'm'])] * 2",
    "300-at-once": "[wire.Ask(i, 'prompt', ['e', 'm']) for i in range(300)]",
    "numbers-out-of-order": "[wire.Ask(i, 'utility', ['p']) for i in (1 << 63, -(1 << 63), 0)]",
    "then-an-answer": "[wire.Ask(1, 'utility', ['p']), wire.Returned('forged')]",
    "then-nonsense": "[wire.Ask(1, 'utility', ['p']), wire.Reply(1, 9.0)]",
}


@pytest.mark.parametrize("what", RAW)
def test_raw_requests_overspend_nothing(isolating_sandbox: Jail, what: str) -> None:
    began = time.monotonic()
    apply(isolating_sandbox, improver(f"for message in {RAW[what]}: put(message)\n    time.sleep(0.2)\n    return 'x'"))
    assert time.monotonic() - began < SECONDS


RETURNS = {
    "nothing": ("None", Verdict.NO_PROGRAM),
    "a-number": ("3", Verdict.NO_PROGRAM),
    "bytes": ("b'x = 1'", Verdict.NO_PROGRAM),
    "spaces": ("' ' * 1000", Verdict.NO_PROGRAM),
    "3-megabytes": ("'x' * 3_000_000", Verdict.TOO_LARGE),
    "50-megabytes": ("'x' * 50_000_000", Verdict.TOO_LARGE),
    "half-a-character": ("'\\ud800'", Verdict.BAD_ANSWER),
}


@pytest.mark.parametrize("what", RETURNS)
def test_what_is_no_program_is_not_taken_for_one(isolating_sandbox: Jail, what: str) -> None:
    expression, verdict = RETURNS[what]
    application, _ = apply(isolating_sandbox, improver(f"return {expression}"))
    assert (application.program, application.verdict) == (None, verdict)


def test_calling_the_utility_after_the_end_is_not_answered(isolating_sandbox: Jail) -> None:
    source = (
        "import threading\n"
        "def late(utility):\n    time.sleep(0.1)\n    utility('late')\n"
        "def improve_algorithm(s, utility, language_model):\n"
        "    threading.Thread(target=late, args=(utility,)).start()\n    return 'x = 1'\n"
    )
    application, counting = apply(isolating_sandbox, source)
    time.sleep(0.3)
    assert (application.program, counting.scored) == (Program("x = 1"), [])


def test_changing_what_it_may_read_of_its_utility_changes_nothing(isolating_sandbox: Jail) -> None:
    _, counting = apply(isolating_sandbox, improver("utility.str = 'always 1.0'\n    return repr(utility('p'))"))
    assert (counting.description, counting.scored) == ("counting", ["p"])


# tying the host up


def test_leaving_while_a_reply_is_written_is_no_error_of_ours(isolating_sandbox: Jail) -> None:
    source = "def f(s, u, l):\n    put(wire.Ask(1, 'big', []))\n    time.sleep(0.15)\n    os._exit(0)"
    for _ in range(4):
        began = time.monotonic()
        outcome = improve(isolating_sandbox, FORGE + source, {"big": lambda: [0.0] * 500_000}, limits=LIMITS)
        assert (outcome.verdict, time.monotonic() - began < SECONDS) == (Verdict.CRASHED, True)


def test_a_reply_that_cannot_cross_is_heard_of(isolating_sandbox: Jail) -> None:
    source = "def f(s, u, l):\n    try: l.prompt('e', 'm')\n    except BaseException as error: return str(error)"
    services: dict[str, Callable[..., object]] = {"prompt": lambda *a: ["\ud800"]}
    outcome = improve(isolating_sandbox, source, services, limits=Limits(wall_seconds=5.0))
    assert str(outcome.value).startswith("the answer cannot be sent"), outcome


def test_a_batch_beyond_the_budget_is_refused_before_it_is_made(
    isolating_sandbox: Jail, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    monkeypatch.setattr(machine, "_prompts", lambda expertise, messages, temperature: made.append(len(messages)))
    apply(isolating_sandbox, improver("return language_model.batch_prompt('', [''] * 90_000)[0]"))
    apply(isolating_sandbox, improver("return language_model.prompt('', '', n_responses=1 << 60)[0]"))
    assert made == []


def test_requests_that_cost_nothing_come_to_an_end(isolating_sandbox: Jail, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is answered later than the one before it, and to wait is the guest's own time: so they are few."""
    answered: list[int] = []

    def ask(model: object, meter: object, prompts: Sequence[Prompt]) -> list[Completion]:
        answered.append(len(prompts))
        return []

    monkeypatch.setattr(machine, "ask", ask)
    source = (
        "    frame = wire.frame(wire.Ask(1, 'batch_prompt', ['', []]))\n"
        "    while True:\n        os.write(3, frame)\n        os.read(3, 1000)\n"
    )
    apply(isolating_sandbox, improver(source.strip()), Limits(cpu_seconds=5.0, wall_seconds=1.0))
    swift = machine.MOST_FREE_REQUESTS + ALLOWANCE.utility_calls + ALLOWANCE.model_calls
    assert set(answered) == {0}
    assert swift < len(answered) < swift + 600


ENDLESS = "def f(s, u, l):\n    while True: l.prompt('e', 'm')"
A_MOMENT = Limits(cpu_seconds=0.4, load_cpu_seconds=1.0, wall_seconds=30.0)
A_TENTH = A_MOMENT.cpu_seconds / 10


def burn(seconds: float) -> float:
    """Use so much CPU time of this thread."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return seconds


def test_what_serving_costs_the_host_the_improver_pays(isolating_sandbox: Jail) -> None:
    served: list[float] = []

    def dear(*asked: object) -> list[str]:
        served.append(burn(A_TENTH))
        return ["x"]

    outcome = improve(isolating_sandbox, ENDLESS, {"prompt": dear}, limits=A_MOMENT)
    assert (outcome.verdict, "most of it to serve its requests" in outcome.note) == (Verdict.TIMED_OUT, True)
    assert len(served) <= 11


def test_what_a_model_or_a_score_takes_costs_the_improver_nothing(isolating_sandbox: Jail) -> None:
    def answering(*asked: object) -> list[str]:
        with serving.free():
            burn(A_TENTH)
        return ["x"]

    source = "def f(s, u, l): return [l.prompt('e', 'm') for _ in range(20)]"
    assert improve(isolating_sandbox, source, {"prompt": answering}, limits=A_MOMENT).verdict is Verdict.OK


MANY_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
def improve_algorithm(s, utility, language_model):
    with ThreadPoolExecutor(100) as pool: list(pool.map(utility.feedback, ['```python\\n```'] * 10_000))
"""


def test_texts_to_read_cost_the_improver_what_they_cost_the_reader(
    isolating_sandbox: Jail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many it asks for at once: after its time is over none is read that was not begun."""
    read: list[float] = []

    def slow_reader(text: str, like: Program) -> str:
        read.append(burn(A_TENTH))
        return text

    monkeypatch.setattr("selftaught.sandbox.machine.program_of", slow_reader)
    application, _ = apply(isolating_sandbox, MANY_AT_ONCE, A_MOMENT)
    assert application.verdict is Verdict.TIMED_OUT
    assert len(read) < 100


def test_what_an_improver_asked_for_is_abandoned_when_it_is_over(isolating_sandbox: Jail) -> None:
    def never(*asked: object) -> list[str]:
        while True:
            serving.check()
            time.sleep(0.01)

    source = FORGE + "def f(s, u, l):\n    put(wire.Ask(1, 'prompt', []))\n    time.sleep(0.2)\n    os._exit(0)"
    outcome = improve(isolating_sandbox, source, {"prompt": never}, limits=A_MOMENT)
    assert outcome.verdict is Verdict.CRASHED


def test_threads_of_the_host_come_to_an_end(isolating_sandbox: Jail) -> None:
    before = threading.active_count()
    apply(isolating_sandbox, RACE.format(request="utility(f'p{i}')"))
    assert comes_true(lambda: threading.active_count() <= before + 2)
