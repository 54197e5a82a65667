"""Other processes: a guest is alone. It starts none, and touches neither the host, nor its zygote, nor a sibling."""

import os
import resource
import select
from pathlib import Path

import pytest

from attacks.arena import CALLS, comes_true, guests, held, improve, raid, refused, sessions, yama
from attacks.prey import Prey, Sibling, Victim
from selftaught.core.contracts import Verdict
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack


# signals


def strike(jail: Jail, victim: Victim, blow: str) -> None:
    """Held if the victim is still alive."""
    raid(jail, CALLS + f"import os, signal\ndef f(pid): return {blow}", victim.pid)
    if jail.tier_in_force.isolates:
        assert victim.is_alive()
    else:
        assert comes_true(lambda: not victim.is_alive())


def test_killing_a_process_of_the_host_does_nothing(every_sandbox: Jail, victim: Victim) -> None:
    strike(every_sandbox, victim, "os.kill(pid, signal.SIGKILL)")


def test_stopping_a_process_of_the_host_does_nothing(every_sandbox: Jail, victim: Victim) -> None:
    strike(every_sandbox, victim, "os.kill(pid, signal.SIGSTOP)")


def test_killing_a_thread_of_the_host_does_nothing(every_sandbox: Jail, victim: Victim) -> None:
    strike(every_sandbox, victim, "call('tgkill', pid, pid, 9)")


def test_killing_by_the_oldest_thread_call_does_nothing(every_sandbox: Jail, victim: Victim) -> None:
    strike(every_sandbox, victim, "call('tkill', pid, 9)")


def test_queueing_a_signal_to_the_host_does_nothing(every_sandbox: Jail, victim: Victim) -> None:
    about = "(15).to_bytes(8, 'little') + b'\\xff' * 4 + bytes(116)"  # struct siginfo, sent by SI_QUEUE
    strike(every_sandbox, victim, f"call('rt_sigqueueinfo', pid, 15, {about})")


def test_killing_by_a_descriptor_does_nothing(every_sandbox: Jail, victim: Victim) -> None:
    strike(every_sandbox, victim, "signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL)")


def test_killing_a_process_group_of_the_host_does_nothing(isolating_sandbox: Jail, victim: Victim) -> None:
    outcome = raid(isolating_sandbox, "import os, signal\ndef f(group): os.killpg(group, 23)", os.getpgid(victim.pid))
    assert (refused(outcome), victim.is_alive()) == (True, True)


@pytest.mark.parametrize("whom", [-1, 0])
def test_signalling_everybody_does_nothing(isolating_sandbox: Jail, whom: int, siblings: list[Sibling]) -> None:
    """SIGURG, which nobody minds: should it ever get through, this machine lives on."""
    outcome = raid(isolating_sandbox, f"import os\ndef f(): return os.kill({whom}, 23)")
    assert refused(outcome)


def test_killing_the_interpreter_it_came_from_does_nothing(isolating_sandbox: Jail) -> None:
    before = isolating_sandbox.worker_pids()
    raid(isolating_sandbox, "import os\ndef f(): os.kill(os.getppid(), 9)")
    assert isolating_sandbox.worker_pids() == before
    assert all(Path(f"/proc/{pid}").exists() for pid in before)


def test_killing_another_guest_does_nothing(isolating_sandbox: Jail, siblings: list[Sibling]) -> None:
    source = "import os\ndef f(pids):\n    for pid in pids:\n        try: os.kill(pid, 9)\n        except OSError: pass"
    for _ in siblings:
        raid(isolating_sandbox, source, [sibling.pid for sibling in siblings])


# processes of its own


def spawn(jail: Jail, prey: Prey, way: str) -> None:
    """Held if no process came to be that could make a folder."""
    raid(jail, CALLS + f"import os, posix\ndef f(path):\n{way}", str(prey.folder / "child"))
    made = prey.folder / "child"
    held(jail, made.exists() if jail.tier_in_force.isolates else comes_true(made.exists))


