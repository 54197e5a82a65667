"""What every sandbox must do: the law in sandbox/contract.py, tier by tier."""

import os
import select
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from selftaught.core.ahead import Guess, InVain, guessing
from selftaught.core.contracts import Program, Verdict
from selftaught.core.errors import BadRequest, BudgetExceeded, ModelUnavailable, SandboxError, TaskError
from selftaught.guest import wire
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Improving, Limits, Outcome, Value
from selftaught.sandbox.conversation import Ended, Guest, Question
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.worker import Profile, Worker

FACTS = {"utility_str": "u", "utility_budget": 3, "model_budget": 2, "max_responses_per_call": 4}
QUICK = Limits(cpu_seconds=0.3, load_cpu_seconds=1.0, wall_seconds=5.0)


def run(jail: Jail, source: str, *calls: list[Value], limits: Limits = QUICK, **more: object) -> list[Outcome]:
    return list(jail.run(Program(source), "f", calls, limits, seed=1, **more))  # type: ignore[arg-type]


def verdicts(outcomes: list[Outcome]) -> list[tuple[Verdict, Value]]:
    return [(outcome.verdict, outcome.value) for outcome in outcomes]


@pytest.mark.parametrize(
    ("value", "back"),
    [
        (None, None),
        (True, True),
        (2**63 - 1, 2**63 - 1),
        (-0.5, -0.5),
        ("ü\n", "ü\n"),
        (b"\x00\xff", b"\x00\xff"),
        ([1, [2.0, "x"]], [1, [2.0, "x"]]),
        ((1, 2), [1, 2]),
        ({"a": {"b": [None]}}, {"a": {"b": [None]}}),
        (np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
        (np.array([True, False]), [True, False]),
        (np.float32(0.5), 0.5),
    ],
)
def test_plain_data_goes_in_and_comes_back(every_sandbox: Jail, value: Value, back: Value) -> None:
    assert verdicts(run(every_sandbox, "def f(x): return x", [value])) == [(Verdict.OK, back)]


def test_arrays_arrive_as_arrays_that_may_be_changed(every_sandbox: Jail) -> None:
    source = "import numpy\ndef f(a):\n    assert isinstance(a, numpy.ndarray)\n    a += 1\n    return a.sum()"
    assert verdicts(run(every_sandbox, source, [np.zeros(4, dtype=int)])) == [(Verdict.OK, 4)]


def test_one_guest_serves_all_calls_and_keeps_what_it_learnt(every_sandbox: Jail) -> None:
    source = "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)"
    assert [o.value for o in run(every_sandbox, source, [0], [0], [0])] == [1, 2, 3]


def test_a_fresh_guest_per_call_remembers_nothing(every_sandbox: Jail) -> None:
    source = "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)"
    limits = Limits(fresh_guest_per_call=True)
    assert [o.value for o in run(every_sandbox, source, [0], [0], [0], limits=limits)] == [1, 1, 1]


def test_a_guest_over_its_cpu_time_costs_that_call_only(every_sandbox: Jail) -> None:
    source = "def f(x):\n    while x: pass\n    return 7"
    expected = [(Verdict.OK, 7), (Verdict.TIMED_OUT, None), (Verdict.OK, 7)]
    assert verdicts(run(every_sandbox, source, [0], [1], [0])) == expected


def test_an_exception_costs_that_call_only(every_sandbox: Jail) -> None:
    (first, second) = run(every_sandbox, "def f(x):\n    return 1 // x", [0], [1])
    assert (first.verdict, first.note) == (
        Verdict.CRASHED,
        "ZeroDivisionError: integer division or modulo by zero (line 2)",
    )
    assert (second.verdict, second.value) == (Verdict.OK, 1)


@pytest.mark.parametrize(
    ("source", "verdict", "note"),
    [
        ("def f(:", Verdict.NO_PROGRAM, "while loading: SyntaxError"),
        ("x = 1", Verdict.NO_PROGRAM, "it defines no function f"),
        ("f = 3", Verdict.NO_PROGRAM, "it defines no function f"),
        ("1 / 0", Verdict.NO_PROGRAM, "while loading: ZeroDivisionError"),
        ("while True: pass", Verdict.TIMED_OUT, "while loading: used its 1 s of CPU time"),
        ("import os; os._exit(5)", Verdict.CRASHED, "while loading: ended its process with exit code 5"),
        ("raise SystemExit", Verdict.NO_PROGRAM, "while loading: SystemExit"),
        ("x = '\\0'\x00", Verdict.NO_PROGRAM, "while loading: "),
    ],
)
def test_a_program_that_does_not_load_fails_every_call(
    every_sandbox: Jail, source: str, verdict: Verdict, note: str
) -> None:
    outcomes = run(every_sandbox, source, [0], [0])
    assert [o.verdict for o in outcomes] == [verdict, verdict]
    assert outcomes[0].note.startswith(note)


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("import os; os._exit(0)", Verdict.CRASHED),
        ("import sys; sys.exit('bye')", Verdict.CRASHED),
        ("raise KeyboardInterrupt", Verdict.CRASHED),
        ("import ctypes; ctypes.string_at(0)", Verdict.CRASHED),
        ("return f(x)", Verdict.CRASHED),
        ("return bytearray(1 << 34)", Verdict.OUT_OF_MEMORY),
        ("return 'a' * (5 << 20)", Verdict.TOO_LARGE),
        ("return object()", Verdict.BAD_ANSWER),
        ("return 1 << 8200", Verdict.BAD_ANSWER),
        ("y = []\n    for _ in range(3000): y = [y]\n    return y", Verdict.BAD_ANSWER),
        ("import numpy; return numpy.array([object()])", Verdict.BAD_ANSWER),
        ("import os; os.write(3, b'garbage, and more of it')", Verdict.TOO_LARGE),
        ("import os; os.write(3, b'\\x03\\0\\0\\0abc')", Verdict.PROTOCOL_ERROR),
        ("import os; os.close(3)", Verdict.CRASHED),
    ],
)
def test_each_way_to_fail_has_its_verdict(every_sandbox: Jail, body: str, verdict: Verdict) -> None:
    (outcome, after) = run(every_sandbox, f"def f(x):\n    if x: return 9\n    {body}", [0], [1])
    assert (outcome.verdict, outcome.value) == (verdict, None)
    assert (after.verdict, after.value) == (Verdict.OK, 9)


