"""Where an improver, its allowance and the sandbox meet: budgets bind, bad requests are the guest's."""

from collections.abc import Sequence

import pytest

from selftaught.core.budget import Allowance
from selftaught.core.contracts import Application, Completion, Program, Prompt, Score, Verdict
from selftaught.core.origin import Origin, call_number, origin
from selftaught.middleware.threads import thread_map
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.machine import Machine

ALLOWANCE = Allowance(model_calls=2, responses_per_call=3, utility_calls=4)
LIMITS = Limits(cpu_seconds=5.0, wall_seconds=10.0)


class Length:
    name, description, deterministic = "length", "longer is better", True

    def __call__(self, program: Program) -> Score:
        return Score(float(len(program.source)), feedback=f"{len(program.source)} characters")


def model(prompts: Sequence[Prompt]) -> list[Completion]:
    return [Completion(f"{prompt.user}@{prompt.temperature:g}") for prompt in prompts]


def improve(jail: Jail, body: str, limits: Limits = LIMITS, *, initial: str = "seed", **settings: bool) -> Application:
    source = "def improve_algorithm(initial_solution, utility, language_model):\n" + "".join(
        f"    {line}\n" for line in body.splitlines()
    )
    machine = Machine(jail, ALLOWANCE, limits, 1, thread_map, **settings)
    return machine(Program(source), Length(), Program(initial), model)


def said(jail: Jail, body: str) -> str:
    made = improve(jail, body)
    assert made.program is not None, made.note
    return made.program.source


def test_what_was_spent_is_told(sandbox: Jail) -> None:
    made = improve(
        sandbox,
        "texts = language_model.prompt('e', 'm', 2) + language_model.batch_prompt('e', ['a'])\n"
        "scores = [utility(t) for t in texts]\n"
        "return repr((texts, scores, utility.batch(['x', 'yy'])))",
    )
    assert made == Application(
        Program("(['m@0.7', 'm@0.7', 'a@0.7'], [5.0, 5.0, 5.0], [1.0, 0.0])"), Verdict.OK, "", 2, 3, 4
    )


@pytest.mark.parametrize(
    "request_",
    [
        "language_model.prompt('e', 'm', n_responses=0)",
        "language_model.prompt('e', 'm', n_responses=-1)",
        "language_model.prompt('e', 'm', n_responses=True)",
        "language_model.prompt('e', 'm', n_responses=None)",
        "language_model.prompt('e', 'm', n_responses='3')",
        "language_model.prompt('e', 'm', temperature=float('nan'))",
        "language_model.prompt('e', 'm', temperature=float('inf'))",
        "language_model.prompt('e', 'm', 2, temperature=[0.1])",
        "language_model.batch_prompt('e', ['a', 'b'], temperature=[0.1, 0.2, 0.3])",
        "language_model.batch_prompt('e', ['a', 'b'], temperature=[0.1, None])",
        "language_model.prompt('e', 'm', temperature=True)",
        "language_model.prompt('e', 'm', temperature='hot')",
        "language_model.prompt(None, 'm')",
        "language_model.prompt('e', b'm')",
        "language_model.batch_prompt('e', [1])",
        "utility(3)",
        "utility(b'program')",
        "utility('x' * 1_000_001)",
        "utility.batch([1])",
        "utility.batch([''] * 10_001)",
        "utility._ask('utility', 'a', 'b')",
        "utility._ask('prompt', 1, 2, 3, 4, 5, 6)",
        "utility._ask('batch_prompt', 'e', 'not a list')",
    ],
)
def test_a_bad_request_is_shown_to_the_guest_and_costs_nothing(sandbox: Jail, request_: str) -> None:
    made = improve(sandbox, f"try: {request_}\nexcept ValueError as e: return type(e).__name__")
    assert made == Application(Program("BadRequest"))


@pytest.mark.parametrize(
    "request_",
    ["language_model.prompt('e', 'm', n_responses=4)", "language_model.prompt('e', 'm', n_responses=10**9)",
     "language_model.batch_prompt('e', ['m'] * 4)"],
)  # fmt: skip
def test_too_much_at_once_is_refused_and_costs_nothing(sandbox: Jail, request_: str) -> None:
    made = improve(sandbox, f"try: {request_}\nexcept Exception as e: return type(e).__name__")
    assert made == Application(Program("BudgetExceeded"))