AS_CHILD = "\n    if pid == 0:\n        os.mkdir(path)\n        os._exit(0)"


def test_forking_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    spawn(every_sandbox, prey, "    pid = posix.fork()" + AS_CHILD)


def test_forking_by_clone_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    spawn(every_sandbox, prey, "    pid = call('clone', 17, 0, 0, 0, 0)" + AS_CHILD)


def test_forking_by_clone3_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    arguments = "(0).to_bytes(32, 'little') + (17).to_bytes(8, 'little') + bytes(48)"
    spawn(every_sandbox, prey, f"    pid = call('clone3', {arguments}, 88)" + AS_CHILD)


def test_a_daemon_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    way = ["if posix.fork() == 0:", "    os.setsid()", "    if posix.fork() == 0: os.mkdir(path)", "    os._exit(0)"]
    spawn(every_sandbox, prey, "".join(f"    {line}\n" for line in way))


def test_spawning_a_program_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    spawn(every_sandbox, prey, "    posix.posix_spawn('/bin/mkdir', ['mkdir', path], {})")


def test_a_subprocess_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    spawn(every_sandbox, prey, "    import subprocess\n    subprocess.run(['/bin/mkdir', path])")


def test_a_shell_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    spawn(every_sandbox, prey, "    posix.system('mkdir ' + path)")


def test_becoming_another_program_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    spawn(every_sandbox, prey, "    os.execv('/bin/mkdir', ['mkdir', path])")


def test_an_improver_starts_no_process(every_sandbox: Jail, prey: Prey) -> None:
    source = "import os, posix\ndef f(path, u, l):\n    pid = posix.fork()" + AS_CHILD
    improve(every_sandbox, source, solution=str(prey.folder / "child"))
    made = prey.folder / "child"
    held(every_sandbox, made.exists() if every_sandbox.tier_in_force.isolates else comes_true(made.exists))


def test_multiprocessing_starts_no_process(isolating_sandbox: Jail) -> None:
    source = "import multiprocessing\ndef f(): multiprocessing.Process(target=print).start()"
    assert refused(raid(isolating_sandbox, source, limits=Limits(cpu_seconds=1.0)))


def test_becoming_the_leader_of_a_session_leaves_it_in_ours(isolating_sandbox: Jail) -> None:
    ours = sessions(isolating_sandbox)
    seen: list[set[int]] = []

    def look(program: str) -> float:
        seen.append({guest.session for guest in guests(isolating_sandbox)})
        return 1.0

    source = "import os\ndef f(s, u, l):\n    try: os.setsid()\n    except OSError: pass\n    return u('')"
    improve(isolating_sandbox, source, {"utility": look})
    assert seen[0] <= ours


@pytest.mark.parametrize("way", ["threading.Thread(target=print).start()", "_thread.start_new_thread(print, ())"])
def test_a_solution_starts_no_thread(every_sandbox: Jail, way: str) -> None:
    outcome = raid(every_sandbox, f"import threading, _thread\ndef f(): {way}")
    held(every_sandbox, outcome.verdict is Verdict.OK)


# tracing and changing others


def test_tracing_a_process_of_the_host_is_fatal(every_sandbox: Jail, victim: Victim) -> None:
    source = CALLS + "def f(pid): return call('ptrace', 0x4206, pid, 0, 0)"  # PTRACE_SEIZE
    outcome = raid(every_sandbox, source, victim.pid)
    held(every_sandbox, outcome.value == 0, toothed=not yama())
    assert not every_sandbox.tier_in_force.isolates or outcome.verdict is Verdict.FORBIDDEN


def test_tracing_another_guest_is_fatal(isolating_sandbox: Jail, siblings: list[Sibling]) -> None:
    source = CALLS + "def f(pid): return call('ptrace', 16, pid, 0, 0)"  # PTRACE_ATTACH
    assert raid(isolating_sandbox, source, siblings[0].pid).verdict is Verdict.FORBIDDEN


