"""Attacks on the trusted side, each with its protection off: there it gets what it wants, so that its failure elsewhere
proves something. (What a guest tries has its control in the tier `unsafe`.)
"""

import gzip
import io
import json
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx2
import msgspec
import pytest

from attacks.arena import improve, peak_megabytes, raid
from attacks.test_exhaustion import FEW, holding
from attacks.test_improvers import A_MOMENT, A_TENTH, burn
from cli.test_terminal import TITLE
from models.served import EXPLODING
from models.test_relay import relay
from openai_server import Fault, OpenAIServer
from runs.test_a_strangers_folder import CONFIG, a_run, packed
from selftaught.cli import terminal
from selftaught.core.contracts import Prompt, Verdict
from selftaught.core.errors import RecordError
from selftaught.guest import wire
from selftaught.models.served.json_size import TooMuchJson, weigh
from selftaught.runs import recording
from selftaught.runs import store as stores
from selftaught.runs.folder import RunFolder
from selftaught.runs.recording import pack, read_recording, unpack
from selftaught.runs.records import Noticed
from selftaught.runs.store import Store
from selftaught.sandbox import messages
from selftaught.sandbox.conversation import Guest
from selftaught.sandbox.jail import Jail
from test_bounded import HOST

pytestmark = pytest.mark.attack

SECRET = "KEY=not-yours\n"


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    (tmp_path / "secret").write_text(SECRET)
    return a_run(tmp_path / "run")


def test_a_message_that_nobody_weighs_explodes() -> None:
    numbers = msgspec.msgpack.encode(["|i1", [100_000, 1, 1, 1, 1, 1, 1, 1], bytes(100_000)])
    body = msgspec.msgpack.encode(["returned", msgspec.msgpack.Ext(wire.ARRAY_EXTENSION, numbers)])
    with pytest.raises(messages.TooMuch):
        messages.decoded(body)
    assert peak_megabytes(lambda: wire.from_guest.decode(body)) > 300 * len(body) / 1e6


