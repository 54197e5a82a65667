"""The container tier, without an engine: its command line word for word, and the whole of it through a stand-in.

The stand-in takes the commands that we give to docker or podman, and runs the zygote here instead of in a container. So
the meeting at the socket, the descriptors that pass over it, and the lock are real; the container is not.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from selftaught.core.contracts import Program, Verdict
from selftaught.core.errors import NoSandbox, SandboxError
from selftaught.sandbox import cgroups
from selftaught.sandbox.choice import open_sandbox, prove
from selftaught.sandbox.contract import Improving, Limits
from selftaught.sandbox.interpreter import ENVIRONMENT
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers import bubblewrap, container
from selftaught.sandbox.tiers.container import container_tier

STAND_IN = f"""#!{sys.executable}
import json, os, sys, time

here = os.path.dirname(os.path.abspath(sys.argv[0]))
image = os.path.join(here, "image")
words = sys.argv[1:]
with open(os.path.join(here, "log"), "a") as log:
    print(json.dumps([words, sorted(os.environ)]), file=log)
mood = open(os.path.join(here, "mood")).read()

if words[0] == "version":
    if mood == "silent":
        time.sleep(60)
    sys.exit(print("28.0") if mood != "no daemon" else "warning\\nIs the docker daemon running?")
if words[:2] == ["image", "inspect"]:
    sys.exit(0 if os.path.exists(image) else "no such image")
if words[:2] == ["import", "-"]:
    if mood == "full":
        sys.exit("no space left on device")
    open(image, "wb").write(sys.stdin.buffer.read())
if words[0] == "run":
    if mood == "refuses":
        sys.exit("docker: error response from daemon: no.")
    if mood == "dawdles":
        time.sleep(60)
    assert os.path.exists(image)
    options, inner = words[: words.index("{container.IMAGE}")], words[words.index("{container.IMAGE}") + 1 :]
    mounts = [dict(part.partition("=")[::2] for part in word.split(",")) for word in options if word[:5] == "type="]
    door = next(mount["source"] for mount in mounts if mount["target"] == "/run/selftaught")
    given = dict(options[at + 1].split("=", 1) for at, word in enumerate(options) if word == "--env")
    if mood == "mounts":
        inner = bubblewrapped(mounts, options[options.index("--user") + 1], inner)
    else:
        inner = [word.replace("/run/selftaught", door) for word in inner]
    os.execve(inner[0], inner, given)
"""
BUBBLEWRAPPED = f"""
DROP = (
    "import os, sys; user, group = map(int, sys.argv[1].split(':')); os.geteuid() or (os.setgroups([]), "
    "os.setresgid(group, group, group), os.setresuid(user, user, user)); os.execv(sys.argv[2], sys.argv[2:])"
)

def bubblewrapped(mounts, user, inner):
    root = ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if os.geteuid() == 0 else ["--unshare-user"]
    words = ["{bubblewrap.find()}", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--cap-drop", "ALL", *root]
    for mount in sorted(mounts, key=lambda mount: mount["target"].count("/")):  # outer first, as engines do
        if mount["type"] == "tmpfs":
            words += ["--perms", mount["tmpfs-mode"], "--tmpfs", mount["target"]]
            continue
        parent = ""
        for part in mount["target"].split("/")[1:-1]:
            parent += "/" + part
            words += ["--perms", "0755", "--dir", parent]
        words += ["--ro-bind", mount["source"], mount["target"]]
    words += ["--perms", "0755", "--dir", "/dev", "--dev-bind", "/dev/null", "/dev/null", "--proc", "/proc"]
    return [*words, "--remount-ro", "/", inner[0], "-S", "-c", DROP, user, *inner]
"""
HOST = """
import sys, time
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers.container import container_tier

jail = Jail(container_tier(sys.argv[1]), 1)
print(jail.worker_pids()[0], flush=True)
time.sleep(60)
"""
QUICK = Limits(cpu_seconds=0.3, load_cpu_seconds=2.0, wall_seconds=10.0)


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    made = tmp_path / "docker"
    first, rest = STAND_IN.split("\n", 1)
    made.write_text(f"{first}\n{BUBBLEWRAPPED}\n{rest}")
    made.chmod(0o755)
    (tmp_path / "mood").write_text("well")
    return made


@pytest.fixture
def jail(engine: Path) -> Iterator[Jail]:
    with Jail(container_tier(str(engine)), 1) as jail:
        yield jail


def commands(engine: Path) -> list[list[str]]:
    return [json.loads(line)[0] for line in (engine.parent / "log").read_text().splitlines()]


def test_the_command_line_word_for_word() -> None:
    most = str(cgroups.most_bytes())
    user = "65534:65534" if os.geteuid() == 0 else f"{os.geteuid()}:{os.getegid()}"
    readable = ["/usr/x", '/opt/a,"b"']
    words = container.command("/usr/bin/docker", readable, "/tmp/selftaught-abc", ["python", "-c", "0"], ["/usr/x/h"])
    assert words == [
        "/usr/bin/docker", "run", "--rm", "--name", "selftaught-abc", "--pull", "never",
        "--network", "none", "--ipc", "none", "--hostname", "jail", "--log-driver", "none",
        "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--security-opt", "label=disable",
        "--memory", most, "--memory-swap", most, "--pids-limit", "1024",
        "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096",
        "--user", user, "--workdir", "/",
        "--env", "LANG=C.UTF-8", "--env", "PYTHONHASHSEED=0", "--env", "MALLOC_ARENA_MAX=1",
        "--env", "OPENBLAS_NUM_THREADS=1", "--env", "OMP_NUM_THREADS=1", "--env", "MKL_NUM_THREADS=1",
        "--env", "LD_BIND_NOW=1",
        "--mount", "type=bind,source=/usr/x,target=/usr/x,readonly",
        "--mount", 'type=bind,"source=/opt/a,""b""","target=/opt/a,""b""",readonly',
        "--mount", "type=tmpfs,target=/usr/x/h,tmpfs-mode=0755",
        "--mount", "type=bind,source=/tmp/selftaught-abc/door,target=/run/selftaught,readonly",
        "selftaught-empty:1", "python", "-c", "0",
    ]  # fmt: skip