def test_each_message_may_have_a_temperature_of_its_own(sandbox: Jail) -> None:
    body = (
        "texts = language_model.batch_prompt('e', ['a', 'b'], temperature=[0.1, 0.2])\n"
        "return repr(texts + language_model.prompt('e', 'm', 3, temperature=(0, 1, 0.5)))"
    )
    assert said(sandbox, body) == repr(["a@0.1", "b@0.2", "m@0", "m@1", "m@0.5"])


@pytest.mark.parametrize("temperature", [-0.1, 2.5, 1 << 62])
def test_a_temperature_that_no_model_takes_is_the_model_s_affair(sandbox: Jail, temperature: float) -> None:
    body = f"return language_model.prompt('e', 'm', temperature={temperature})[0]"
    assert said(sandbox, body) == f"m@{temperature:g}"


@pytest.mark.parametrize("request_", ["prompt('e', 'm', n_responses=4)", "batch_prompt('e', 'abcd')"])
def test_what_is_raised_beyond_the_budget_can_be_imported(sandbox: Jail, request_: str) -> None:
    body = (
        f"from helpers import BudgetExceeded\ntry: language_model.{request_}\n"
        "except BudgetExceeded as error: return str(error)"
    )
    assert said(sandbox, body) == "4 responses asked for in one call; the most is 3"


def test_no_path_of_the_host_is_in_what_is_said_of_the_helpers(sandbox: Jail) -> None:
    body = "import helpers\ntry: from helpers import nothing\nexcept ImportError as e: return f'{e} {helpers}'"
    made = said(sandbox, body)
    assert "nothing" in made and "/" not in made


def test_the_counter_of_calls_counts_what_was_paid_for(sandbox: Jail) -> None:
    body = (
        "language_model.batch_prompt('e', [])\nseen = [language_model.times_used]\n"
        "for n in (4, 0, 1, 1, 1):\n    try: language_model.prompt('e', 'm', n)\n    except Exception: pass\n"
        "    seen.append(language_model.times_used)\nreturn repr(seen)"
    )
    assert said(sandbox, body) == repr([0, 0, 0, 1, 2, 2])


def test_a_utility_that_is_spent_goes_on_answering_0(sandbox: Jail) -> None:
    body = "return repr(sum(utility('x') for _ in range(500)))"
    patient = Limits(cpu_seconds=30.0, wall_seconds=30.0)  # each answer beyond the budget comes a little later
    assert improve(sandbox, body, patient) == Application(Program("4.0"), utility_calls=4)


@pytest.mark.parametrize("request_", ["utility('x')", "utility.batch([])", "language_model.batch_prompt('e', [])"])
def test_who_asks_for_ever_waits_ever_longer_on_its_own_time(sandbox: Jail, request_: str) -> None:
    made = improve(sandbox, f"while True: {request_}", Limits(cpu_seconds=30.0, wall_seconds=1.0))
    assert (made.verdict, made.note) == (Verdict.TIMED_OUT, "gave no answer in 1 idle s")


def test_to_ask_for_ever_from_many_threads_is_no_quicker(sandbox: Jail) -> None:
    body = (
        "import threading\ndef ask():\n    while True: utility('x')\n"
        "threads = [threading.Thread(target=ask, daemon=True) for _ in range(32)]\n"
        "for thread in threads: thread.start()\nthreads[0].join()"
    )
    made = improve(sandbox, body, Limits(cpu_seconds=30.0, wall_seconds=1.0))
    assert (made.verdict, made.note) == (Verdict.TIMED_OUT, "gave no answer in 1 idle s")


GATHERED = """
import asyncio
async def ask(n):
    await asyncio.sleep(0.001 * n)
    return await asyncio.to_thread(language_model.batch_prompt, 'e', ['a' * n])
async def both():
    texts = await asyncio.gather(ask(2), ask(1))
    try: await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except asyncio.TimeoutError: texts.append(['late'])
    loop = asyncio.get_running_loop()
    texts.append([await loop.run_in_executor(None, utility, 'abc')])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(asyncio.to_thread(utility, 'de'))
    return texts + [task.result()]
"""


@pytest.mark.parametrize(
    "run", ["asyncio.run(both())", "asyncio.new_event_loop().run_until_complete(both())",
            "asyncio.SelectorEventLoop().run_until_complete(both())"],
)  # fmt: skip
def test_an_improver_may_ask_with_asyncio(every_sandbox: Jail, run: str) -> None:
    assert said(every_sandbox, f"{GATHERED}\nreturn repr({run})") == repr([["aa@0.7"], ["a@0.7"], ["late"], [3.0], 2.0])