def test_a_guest_that_neither_computes_nor_answers_meets_the_wall_clock(every_sandbox: Jail) -> None:
    limits = Limits(wall_seconds=0.3)
    (outcome,) = run(every_sandbox, "import time\ndef f(): time.sleep(60)", [], limits=limits)
    assert (outcome.verdict, outcome.note) == (Verdict.TIMED_OUT, "gave no answer in 0.3 idle s")


def test_the_seed_decides_the_guests_chance(every_sandbox: Jail) -> None:
    source = "import random, numpy\ndef f(): return [random.random(), numpy.random.random()]"

    def draw(seed: int) -> Value:
        (outcome,) = every_sandbox.run(Program(source), "f", [[]], QUICK, seed=seed)
        return outcome.value

    assert draw(1) == draw(1) != draw(2)


def test_an_instance_that_is_not_data_is_the_tasks_fault(every_sandbox: Jail) -> None:
    with pytest.raises(TaskError, match="plain data"):
        run(every_sandbox, "def f(x): return x", [object()])


def test_a_guest_is_left_nothing_of_ours(every_sandbox: Jail) -> None:
    os.environ["SELFTAUGHT_TEST_KEY"] = "sk-secret"
    source = "import os\ndef f(): return dict(os.environ)"
    assert verdicts(run(every_sandbox, source, [])) == [(Verdict.OK, {})]


# improvers


def improve(jail: Jail, source: str, services: dict[str, object], limits: Limits = QUICK) -> Outcome:
    (outcome,) = run(jail, source, ["solution"], limits=limits, improving=Improving(FACTS, services))  # type: ignore[arg-type]
    return outcome


def test_an_improver_of_a_guess_is_ended_when_nothing_will_ask_for_it_and_that_is_no_verdict(sandbox: Jail) -> None:
    source = "def f(s, utility, language_model):\n    utility(s)\n    while True: pass\n"
    guess, long = Guess(), replace(QUICK, cpu_seconds=1000.0)

    def scored(program: Value) -> float:
        threading.Timer(0.2, guess.drop).start()
        return 1.0

    with guessing(guess), pytest.raises(InVain):
        improve(sandbox, source, {"utility": scored}, long)
    with guessing(guess), pytest.raises(InVain):  # nor is another one begun
        improve(sandbox, source, {"utility": lambda program: pytest.fail("it was begun")}, long)
    assert sandbox.call(Program("def f(): return 7"), "f", [], QUICK).value == 7


