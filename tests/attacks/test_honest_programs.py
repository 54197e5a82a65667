"""What honest programs do works, in every tier and within their limits."""

import pytest

from attacks.arena import improve, raid, refused, solve
from attacks.honest import WORKS
from selftaught.core.contracts import Verdict
from selftaught.sandbox.contract import Limits, Service
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack

EASY = Limits(cpu_seconds=3.0, load_cpu_seconds=2.0, wall_seconds=10.0, memory_bytes=512 << 20)


@pytest.mark.parametrize("what", WORKS)
def test_what_honest_programs_do_works(isolating_sandbox: Jail, what: str) -> None:
    source, value = WORKS[what]
    outcome = raid(isolating_sandbox, source, limits=EASY)
    assert (outcome.verdict, outcome.value, outcome.note) == (Verdict.OK, value, "")


def test_a_large_array_fits_a_large_limit(isolating_sandbox: Jail) -> None:
    source = "import numpy as np\ndef f(): return float(np.ones(300 * 2**20 // 8).sum())"
    outcome = raid(isolating_sandbox, source, limits=Limits(cpu_seconds=3.0, memory_bytes=400 << 20))
    assert outcome.value == 300 * 2**20 / 8


def test_a_larger_array_does_not_fit(isolating_sandbox: Jail) -> None:
    source = "import numpy as np\ndef f(): return float(np.ones(300 * 2**20 // 8).sum())"
    assert raid(isolating_sandbox, source, limits=Limits(memory_bytes=100 << 20)).verdict is Verdict.OUT_OF_MEMORY


def test_memory_is_used_again_and_again(isolating_sandbox: Jail) -> None:
    source = "import numpy as np\ndef f(x): return float(np.full(8 << 20, x).sum())"
    outcomes = solve(isolating_sandbox, source, *[[1.0]] * 20, limits=Limits(memory_bytes=100 << 20))
    assert [outcome.value for outcome in outcomes] == [float(8 << 20)] * 20


def test_an_improver_uses_16_threads(isolating_sandbox: Jail) -> None:
    source = """
        from concurrent.futures import ThreadPoolExecutor, as_completed
        import queue, threading, time
        def f(s, utility, language_model):
            with ThreadPoolExecutor(16) as pool:
                scores = list(pool.map(utility, [str(i) for i in range(32)]))
                futures = [pool.submit(language_model.prompt, 'e', str(i)) for i in range(8)]
                texts = sorted(future.result()[0] for future in as_completed(futures))
            box = queue.Queue()
            thread = threading.Thread(target=lambda: box.put(threading.current_thread().name), name='mine')
            thread.start()
            return [sum(scores), texts, box.get(timeout=5), thread.join(), threading.active_count()]
    """
    services: dict[str, Service] = {"utility": float, "prompt": lambda e, m, n, t: [m] * n}
    assert improve(isolating_sandbox, source, services, limits=EASY).value == [
        496.0, [str(i) for i in range(8)], "mine", None, 1,
    ]  # fmt: skip


def test_an_improver_computes_in_threads(isolating_sandbox: Jail) -> None:
    source = """
        from concurrent.futures import ThreadPoolExecutor
        import numpy as np
        def f(s, u, l):
            with ThreadPoolExecutor(8) as pool:
                return sum(pool.map(lambda n: int((np.ones((n, n)) @ np.ones((n, n)))[0, 0]), [50] * 16))
    """
    assert improve(isolating_sandbox, source, limits=EASY).value == 800


@pytest.mark.parametrize("way", ["tempfile.mkdtemp()", "open('out.txt', 'w')", "subprocess.run(['true'])"])
def test_what_is_not_there_is_an_error_that_says_so(isolating_sandbox: Jail, way: str) -> None:
    outcome = raid(isolating_sandbox, f"import tempfile, subprocess\ndef f(): return {way}", limits=EASY)
    assert refused(outcome)


def test_a_program_that_catches_what_is_refused_goes_on(isolating_sandbox: Jail) -> None:
    source = """
        import os, socket, subprocess, tempfile, threading
        def f():
            refused = 0
            for attempt in (
                lambda: open('/tmp/x', 'w'), os.fork, socket.socket, lambda: subprocess.run(['true']),
                tempfile.TemporaryFile, lambda: os.kill(os.getpid(), 0), lambda: os.listdir('/home'),
                lambda: threading.Thread(target=print).start(),
            ):
                try: attempt()
                except (OSError, RuntimeError): refused += 1
            return refused
    """
    assert raid(isolating_sandbox, source, limits=EASY).value == 8