def test_an_improver_that_never_ends_made_no_program(sandbox: Jail) -> None:
    made = improve(sandbox, "utility('x')\nwhile True: pass", Limits(cpu_seconds=0.5))
    assert made == Application(None, Verdict.TIMED_OUT, "used its 0.5 s of CPU time", utility_calls=1)


def test_no_program_scores_nothing_and_costs_one_call(sandbox: Jail) -> None:
    assert said(
        sandbox, "return repr([utility(None), utility(''), utility('abc'), utility('d'), utility('e')])"
    ) == repr([0.0, 0.0, 3.0, 1.0, 0.0])


def test_a_batch_of_nothing_is_nothing(sandbox: Jail) -> None:
    assert improve(sandbox, "return repr((utility.batch([]), language_model.batch_prompt('e', [])))") == Application(
        Program("([], [])")
    )


def test_counters_inside_change_nothing_outside(sandbox: Jail) -> None:
    body = (
        "utility.uses = -100; utility.budget = 10**9; language_model.budget = 10**9; language_model.times_used = -5\n"
        "scores = [utility('x') for _ in range(50)]\n"
        "asked = 0\n"
        "for _ in range(50):\n"
        "    try: language_model.prompt('e', 'm'); asked += 1\n"
        "    except Exception: pass\n"
        "return repr((sum(scores), asked))"
    )
    made = improve(sandbox, body)
    assert made == Application(Program("(4.0, 2)"), Verdict.OK, "", 2, 2, 4)


def test_64_threads_do_not_overspend(sandbox: Jail) -> None:
    body = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def ask(_):\n"
        "    try: return len(language_model.prompt('e', 'm', 3))\n"
        "    except Exception: return 0\n"
        "with ThreadPoolExecutor(64) as pool:\n"
        "    return repr((sum(pool.map(ask, range(64))), sum(pool.map(utility, ['x'] * 64))))"
    )
    assert improve(sandbox, body) == Application(Program("(6, 4.0)"), Verdict.OK, "", 2, 6, 4)


def test_equal_applications_at_equal_addresses_have_equal_chance(sandbox: Jail) -> None:
    from selftaught.core.address import working_at

    def drawn(address: str) -> str:
        with working_at(address):
            return said(sandbox, "import random\nreturn repr(random.random())")

    assert drawn("/a#0") == drawn("/a#0") != drawn("/a#1")


def test_feedback_tells_of_what_was_scored_and_of_nothing_else_and_is_free(sandbox: Jail) -> None:
    body = (
        "utility('abc'); utility.batch(['de', 'fgh'])\n"
        "told = [utility.feedback(p) for p in ('abc', 'de', 'never', initial_solution, None, '')]\n"
        "return repr((utility('x'), utility('over'), utility.feedback('over'), told))"
    )
    never = "This program was not scored here. utility(program) scores it, which costs one call of the budget."
    told = ["3 characters", "2 characters", never, never, never, never]
    assert said(sandbox, body) == repr((1.0, 0.0, never, told))


@pytest.mark.parametrize("thing", ["utility", "3", "['abc']", "b'abc'", "'x' * 1_000_001"])
def test_feedback_of_what_is_no_text_is_a_bad_request(sandbox: Jail, thing: str) -> None:
    body = f"try: utility.feedback({thing})\nexcept Exception as e: return type(e).__name__"
    assert said(sandbox, body) in ("BadRequest", "WireError", "TypeError")


def test_feedback_of_many_programs_is_one_text_each(sandbox: Jail) -> None:
    assert said(sandbox, "return repr({utility.feedback(str(n)) for n in range(900)})").count("not scored here") == 1


def test_without_feedback_there_is_nothing_to_read(sandbox: Jail) -> None:
    made = improve(sandbox, "utility('abc')\nreturn repr(utility.feedback('abc'))", feedback=False)
    assert made.program == Program("''")


