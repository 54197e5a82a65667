"""`selftaught view`: a page for one person on this machine."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cli.support import QUICK, env_of, in_process
from cli.viewing import ask, first_event, viewing
from report.a_run import CHILD, a_finished_run, identity
from selftaught.config import Parameters, RunConfig, to_toml
from selftaught.runs.records import Noticed, Session, run_id
from selftaught.runs.store import Store

CONFIG = RunConfig(kind="run", tasks=["sorting"], model="scripted", depth=1)


def kept(folder: Path, config: RunConfig = CONFIG) -> Path:
    """A run's folder with a finished run in it."""
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(to_toml(msgspec.to_builtins(config)))
    a_finished_run(folder).close()
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("viewed")
    for name in ("one", "two"):
        kept(folder / "runs" / name)
    (folder / "runs" / "broken").mkdir()
    (folder / "runs" / "broken" / "run.sqlite").write_bytes(b"")
    made = folder / "experiments" / "curve-1"
    kept(made / "runs" / "0-0")
    given = Parameters(experiment="curve", tasks=["parity"], models=["mutate"], trials=2)
    made.joinpath("experiment.toml").write_text(to_toml(msgspec.to_builtins(given)))
    told = {"tables": {"points": [{"t": 0, "val": "<script>"}]}, "notes": ["n = 1"], "titles": {"points": "By t"}}
    made.joinpath("result.json").write_text(json.dumps(told))
    made.joinpath("curve.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return folder


@pytest.fixture(scope="module")
def url(root: Path) -> Iterator[str]:
    with viewing("--port", "0", cwd=root) as url:
        yield url


def test_the_page_of_all_runs_has_every_run_and_says_what_is_damaged(url: str) -> None:
    status, headers, text = ask(url)
    assert status == 200 and "script-src 'sha256-" in headers["content-security-policy"]
    for told in (">one</a>", ">two</a>", ">broken</a>", ">curve-1</a>", "finished"):
        assert told in text
    assert "run.sqlite" in text  # what is wrong with the broken one


def test_the_page_of_a_run_is_its_report(url: str) -> None:
    status, _, text = ask(f"{url}run/one")
    assert status == 200 and "Lineage of improvers" in text and "EventSource" in text
    status, _, text = ask(f"{url}run/one/text/{identity(CHILD)[:12]}")
    assert status == 200 and "l.prompt(" in text


def test_runs_are_compared(url: str) -> None:
    status, _, text = ask(f"{url}compare?run=one&run=two")
    assert status == 200 and "two against one, val: +0.0000" in text
    assert ask(f"{url}compare?run=one")[::2] == (400, "select two or more runs to compare them\n")


def test_the_page_of_an_experiment_is_its_report_and_hears_of_news(url: str, root: Path) -> None:
    status, headers, text = ask(f"{url}experiment/curve-1")
    assert status == 200 and "&lt;script&gt;" in text and "<td><script>" not in text
    for told in ("By t", "n = 1", "1 of 2 runs finished", "data:image/svg+xml;base64,", "EventSource", ">not begun<"):
        assert told in text
    assert "img-src data:" in headers["content-security-policy"]
    seen, kind, *_ = first_event(f"{url}experiment/curve-1/events")
    assert kind == "event: changed" and seen.removeprefix("id: ") in text
    with viewing("experiments/curve-1", "--port", "0", cwd=root) as its_own:
        assert its_own.endswith("/experiment/curve-1") and "By t" in ask(its_own)[2]
        assert ">0-0</a>" in ask(its_own.removesuffix("experiment/curve-1"))[2]


@pytest.mark.parametrize(
    "path", ["run/nosuch", "run/..%2F..%2Fetc", "run/one/text/zz", "experiment/one", "experiment/curve-1/result.json"]
)
def test_what_is_not_there_is_said(url: str, path: str) -> None:
    status, _, text = ask(url + path)
    assert status in (400, 404) and "Traceback" not in text


def test_only_this_machines_own_address_with_the_token_is_answered(url: str) -> None:
    origin = url.split("/", 3)[0] + "//" + url.split("/")[2]
    assert ask(f"{origin}/")[0] == 404
    assert ask(f"{origin}/{'x' * 22}/")[0] == 404
    assert ask(url, host="selftaught.example:80")[0] == 403
    assert ask(url, Origin="http://elsewhere.example")[0] == 403
    assert ask(f"{url}run/one/answer", "POST", "name=t1&answer=approve")[0] == 403  # of no page of ours
    assert ask(f"{url}run/one/answer", "POST", "name=t1&answer=approve", Origin=origin)[0] == 400  # nothing waits


def test_the_port_is_only_open_on_this_machine(url: str) -> None:
    port = int(url.split(":")[2].split("/")[0])
    others = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as caller:
            assert caller.connect_ex((address, port)) != 0


def test_news_is_told_and_who_has_seen_it_is_told_the_next(tmp_path: Path) -> None:
    folder = kept(tmp_path / "runs" / "growing")
    with viewing("growing", "--port", "0", cwd=tmp_path) as url:
        assert url.endswith("/run/growing")
        number, kind, *_ = first_event(f"{url}/events")
        assert (kind, number[:4]) == ("event: changed", "id: ")
        notice = Noticed(at="/noticed#99", time=2e6, program="p" * 64, what="file denied", note="something new")
        with Store.open(folder / "run.sqlite") as store:
            store.append(notice)
        again, *_ = first_event(f"{url}/events", Last_Event_ID=number.removeprefix("id: "))
        assert again != number
        assert "something new" in ask(url)[2]


def test_a_run_that_goes_is_said_to_be_gone(tmp_path: Path) -> None:
    folder = kept(tmp_path / "runs" / "gone")
    with viewing("--port", "0", cwd=tmp_path) as url:
        number = first_event(f"{url}run/gone/events")[0]
        (folder / "run.sqlite").unlink()
        assert first_event(f"{url}run/gone/events", Last_Event_ID=number.removeprefix("id: ")) != []
        assert ask(f"{url}run/gone")[0] in (400, 404)


def test_a_port_in_use_is_the_next(tmp_path: Path) -> None:
    kept(tmp_path / "runs" / "one")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with viewing("--port", str(port), cwd=tmp_path) as url:
            assert f":{port}/" not in url and ask(url)[0] == 200


def test_two_may_look_at_once(root: Path) -> None:
    with viewing("runs", "--port", "0", cwd=root) as one, viewing("runs", "--port", "0", cwd=root) as two:
        assert one != two and ask(one)[0] == ask(two)[0] == 200


@pytest.mark.parametrize(("what", "told"), [("nosuch", "no run is called"), ("empty", "has no run")])
def test_what_cannot_be_viewed_is_said(tmp_path: Path, what: str, told: str) -> None:
    (tmp_path / "empty").mkdir()
    done = in_process("view", what, "--no-browser", cwd=tmp_path)
    assert done.returncode == 2 and told in done.stderr


def test_a_prompt_is_answered_in_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "selftaught", "improve", "parity", "--improver", "seed", "--model", "relay:box"]
    command += ["--model-calls", "1", "--responses", "1", "--no-probes", "--out", "runs/asked"]
    with subprocess.Popen(command, cwd=tmp_path, env=env_of({}), stderr=subprocess.DEVNULL) as run:
        try:
            while not list(tmp_path.glob("box/*.prompt.json")):
                assert run.poll() is None
                time.sleep(0.1)
            with viewing("asked", "--port", "0", cwd=tmp_path) as url:
                origin = "/".join(url.split("/")[:3])
                assert "A prompt waits for a reply" in ask(url)[2]
                (stem,) = [path.name.removesuffix(".prompt.json") for path in tmp_path.glob("box/*.prompt.json")]
                assert ask(f"{url}/answer", "POST", f"name={stem}&answer=reply&text=+", Origin=origin)[0] == 400
                reply = f"name={stem}&answer=reply&text=nothing+but+words"
                assert ask(f"{url}/answer", "POST", reply, Origin=origin)[0] == 303
                assert ask(f"{url}/answer", "POST", reply, Origin=origin)[::2] == (
                    400,
                    f"{stem}.prompt.txt is answered already\n",
                )
                assert run.wait(100) == 1  # the one response held no program
                assert "A prompt waits" not in ask(url)[2]
        finally:
            run.kill()
    assert (tmp_path / "box" / f"{stem}.reply.txt").read_text() == "nothing but words"