def test_requests_that_nobody_is_charged_for_are_served_for_ever(
    isolating_sandbox: Jail, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[float] = []

    def dear(*asked: object) -> list[str]:
        served.append(burn(A_TENTH))
        return ["x"]

    monkeypatch.setattr(Guest, "charge", lambda self, seconds: None)
    source = "def f(s, u, l): return [l.prompt('e', 'm') for _ in range(20)]"
    assert improve(isolating_sandbox, source, {"prompt": dear}, limits=A_MOMENT).verdict is Verdict.OK
    assert len(served) == 20


def test_memory_that_nobody_looks_at_is_held_up_to_the_address_space(
    isolating_sandbox: Jail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Guest, "_check_size", lambda self: None)
    assert raid(isolating_sandbox, holding("MAP_SHARED"), limits=FEW).verdict is Verdict.OK


def test_an_answer_that_nobody_weighs_explodes() -> None:
    body = EXPLODING["lists"].encode()
    with pytest.raises(TooMuchJson):
        weigh(body)
    assert peak_megabytes(lambda: json.loads(body)) > 15 * len(body) / 1e6


def test_a_head_that_trickles_outlasts_the_time_of_a_plain_client() -> None:
    with OpenAIServer(lambda request: "hello", faults=iter([Fault(body="slow head")])) as server:
        asked = {"model": "small", "messages": [{"role": "user", "content": "Hi"}]}
        with httpx2.Client(timeout=0.5, trust_env=False) as client:
            began = time.monotonic()
            assert client.post(f"{server.base_url}/chat/completions", json=asked).status_code == 200
    assert time.monotonic() - began > 1.0


def test_a_packed_body_unpacks_to_all_it_holds_in_a_plain_client() -> None:
    packed = gzip.compress(bytes(16 << 20), 9)
    fault = Fault(raw=packed, headers={"content-encoding": "gzip"})
    with OpenAIServer(lambda request: "hello", faults=iter([fault])) as server:
        with httpx2.Client(trust_env=False) as client:
            answer = client.post(f"{server.base_url}/chat/completions", json={"model": "small"})
    assert len(answer.content) > 900 * len(packed)


def test_a_link_that_nobody_looks_for_is_packed(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    (run.path / "inputs" / "zz.py").symlink_to(run.path.parent / "secret")
    monkeypatch.setattr(RunFolder, "check_plain", lambda self: None)
    with closing(Store.open(run.store, writable=False)) as opened:
        assert SECRET.strip() in gzip.decompress(pack(run, opened, "1")).decode()


def test_a_link_that_is_opened_for_writing_is_written_through(run: RunFolder) -> None:
    (run.path / "report.html").symlink_to(run.path.parent / "secret")
    (run.path / "report.html").write_text("<html>")
    assert (run.path.parent / "secret").read_text() == "<html>"


def test_a_view_that_nobody_looks_for_makes_many_records_of_one(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(run.store)) as changed:
        changed.executescript(
            "CREATE TABLE kept AS SELECT * FROM records WHERE seq = 1; DROP TABLE records; CREATE VIEW records AS "
            "WITH RECURSIVE r(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM r LIMIT 20000) "
            "SELECT r.seq, '/n#' || r.seq AS at, kept.body FROM r, kept"
        )
    monkeypatch.setattr(stores, "_strange", lambda connection: "")
    with closing(Store.open(run.store, writable=False)) as opened:
        assert len(list(opened)) == 20_000


def damaged(opened: Store) -> None:
    with pytest.raises(RecordError, match="missing or altered"):
        opened.texts()


def test_a_text_that_nobody_bounds_unpacks_to_all_it_holds(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zlib.compress(bytes(16 << 20), 9)
    with closing(sqlite3.connect(run.store)) as changed, changed:
        changed.execute("UPDATE texts SET body = ?", [bomb])
    monkeypatch.setattr(stores, "MOST_TEXT_BYTES", 1 << 40)
    with closing(Store.open(run.store, writable=False)) as opened:
        assert peak_megabytes(lambda: damaged(opened)) > 300 * len(bomb) / 1e6


def test_a_recording_whose_names_nobody_checks_writes_outside_of_its_folder(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_is_input", lambda name: True)
    files = {"config.toml": CONFIG, "inputs/../../escaped": "out"}
    unpack(read_recording(packed(run, tmp_path / "one", files=files)), tmp_path / "new")
    assert (tmp_path / "escaped").read_text() == "out"


def test_a_deleted_folder_that_nobody_looks_for_is_written_to_all_the_same(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_place", lambda path: None)
    with closing(Store.open(run.store)) as opened:
        opened.append(Noticed(at="/n#100", program="p", what="w", note="n"))
        shutil.rmtree(run.path)
        opened.append(Noticed(at="/n#101", program="p", what="w", note="n"))


def test_a_reply_that_is_a_link_is_read_where_nobody_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setattr(os, "O_NOFOLLOW", 0)
    monkeypatch.setattr(Path, "lstat", Path.stat)
    asked = ThreadPoolExecutor(1).submit(relay(tmp_path / "box"), [Prompt("e", "m", 0.5)])
    while not (found := list((tmp_path / "box").glob("*.prompt.txt"))):
        time.sleep(0.01)
    found[0].with_name(found[0].name.replace(".prompt.", ".reply.")).symlink_to(tmp_path / "secret")
    assert asked.result(60)[0].text == SECRET


def test_a_recording_that_nobody_bounds_unpacks_to_all_it_holds(run: RunFolder, tmp_path: Path) -> None:
    bomb = packed(run, tmp_path / "bomb", files={"config.toml": "#" * (8 << 20)})
    assert peak_megabytes(lambda: read_recording(bomb)) > 300 * bomb.stat().st_size / 1e6


def test_what_is_printed_as_it_is_steers_a_terminal() -> None:
    raw, cleaned = io.StringIO(), io.StringIO()
    print(TITLE, file=raw)
    print(TITLE, file=terminal.Cleaned(cleaned))
    assert ("\x1b" in raw.getvalue(), "\x1b" in cleaned.getvalue()) == (True, False)


def test_a_dotenv_file_that_nobody_looks_at_names_a_server_for_your_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setattr(terminal, "_servers_of_others", lambda told: [])
    (tmp_path / ".env").write_text("OPENAI_BASE_URL=http://elsewhere\n")
    assert terminal.environment()["OPENAI_BASE_URL"] == "http://elsewhere"


UNBOUND = """
import selftaught.bounded as bounded
bounded._BOOT = bounded._BOOT.replace("serve()", "import selftaught.bounded as b; b.die_with_parent = int; serve()", 1)
"""


def test_a_stopped_reader_that_is_not_bound_to_its_host_outlives_it() -> None:
    command = [sys.executable, "-c", UNBOUND + HOST]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout
        reader = os.pidfd_open(int(host.stdout.readline()))
        signal.pidfd_send_signal(reader, signal.SIGSTOP)
        host.kill()
    assert not select.select([reader], [], [], 1.0)[0]
    signal.pidfd_send_signal(reader, signal.SIGKILL)
    os.close(reader)