def test_podmans_guests_are_nobody_even_for_an_ordinary_user() -> None:
    words = container.command("/usr/bin/podman", [], "/tmp/selftaught-abc", ["python"])
    assert words[words.index("--user") + 1] == "65534:65534"


@pytest.mark.skipif(not os.path.islink("/lib"), reason="here /lib is a folder, and needs no second mount")
def test_libraries_are_found_under_their_other_names_too() -> None:
    words = container.command("/usr/bin/docker", [os.path.realpath("/lib")], "/tmp/f", ["python"])
    assert f"type=bind,source={os.path.realpath('/lib')},target=/lib,readonly" in words


def test_a_score_comes_through_the_socket_and_the_canaries_hold(engine: Path) -> None:
    with prove(Jail(container_tier(str(engine)), 1)) as jail:
        assert jail.tier == "container" and cgroups.LAYER not in jail.layers
        outcome = jail.call(Program("def f(x): return x * 2"), "f", [21], QUICK)
        assert (outcome.verdict, outcome.value) == (Verdict.OK, 42)


@pytest.mark.skipif(bubblewrap.trouble() is not None, reason="the mounts are made by bubblewrap, which does not work")
def test_what_is_mounted_is_enough_and_nobody_comes_in_through_the_door(engine: Path) -> None:
    """The stand-in makes the mounts that it is told of, over nothing, and becomes the user that it is told."""
    (engine.parent / "mood").write_text("mounts")
    with prove(Jail(container_tier(str(engine)), 1)) as jail:
        status = Path(f"/proc/{jail.worker_pids()[0]}/status").read_text()
        user = 65534 if os.geteuid() == 0 else os.geteuid()
        assert f"Uid:\t{user}\t{user}\t{user}" in status
        source = Program("import numpy\ndef f(x): return numpy.linalg.inv(numpy.eye(2) * x).tolist()")
        assert jail.call(source, "f", [2.0], QUICK).value == [[0.5, 0.0], [0.0, 0.5]]


def test_the_socket_lies_behind_a_folder_that_is_closed_to_others() -> None:
    with container.Meeting() as meeting:
        assert os.stat(meeting.folder).st_mode & 0o777 == 0o700
        door = os.path.join(meeting.folder, "door")
        assert os.stat(door).st_mode & 0o777 == 0o711
        assert os.stat(os.path.join(door, "control")).st_mode & 0o777 == 0o666
    assert not os.path.exists(meeting.folder)


def test_the_folder_is_gone_once_they_have_met(jail: Jail, engine: Path) -> None:
    (run,) = [words for words in commands(engine) if words[0] == "run"]
    door = next(word for word in run if "target=/run/selftaught" in word).split("source=")[1].split(",")[0]
    assert os.path.basename(os.path.dirname(door)).startswith("selftaught-") and not os.path.exists(door)


def test_a_guest_over_its_cpu_time_costs_that_call_only(jail: Jail) -> None:
    source = Program("def f(x):\n    while x: pass\n    return 7")
    outcomes = list(jail.run(source, "f", [[0], [1], [0]], QUICK, seed=1))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.OK, Verdict.TIMED_OUT, Verdict.OK]


def test_an_improvers_requests_are_answered(jail: Jail) -> None:
    facts = {"utility_str": "u", "utility_budget": 3, "model_budget": 2, "max_responses_per_call": 4}
    source = Program("def f(s, utility, language_model): return [s, utility('pp'), utility.budget]")
    services = {"utility": lambda program: float(len(program))}
    (outcome,) = jail.run(source, "f", [["s"]], QUICK, seed=1, improving=Improving(facts, services))
    assert (outcome.verdict, outcome.value) == (Verdict.OK, ["s", 2.0, 3])