@pytest.mark.parametrize("setting", ["model", "improver_model", "task_model", "program_model"])
def test_a_prompt_to_any_model_of_the_run_is_answered_in_the_page(tmp_path: Path, setting: str) -> None:
    box = tmp_path / "box"
    box.mkdir()
    config = msgspec.structs.replace(CONFIG, **{setting: f"relay:{box}"})
    folder = kept(tmp_path / "runs" / "one", config)
    with Store.open(folder / "run.sqlite") as store:
        session = next(iter(store))
    assert isinstance(session, Session)
    stem = "000001-ab12"
    (box / f"{stem}.prompt.json").write_text(json.dumps({"run": run_id("one", session), "user": "what now?"}))
    (box / f"{stem}.prompt.txt").write_text("what now?")
    with viewing("one", "--port", "0", cwd=tmp_path) as url:
        origin = "/".join(url.split("/")[:3])
        assert "what now?" in ask(url)[2]
        assert ask(f"{url}/answer", "POST", f"name={stem}&answer=reply&text=this", Origin=origin)[0] == 303
    assert (box / f"{stem}.reply.txt").read_text() == "this"


def test_a_proposal_is_approved_in_the_page(tmp_path: Path) -> None:
    folder = kept(tmp_path / "runs" / "one")
    (folder / "approval").mkdir()
    question = {"parent_val": 0.5, "proposed_val": 0.6, "difference": 0.1, "standard_error": None, "p": 0.01}
    (folder / "approval" / "t1.json").write_text(json.dumps({**question, "diff": ["-old", "+<script>"]}))
    with viewing("one", "--port", "0", cwd=tmp_path) as url:
        origin = "/".join(url.split("/")[:3])
        text = ask(url)[2]
        assert "I_1 waits for approval" in text and "+&lt;script&gt;" in text
        assert ask(f"{url}/answer", "POST", "name=t1&answer=approve&text=fine", Origin=origin)[0] == 303
    assert json.loads((folder / "approval" / "t1.answer.json").read_text()) == {"approved": True, "note": "fine"}


def test_compare_says_what_differs_and_by_how_much(root: Path) -> None:
    done = in_process("compare", "one", "two", cwd=root)
    assert done.returncode == 0 and "two against one, val: +0.0000" in done.stdout
    told = json.loads(in_process("compare", "one", "two", "--json", cwd=root).stdout)
    assert told["names"] == ["one", "two"] and told["settings"] == []
    done = in_process("compare", "one", cwd=root)
    assert done.returncode == 2 and "wanted two runs or more" in done.stderr


def test_compare_pairs_what_met_the_same_instances(tmp_path: Path) -> None:
    for name, repeats in (("a", 1), ("b", 2)):
        words = ["run", "parity", *QUICK[2:], "--model", "mutate", "--seed", "5:00000000000000aa", "--depth", "1"]
        words[words.index("--repeats") + 1] = str(repeats)
        done = in_process(*words, "--out", f"runs/{name}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    told = json.loads(in_process("compare", "a", "b", "a", "--json", cwd=tmp_path).stdout)
    first, *_, last = told["differences"]
    assert "on different instances" in first and "pair by pair" in last
    assert [row[0] for row in told["settings"]] == ["repeats"]
