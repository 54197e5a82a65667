"""Behind the filters, on this machine's own kernel: honest programs work, and what is refused is refused.

The programs are in locked.py, which runs each in a locked child of its own.
"""

import functools
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from selftaught.sandbox.filters import policy
from selftaught.sandbox.filters.numbers import MACHINES, numbers

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in MACHINES, reason="filters are for Linux on x86_64 and aarch64"
)

WORKS = {
    "numpy_computes": True,
    "numpy_draws_from_the_systems_randomness": True,
    "much_is_allocated_and_freed": [1, 2],
    "freed_pages_are_given_back": 0,
    "it_sleeps_and_reads_clocks": True,
    "it_asks_who_it_is": [True, True, True, "Linux"],
    "it_counts_processors_and_reads_its_limits": True,
    "a_module_of_the_standard_library_is_imported": ["0.3", 7],
    "a_part_of_numpy_is_imported": True,
    "it_talks_on_its_socket": [4, "ping"],
    "it_reads_files": ['"""R', True],
    "nothing_is_a_terminal": [False, False, True],
    "it_sets_itself_a_deadline": 0,
    "locks_work_within_one_thread": [1, False, True],
    "an_honest_text_is_printed": True,
}
NO_THREAD = "RuntimeError can't start new thread"
THREADS: dict[policy.Profile, dict[str, object]] = {
    "solution": {"a_thread_starts": NO_THREAD, "a_pool_of_threads_works": NO_THREAD},
    "improver": {"a_thread_starts": 1, "a_pool_of_threads_works": [True, 50, 4950]},
}
REFUSED: dict[str, object] = dict.fromkeys(
    """fork posix_spawn run_a_command vfork_by_clone a_thread_in_a_new_user_namespace open_a_socket
    open_a_pair_of_sockets open_for_writing open_for_appending open_the_null_device_for_writing
    open_a_file_without_a_name open_a_mere_path make_a_file_by_reading_it empty_a_file_by_reading_it
    open_by_the_newest_call signal_the_parent signal_oneself open_a_pipe make_a_file_in_memory lock_a_file
    lock_a_record ask_who_locks_a_record be_told_of_changes_to_a_folder change_the_flags_of_a_shared_file
    wake_who_waits_on_a_shared_page ask_for_another_process_by_its_limits
    ask_for_another_process_by_its_processors read_the_cpu_clock_of_another_process read_the_load
    ask_which_pages_are_cached share_equal_pages make_code turn_data_into_code send_to_an_address
    send_out_of_band send_a_descriptor receive_a_descriptor make_a_folder delete_a_file change_a_file
    touch_a_file go_elsewhere become_root change_its_own_process open_a_pidfd""".split(),
    "PermissionError",
) | {
    "raise_a_limit": "ValueError",  # what Python makes of EPERM here
    "be_called_back_through_ctypes": "MemoryError",  # the callback would be code
    "set_a_socket_timeout": "OSError",  # ENOTTY
    "run_a_shell": 127 << 8,  # as if there were none
    "refuse_every_other_number": {},
    "answer clone3": 38,
    "answer ioctl": 25,
}
KILLED = {
    "run_another_program": "SIGSYS",
    **{
        f"kill {name}": "SIGSYS"
        for name in policy.names(policy.killed())
        if name in numbers(platform.machine() if platform.machine() in MACHINES else "x86_64")
    },
    **({"call_by_an_x32_number": "SIGSYS"} if platform.machine() == "x86_64" else {}),
}
GATE = "call_by_the_32_bit_gate"

each_profile = pytest.mark.parametrize("profile", policy.PROFILES)


@functools.cache
def outcomes(profile: policy.Profile) -> dict[str, object]:
    script = Path(__file__).with_name("locked.py")
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # as in the jail: a pool would want threads after a fork
    done = subprocess.run([sys.executable, script, profile], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, object] = json.loads(done.stdout)
    return found


def picked(profile: policy.Profile, names: Iterable[str]) -> dict[str, object]:
    return {name: outcomes(profile)[name] for name in names}


@each_profile
def test_honest_programs_work_behind_the_filter(profile: policy.Profile) -> None:
    assert picked(profile, WORKS) == WORKS


@each_profile
def test_threads_start_in_an_improver_only(profile: policy.Profile) -> None:
    assert picked(profile, THREADS[profile]) == THREADS[profile]


@each_profile
def test_what_is_not_allowed_is_refused(profile: policy.Profile) -> None:
    assert picked(profile, REFUSED) == REFUSED


@each_profile
def test_tools_of_escape_end_the_process_with_sigsys(profile: policy.Profile) -> None:
    assert picked(profile, KILLED) == KILLED


@pytest.mark.skipif(platform.machine() != "x86_64", reason="int 0x80 is of x86_64")
@each_profile
def test_the_32_bit_gate_is_no_way_around(profile: policy.Profile) -> None:
    assert outcomes(profile)[GATE] in ("SIGSYS", "SIGSEGV")  # the latter from a kernel without the gate


@each_profile
def test_every_program_of_the_script_is_looked_at(profile: policy.Profile) -> None:
    assert set(outcomes(profile)) - {GATE} == {*WORKS, *THREADS[profile], *REFUSED, *KILLED}