def test_an_improver_reads_its_budgets_and_asks_for_scores(every_sandbox: Jail) -> None:
    source = (
        "def f(s, utility, language_model):\n"
        "    facts = [utility.str, utility.budget, language_model.budget, language_model.max_responses_per_call]\n"
        "    scores = [utility('p'), utility.batch(['p', 'pp'])]\n"
        "    texts = language_model.prompt('e', 'm', n_responses=2) + language_model.batch_prompt('e', ['m1', 'm2'])\n"
        "    return [s, facts, scores, texts, utility.uses, language_model.times_used]\n"
    )
    outcome = improve(
        every_sandbox,
        source,
        {
            "utility": lambda p: float(len(p)),
            "utility_batch": lambda ps: [float(len(p)) for p in ps],
            "prompt": lambda e, m, n, t: [f"{m}{t}"] * n,
            "batch_prompt": lambda e, ms, t: [m.upper() for m in ms],
        },
    )
    assert outcome.value == [
        "solution", ["u", 3, 2, 4], [1.0, [1.0, 2.0]], ["m0.7", "m0.7", "M1", "M2"], 3, 2,
    ]  # fmt: skip


@pytest.mark.parametrize("error", [BudgetExceeded("all spent"), BadRequest("a number")])
def test_what_is_meant_for_the_guest_is_raised_in_it(every_sandbox: Jail, error: Exception) -> None:
    source = (
        "def f(s, utility, language_model):\n"
        "    try: utility('p')\n"
        "    except Exception as e: return [type(e).__name__, str(e)]\n"
    )

    def service(program: str) -> float:
        raise error

    assert improve(every_sandbox, source, {"utility": service}).value == [type(error).__name__, str(error)]


def test_a_failure_of_ours_ends_the_guest_and_is_never_shown_to_it(every_sandbox: Jail) -> None:
    source = (
        "def f(s, utility, language_model):\n"
        "    while True:\n"
        "        try: utility('p')\n"
        "        except BaseException: pass\n"
    )

    def service(program: str) -> float:
        raise ModelUnavailable("the provider is down")

    with pytest.raises(ModelUnavailable, match="the provider is down"):
        improve(every_sandbox, source, {"utility": service})


def test_requests_of_threads_are_served_at_the_same_time(every_sandbox: Jail) -> None:
    together = threading.Barrier(4, timeout=20)

    def service(program: str) -> float:
        together.wait()  # passes only if four requests are under way at once
        return float(len(program))

    source = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def f(s, utility, language_model):\n"
        "    with ThreadPoolExecutor(4) as pool: return list(pool.map(utility, ['a', 'bb', 'ccc', 'dddd']))\n"
    )
    assert improve(every_sandbox, source, {"utility": service}).value == [1.0, 2.0, 3.0, 4.0]


def test_waiting_for_us_costs_an_improver_no_time(every_sandbox: Jail) -> None:
    def service(program: str) -> float:
        time.sleep(0.6)
        return 1.0

    source = "def f(s, utility, language_model): return utility('p')"
    outcome = improve(every_sandbox, source, {"utility": service}, Limits(cpu_seconds=0.3, wall_seconds=0.3))
    assert (outcome.verdict, outcome.value) == (Verdict.OK, 1.0)