def test_taking_a_descriptor_of_the_host_gets_nothing(every_sandbox: Jail, victim: Victim, prey: Prey) -> None:
    """What is written into the victim's own output tells that it was taken."""
    assert victim.child.stdout
    source = (
        CALLS + "import os\ndef f(pid, token): os.write(call('pidfd_getfd', os.pidfd_open(pid), 1, 0), token.encode())"
    )
    raid(every_sandbox, source, victim.pid, prey.token)
    held(every_sandbox, bool(select.select([victim.child.stdout], [], [], 0)[0]), toothed=not yama())


def test_asking_for_a_descriptor_of_the_host_is_fatal(isolating_sandbox: Jail) -> None:
    assert raid(isolating_sandbox, CALLS + "def f(): call('pidfd_getfd', 3, 0, 0)").verdict is Verdict.FORBIDDEN


def test_slowing_a_process_of_the_host_changes_nothing(every_sandbox: Jail, victim: Victim) -> None:
    raid(every_sandbox, "import os\ndef f(pid): os.setpriority(os.PRIO_PROCESS, pid, 19)", victim.pid)
    held(every_sandbox, os.getpriority(os.PRIO_PROCESS, victim.pid) == 19)


def test_binding_a_process_of_the_host_to_a_core_changes_nothing(every_sandbox: Jail, victim: Victim) -> None:
    cores = os.sched_getaffinity(victim.pid)
    raid(every_sandbox, "import os\ndef f(pid, core): os.sched_setaffinity(pid, [core])", victim.pid, min(cores))
    held(every_sandbox, os.sched_getaffinity(victim.pid) != cores, toothed=len(cores) > 1)


def test_limiting_a_process_of_the_host_changes_nothing(every_sandbox: Jail, victim: Victim) -> None:
    raid(
        every_sandbox, "import resource\ndef f(pid): resource.prlimit(pid, resource.RLIMIT_NOFILE, (9, 9))", victim.pid
    )
    held(every_sandbox, resource.prlimit(victim.pid, resource.RLIMIT_NOFILE) == (9, 9))


def test_scheduling_a_process_of_the_host_changes_nothing(every_sandbox: Jail, victim: Victim) -> None:
    source = "import os\ndef f(pid): os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))"
    raid(every_sandbox, source, victim.pid)
    held(every_sandbox, os.sched_getscheduler(victim.pid) == os.SCHED_BATCH)


@pytest.mark.parametrize(
    "way",
    [
        "resource.setrlimit(resource.RLIMIT_CPU, (-1, -1))",
        "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (9999, 9999))",
        "os.nice(-5)",
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
        "os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))",
    ],
)
def test_its_own_limits_and_priority_are_not_changed(isolating_sandbox: Jail, way: str) -> None:
    outcome = raid(isolating_sandbox, f"import os, resource\ndef f(): {way}")
    assert outcome.verdict is Verdict.CRASHED


def test_the_processor_time_of_others_is_not_told(every_sandbox: Jail, victim: Victim) -> None:
    source = "import time\ndef f(pid): return time.clock_gettime(~pid << 3 | 2)"
    held(every_sandbox, raid(every_sandbox, source, victim.pid).verdict is Verdict.OK)


def test_who_else_runs_is_not_told_by_signals(every_sandbox: Jail, victim: Victim) -> None:
    outcome = raid(every_sandbox, "import os\ndef f(pid): return os.kill(pid, 0)", victim.pid)
    held(every_sandbox, outcome.verdict is Verdict.OK)


def test_ignoring_every_signal_does_not_keep_it_alive(isolating_sandbox: Jail) -> None:
    source = """
        import signal
        def f():
            for number in signal.valid_signals():
                try: signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError): pass
            while True: pass
    """
    assert raid(isolating_sandbox, source).verdict is Verdict.TIMED_OUT
