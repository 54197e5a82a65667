"""Which executor a name stands for, and what is said where there is none."""

import socket
import subprocess
import sys

import pytest

from executors.one_machine import needs_ray
from openai_server import OpenAIServer, improve_anything
from selftaught.core.errors import UsageError
from selftaught.wiring.executors import ray
from selftaught.wiring.executors.choice import open_executor


@pytest.mark.parametrize("name", ["raay", "Ray", "", "local:1"])
def test_an_executor_that_there_is_not_is_told_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UsageError, match=f"no executor is called '{name}'; there are local, ray, ray:HOST:PORT"):
        open_executor(name, "auto")


@needs_ray
@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:", "127.0.0.1:99999", "//127.0.0.1:10001", "h:1:2/3"])
def test_what_is_no_address_is_told_as_that(address: str) -> None:
    with pytest.raises(UsageError, match="wanted HOST:PORT, as `ray start` prints it"):
        open_executor(f"ray:{address}", "auto")


@needs_ray
def test_an_address_where_nothing_answers_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"no Ray cluster answers at 127.0.0.1:{port} .*`ray start --head`"):
            open_executor(f"ray:127.0.0.1:{port}", "auto")


@needs_ray
def test_an_address_where_something_listens_that_says_nothing_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "_CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(UsageError, match=rf"no Ray cluster answers at 127.0.0.1:{port} \(timed out\)"):
            open_executor(f"ray:127.0.0.1:{port}", "auto")


@needs_ray
def test_an_address_where_something_else_listens_is_told_as_that() -> None:
    with OpenAIServer(improve_anything) as server:
        address = server.base_url.removeprefix("http://").partition("/")[0]
        with pytest.raises(UsageError, match=rf"no Ray cluster answers at {address} \(what listens there is not Ray\)"):
            open_executor(f"ray:{address}", "auto")


def test_without_the_extra_it_is_said_how_to_install_it() -> None:
    script = (
        "import sys\n"
        "sys.modules['ray'] = None\n"  # as where it is not installed
        "from selftaught.wiring.executors.choice import open_executor\n"
        "try: open_executor('ray', 'auto')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100)
    assert ended.stdout.startswith("UsageError `executor=ray` needs Ray"), ended
    assert "pip install 'selftaught[ray]'" in ended.stdout


def test_nothing_of_ray_is_imported_before_it_is_asked_for() -> None:
    script = "import sys, selftaught.wiring.executors.cluster, selftaught.cli.actions; print('ray' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100)
    assert ended.stdout == "False\n"