def test_nested_improvers_never_lock_each_other_out(every_sandbox: Jail) -> None:
    """Far more improvers wait at once than there are cores, three deep."""
    source = "def f(s, utility, language_model): return sum(utility.batch(['p'] * 4))"

    def batch_at(depth: int) -> object:
        def batch(programs: list[str]) -> list[float]:
            if depth == 0:
                (leaf,) = run(every_sandbox, "def f(): return 1.0", [])
                return [leaf.value] * len(programs)
            results: list[float] = []
            threads = [
                threading.Thread(
                    target=lambda: results.append(
                        improve(every_sandbox, source, {"utility_batch": batch_at(depth - 1)}).value
                    )
                )
                for _ in programs
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            return results

        return batch

    assert improve(every_sandbox, source, {"utility_batch": batch_at(2)}).value == 64.0


def test_a_solution_that_asks_for_a_service_breaks_the_protocol(every_sandbox: Jail) -> None:
    source = (
        "import os\nfrom selftaught.guest import wire\n"
        "def f():\n    os.write(3, wire.frame(wire.Ask(0, 'utility', ['p'])))\n    return 1\n"
    )
    (outcome,) = run(every_sandbox, source, [])
    assert outcome.verdict is Verdict.PROTOCOL_ERROR


def test_an_improver_that_never_returns_costs_its_own_limit(every_sandbox: Jail) -> None:
    outcome = improve(every_sandbox, "def f(s, utility, language_model):\n    while True: pass", {})
    assert outcome.verdict is Verdict.TIMED_OUT


def test_a_flood_of_requests_is_cut_off(every_sandbox: Jail) -> None:
    source = (
        "import os\nfrom selftaught.guest import wire\n"
        "def f(s, utility, language_model):\n"
        "    for i in range(100000): os.write(3, wire.frame(wire.Ask(i, 'utility', ['p'])))\n"
    )
    release = threading.Event()

    def service(program: str) -> float:
        release.wait(20)
        return 0.0

    timer = threading.Timer(1.0, release.set)
    timer.start()
    limits = Limits(cpu_seconds=5.0)
    assert improve(every_sandbox, source, {"utility": service}, limits).verdict is Verdict.PROTOCOL_ERROR
    timer.join()


def test_a_worker_that_dies_is_replaced_and_costs_no_score() -> None:
    source = "import time\ndef f(x):\n    time.sleep(0.05)\n    return x"
    with open_sandbox("auto", 1) as jail:
        (zygote,) = jail.worker_pids()
        timer = threading.Timer(0.2, os.kill, (zygote, signal.SIGKILL))
        timer.start()
        outcomes = run(jail, source, *[[number] for number in range(20)])
        assert verdicts(outcomes) == [(Verdict.OK, number) for number in range(20)]
        assert jail.worker_pids() != [zygote]


def test_a_closed_sandbox_says_so() -> None:
    jail = open_sandbox("auto", 1)
    jail.close()
    with pytest.raises(SandboxError, match="closed"):
        run(jail, "def f(): ...", [])


def test_closing_ends_what_runs() -> None:
    jail = open_sandbox("auto", 1)
    timer = threading.Timer(0.2, jail.close)
    timer.start()
    with pytest.raises(SandboxError):
        run(jail, "import time\ndef f(): time.sleep(60)", [], limits=Limits(wall_seconds=30))
    timer.join()


def test_a_solution_may_run_coroutines(every_sandbox: Jail) -> None:
    source = (
        "import asyncio\nasync def add(a, b):\n    await asyncio.sleep(0.001)\n    return a + b\n"
        "def f():\n    return asyncio.run(add(1, 2))\n"
    )
    (outcome,) = run(every_sandbox, source, [])
    assert (outcome.verdict, outcome.value) == (Verdict.OK, 3), outcome.note


def test_a_call_that_is_stopped_is_counted_with_the_time_it_had(sandbox: Jail) -> None:
    source = "def algorithm(n):\n    while n: pass\n    return n\n"
    limits = Limits(cpu_seconds=0.1)
    first, second = sandbox.run(Program(source), "algorithm", [(1,), (0,)], limits, seed=1)
    assert first.verdict is Verdict.TIMED_OUT and first.cpu_seconds >= 0.09
    assert second.verdict is Verdict.OK and second.cpu_seconds < first.cpu_seconds


def test_large_calls_go_in_one_after_the_other(every_sandbox: Jail) -> None:
    calls = [[bytes([number]) * (3 << 20)] for number in range(5)]
    outcomes = run(every_sandbox, "def f(x): return [x[0], x[-1], len(x)]", *calls)
    assert [outcome.value for outcome in outcomes] == [[number, number, 3 << 20] for number in range(5)]


def test_what_computes_while_nobody_looks_has_no_more_time_for_it(sandbox: Jail) -> None:
    source = "import time\ndef f(x):\n    while time.process_time() < x: pass\n    return x"
    worker = Worker(sandbox.tier_in_force)
    guest = Guest(worker, worker.take(Profile("solution", 512 << 20, 8)), QUICK)
    try:
        guest.exchange(Question.of(wire.Load(source, "f", 1, None)), 1.0)
        for seconds in (0.0, 0.6):
            question = Question.of(wire.Call([seconds]))
            guest.begin(question)
            select.select([guest.handle.channel], [], [])  # its answer is there before anybody asks for it
            if not seconds:
                assert guest.exchange(question, QUICK.cpu_seconds)[0] == wire.Returned(seconds, question.nonce)
        with pytest.raises(Ended) as ended:
            guest.exchange(question, QUICK.cpu_seconds)
        assert ended.value.verdict is Verdict.TIMED_OUT
    finally:
        guest.end()
        worker.close()
