"""Answers that no server should give, through a whole run: each is a failed attempt that is told in one short line."""

import json
from pathlib import Path
from typing import Any

from cli.support import in_process
from nearness import TASK
from openai_server import Fault, OpenAIServer, Wire
from selftaught.runs.records import Answered, Tried
from selftaught.runs.store import Store

ANSWER = "```python\ndef algorithm(x):\n    return 0.75\n```"
TEN_MB = "x" * 10_000_000


def body(text: str) -> dict[str, Any]:
    return Wire().answer({"messages": [], "n": 1}, "small", text, 1)


def half_of_a_character() -> bytes:
    whole = json.dumps(body(f"\u65e5\u672c {ANSWER}"), ensure_ascii=False).encode()
    return whole.replace("\u672c".encode(), "\u672c".encode()[:2])


FAULTS = {
    "it is not UTF-8 at byte": Fault(raw=half_of_a_character()),
    "it is not JSON": Fault(raw=json.dumps(body(ANSWER))[:-9]),
    "too much: more than 8 MiB of JSON": Fault(raw=json.dumps(body(TEN_MB))),
    "too much: more than 8 MiB": Fault(raw=Wire().events(body(TEN_MB))),
    "answered 429": Fault(429, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
}


def test_each_is_told_and_made_good(tmp_path: Path) -> None:
    (tmp_path / "nearness.py").write_text(TASK)
    with OpenAIServer(lambda request: ANSWER, faults=iter(FAULTS.values())) as server:
        done = in_process(
            "improve", "nearness.py", "--model", "openai/small", "--base-url", server.base_url, "--capability", "n=no",
            "--improver", "seed", "--responses", str(len(FAULTS)), "--model-calls", "1", "--no-probes", "--out", "r",
            cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with Store.open(tmp_path / "r" / "run.sqlite", writable=False) as store:
        told = list(store)
    answered = [record for record in told if isinstance(record, Answered)]
    tried = [record for record in told if isinstance(record, Tried)]
    assert (len(answered), len(tried)) == (len(FAULTS), len(FAULTS))
    for said in FAULTS:
        assert any(said in record.error for record in tried), (said, [record.error for record in tried])
    assert all(len(record.error) < 200 for record in tried)  # none holds the answer
    assert all(record.wait_seconds > 0.5 for record in tried)  # a date that is past takes nothing from our own wait