FOUND = "good = 'def algorithm(n):\\n    return sorted(n)\\n'\nutility('def algorithm(): 0'); utility(good)\n"
DEATHS = {
    "raises": "raise RuntimeError('boom')",
    "divides by zero": "1 / 0",
    "asks beyond its budget": "for _ in range(9): language_model.prompt('e', 'm')",
    "asks for too many responses": "language_model.prompt('e', 'm', n_responses=99)",
    "wants a wrong temperature": "language_model.prompt('e', 'm', temperature='hot')",
    "indexes a response that is not there": "language_model.prompt('e', 'm', n_responses=2)[2]",
    "takes the attribute of a text": "language_model.prompt('e', 'm')[0].text",
    "leaves the process": "import os; os._exit(0)",
    "raises SystemExit": "raise SystemExit",
    "raises KeyboardInterrupt": "raise KeyboardInterrupt",
    "never ends": "while True: pass",
    "swallows all": "while True:\n    try: raise ValueError\n    except BaseException: pass",
    "recurses": "def f(): return f()\nf()",
    "takes all memory": "held = []\nwhile True: held.append(bytearray(1 << 24))",
    "returns nothing": "return None",
    "returns a list": "return [good]",
    "returns a tuple": "return 1.0, good",
    "returns a number": "return 1.0",
    "returns empty text": "return ''",
    "returns an object": "class Program: source = good\nreturn Program()",
    "returns a response without a program": "return 'Here it is:\\n```python\\nx = (\\n```\\n'",
    "returns a response with another program": "return 'Here it is:\\n```python\\nx = 1\\n```\\n'",
    "returns an exception's text": "return str(KeyError('best'))",
    "returns an exception's text with words": "return 'BudgetExceeded: all 2 language model calls are spent'",
    "returns a fragment": "return good[:20]",
    "returns other code": "return 'import sys\\nprint(1)\\n'",
    "returns bytes": "return good.encode()",
    "returns a generator": "return (line for line in good)",
    "forks": "import os; os.fork()",
    "reads a file": "return open('/etc/passwd').read()",
    "imports what is not there": "import torch",
    "asks for feedback of 10,000 programs": "for n in range(10_000): utility.feedback(str(n))\nreturn None",
    "asks for feedback of itself": "utility.feedback(improve_algorithm)",
    "scores itself, not its text": "utility(improve_algorithm)",
    "asks for ever after the budget": "while True: utility('x')",
    "a coroutine that never ends": "import asyncio\nasyncio.run(asyncio.sleep(1e9))",
    "a coroutine that raises": (
        "import asyncio\nasync def one(): raise ValueError\n"
        "async def all(): return await asyncio.gather(one(), asyncio.to_thread(utility, good))\nasyncio.run(all())"
    ),
    "returns a coroutine": "async def best(): return good\nreturn best()",
    "returns a dictionary": "return {'program': good}",
    "returns a text of a gigabyte": "return good * 30_000_000",
    "returns half a character": "return good + '\\ud800'",
    "waits for a thread that never ends": (
        "import threading\nthread = threading.Thread(target=threading.Event().wait, daemon=True)\n"
        "thread.start(); thread.join()"
    ),
    "an exception without words": "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd",
    "a group of exceptions": "raise ExceptionGroup('many', [ValueError(1), KeyError(2)])",
    "a process pool": "from multiprocessing import Pool\nPool(2).map(utility, [good])",
    "closes its channel": "import os; os.close(3)",
    "writes into its channel": "import os; os.write(3, b'\\xff' * 100)",
    "a generator of programs": "yield good",
    "an assertion": "assert utility(good) > 1e9",
}
INITIAL = "def algorithm(n):\n    return n\n"
GOOD = "def algorithm(n):\n    return sorted(n)\n"
QUICK = Limits(cpu_seconds=0.5, wall_seconds=3.0, memory_bytes=256 << 20)


@pytest.mark.parametrize("death", DEATHS.values(), ids=DEATHS)
def test_what_was_found_is_handed_over_however_an_improver_ends(sandbox: Jail, death: str) -> None:
    made = improve(sandbox, FOUND + death, QUICK, initial=INITIAL, salvage=True)
    assert (made.program, made.salvaged, made.best) == (Program(GOOD), True, float(len(GOOD)))
    assert made.verdict != Verdict.OK


def test_without_salvage_what_was_found_is_lost_and_its_score_is_on_record(sandbox: Jail) -> None:
    made = improve(sandbox, FOUND + "raise RuntimeError('boom')", initial=INITIAL)
    assert (made.program, made.salvaged, made.best) == (None, False, float(len(GOOD)))