def test_a_guest_that_is_killed_by_its_filter_gets_its_verdict(jail: Jail) -> None:
    source = Program("import ctypes\ndef f(): return ctypes.CDLL(None).ptrace(0, 0, 0, 0)")
    assert jail.call(source, "f", [], QUICK).verdict is Verdict.FORBIDDEN


def test_each_worker_has_a_container_of_its_own(engine: Path) -> None:
    with Jail(container_tier(str(engine)), 2) as jail:
        while len(set(jail.worker_pids())) < 2:  # another is started when two compute at once
            with ThreadPoolExecutor(2) as pool:
                list(
                    pool.map(
                        lambda _: jail.call(Program("import time\ndef f(): time.sleep(0.1)"), "f", [], QUICK), range(2)
                    )
                )
    names = [words[words.index("--name") + 1] for words in commands(engine) if words[0] == "run"]
    assert len(set(names)) == len(names) == 2


def test_closing_ends_the_zygote(engine: Path) -> None:
    with Jail(container_tier(str(engine)), 1) as jail:
        (zygote,) = jail.worker_pids()
        assert os.path.exists(f"/proc/{zygote}")
    assert not os.path.exists(f"/proc/{zygote}")
    assert [words[0] for words in commands(engine)] == ["image", "import", "run"]  # none removed by force


def test_it_ends_with_its_host_however_that_ends(engine: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOST, str(engine)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        zygote = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not _ended(zygote):
        time.sleep(0.02)
    assert _ended(zygote)


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def test_the_image_is_an_empty_archive_made_once(engine: Path) -> None:
    for _ in range(2):
        container.provide_image(str(engine))
    assert [words[0] for words in commands(engine)] == ["image", "import", "image"]
    listing = subprocess.run(
        ["tar", "-t"], input=(engine.parent / "image").read_bytes(), capture_output=True, check=True
    )
    assert listing.stdout == b""


def test_an_engine_is_given_none_of_our_keys(engine: Path) -> None:
    os.environ["SELFTAUGHT_TEST_KEY"] = "sk-secret"
    with Jail(container_tier(str(engine)), 1):
        pass
    given = {name for line in (engine.parent / "log").read_text().splitlines() for name in json.loads(line)[1]}
    theirs = "PATH HOME LANG LC_CTYPE DOCKER_CONFIG DOCKER_HOST XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS".split()
    assert given <= set(theirs)
    assert not given & (set(ENVIRONMENT) - {"LANG"})


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("refuses", "the container sandbox did not start: docker: error response from daemon: no."),
        ("full", "did not make its empty image: no space left on device"),
    ],
)
def test_an_engine_that_refuses_is_one_line(engine: Path, mood: str, said: str) -> None:
    (engine.parent / "mood").write_text(mood)
    with pytest.raises(SandboxError) as raised:
        Jail(container_tier(str(engine)), 1)
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_a_zygote_that_never_comes_is_not_waited_for_forever(engine: Path) -> None:
    (engine.parent / "mood").write_text("dawdles")
    with container.Meeting(patience_seconds=0.1) as meeting:
        process = subprocess.Popen([engine, "run"])
        with meeting.wait_for(process) as met:
            assert met.recv(1) == b""
        process.kill()
        process.wait()


def test_an_engine_without_its_daemon_is_told_apart_from_none(engine: Path) -> None:
    (engine.parent / "mood").write_text("no daemon")
    assert container.find([str(engine)]) == (
        None,
        f"{engine} is installed, but does not work here (Is the docker daemon running?): "
        "start its daemon (systemctl start docker) and let this user use it, or install podman",
    )
    found, trouble = container.find([str(engine.parent / "podman")])
    assert found is None and trouble.startswith("no container engine is installed (apt install podman, or docker")


def test_the_first_engine_that_answers_is_taken(engine: Path) -> None:
    second = engine.parent / "second" / "podman"
    second.parent.mkdir()
    shutil.copy(engine, second)
    (second.parent / "mood").write_text("well")
    assert container.find([str(engine), str(second)]) == (str(engine), "")
    (engine.parent / "mood").write_text("no daemon")
    assert container.find([str(engine), str(second)]) == (str(second), "")


@pytest.mark.skipif(container.find()[0] is not None, reason="an engine works here")
def test_asked_for_by_name_where_there_is_none() -> None:
    with pytest.raises(NoSandbox, match="container: .*(is installed, but|no container engine)"):
        open_sandbox("container")


def test_only_an_engine_of_this_machine_is_named_to_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://elsewhere:2375")
    assert "DOCKER_HOST" not in container.environment("/usr/bin/docker")
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/user/1000/docker.sock")
    assert container.environment("/usr/bin/docker")["DOCKER_HOST"] == "unix:///run/user/1000/docker.sock"