@pytest.mark.parametrize(
    "returned",
    ["initial_solution", "'def algorithm(n): return 1'", "'from heapq import nlargest as algorithm'",
     "'algorithm = sorted'", "'if True:\\n    def algorithm(n): return n\\n'"],
)  # fmt: skip
def test_a_program_that_was_returned_is_what_was_made_scored_or_not(sandbox: Jail, returned: str) -> None:
    made = improve(sandbox, FOUND + f"return {returned}", initial=INITIAL, salvage=True)
    assert made.program is not None and made.program.source != GOOD
    assert (made.verdict, made.salvaged) == (Verdict.OK, False)


WHOLE = "whole = 'Here it is:\\n```python\\n' + 'def algorithm(n):\\n    return sorted(n)\\n' + '```\\nDone.'\n"


def test_a_whole_response_stands_for_the_program_in_it(sandbox: Jail) -> None:
    told = f"{len(GOOD)} characters"
    body = (
        f"assert [utility(whole), *utility.batch([whole])] == [{len(GOOD)}] * 2\n"
        f"assert utility.feedback(whole) == {told!r}\nreturn whole"
    )
    made = improve(sandbox, WHOLE + body, initial=INITIAL)
    assert (made.program, made.verdict, made.note) == (Program(GOOD), Verdict.OK, "")


def test_by_the_released_rule_a_whole_response_is_no_program(sandbox: Jail) -> None:
    made = improve(sandbox, WHOLE + "return whole", initial=INITIAL, released_reader=True)
    assert made.program is not None and made.program.source.startswith("Here it is")


def test_a_program_that_holds_fences_stays_as_it_is(sandbox: Jail) -> None:
    source = 'def algorithm(n):\n    return """\n```python\nx = 1\n```\n"""\n'
    assert improve(sandbox, f"return {source!r}", initial=INITIAL).program == Program(source)


def test_nothing_found_is_nothing_handed_over(sandbox: Jail) -> None:
    made = improve(sandbox, "raise RuntimeError('boom')", initial=INITIAL, salvage=True)
    assert (made.program, made.salvaged, made.best) == (None, False, None)


def test_a_score_tells_where_its_program_is_from(sandbox: Jail) -> None:
    seen: dict[str, Origin] = {}

    class Watching(Length):
        def __call__(self, program: Program) -> Score:
            seen[program.source] = origin()
            return super().__call__(program)

    body = (
        "(first,) = language_model.prompt('e', 'Improve: ' + initial_solution + ' now')\n"
        "utility(first)\n"
        "(second,) = language_model.batch_prompt('e', ['Again: ' + first])\n"
        "utility.batch([second.strip(), 'of my own'])\n"
        "return first"
    )
    source = "def improve_algorithm(initial_solution, utility, language_model):\n" + "".join(
        f"    {line}\n" for line in body.splitlines()
    )
    Machine(sandbox, ALLOWANCE, LIMITS, 1, thread_map)(Program(source), Watching(), Program("seed"), model)
    first, second = "Improve: seed now@0.7", "Again: Improve: seed now@0.7@0.7"
    assert seen == {
        first: Origin(1, Program("seed").id, Program(first).id),
        second: Origin(2, Program(first).id, Program(second).id),
        "of my own": Origin(),
    }


def test_what_was_asked_and_scored_together_is_told(sandbox: Jail) -> None:
    calls: list[tuple[int, str]] = []
    beside: dict[str, int] = {}

    def asked(prompts: Sequence[Prompt]) -> list[Completion]:
        calls.extend((call_number(), prompt.user) for prompt in prompts)
        return model(prompts)

    class Watching(Length):
        def __call__(self, program: Program) -> Score:
            beside[program.source] = origin().beside
            return super().__call__(program)

    source = (
        "def improve_algorithm(initial_solution, utility, language_model):\n"
        "    language_model.batch_prompt('e', ['a', 'b'])\n"
        "    language_model.prompt('e', 'c')\n"
        "    utility.batch(['x', 'y', ''])\n"
        "    utility('z')\n"
        "    return 'z'\n"
    )
    Machine(sandbox, ALLOWANCE, LIMITS, 1, thread_map)(Program(source), Watching(), Program("seed"), asked)
    assert calls == [(1, "a"), (1, "b"), (2, "c")]
    assert beside == {"x": 1, "y": 1, "z": 0}
